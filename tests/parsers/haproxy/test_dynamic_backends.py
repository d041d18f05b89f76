from hypothesis import given
from hypothesis import strategies as st

from diagnose.parsers.haproxy.config import Configuration, Line, parse, split_words
from diagnose.parsers.haproxy.dynamic_backends import MAX_ROWS, choices, dynamic_backend, map_files
from diagnose.parsers.haproxy.view import missing_backend, target_proxies
from diagnose.parsers.target import parse_target

MAP = "/etc/haproxy/hosts.map"
CHOICE = f"%[req.hdr(host),lower,map({MAP},rest)]"
ROWS = "# hosts\nshop.example.com shop\nwww.example.com   shop \nold.example.com gone\n"
BACKENDS = """\
backend shop
    server a 127.0.0.1:3000
backend rest
    server a 127.0.0.1:3001
backend be_blog.example.com
    server a 127.0.0.1:3002
"""


def config(choice: str = CHOICE, more: str = "", rows: str | None = ROWS) -> Configuration:
    head = "defaults\n    mode http\nfrontend web\n    bind :443 ssl crt a.pem\n"
    text = f"{head}    use_backend {choice}\n"
    maps = [(MAP, rows)] if rows is not None else []
    return parse([("haproxy.cfg", f"{text}{more}{BACKENDS}")], maps)


def backend(found: Configuration, host: str, path: str = "/") -> str | None:
    proxies = target_proxies(found, parse_target(f"https://{host}{path}"))
    return proxies.backend.name if proxies and proxies.backend else None


def missing(found: Configuration, host: str) -> str:
    target = parse_target(f"https://{host}/")
    proxies = target_proxies(found, target)
    return missing_backend(proxies, target) if proxies else ""


def test_a_map_chooses_by_the_name_and_has_a_default() -> None:
    assert map_files(config()) == (MAP,)
    assert backend(config(), "shop.example.com") == backend(config(), "www.example.com") == "shop"
    assert backend(config(), "other.example.com") == "rest"


def test_a_name_that_no_backend_has_leads_to_the_default() -> None:
    last = "    use_backend shop\n    default_backend rest\n"
    assert missing(config(), "old.example.com") == "gone"
    assert backend(config(), "old.example.com") is None
    assert backend(config(more=last), "old.example.com") == "rest"
    assert not missing(config(), "shop.example.com")


def test_a_map_may_compare_the_end_of_the_name_or_the_beginning_of_the_path() -> None:
    by_end = config(f"%[hdr(host),map_end({MAP})]", rows=".example.com shop\n")
    assert backend(by_end, "a.example.com") == "shop"
    by_path = config(f"%[path,map_beg({MAP},shop)]", rows="/a shop\n/a/rest rest\n")
    assert [backend(by_path, "x.org", path) for path in ("/a/rest/1", "/a/1")] == ["rest", "shop"]


def test_a_map_may_have_regular_expressions() -> None:
    by_name = config(f"%[hdr(host),lower,map_reg({MAP})]", rows="^a[.]x rest\n^shop\\. shop\n")
    assert backend(by_name, "shop.example.com") == "shop"
    assert backend(by_name, "old.example.com") is None
    # Of a path it is not followed: nothing is said.
    by_path = config(f"%[path,map_reg({MAP})]", rows="^/a/ rest\n")
    assert backend(by_path, "shop.example.com", "/a/1") is None
    assert not missing(by_path, "shop.example.com")


def test_the_name_of_the_backend_may_be_made_of_the_host() -> None:
    found = config("be_%[req.hdr(host),lower]", "    default_backend rest\n")
    assert backend(found, "blog.example.com") == "be_blog.example.com"
    assert backend(found, "shop.example.com") == "rest"


def test_a_condition_counts_as_well() -> None:
    last = "    default_backend rest\n"
    assert backend(config(f"{CHOICE} if {{ ssl_fc }}", last), "shop.example.com") == "shop"
    assert backend(config(f"{CHOICE} if !{{ ssl_fc }}", last), "shop.example.com") == "rest"


def test_a_map_that_was_not_read_or_is_too_long_chooses_nothing_that_is_known() -> None:
    assert backend(config(rows=None), "shop.example.com") is None
    long = "".join(f"h{number}.example.com shop\n" for number in range(MAX_ROWS + 1))
    assert backend(config(rows=long), "h1.example.com") is None
    line = Line(split_words("use_backend %[src,map_ip(/etc/haproxy/hosts.map)]"))
    assert dynamic_backend(line) is None


@given(st.text(), st.text())
def test_any_text_is_read(name: str, rows: str) -> None:
    found = dynamic_backend(Line(("use_backend", name)))
    for frontend in config(rows=rows).frontends if found else ():
        choices(found, frontend)  # type: ignore[arg-type]
    config(rows=rows)
