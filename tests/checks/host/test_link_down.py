from diagnose.model import (
    Applicability,
    Confidence,
    Fix,
    Manual,
    Subject,
    Vantage,
    network_commands,
)
from diagnose.model.server import Interface
from tests.support.check_evidence import REFUSED, judge
from tests.support.firewall_rules import connected


def nic(name: str, *addresses: str, up: bool = True, carrier: bool = True) -> Interface:
    return Interface(vantage=Vantage.SERVER, name=name, up=up, addresses=addresses, carrier=carrier)


LO = nic("lo", "127.0.0.1", "::1")


def test_fires_where_the_only_interface_is_down() -> None:
    (claim,) = judge("host.link-down", LO, nic("eth0", "203.0.113.10", up=False))
    assert claim.confidence is Confidence.CERTAIN
    assert claim.covers == (Subject(),)
    assert claim.fix is not None
    assert claim.fix == Fix((network_commands.set_link_up("eth0"),))
    assert claim.fix.applicability is Applicability.AUTOMATIC


def test_fires_and_leaves_the_address_to_a_person_where_none_is_kept() -> None:
    (claim,) = judge("host.link-down", LO, nic("eth0", up=False))
    assert claim.fix is not None
    assert claim.fix.applicability is Applicability.REVIEW
    assert isinstance(claim.fix.steps[1], Manual)


def test_fires_where_a_container_bridge_is_all_that_is_left() -> None:
    bridge = nic("docker0", "172.17.0.1")
    (claim,) = judge("host.link-down", LO, nic("eth0", "203.0.113.10", up=False), bridge)
    assert claim.facts["interface"] == "eth0"


def test_fires_where_the_wire_leads_nowhere() -> None:
    (claim,) = judge("host.link-down", LO, nic("eth0", "203.0.113.10", carrier=False))
    assert claim.facts["carrier"]
    assert claim.fix is not None
    assert isinstance(claim.fix.steps[0], Manual)


def test_fires_where_the_interface_has_lost_its_address() -> None:
    (claim,) = judge("host.link-down", LO, nic("eth0", "fe80::1", "169.254.7.7"))
    assert claim.facts["address"]
    assert claim.confidence is Confidence.LIKELY


def test_silent_where_another_interface_works() -> None:
    spare = nic("eth1", up=False)
    assert not judge("host.link-down", LO, nic("eth0", "203.0.113.10"), spare)
    assert not judge("host.link-down", LO, spare, nic("bond0", "10.0.0.5"))


def test_silent_where_the_site_is_reached_all_the_same() -> None:
    down = nic("eth0", "203.0.113.10", up=False)
    assert not judge("host.link-down", LO, down, connected())
    assert judge("host.link-down", LO, down, connected(failure=REFUSED))


def test_silent_where_only_inner_interfaces_were_seen() -> None:
    assert not judge("host.link-down", LO, nic("kube-ipvs0", "10.96.0.1", up=False))
