"""What firewalld lets some in to: said by `firewall.source-restricted`."""

from diagnose.model import Confidence, Severity
from tests.support.check_evidence import TIMEOUT, judge
from tests.support.firewall_rules import (
    HTTP,
    SSH,
    both,
    connected,
    firewalld,
    host,
    listening,
    nic,
    remedy,
)
from tests.support.nat_rules import saved
from tests.support.packets import answers

OFFICE = 'rule family="ipv4" source address="198.51.100.0/24" service name="https" accept'
ZONES = both("public", SSH, HTTP, interfaces=("eth0",), rich_rules=(OFFICE,))
AROUND = (firewalld(), nic(), listening(80, 443), saved(""), *ZONES)


def test_a_port_that_some_may_use_is_closed_to_a_stranger() -> None:
    (claim,) = judge("firewall.source-restricted", host(), *AROUND, connected())
    assert (claim.confidence, claim.severity) == (Confidence.LIKELY, Severity.ERROR)
    assert claim.facts["sources"] == ("198.51.100.0/24",)
    assert remedy(claim) == []
    one, everybody = answers(claim)
    assert 'source address="ADDRESS" port port="443"' in one[0]
    assert everybody[0] == "firewall-cmd --zone=public --add-service=https"
    assert not judge("firewall.port-closed", host(), *AROUND, connected())


def test_it_is_meant_where_the_client_gets_in() -> None:
    client = connected(source="198.51.100.7")
    (claim,) = judge("firewall.source-restricted", host("ssh://web"), *AROUND, client)
    assert claim.severity is Severity.NOTE


def test_nothing_is_said_where_everybody_may() -> None:
    zones = both("public", HTTP, interfaces=("eth0",), target="ACCEPT", rich_rules=(OFFICE,))
    given = (host(), firewalld(), nic(), listening(443), saved(""), *zones)
    assert not judge("firewall.source-restricted", *given, connected(failure=TIMEOUT))
