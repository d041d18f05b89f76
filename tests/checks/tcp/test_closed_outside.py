from diagnose.model import Confidence, Failure, Manual, Severity, Where
from tests.support.check_evidence import REFUSED, judge
from tests.support.server_tcp_evidence import capture
from tests.support.tcp_evidence import attempt
from tests.support.vantage_evidence import (
    LAPTOP,
    LISTENS,
    NIC,
    OFFICE,
    ON_SERVER,
    again,
    control,
    point,
    silent,
    visit,
)

CHECK = "tcp.closed-outside"


def test_fires_where_only_the_server_connects() -> None:
    (claim,) = judge(CHECK, ON_SERVER, NIC, LISTENS, attempt(), silent(), again(), control(80))
    assert claim.severity is None or claim.severity is Severity.ERROR
    assert claim.confidence is Confidence.CERTAIN
    assert claim.facts["answering_ports"] == (80,)
    assert claim.facts["server_here"] is True
    assert claim.fix
    assert [step.step for step in claim.fix.steps if isinstance(step, Manual)] == [
        "security-group",
        "on-the-server",
    ]


def test_fires_for_the_listener_alone_where_the_server_does_not_get_through_itself() -> None:
    """Behind a translation that does not lead back (RFC 4787 section 6)."""
    lost = attempt(failure=REFUSED)
    (claim,) = judge(CHECK, ON_SERVER, LISTENS, lost, silent(), again())
    assert claim.confidence is Confidence.LIKELY


def test_fires_as_a_warning_where_another_place_gets_in() -> None:
    (claim,) = judge(CHECK, attempt(), silent(), again(), visit(OFFICE))
    assert claim.severity is Severity.WARNING
    assert claim.facts["others"] == (OFFICE,)
    assert claim.facts["here"] is True
    assert claim.fix
    assert claim.fix.steps[0].where is Where.CLOUD_CONSOLE


def test_fires_once_for_two_places() -> None:
    (claim,) = judge(CHECK, attempt(), silent(), again(), silent(OFFICE), again(OFFICE))
    assert claim.facts["places"] == (LAPTOP, OFFICE)
    assert claim.confidence is Confidence.CERTAIN


def test_fires_and_says_that_the_packets_arrive() -> None:
    observations = (ON_SERVER, NIC, attempt(), point(source="198.51.100.7"), silent(), again())
    (claim,) = judge(CHECK, *observations, capture("198.51.100.7"))
    assert claim.facts["arrives"] is True
    assert claim.fix
    assert [step.where for step in claim.fix.steps] == [Where.SERVER]


def test_fires_and_says_nothing_of_packets_that_may_be_anybodys() -> None:
    observations = (ON_SERVER, NIC, attempt(), point(), silent(), again())
    (claim,) = judge(CHECK, *observations, capture("198.51.100.77"))
    assert (claim.facts["arrives"], claim.facts["never"]) == (False, False)


def test_silent_where_the_place_gets_in() -> None:
    assert not judge(CHECK, attempt(), visit())
    assert not judge(CHECK, attempt(), silent(), visit(purpose="again"))


def test_silent_where_the_place_has_no_route_to_the_address() -> None:
    """A network without IPv6 says nothing about the site's."""
    six = "2001:db8:2::10"
    no_route = Failure("unreachable", "Network is unreachable", 101, "ENETUNREACH")
    lost = (silent(address=six, failure=no_route), again(address=six, failure=no_route))
    assert not judge(CHECK, attempt(six), *lost)


def test_silent_where_nobody_gets_in() -> None:
    """The same cause everywhere: what this machine sees names it."""
    assert not judge(CHECK, attempt(failure=REFUSED), silent(failure=REFUSED))


def test_silent_where_nobody_else_tried_the_address() -> None:
    other = "203.0.113.99"
    assert not judge(CHECK, attempt(), silent(address=other), again(address=other))
