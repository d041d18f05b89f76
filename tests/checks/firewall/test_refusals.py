from checks.firewall._firewalld import FirewalldView
from checks.firewall._refusals import Fault, contradicting_connections, refusals
from diagnose.model import Observation
from tests.support.check_evidence import TIMEOUT, evidence
from tests.support.firewall_rules import (
    HTTP,
    HTTPS,
    SSH,
    both,
    connected,
    firewalld,
    host,
    listening,
    nic,
    policies,
    server,
    zone,
)

FAULTS: tuple[Fault, ...] = (
    "port-closed",
    "not-reloaded",
    "wrong-zone",
    "source-zone",
    "rich-rule",
    "policy",
)
SHUT = both("public", SSH, interfaces=("eth0",))


def faults(*observations: Observation) -> list[str]:
    view = FirewalldView(evidence(*observations))
    return [refusal.fault for fault in FAULTS for refusal in refusals(view, fault)]


def test_each_refusal_has_one_fault() -> None:
    reject = 'rule family="ipv4" port port="443" protocol="tcp" reject'
    work = both("work", SSH, sources=("0.0.0.0/0",))
    assert faults(*server(*SHUT)) == ["port-closed"]
    assert faults(*server(*SHUT, *both("dmz", HTTP, HTTPS))) == ["wrong-zone"]
    later = zone("public", SSH, HTTP, HTTPS, interfaces=("eth0",), permanent=True)
    assert faults(*server(SHUT[0], later)) == ["not-reloaded"]
    assert faults(
        *server(*both("public", HTTP, HTTPS, interfaces=("eth0",), rich_rules=(reject,)))
    ) == ["rich-rule"]
    assert faults(*server(*both("public", HTTP, HTTPS, interfaces=("eth0",)), *work)) == [
        "source-zone"
    ]
    open_zones = both("public", HTTP, HTTPS, interfaces=("eth0",))
    assert faults(*server(*open_zones, *policies("guard", target="REJECT"))) == ["policy"]


def test_nothing_is_refused_where_the_zone_opens_the_port() -> None:
    assert faults(*server(*both("public", SSH, HTTP, HTTPS, interfaces=("eth0",)))) == []


def test_a_connection_that_succeeded_contradicts_the_rules() -> None:
    inside = (host("ssh://web"), firewalld(), nic(), listening(443), *SHUT)
    good, failed = connected(), connected(failure=TIMEOUT)
    for seen, contradictions in ((good, (good,)), (failed, ())):
        view = FirewalldView(evidence(*inside, seen))
        assert contradicting_connections(view, view.outcomes(443)) == contradictions
