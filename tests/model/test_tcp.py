from dataclasses import replace

import pytest

from diagnose.model import Failure
from diagnose.model.tcp import Connection, Hop, IcmpError, Walk
from tests.support.check_evidence import REFUSED, TIMEOUT
from tests.support.summaries import summary_text
from tests.support.tcp_evidence import NETWORK_UNREACHABLE, NO_ROUTE_TO_HOST

OPEN = Connection(address="203.0.113.10", port=443, family=4, source="198.51.100.2")
NO_WAY = replace(OPEN, failure=NETWORK_UNREACHABLE, source="", took=0.0001)


def icmp(sender: str, local: bool = False) -> IcmpError:
    return IcmpError(4, 3, 1, sender, local)


@pytest.mark.parametrize(
    ("error", "by"),
    [
        (icmp("203.0.113.10"), "host"),
        (icmp("198.51.100.1"), "router"),
        (icmp("198.51.100.2", local=True), "self"),
        (icmp("203.0.113.10", local=True), "host"),
        (None, "unknown"),
    ],
)
def test_the_sender_of_the_error_says_who_rejected(error: IcmpError | None, by: str) -> None:
    assert replace(OPEN, failure=NO_ROUTE_TO_HOST, icmp=error).rejected_by == by


def test_the_zone_of_an_address_does_not_matter() -> None:
    """RFC 4007 section 11."""
    link_local = replace(OPEN, address="fe80::1%eth0", family=6, failure=NO_ROUTE_TO_HOST)
    assert replace(link_local, icmp=icmp("fe80::1")).rejected_by == "host"
    assert replace(link_local, icmp=icmp("fe80::1%eth0")).rejected_by == "host"
    assert replace(link_local, icmp=icmp("fe80::11")).rejected_by == "router"


@pytest.mark.parametrize("failure", [None, TIMEOUT, Failure("reset", "reset")])
def test_nobody_rejected_what_ended_otherwise(failure: Failure | None) -> None:
    assert replace(OPEN, failure=failure, icmp=icmp("203.0.113.10")).rejected_by is None


def test_a_plain_refusal_and_an_own_lack_of_a_route_are_no_rejections() -> None:
    """A refusal without an ICMP error is a reset."""
    assert replace(OPEN, failure=REFUSED).rejected_by is None
    assert replace(OPEN, failure=REFUSED, icmp=icmp("203.0.113.10")).rejected_by == "host"
    assert NO_WAY.rejected_by is None


@pytest.mark.parametrize(
    "other",
    [
        replace(NO_WAY, failure=TIMEOUT),
        replace(NO_WAY, failure=None),
        replace(NO_WAY, icmp=icmp("198.51.100.1")),
        replace(NO_WAY, source="198.51.100.2"),
        replace(NO_WAY, took=3.0),
    ],
)
def test_only_an_error_at_once_without_a_source_means_no_way_to_send(other: Connection) -> None:
    assert NO_WAY.unroutable
    assert not other.unroutable


def test_the_last_router_is_the_farthest_that_answered() -> None:
    near, far, silent = Hop(1, "192.0.2.1"), Hop(3, "192.0.2.3"), Hop(2, None)
    walk = Walk(address="2001:db8::1", port=443, hops=(near, silent, far, Hop(4, None)))
    assert walk.last_router is far
    assert summary_text(walk) == ("path to [2001:db8::1]:443", "192.0.2.1, *, 192.0.2.3, *")
    assert replace(walk, hops=(silent,)).last_router is None
    assert replace(walk, hops=()).last_router is None
