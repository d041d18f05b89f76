import pytest

from diagnose.model import Failure, Severity
from tests.checks.tcp.seen import (
    HERE,
    NETWORK_UNREACHABLE,
    NO_ROUTE_TO_HOST,
    PERMISSION_DENIED,
    ROUTER,
    attempt,
    rejected,
)
from tests.saying import TIMEOUT, judge

NO_ADDRESS = Failure("unreachable", "Cannot assign requested address", 99, "EADDRNOTAVAIL")
NO_FAMILY = Failure("unreachable", "Address family not supported", 97, "EAFNOSUPPORT")


@pytest.mark.parametrize(
    "failure",
    [NETWORK_UNREACHABLE, NO_ROUTE_TO_HOST, PERMISSION_DENIED, NO_ADDRESS, NO_FAMILY],
    ids=lambda one: str(one.name),
)
def test_fires_where_this_machine_has_no_way_to_send_at_all(failure: Failure) -> None:
    (claim,) = judge(
        "host.no-route", attempt("2001:db8:2::10", failure=failure, took=0.0, source="")
    )
    assert claim.severity is Severity.ERROR
    assert claim.facts["families"] == ("IPv6",)
    assert not claim.facts["gateway"]


def test_fires_as_a_note_where_the_other_family_has_a_way() -> None:
    lost = attempt("2001:db8:2::10", failure=NETWORK_UNREACHABLE, took=0.0, source="")
    for other in (attempt(), attempt(failure=TIMEOUT, took=4.0)):
        (claim,) = judge("host.no-route", lost, other)
        assert claim.severity is Severity.NOTE


def test_fires_where_the_gateway_does_not_answer() -> None:
    (claim,) = judge(
        "host.no-route",
        rejected("203.0.113.10", 3, 1, sender=HERE[4], took=3.07, on_link=False),
    )
    assert claim.facts["gateway"]


def test_silent_when_somebody_else_says_that_there_is_no_way() -> None:
    assert not judge("host.no-route", rejected("203.0.113.10", 3, 0, sender=ROUTER[4]))
    assert not judge("host.no-route", rejected("203.0.113.10", 3, 0))
    assert not judge("host.no-route", attempt(failure=NETWORK_UNREACHABLE))


def test_silent_when_there_is_a_way() -> None:
    assert not judge("host.no-route", attempt(), attempt("2001:db8:2::10"))
    assert not judge("host.no-route", attempt(failure=TIMEOUT, took=4.0))
