from typing import Any

import pytest

from diagnose.model import Confidence, Observation, Severity, Vantage
from diagnose.model.dns import DnsAnswer, OtherMachine
from tests.support.check_evidence import judge
from tests.support.firewall_rules import ADDRESS, host, nic

OLD, NAME = "203.0.113.80", "shop.example.com"


def seen(**more: Any) -> OtherMachine:
    given = {
        "url": f"https://{NAME}/",
        "address": OLD,
        "port": 443,
        "own_address": ADDRESS,
        "differs": "title",
        "title": "Old shop",
        "own_title": "New shop",
        "own_trusted": True,
        "visits": 3,
        "logged": 1,
        "log": "/var/log/nginx/access.log",
    }
    return OtherMachine(vantage=Vantage.SERVER, **{**given, **more})


def answer(*records: str, rdtype: str = "A", **more: Any) -> DnsAnswer:
    given = {"rcode": "NOERROR", "records": records, "ttl": 300, **more}
    return DnsAnswer(**{"name": NAME, "rdtype": rdtype, "server": "203.0.113.1", **given})


def judged(*observations: Observation) -> Any:
    return judge("dns.other-machine", host(), nic(), *observations)


def test_fires_where_no_visit_at_the_record_s_address_arrives_here() -> None:
    name_servers = answer("ns1.example.net.", rdtype="NS", name="example.com", purpose="delegation")
    (claim,) = judged(answer(OLD), name_servers, seen())
    assert (claim.severity, claim.confidence) == (None, Confidence.LIKELY)
    assert (claim.facts["record"], claim.facts["zone"]) == (NAME, "example.com")
    assert claim.fix.steps[0].step == "change"


def test_fires_for_the_alias_whose_record_has_to_change() -> None:
    (claim,) = judged(answer(OLD, aliases=("web.example.com.",)), seen())
    assert claim.facts["alias"] == "web.example.com"


def test_fires_with_the_record_to_delete_where_the_other_one_is_right() -> None:
    (claim,) = judged(answer(ADDRESS, OLD), seen())
    assert claim.fix.steps[0].step == "remove"


@pytest.mark.parametrize("more", [{"logged": None}, {"differs": "page"}, {"visits": 1}])
def test_fires_as_a_note_without_a_control(more: dict[str, Any]) -> None:
    (claim,) = judged(answer(OLD), seen(**more))
    assert (claim.severity, claim.confidence) == (Severity.NOTE, Confidence.POSSIBLE)


@pytest.mark.parametrize("more", [{"logged": 3}, {"logged": 4}, {"is_member": True}])
def test_silent_where_visits_arrive_here_or_a_balancer_asks_this_server(
    more: dict[str, Any],
) -> None:
    assert not judged(answer(OLD), seen(**more))


def test_silent_where_the_hosts_file_alone_names_the_other_machine() -> None:
    assert not judged(answer(ADDRESS), seen())
