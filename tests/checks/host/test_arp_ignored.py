"""host.arp-ignored: when it fires, and when it is silent."""

from diagnose.model import Confidence
from diagnose.model.packet_paths import ArpIgnore
from tests.support.check_evidence import TIMEOUT, judge
from tests.support.firewall_rules import ADDRESS, connected, host, nic

CHECK = "host.arp-ignored"
LOOPBACK = nic("lo", "127.0.0.1", ADDRESS, default=())
OTHER = nic("eth0", "203.0.113.9")


def setting(value: int, device: str = "all") -> ArpIgnore:
    return ArpIgnore(settings=((device, value),))


def test_fires_on_the_server_where_it_answers_for_nothing() -> None:
    (claim,) = judge(CHECK, host(), nic(), connected(), setting(8))
    assert (claim.confidence, claim.facts["elsewhere"]) == (Confidence.LIKELY, False)


def test_fires_for_an_address_on_loopback_that_visitors_do_not_reach() -> None:
    failed = connected(failure=TIMEOUT)
    (claim,) = judge(CHECK, host("ssh://web"), LOOPBACK, OTHER, failed, setting(1, "eth0"))
    assert (claim.confidence, claim.facts["holder"]) == (Confidence.CERTAIN, "lo")


def test_silent_about_an_address_on_loopback_where_only_the_server_was_seen() -> None:
    """A balancer may have it, too (LVS)."""
    assert not judge(CHECK, host(), LOOPBACK, OTHER, connected(), setting(1))


def test_silent_where_the_asked_interface_has_the_address() -> None:
    failed = connected(failure=TIMEOUT)
    assert not judge(CHECK, host("ssh://web"), nic(), failed, setting(2))


def test_silent_where_a_visitor_got_an_answer() -> None:
    assert not judge(CHECK, host("ssh://web"), nic(), connected(), setting(8))


def test_silent_where_another_interface_is_set() -> None:
    assert not judge(CHECK, host(), nic(), connected(), setting(8, "eth7"))


def test_fires_where_the_resolver_is_not_reached_either() -> None:
    (claim,) = judge(CHECK, host(), nic(), setting(8))
    assert claim.facts["address"] == ADDRESS
