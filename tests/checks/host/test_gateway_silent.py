"""host.gateway-silent: when it fires, and when it is silent."""

from typing import Any

from diagnose.model import Confidence, Severity, Subject, Vantage
from diagnose.model.dns import Resolution
from diagnose.model.server import SilentGateway
from tests.support.check_evidence import TIMEOUT, judge
from tests.support.firewall_rules import ADDRESS, connected, host, nic

CHECK = "host.gateway-silent"
NAME4 = Resolution(name="shop.example.com", family=4, addresses=(ADDRESS,))
NAME6 = Resolution(name="shop.example.com", family=6, addresses=("2001:db8:2::10",))


def gateway(address: str = "203.0.113.77", **more: Any) -> SilentGateway:
    given: dict[str, Any] = {"state": "FAILED", "family": 6 if ":" in address else 4, **more}
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


def test_fires_where_the_client_times_out() -> None:
    assert judge(CHECK, host("ssh://web"), NAME4, nic(), gateway(), connected(failure=TIMEOUT))
