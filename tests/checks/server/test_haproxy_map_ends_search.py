from dataclasses import replace

import pytest

from diagnose.model import Claim, Confidence, Edit, Manual, Severity
from diagnose.model.http import Exchange
from diagnose.model.web_servers import ServerFile, WebServerConfig
from diagnose.parsers.haproxy.config import parse
from diagnose.parsers.haproxy.sites import listens_of, sites_of
from tests.support.check_evidence import judge
from tests.support.haproxy_evidence import CONFIG, SERVER, TEXT, page

CHECK = "server.haproxy-map-ends-search"
FIRST = "req.hdr(host),lower,map(/etc/haproxy/a.map)"
SECOND = "req.hdr(host),lower,map(/etc/haproxy/b.map)"
RULES = f"    use_backend %[{FIRST}] if TRUE\n    use_backend %[{SECOND}] if TRUE\n"
SITE = TEXT.replace("    default_backend app\n", RULES)
ROWS = {"a.map": "a.example.com app\n", "b.map": "shop.example.com app\n"}


def config(text: str = SITE, **rows: str) -> WebServerConfig:
    maps = tuple(
        ServerFile(f"/etc/haproxy/{name}", rows.get(name[0], own)) for name, own in ROWS.items()
    )
    parsed = parse([(CONFIG, text)], [(each.path, each.text) for each in maps])
    return WebServerConfig(
        product="haproxy",
        path=CONFIG,
        sites=sites_of(parsed, {}),
        listens=listens_of(parsed),
        files=(ServerFile(CONFIG, text),),
        maps=maps,
    )


def claims(text: str = SITE, answer: Exchange | None = None, **rows: str) -> tuple[Claim, ...]:
    return tuple(judge(CHECK, SERVER, config(text, **rows), answer or page()))


def diff(claim: Claim) -> str:
    assert claim.fix
    edit = claim.fix.steps[0]
    assert isinstance(edit, Edit)
    return edit.diff


def test_fires_where_the_second_map_has_the_name() -> None:
    (claim,) = claims()
    assert (claim.confidence, claim.severity) == (Confidence.CERTAIN, Severity.ERROR)
    assert (claim.facts["map"], claim.facts["backend"]) == ("/etc/haproxy/a.map", "app")
    assert f"+    use_backend %[{FIRST}] if {{ {FIRST} -m found }}\n" in diff(claim)
    assert not judge("server.haproxy-no-backend", SERVER, config(), page()), "a rule is for it"


@pytest.mark.parametrize(
    ("condition", "new"),
    [("", ""), (" if { ssl_fc }", " { ssl_fc }"), (" if { ssl_fc } TRUE", " { ssl_fc }")],
)
def test_the_edit_keeps_the_condition(condition: str, new: str) -> None:
    (claim,) = claims(SITE.replace(f"{FIRST}] if TRUE", f"{FIRST}]{condition}"))
    assert f"+    use_backend %[{FIRST}] if {{ {FIRST} -m found }}{new}\n" in diff(claim)


def test_each_map_without_a_row_gets_the_test() -> None:
    between = SITE.replace(f"    use_backend %[{SECOND}", f"    use_backend %[{FIRST}]\n{{}}", 1)
    (claim,) = claims(between.replace("{}", f"    use_backend %[{SECOND}", 1))
    assert diff(claim).count("-m found") == 2


def test_words_where_the_condition_has_alternatives() -> None:
    (claim,) = claims(SITE.replace(f"{FIRST}] if TRUE", f"{FIRST}] if FALSE or TRUE"))
    assert claim.fix
    assert isinstance(claim.fix.steps[0], Manual)


def test_likely_where_the_default_answers_with_an_error() -> None:
    text = SITE.replace(RULES, f"{RULES}    default_backend other\n")
    (claim,) = claims(f"{text}backend other\n    server o 127.0.0.1:3001\n", page(404))
    assert (claim.confidence, claim.severity) == (Confidence.LIKELY, Severity.WARNING)
    assert claim.facts["default"] == "other"


def test_silent_where_no_later_rule_has_the_name_or_the_first_is_right() -> None:
    assert not claims(b="b.example.com app\n")
    assert not claims(a="shop.example.com app\n")
    found = SITE.replace(f"{FIRST}] if TRUE", f"{FIRST}] if {{ {FIRST} -m found }}")
    assert not claims(found)
    assert not claims(answer=page(200))
    # The row, or the map's default, names a backend that is not there: a found row ends it too.
    assert not claims(a="shop.example.com none\n")
    assert not claims(SITE.replace("a.map)", "a.map,none)"))
    # The default is the same.
    assert not claims(f"{SITE}".replace(RULES, f"{RULES}    default_backend app\n"), page(404))
    assert not judge(CHECK, SERVER, replace(config(), maps=()), page())
