import pytest

from diagnose.model import Applicability, Severity
from tests.support.check_evidence import TIMEOUT, judge
from tests.support.firewall_rules import (
    HTTP,
    HTTPS,
    SSH,
    both,
    connected,
    firewalld,
    host,
    ipset,
    listening,
    nic,
    remedy,
    server,
)
from tests.support.packets import answers

OPEN = both("public", SSH, HTTP, HTTPS, interfaces=("eth0",))
DROP = both("drop", target="DROP", sources=("198.51.100.0/24",))


def from_a_client(*more, source: str = "198.51.100.10", **daemon):  # type: ignore[no-untyped-def]
    observations = (host("ssh://web"), firewalld(**daemon), nic(), listening(443), *OPEN, *more)
    return (*observations, connected(failure=TIMEOUT, source=source))


#: What lets in the client and nobody else.
LET_IN = (
    '--add-rich-rule=rule priority="-1" family="ipv4" source address="198.51.100.10" '
    'port port="443" protocol="tcp" accept'
)


def test_fires_where_the_client_is_bound_to_a_zone_that_shuts_out() -> None:
    (claim,) = judge("firewall.source-zone", *from_a_client(*DROP))
    assert claim.severity is Severity.ERROR
    assert claim.facts["client"] == ("198.51.100.10",)
    assert remedy(claim) == [
        f"firewall-cmd --zone=drop {LET_IN}",
        f"firewall-cmd --permanent --zone=drop {LET_IN}",
    ]
    assert answers(claim) == [
        [
            "firewall-cmd --zone=drop --remove-source=198.51.100.0/24",
            "firewall-cmd --permanent --zone=drop --remove-source=198.51.100.0/24",
        ]
    ]
    assert claim.fix is not None
    assert claim.fix.applicability is Applicability.REVIEW


def test_fires_with_the_entry_of_a_set() -> None:
    zone = both("drop", target="DROP", sources=("ipset:banned",))
    observations = from_a_client(*zone, *ipset("banned", "192.0.2.0/24", "198.51.100.10"))
    (claim,) = judge("firewall.source-zone", *observations)
    assert claim.facts["set"] == "banned"
    assert remedy(claim) == [
        "firewall-cmd --ipset=banned --remove-entry=198.51.100.10",
        "firewall-cmd --permanent --ipset=banned --remove-entry=198.51.100.10",
    ]


def test_fires_and_lets_the_client_alone_in_to_a_zone_of_its_network() -> None:
    zone = both("office", SSH, sources=("198.51.100.0/24",))
    (claim,) = judge("firewall.source-zone", *from_a_client(*zone))
    assert remedy(claim) == [
        f"firewall-cmd --zone=office {LET_IN}",
        f"firewall-cmd --permanent --zone=office {LET_IN}",
    ]
    assert answers(claim) == [
        [
            "firewall-cmd --permanent --zone=office --add-service=https",
            "firewall-cmd --reload",
        ]
    ]


def test_fires_for_the_address_that_ssh_names_where_the_clients_own_is_translated() -> None:
    observations = from_a_client(*DROP, source="192.168.1.5", caller="198.51.100.10")
    (claim,) = judge("firewall.source-zone", *observations)
    assert claim.facts["client"] == ("198.51.100.10",)


def test_fires_once_for_both_addresses_of_the_client() -> None:
    zone = both("drop", target="DROP", sources=("198.51.100.0/24", "2001:db8:1::/64"))
    six = connected("2001:db8:2::10", failure=TIMEOUT, source="2001:db8:1::10")
    (claim,) = judge("firewall.source-zone", *from_a_client(*zone), six)
    assert claim.facts["client"] == ("198.51.100.10", "2001:db8:1::10")
    assert len(remedy(claim)) == 4


def test_fires_where_everybody_is_bound() -> None:
    zone = both("drop", target="DROP", sources=("0.0.0.0/0",))
    (claim,) = judge("firewall.source-zone", *server(*OPEN, *zone))
    assert (claim.severity, claim.facts["client"]) == (Severity.ERROR, ())
    assert claim.facts["sources"] == ("0.0.0.0/0",)
    open_it = "firewall-cmd --permanent --zone=drop --add-service=https --add-service=http"
    assert remedy(claim) == [open_it, "firewall-cmd --reload"]
    assert claim.fix is not None
    assert claim.fix.applicability is Applicability.AUTOMATIC


def test_fires_and_is_left_to_a_person_where_others_are_shut_out_beside_everybody() -> None:
    zone = both("drop", target="DROP", sources=("0.0.0.0/0", "2001:db8:bad::/48"))
    (claim,) = judge("firewall.source-zone", *server(*OPEN, *zone))
    assert claim.fix is not None
    assert claim.fix.applicability is Applicability.REVIEW


@pytest.mark.parametrize("source", ["198.51.100.0/24", "ipset:banned"])
def test_fires_as_a_note_where_others_are_bound(source: str) -> None:
    zone = both("drop", target="DROP", sources=(source,))
    observations = (*zone, *ipset("banned", "192.0.2.0/24"))
    for given in (
        server(*OPEN, *observations),
        from_a_client(*observations, source="203.0.113.77"),
    ):
        (claim,) = judge("firewall.source-zone", *given)
        assert claim.severity is Severity.NOTE
        assert claim.facts["sources"] == (source,)


def test_silent_where_the_zone_of_the_source_opens_it() -> None:
    zone = both("office", HTTPS, HTTP, sources=("198.51.100.0/24",))
    assert not judge("firewall.source-zone", *from_a_client(*zone))
    assert not judge("firewall.source-zone", *server(*OPEN, *zone))


def test_silent_where_the_other_family_is_bound() -> None:
    zone = both("drop", target="DROP", sources=("::/0",))
    assert not judge("firewall.source-zone", *server(*OPEN, *zone))
