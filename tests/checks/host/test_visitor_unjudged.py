from typing import Any

from diagnose.model import Severity, Vantage
from diagnose.model.visitor import Visitor
from tests.support.check_evidence import judge
from tests.support.packets import DROP, dport, nft, served

CHECK = "host.visitor-unjudged"
FROM = Visitor(address="192.0.2.66")


def test_fires_where_nobody_looked_inside_the_server() -> None:
    (claim,) = judge(CHECK, FROM)
    assert claim.facts["outside"]
    assert (claim.severity or Severity.NOTE) is Severity.NOTE


def test_fires_where_the_rules_were_not_seen() -> None:
    (claim,) = judge(CHECK, *served(FROM))
    assert claim.facts["unseen"]


def test_fires_where_the_site_has_no_address_of_the_visitors_family() -> None:
    (claim,) = judge(CHECK, *served(Visitor(address="2001:db8::66"), nft([dport(22), DROP])))
    assert claim.facts["no_address"]
    assert claim.facts["family"] == "IPv6"


def test_fires_where_the_rules_hang_on_what_nobody_knows() -> None:
    strange: list[dict[str, Any]] = [
        {"match": {"op": "==", "left": {"osf": {"key": "name"}}, "right": "Linux"}},
        DROP,
    ]
    (claim,) = judge(CHECK, *served(FROM, nft(strange)))
    assert claim.facts["doubts"]


def test_silent_about_another_place_that_nobody_asked_for() -> None:
    """`--vantage` lets the rules be judged for that place, if they can."""
    assert not judge(CHECK, Visitor(address="192.0.2.66", vantage=Vantage.ELSEWHERE))


def test_silent_where_the_rules_decide() -> None:
    assert not judge(CHECK, *served(FROM, nft([dport(22), DROP])))
    assert not judge(CHECK, *served(FROM, nft([dport(443), DROP])))
