from dataclasses import replace

from diagnose.model import Failure
from diagnose.model.dns import Resolution
from diagnose.model.tcp import Proxy
from tests.support.check_evidence import TIMEOUT, judge
from tests.support.tcp_evidence import attempt

PROXY = Proxy(url="http://proxy.corp:3128", source="HTTPS_PROXY")
NAME = Resolution(name="shop.example.com", family=4, addresses=("203.0.113.10",))
UNKNOWN = Failure("resolution", "Temporary failure in name resolution", -3, "EAI_AGAIN")
DEAD = attempt(failure=TIMEOUT, took=4.0)


def test_fires_where_the_direct_way_fails() -> None:
    (claim,) = judge("tcp.proxy-in-environment", PROXY, NAME, DEAD)
    assert claim.facts["variable"] == "HTTPS_PROXY"
    lost = replace(NAME, addresses=(), failure=UNKNOWN)
    assert judge("tcp.proxy-in-environment", PROXY, lost)


def test_silent_where_the_direct_way_works_or_the_proxy_is_not_for_the_target() -> None:
    assert not judge("tcp.proxy-in-environment", PROXY, NAME, attempt())
    assert not judge("tcp.proxy-in-environment", replace(PROXY, exempt=True), NAME, DEAD)
    assert not judge("tcp.proxy-in-environment", replace(PROXY, used=True), NAME, DEAD)
