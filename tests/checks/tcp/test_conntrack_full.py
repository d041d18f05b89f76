"""The size of the table belongs to the whole machine, so that a namespace cannot make it small:
these are literals."""

from diagnose.checking.registry import load_check
from diagnose.checking.root_cause import findings
from diagnose.model import Command, Confidence, Severity
from tests.support.check_evidence import TIMEOUT, judge
from tests.support.server_tcp_evidence import counters, kernel
from tests.support.tcp_evidence import attempt

LOST = attempt(failure=TIMEOUT, took=4.0)
SMALL = kernel(tracked=100, trackable=65536)


def test_fires_where_it_is_full() -> None:
    (claim,) = judge("tcp.conntrack-full", SMALL, counters(65536), LOST)
    assert claim.confidence is Confidence.CERTAIN
    assert claim.severity is None
    assert claim.fix is not None
    step = claim.fix.steps[0]
    assert isinstance(step, Command)
    assert step.argv[-1] == "net.netfilter.nf_conntrack_max=262144"
    assert step.undo[-1] == "net.netfilter.nf_conntrack_max=65536"


def test_fires_where_it_is_nearly_full_and_packets_are_dropped() -> None:
    before = counters(65000, conntrack_drop=5)
    after = counters(65100, conntrack_drop=25)
    (claim,) = judge("tcp.conntrack-full", SMALL, before, LOST, after)
    assert claim.confidence is Confidence.LIKELY
    assert claim.facts["dropped"] == 20


def test_fires_as_a_warning_where_this_run_came_through() -> None:
    (claim,) = judge("tcp.conntrack-full", SMALL, counters(65536), attempt())
    assert claim.severity is Severity.WARNING


def test_explains_a_port_that_answers_sometimes() -> None:
    observations = (SMALL, counters(65536), LOST, attempt(purpose="again"))
    (claim,) = judge("tcp.conntrack-full", *observations)
    (unstable,) = judge("tcp.unstable", *observations)
    cause, symptom = findings(
        [(load_check("tcp.unstable"), unstable), (load_check("tcp.conntrack-full"), claim)]
    )
    assert (cause.check.id, symptom.explained_by) == ("tcp.conntrack-full", cause.id)


def test_silent_about_a_well_filled_table() -> None:
    assert not judge("tcp.conntrack-full", SMALL, counters(60000, conntrack_drop=5), LOST)
    old = counters(65000, conntrack_drop=5000)
    assert not judge("tcp.conntrack-full", SMALL, old, LOST, old)


def test_silent_where_packets_are_dropped_for_another_reason() -> None:
    before, after = counters(100, conntrack_drop=5), counters(100, conntrack_drop=50)
    assert not judge("tcp.conntrack-full", SMALL, before, LOST, after)


def test_silent_where_connections_are_not_tracked() -> None:
    assert not judge("tcp.conntrack-full", kernel(), counters(), LOST)
