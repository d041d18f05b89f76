"""server.tunnel-rule-missing: when it fires, and when it is silent."""

from dataclasses import replace

from diagnose.model import Applicability, Confidence, Edit, Vantage
from diagnose.model.http import Exchange
from diagnose.model.processes import TunnelRule
from diagnose.parsers.tunnel_rules import ingress_rules, rule_for
from tests.support.check_evidence import judge

CHECK = "server.tunnel-rule-missing"
PAGE = Exchange(
    url="https://shop.example.com/", address="203.0.113.10", port=443, status=404,
    headers=(("CF-RAY", "8474b7654d1e1143-ORD"),),
)  # fmt: skip
TEXT = (
    "tunnel: 6ff42ae2\ningress:\n  - hostname: www.shop.example.com\n"
    "    service: http://localhost:8080\n  - service: http_status:404\n"
)


def rule(text: str = TEXT, **other: object) -> TunnelRule:
    rules = ingress_rules(text)
    own = rule_for(rules, "shop.example.com", "/")
    assert own is not None
    given = TunnelRule(
        vantage=Vantage.SERVER, program="cloudflared", pid=9, unit="cloudflared.service",
        file="/etc/cloudflared/config.yml", text=text, name=own.host, service=own.service,
        names=tuple(each.host for each in rules if each.host), status=own.status,
        line=own.line, column=own.column,
    )  # fmt: skip
    return replace(given, **other)  # type: ignore[arg-type]


def test_fires_where_the_rule_for_all_names_answers() -> None:
    (claim,) = judge(CHECK, rule(), PAGE, masked=False)
    assert claim.confidence is Confidence.CERTAIN
    assert claim.facts["near"] == "www.shop.example.com"
    assert claim.fix is not None
    assert claim.fix.applicability is Applicability.REVIEW
    edit = claim.fix.steps[0]
    assert isinstance(edit, Edit)
    assert "+  - hostname: shop.example.com\n+    service: http://localhost:8080\n" in edit.diff


def test_a_person_says_where_the_name_leads_if_the_others_lead_to_several_places() -> None:
    other = "  - hostname: blog.example.com\n    service: http://localhost:9000\n"
    two = TEXT.replace("  - service: http_status", f"{other}  - service: http_status")
    for given in (rule(two), replace(rule(), file="", text="")):
        (claim,) = judge(CHECK, given, PAGE, masked=False)
        assert claim.fix is not None
        assert claim.fix.applicability is Applicability.MANUAL


def test_silent_where_a_rule_has_the_name_or_the_status_is_another() -> None:
    own = TEXT.replace("www.shop", "shop")
    assert not judge(CHECK, rule(own), PAGE, masked=False)
    assert not judge(CHECK, rule(), replace(PAGE, status=502), masked=False)
    assert not judge(CHECK, rule(), replace(PAGE, headers=()), masked=False)
    closed = TEXT.replace("www.shop", "shop").replace("http://localhost:8080", "http_status:404")
    assert not judge(CHECK, rule(closed), PAGE, masked=False)


def test_silent_where_the_application_of_another_tunnel_has_no_such_page() -> None:
    assert not judge(CHECK, rule(), replace(PAGE, body="<h1>No such product</h1>"), masked=False)
    down = TEXT.replace("http_status:404", "http_status:503")
    (claim,) = judge(
        CHECK, rule(down), replace(PAGE, status=503, body="<h1>503</h1>"), masked=False
    )
    assert claim.confidence is Confidence.LIKELY
