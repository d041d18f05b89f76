"""Long lists in nginx's configuration: they are read in time, and looked for in one place."""

from diagnose.model.nginx import MIN_RUN, Directive
from diagnose.parsers.nginx.access_rules import access_rules, matching_rule
from diagnose.parsers.nginx.config import children, expand, parse, walk
from diagnose.parsers.nginx.geo import geo_lookup
from diagnose.parsers.nginx.locations import LocationMatch
from diagnose.parsers.nginx.long_runs import entries

DENIED = "".join(f"deny 10.1.{n // 256}.{n % 256};\n" for n in range(2 * MIN_RUN))


def _block(text: str) -> Directive:
    (block,) = parse(text, "/etc/nginx/nginx.conf")
    return block


def test_a_long_list_of_networks_stands_in_its_first_directive() -> None:
    block = _block(f"location / {{\nallow 10.1.0.7;\n{DENIED}deny all;\nreturn 204;\n}}")
    assert [each.name for each in block.block or ()] == ["allow", "deny", "deny", "return"]
    assert len(children(block, "deny")[0].run) == 2 * MIN_RUN - 1
    assert children(block, "deny")[1].args == ("all",)
    assert len(list(walk((block,)))) == 5
    rules = access_rules(LocationMatch((block,)))
    assert len(rules) == 2 * MIN_RUN + 2
    rule = matching_rule(rules, "10.1.3.1")
    assert rule is not None
    assert (rule.args, rule.line) == (("10.1.3.1",), 3 + 3 * 256 + 1)
    assert matching_rule(rules, "10.1.0.7") == rules[0]


def test_a_short_list_stays_as_it_is() -> None:
    block = _block("location / {\n" + "deny 10.0.0.1;\n" * (MIN_RUN - 1) + "}")
    assert len(block.block or ()) == MIN_RUN - 1


def test_the_entries_of_a_long_table() -> None:
    lines = "".join(f"    10.2.{n // 256}.{n % 256} v{n};\n" for n in range(MIN_RUN))
    block = _block(f"geo $x {{\n    default none;\n{lines}    include more.conf;\n}}")
    assert [each.name for each in block.block or ()] == ["default", "10.2.0.0", "include"]
    assert len(list(entries(block.block))) == MIN_RUN + 2
    assert geo_lookup(block, "10.2.1.1") == "v257"
    assert geo_lookup(block, "10.3.1.1") == "none"


def test_a_file_that_a_table_includes_is_a_table() -> None:
    text = "".join(f"/old/{n} /new/{n};\n" for n in range(MIN_RUN))
    assert len(parse(text, "/etc/nginx/redirects.map")) == 1
    # A file of directives is none.
    assert len(parse("access_log off;\n" * MIN_RUN, "/etc/nginx/a.conf")) == MIN_RUN


def test_a_long_list_that_is_included_often_hides_no_block_behind_it() -> None:
    main = "http {\n" + "server { include deny.conf; }\n" * 300 + "server { server_name b; }\n}"
    trees = {"/n/nginx.conf": parse(main, "/n/nginx.conf"), "/n/deny.conf": parse(DENIED, "d")}
    (http,) = expand("/n/nginx.conf", trees, {"/n/deny.conf": ("/n/deny.conf",)})
    assert len(http.block or ()) == 301


def test_a_long_file_is_parsed_once() -> None:
    text = "map $uri $x {\n" + "    /old/page.html /new/page;\n" * 40_000 + "}\n"
    first = parse(text, "/etc/nginx/map.conf")
    assert parse(text, "/etc/nginx/map.conf") is first
    assert parse(text, "/etc/nginx/other.conf")[0].file == "/etc/nginx/other.conf"


def test_plain_statements_are_those_of_the_lexer() -> None:
    text = 'a b;\n  c  d\te ;f "g;h" i;\n# j k;\nl; m{n o;p q}\nr \\; s; t\n u;'
    named = [(each.name, each.args) for each in walk(parse(text, "x"))]
    assert named == [
        ("a", ("b",)), ("c", ("d", "e")), ("f", ("g;h", "i")), ("l", ()), ("m", ()),
        ("n", ("o",)), ("p", ("q",)), ("r", ("\\;", "s")), ("t", ("u",)),
    ]  # fmt: skip
