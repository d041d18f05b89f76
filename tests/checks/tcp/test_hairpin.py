import pytest

from diagnose.model import Failure, Observation, Severity
from tests.support.check_evidence import REFUSED, TIMEOUT, judge
from tests.support.server_tcp_evidence import PUBLISHED, host, nic
from tests.support.tcp_evidence import attempt, rejected

PRIVATE = nic("eth0", "10.0.0.10", "fe80::1")
LOST = attempt(failure=TIMEOUT, took=4.0)


@pytest.mark.parametrize("failure", [TIMEOUT, REFUSED])
def test_fires_as_a_note_and_nothing_else_is_said(failure: Failure) -> None:
    seen = (PUBLISHED, host("local"), PRIVATE, attempt(failure=failure))
    (claim,) = judge("tcp.hairpin", *seen)
    assert claim.severity is Severity.NOTE
    assert claim.facts["own"] == ("10.0.0.10",)
    assert not judge("tcp.timeout", *seen)
    assert not judge("tcp.refused", *seen)


def test_fires_where_the_router_rejects_it() -> None:
    seen = (PUBLISHED, host("local"), PRIVATE, rejected("203.0.113.10", 3, 13))
    assert judge("tcp.hairpin", *seen)
    assert not judge("tcp.rejected-by-host", *seen)


@pytest.mark.parametrize(
    "seen",
    [
        (host(), PRIVATE, LOST),
        (host("local"), nic(), LOST),
        (host("local"), PRIVATE, attempt("2001:db8:2::10", failure=TIMEOUT)),
        (host("local"), PRIVATE, attempt("10.0.0.99", failure=TIMEOUT)),
    ],
    ids=["from another machine", "held by the server", "ipv6", "private"],
)
def test_silent_where_it_says_something_of_visitors(seen: tuple[Observation, ...]) -> None:
    assert not judge("tcp.hairpin", PUBLISHED, *seen)
    assert judge("tcp.timeout", PUBLISHED, *seen)


def test_silent_where_it_works() -> None:
    assert not judge("tcp.hairpin", PUBLISHED, host("local"), PRIVATE, attempt())
