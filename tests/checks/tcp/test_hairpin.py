import pytest

from diagnose.model import Failure, Observation, Severity
from tests.support.check_evidence import REFUSED, TIMEOUT, judge
from tests.support.server_tcp_evidence import PUBLISHED, host, nic
from tests.support.tcp_evidence import attempt, rejected

PRIVATE = nic("eth0", "10.0.0.10", "fe80::1")
LOST = attempt(failure=TIMEOUT, took=4.0)


@pytest.mark.parametrize("failure", [TIMEOUT, REFUSED])
def test_fires_as_a_note_and_nothing_else_is_said(failure: Failure) -> None:
    observations = (PUBLISHED, host("local"), PRIVATE, attempt(failure=failure))
    (claim,) = judge("tcp.hairpin", *observations)
    assert claim.severity is Severity.NOTE
    assert claim.facts["own"] == ("10.0.0.10",)
    assert not judge("tcp.timeout", *observations)
    assert not judge("tcp.refused", *observations)


def test_fires_where_the_router_rejects_it() -> None:
    observations = (PUBLISHED, host("local"), PRIVATE, rejected("203.0.113.10", 3, 13))
    assert judge("tcp.hairpin", *observations)
    assert not judge("tcp.rejected-by-host", *observations)


@pytest.mark.parametrize(
    "observations",
    [
        (host(), PRIVATE, LOST),
        (host("local"), nic(), LOST),
        (host("local"), PRIVATE, attempt("2001:db8:2::10", failure=TIMEOUT)),
        (host("local"), PRIVATE, attempt("10.0.0.99", failure=TIMEOUT)),
    ],
    ids=["from another machine", "held by the server", "ipv6", "private"],
)
def test_silent_where_it_says_something_of_visitors(observations: tuple[Observation, ...]) -> None:
    assert not judge("tcp.hairpin", PUBLISHED, *observations)
    assert judge("tcp.timeout", PUBLISHED, *observations)


def test_silent_where_it_works() -> None:
    assert not judge("tcp.hairpin", PUBLISHED, host("local"), PRIVATE, attempt())
