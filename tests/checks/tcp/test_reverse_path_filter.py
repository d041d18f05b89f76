import pytest

from diagnose.model import (
    Applicability,
    Command,
    Confidence,
    Edit,
    Manual,
    Severity,
    Subject,
    Vantage,
)
from diagnose.model.dns import Resolution
from diagnose.model.firewall import Firewalld
from diagnose.parsers.nginx.edits import apply_patch
from tests.support.check_evidence import TIMEOUT, judge
from tests.support.server_tcp_evidence import (
    ADDRESS,
    FAR6,
    SECOND,
    arrival,
    counters,
    host,
    kernel,
    kernel_drop,
    nic,
)
from tests.support.tcp_evidence import HERE, attempt

CROSS = "Invalid cross-device link"
SECOND6 = "2001:db8:9::10"
AT_SECOND = Resolution(name="shop.example.com", family=4, addresses=(SECOND,))
AT_SECOND6 = Resolution(name="shop.example.com", family=6, addresses=(SECOND6,))
TWO = (nic(), nic("eth1", SECOND, SECOND6, default=()))
DROPPED = arrival(said=CROSS)
LOST = attempt(SECOND, failure=TIMEOUT, took=4.0)
SOME = counters(IPReversePathFilter=20)


def test_fires_on_the_server_where_a_visitor_would_be_dropped_and_some_were() -> None:
    (claim,) = judge(
        "tcp.reverse-path-filter", AT_SECOND, host("local"), *TWO, kernel(), DROPPED, SOME
    )
    assert claim.confidence is Confidence.LIKELY
    assert claim.severity is None
    assert (claim.facts["device"], claim.facts["back"]) == ("eth1", "eth0")
    assert claim.covers == (Subject(address=SECOND),)
    assert claim.fix is not None
    step = claim.fix.steps[0]
    assert isinstance(step, Command)
    assert step.argv == ("sysctl", "-w", "net.ipv4.conf.eth1.rp_filter=2")
    kept = claim.fix.steps[1]
    assert isinstance(kept, Edit)
    assert kept.path == "/etc/sysctl.d/99-zz-rp-filter-eth1.conf"
    assert apply_patch("", kept.diff) == "net.ipv4.conf.eth1.rp_filter = 2\n"
    assert claim.fix.applicability is Applicability.AUTOMATIC


@pytest.mark.parametrize(("own", "before"), [((("eth1", 0),), 0), ((("eth1", 1),), 1), ((), 1)])
def test_what_the_interface_had_itself_is_what_an_undo_sets(
    own: tuple[tuple[str, int], ...], before: int
) -> None:
    known = kernel(reverse_path=(("all", 1), *own))
    observations = (AT_SECOND, host("local"), *TWO, known, DROPPED, SOME)
    (claim,) = judge("tcp.reverse-path-filter", *observations)
    assert claim.fix is not None
    step = claim.fix.steps[0]
    assert isinstance(step, Command)
    assert step.undo == ("sysctl", "-w", f"net.ipv4.conf.eth1.rp_filter={before}")


def test_fires_for_certain_where_packets_were_dropped_while_it_was_tried() -> None:
    observations = (AT_SECOND, host(), *TWO, kernel(), DROPPED, LOST)
    more = counters(IPReversePathFilter=26)
    (claim,) = judge("tcp.reverse-path-filter", *observations, SOME, more)
    assert claim.confidence is Confidence.CERTAIN
    assert claim.facts["dropped"] == 26


def test_fires_for_the_machine_that_looks_if_its_own_try_failed() -> None:
    own = arrival(source=HERE[4], said=CROSS)
    observations = (AT_SECOND, host(), *TWO, kernel(), own)
    assert judge("tcp.reverse-path-filter", *observations, SOME, LOST)
    assert not judge("tcp.reverse-path-filter", *observations, SOME)


def test_fires_as_a_warning_where_another_address_works() -> None:
    both = Resolution(name="shop.example.com", family=4, addresses=(ADDRESS, SECOND))
    observations = (both, host("local"), *TWO, kernel(), DROPPED, SOME)
    (claim,) = judge("tcp.reverse-path-filter", *observations)
    assert claim.severity is Severity.WARNING


def test_fires_behind_a_translated_address_if_packets_were_dropped_meanwhile() -> None:
    private = (nic("eth0", "10.0.0.5"), nic("eth1", "10.1.0.5", default=()))
    there = arrival("10.1.0.5", said=CROSS)
    more = counters(IPReversePathFilter=26)
    observations = (AT_SECOND, host(), *private, kernel(), there, LOST)
    assert judge("tcp.reverse-path-filter", *observations, SOME, more)
    assert not judge("tcp.reverse-path-filter", *observations, SOME, SOME)


def test_fires_for_ipv6_where_firewalld_filters() -> None:
    there = arrival(SECOND6, source=FAR6, said="dev eth0")
    daemon = Firewalld(vantage=Vantage.SERVER, running=True)
    (claim,) = judge("tcp.reverse-path-filter", AT_SECOND6, host(), *TWO, kernel(), there, daemon)
    assert claim.confidence is Confidence.LIKELY
    assert claim.facts["six"]
    assert claim.fix is not None
    assert isinstance(claim.fix.steps[0], Manual)
    stopped = Firewalld(vantage=Vantage.SERVER, running=False)
    assert not judge("tcp.reverse-path-filter", AT_SECOND6, host(), *TWO, kernel(), there, stopped)


def test_the_interface_of_a_vlan_is_written_as_sysctl_wants_it() -> None:
    vlan = nic("eth1.100", SECOND, default=())
    there = arrival(device="eth1.100", said=CROSS)
    (claim,) = judge(
        "tcp.reverse-path-filter", AT_SECOND, host("local"), nic(), vlan, kernel(), there, SOME
    )
    assert claim.fix is not None
    step = claim.fix.steps[0]
    assert isinstance(step, Command)
    assert step.argv[-1] == "net.ipv4.conf.eth1/100.rp_filter=2"


def test_silent_where_the_kernel_takes_it_in() -> None:
    observations = (AT_SECOND, host("local"), *TWO, kernel(), arrival(), SOME)
    assert not judge("tcp.reverse-path-filter", *observations)


def test_silent_where_none_was_ever_dropped() -> None:
    none = counters(IPReversePathFilter=0)
    observations = (AT_SECOND, host("local"), *TWO, kernel(), DROPPED, none)
    assert not judge("tcp.reverse-path-filter", *observations)


def test_silent_where_there_is_no_way_back_at_all() -> None:
    lone = (nic(default=()), nic("eth1", SECOND, default=()))
    observations = (AT_SECOND, host("local"), *lone, kernel(), DROPPED, SOME)
    assert not judge("tcp.reverse-path-filter", *observations)


def test_silent_where_another_machine_gets_an_answer() -> None:
    observations = (AT_SECOND, host(), *TWO, kernel(), DROPPED, SOME, attempt(SECOND))
    assert not judge("tcp.reverse-path-filter", *observations)


def test_silent_about_an_address_that_the_name_does_not_publish() -> None:
    elsewhere = Resolution(name="shop.example.com", family=4, addresses=(ADDRESS,))
    observations = (elsewhere, host("local"), *TWO, kernel(), DROPPED, SOME)
    assert not judge("tcp.reverse-path-filter", *observations)


def test_fires_with_certainty_where_the_kernel_gives_the_reason() -> None:
    drop = kernel_drop("IP_RPFILTER", interface="eth1", function="ip_rcv_finish_core")
    observations = (AT_SECOND, host(), *TWO, kernel(), DROPPED, LOST)
    assert not judge("tcp.reverse-path-filter", *observations)
    (claim,) = judge("tcp.reverse-path-filter", *observations, drop)
    assert claim.confidence is Confidence.CERTAIN
    assert drop in claim.because
