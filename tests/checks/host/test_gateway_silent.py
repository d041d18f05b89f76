"""host.gateway-silent: when it fires, and when it is silent."""

from dataclasses import replace
from typing import Any

import pytest

from diagnose.model import Confidence, Severity, Subject, Target, Vantage
from diagnose.model.dns import DnsAnswer, Resolution
from diagnose.model.server import SilentGateway
from diagnose.model.tcp import Connection
from tests.support.check_evidence import REFUSED, TIMEOUT, judge
from tests.support.firewall_rules import ADDRESS, connected, host, nic

CHECK = "host.gateway-silent"
NAME4 = Resolution(name="shop.example.com", family=4, addresses=(ADDRESS,))
NAME6 = Resolution(name="shop.example.com", family=6, addresses=("2001:db8:2::10",))


def gateway(address: str = "203.0.113.77", **fields: Any) -> SilentGateway:
    given: dict[str, Any] = {"state": "FAILED", "family": 6 if ":" in address else 4, **fields}
    return SilentGateway(vantage=Vantage.SERVER, address=address, device="eth0", **given)


def test_fires_on_the_server_though_it_reaches_itself() -> None:
    (claim,) = judge(CHECK, host(), NAME4, nic(), gateway(), connected())
    assert (claim.confidence, claim.severity) == (Confidence.CERTAIN, None)
    assert claim.covers == (Subject(),)


def test_fires_less_surely_while_the_kernel_still_asks() -> None:
    (claim,) = judge(CHECK, host(), NAME4, nic(), gateway(state="INCOMPLETE"), connected())
    assert claim.confidence is Confidence.LIKELY


def test_fires_as_a_warning_where_the_other_family_works() -> None:
    (claim,) = judge(CHECK, host(), NAME4, NAME6, nic(), gateway("fe80::1"), connected())
    assert claim.severity is Severity.WARNING


def test_silent_where_visitors_get_answers_and_for_a_family_without_an_address() -> None:
    assert not judge(CHECK, host("ssh://web"), NAME4, nic(), gateway(), connected())
    assert not judge(CHECK, host(), NAME4, nic(), gateway("fe80::1"), connected())


@pytest.mark.parametrize("name", ["127.0.0.1", "localhost", "::1"])
def test_silent_for_a_target_on_loopback(name: str) -> None:
    address = "::1" if ":" in name else "127.0.0.1"
    refused = Connection(address=address, port=443, family=4, failure=REFUSED)
    target = Target(f"https://{name}/", "https", name, 443)
    for silent in (gateway(), gateway("fd00::1")):
        assert not judge(CHECK, host(), nic(), silent, refused, target=target)


def test_explains_no_failure_on_loopback() -> None:
    """A name that means loopback on the server (Debian's /etc/hosts)."""
    refused = Connection(address="127.0.1.1", port=443, family=4, failure=REFUSED)
    for silent in (gateway(), gateway("fd00::1")):
        (claim,) = judge(CHECK, host(), nic(), silent, refused)
        assert (claim.severity, claim.covers) == (Severity.WARNING, ())


def test_fires_where_the_client_times_out() -> None:
    assert judge(CHECK, host("ssh://web"), NAME4, nic(), gateway(), connected(failure=TIMEOUT))


SILENT = DnsAnswer(name="shop.example.com", rdtype="A", server="203.0.113.53", failure=TIMEOUT)


def test_fires_for_an_address_set_by_hand_where_nothing_else_answers() -> None:
    by_hand = gateway(state="PERMANENT")
    (claim,) = judge(CHECK, host(), nic(), by_hand, SILENT)
    assert claim.confidence is Confidence.LIKELY
    assert claim.facts["set"] is True


def test_silent_for_an_address_set_by_hand_that_is_right() -> None:
    """Other machines answer, or nobody asked them."""
    by_hand = gateway(state="PERMANENT")
    answered = replace(SILENT, failure=None, rcode="NOERROR", records=(ADDRESS,))
    assert not judge(CHECK, host(), NAME4, nic(), by_hand, answered, connected())
    assert not judge(CHECK, host(), NAME4, nic(), by_hand, connected())
    assert not judge(CHECK, host(), nic(), by_hand, replace(SILENT, server="127.0.0.53"))
    assert not judge(CHECK, host(), nic(), by_hand, replace(SILENT, failure=REFUSED))
