from dataclasses import replace

import pytest

from diagnose.checking.registry import load_check
from diagnose.checking.root_cause import claims, findings
from diagnose.model import Claim, Crash, Failure, Manual, Observation, Severity
from diagnose.model.dns import DnsAnswer, Resolution
from diagnose.model.tcp import Uplink
from tests.support.check_evidence import SHOP, TIMEOUT, evidence
from tests.support.check_evidence import judge as judge_evidence
from tests.support.tcp_evidence import (
    HERE,
    NETWORK_UNREACHABLE,
    NO_ROUTE_TO_HOST,
    PERMISSION_DENIED,
    ROUTER,
    attempt,
    rejected,
)

NAME = Resolution(name="shop.example.com", family=4, addresses=("203.0.113.10",))


def judge(check: str, *observations: Observation) -> list[Claim]:
    return judge_evidence(check, NAME, *observations, target=SHOP)


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


UNKNOWN = Failure("resolution", "Temporary failure in name resolution", -3, "EAI_AGAIN")
LOST = Resolution(name="shop.example.com", family=4, failure=UNKNOWN)
STUB = DnsAnswer(
    name="shop.example.com", rdtype="A", server="127.0.0.53", rcode="SERVFAIL", purpose="target"
)
ROOTLESS = DnsAnswer(
    name=".", rdtype="NS", server="127.0.0.53", rcode="SERVFAIL", purpose="control"
)


def uplink(family: int, failure: Failure | None = NETWORK_UNREACHABLE, *up: str) -> Uplink:
    return Uplink(
        family=family,
        towards="198.41.0.4" if family == 4 else "2001:503:ba3e::2:30",
        failure=failure,
        links=("eth0", "wlan0"),
        links_up=up,
    )


@pytest.mark.parametrize(("up", "step"), [((), "link"), (("eth0",), "default")])
def test_fires_where_no_family_leads_anywhere(up: tuple[str, ...], step: str) -> None:
    (claim,) = judge_evidence(
        "host.no-route",
        LOST,
        STUB,
        uplink(4, NETWORK_UNREACHABLE, *up),
        uplink(6, NETWORK_UNREACHABLE, *up),
    )
    assert claim.facts["nothing"]
    assert claim.fix is not None
    assert [made.step for made in claim.fix.steps if isinstance(made, Manual)] == [step]


@pytest.mark.parametrize("asked", ["127.0.0.53", "192.0.2.53"])
def test_fires_as_the_cause_of_a_resolver_that_cannot_be_asked(asked: str) -> None:
    """The stub of systemd-resolved says SERVFAIL at once where there is no network."""
    failure = None if asked == "127.0.0.53" else NETWORK_UNREACHABLE
    answers = (replace(answer, server=asked, failure=failure) for answer in (STUB, ROOTLESS))
    seen = evidence(LOST, *answers, uplink(4), uplink(6))
    checks = [
        load_check("host.no-route"),
        load_check("dns.resolver-unreachable"),
        load_check("dns.servfail"),
    ]
    crashed: list[Crash] = []
    found = findings(claims(checks, seen, crashed.append))
    assert [finding.check.id for finding in found if finding.is_cause] == ["host.no-route"]
    assert len(found) > 1


def test_silent_where_one_family_leads_out_or_the_network_is_a_private_one() -> None:
    assert not judge_evidence("host.no-route", LOST, STUB, uplink(4), uplink(6, None, "eth0"))
    near = attempt("10.0.0.9", failure=TIMEOUT, source="10.0.0.2")
    assert not judge_evidence("host.no-route", LOST, uplink(4), uplink(6), near)
    answer = DnsAnswer(name="shop.example.com", rdtype="A", server="10.0.0.53", rcode="NXDOMAIN")
    assert not judge_evidence("host.no-route", LOST, answer, uplink(4), uplink(6))


def test_fires_with_the_record_that_the_name_lacks() -> None:
    """An address of IPv6 alone: visitors without IPv6 have none."""
    six = Resolution(name="shop.example.com", family=6, addresses=("2001:db8:2::10",))
    unrouted = attempt("2001:db8:2::10", failure=NETWORK_UNREACHABLE, took=0.0, source="")
    none = Failure("resolution", "No address associated with hostname", -5, "EAI_NODATA")
    four = Resolution(name="shop.example.com", family=4, failure=none)
    (claim,) = judge_evidence("host.no-route", four, six, unrouted, target=SHOP)
    assert claim.facts["alone"]
    assert "add-a-record" in str(claim.fix)
    again = replace(four, failure=Failure("resolution", "try again", -3, "EAI_AGAIN"))
    (claim,) = judge_evidence("host.no-route", again, six, unrouted, target=SHOP)
    assert not claim.facts["alone"]
    assert "add-a-record" not in str(claim.fix)
