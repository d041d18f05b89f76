from dataclasses import replace

import pytest

from diagnose.model import Claim, Confidence, Edit, Manual, Severity
from diagnose.model.http import BrowserVisit, Exchange
from tests.support.check_evidence import SHOP, judge
from tests.support.haproxy_evidence import SERVER, TEXT, config, page

CHECK = "server.haproxy-url-over-http2"
RULES = "    acl api url_beg /api\n    use_backend api if api\n"
API = "backend api\n    server b 127.0.0.1:3001\n"
TARGET = replace(SHOP, path="/api/x")
URL = "https://shop.example.com/api/x"
PAGE = page(200, url=URL, version="HTTP/1.1")
VISIT = BrowserVisit(
    url=URL, address="203.0.113.10", port=443, alpn="h2", version="HTTP/2", status=404
)


def site(rules: str = RULES) -> str:
    return TEXT.replace("    default_backend", f"{rules}    default_backend") + API


def claims(rules: str = RULES, answer: Exchange = PAGE, visit: BrowserVisit = VISIT) -> list[Claim]:
    return list(judge(CHECK, SERVER, config(site(rules)), answer, visit, target=TARGET))


@pytest.mark.parametrize(
    ("rules", "changed"),
    [
        (RULES, "+    acl api path_beg /api\n"),
        ("    use_backend api if { url_beg /api }\n", "use_backend api if { path_beg /api }\n"),
        ("    use_backend api if { url -m beg /api }\n", "use_backend api if { path -m beg /api }"),
        ("    use_backend api if { url_reg -i ^/API/ }\n", "if { path_reg -i ^/API/ }\n"),
        ("    use_backend api if { url /api/x }\n", "if { path /api/x }\n"),
    ],
)
def test_fires_and_compares_the_path(rules: str, changed: str) -> None:
    (claim,) = claims(rules)
    assert (claim.confidence, claim.severity) == (Confidence.LIKELY, Severity.ERROR)
    assert (claim.facts["status"], claim.facts["http2_status"]) == (200, 404)
    assert claim.facts["backend"] == "api"
    assert claim.fix
    edit = claim.fix.steps[0]
    assert isinstance(edit, Edit)
    assert changed in edit.diff


def test_fires_where_a_refusal_is_missed_over_http2() -> None:
    rule = "    http-request deny if { url_beg /api }\n"
    (claim,) = claims(rule, replace(PAGE, status=403), replace(VISIT, status=200))
    assert claim.severity is Severity.WARNING
    assert not claim.facts["backend"]


def test_words_where_a_value_has_a_query() -> None:
    (claim,) = claims("    use_backend api if { url_beg /api /b?c }\n")
    assert claim.fix
    assert isinstance(claim.fix.steps[0], Manual)


@pytest.mark.parametrize(
    "rules",
    [
        RULES.replace("url_beg", "path_beg"),
        RULES.replace("url_beg /api", "url_beg /other"),
        RULES.replace("if api", "if other"),
        RULES.replace("url_beg /api", "url_beg /api https://shop.example.com/api"),
        RULES.replace("url_beg", "url_dir"),
        RULES.replace("/api", "-f /etc/haproxy/paths"),
        "    use_backend api if { url_beg /other } { path_beg /api }\n",
    ],
)
def test_silent_where_no_url_is_compared_with_the_path(rules: str) -> None:
    assert not claims(rules)


def test_silent_where_both_answers_are_the_same_or_one_is_not_there() -> None:
    assert not claims(visit=replace(VISIT, status=200))
    assert not claims(visit=replace(VISIT, version="HTTP/1.1", alpn=""))
    assert not claims(answer=replace(PAGE, version="HTTP/2"))
