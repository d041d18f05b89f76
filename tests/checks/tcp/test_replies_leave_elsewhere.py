"""tcp.replies-leave-elsewhere: when it fires, and when it is silent."""

from diagnose.model import Confidence, Severity, Vantage
from diagnose.model.kernel import Kernel
from diagnose.model.server import Route
from tests.support.check_evidence import TIMEOUT, judge
from tests.support.firewall_rules import ADDRESS, connected, host, nic

CHECK = "tcp.replies-leave-elsewhere"
HOLDER = nic("eth1", ADDRESS, default=())
LEAVING = nic("eth0", "192.0.2.10")


def test_fires_as_a_note_where_only_the_server_was_seen() -> None:
    (claim,) = judge(CHECK, host(), HOLDER, LEAVING, connected())
    assert (claim.severity, claim.confidence) == (Severity.NOTE, Confidence.POSSIBLE)
    assert (claim.facts["device"], claim.facts["leaving"]) == ("eth1", "eth0")


def test_fires_as_an_error_where_a_visitor_times_out() -> None:
    failed = connected(failure=TIMEOUT)
    (claim,) = judge(CHECK, host("ssh://web"), HOLDER, LEAVING, failed)
    assert (claim.severity, claim.confidence) == (None, Confidence.LIKELY)


def test_silent_where_a_visitor_got_an_answer() -> None:
    assert not judge(CHECK, host("ssh://web"), HOLDER, LEAVING, connected())


def test_silent_where_a_rule_sends_replies_back() -> None:
    route = Route(
        vantage=Vantage.SERVER, source=ADDRESS, towards="198.41.0.4", family=4, device="eth1"
    )
    assert not judge(CHECK, host(), HOLDER, LEAVING, connected(), route)


def test_silent_where_both_cards_have_a_default_route_or_the_packets_are_filtered() -> None:
    assert not judge(CHECK, host(), nic("eth1", ADDRESS), LEAVING, connected())
    strict = Kernel(vantage=Vantage.SERVER, reverse_path=(("all", 1),))
    assert not judge(CHECK, host(), HOLDER, LEAVING, connected(), strict)


def test_silent_about_addresses_without_a_cable() -> None:
    loopback = nic("lo", "127.0.0.1", ADDRESS, default=())
    assert not judge(CHECK, host(), loopback, LEAVING, connected())
