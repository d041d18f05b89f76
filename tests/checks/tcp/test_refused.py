from dataclasses import replace

import pytest

from diagnose.model import Manual, Observation, Severity, Target, Where
from diagnose.model.dns import Resolution
from diagnose.model.tcp import Connection
from tests.support.check_evidence import REFUSED, TIMEOUT, judge
from tests.support.firewall_rules import listening
from tests.support.server_tcp_evidence import counters, kernel_drop
from tests.support.tcp_evidence import ROUTER, attempt, rejected


def test_fires_once_for_all_addresses_that_refuse() -> None:
    (claim,) = judge(
        "tcp.refused",
        Connection(address="203.0.113.10", port=443, family=4, failure=REFUSED),
        Connection(address="2001:db8::10", port=443, family=6, failure=REFUSED),
    )
    assert str(claim.about) == "203.0.113.10:443, [2001:db8::10]:443"
    assert not claim.facts["icmp"]


def test_fires_with_other_words_where_icmp_says_port_unreachable() -> None:
    (claim,) = judge("tcp.refused", rejected("203.0.113.10", 3, 3))
    assert claim.facts["icmp"]


def test_fires_as_a_warning_where_another_address_answers() -> None:
    (claim,) = judge("tcp.refused", attempt("203.0.113.10", failure=REFUSED), attempt("192.0.2.9"))
    assert claim.severity is Severity.WARNING
    assert str(claim.about) == "203.0.113.10:443"


def test_silent_when_the_port_is_open_or_says_nothing() -> None:
    assert not judge(
        "tcp.refused",
        Connection(address="203.0.113.10", port=443, family=4),
        Connection(address="203.0.113.10", port=80, family=4, purpose="plain", failure=REFUSED),
        Connection(address="203.0.113.11", port=443, family=4, failure=TIMEOUT),
    )


def test_silent_when_a_router_says_port_unreachable_in_the_hosts_name() -> None:
    assert not judge("tcp.refused", rejected("203.0.113.10", 3, 3, sender=ROUTER[4]))


def test_silent_when_another_try_was_answered() -> None:
    assert not judge("tcp.refused", attempt(failure=REFUSED), attempt(purpose="again"))


def test_fires_and_calls_no_port_open_that_refuses_too() -> None:
    (claim,) = judge(
        "tcp.refused",
        attempt(failure=REFUSED),
        attempt(port=80, purpose="plain", failure=REFUSED),
    )
    assert claim.facts["open_ports"] == ()
    assert claim.facts["refusing_ports"] == (80,)


def test_fires_on_the_loopback_without_sending_anybody_to_a_server() -> None:
    (claim,) = judge("tcp.refused", attempt("127.0.0.1", failure=REFUSED, source="127.0.0.1"))
    assert claim.fix is not None
    assert claim.fix.steps == (Manual("here", Where.CLIENT),)


def test_fires_as_a_note_where_localhost_answers_at_its_other_address() -> None:
    local = Target("localhost", "https", "localhost", 443)
    observations = (attempt("127.0.0.1"), attempt("::1", failure=REFUSED))
    (claim,) = judge("tcp.refused", *observations, target=local)
    assert claim.severity is Severity.NOTE
    found = (
        Resolution(name="localhost", family=4, addresses=("127.0.0.1",)),
        Resolution(name="localhost", family=6, addresses=("::1",)),
    )
    assert not judge("dns.dead-ipv6", *found, *observations, target=local)


TWICE = (
    attempt(failure=REFUSED),
    replace(attempt(purpose="again", failure=REFUSED), at=0.5, mss=1111),
)


@pytest.mark.parametrize(
    ("observations", "filtered", "led_away"),
    [
        ((listening(443), counters(at=0.1, OutRsts=7), counters(at=1.0, OutRsts=7)), True, False),
        ((listening(443), counters(at=0.1, OutRsts=7), counters(at=1.0, OutRsts=8)), False, True),
        ((listening(443), kernel_drop()), True, False),
        ((listening(443), kernel_drop("NO_SOCKET")), False, True),
        # Nothing was tried between the readings; nothing listens; on loopback only.
        ((listening(443), counters(at=0.6, OutRsts=7), counters(at=1.0, OutRsts=7)), False, False),
        ((listening(22), counters(at=0.1, OutRsts=7), counters(at=1.0, OutRsts=7)), False, False),
        ((listening(443, address="127.0.0.1"), kernel_drop()), False, False),
        ((kernel_drop(),), False, False),
    ],
)
def test_fires_with_what_refuses_although_a_program_listens(
    observations: tuple[Observation, ...], filtered: bool, led_away: bool
) -> None:
    (claim,) = judge("tcp.refused", *TWICE, *observations)
    assert (claim.facts["filtered"], claim.facts["led_away"]) == (filtered, led_away)
