"""tcp.forwarded-to-other-port: when it fires, and when it is silent."""

import pytest

from diagnose.model import Applicability, Confidence, Failure, Observation, Vantage
from diagnose.model.server import Listener, Listeners
from diagnose.model.tcp import ReturnedConnection
from tests.support.check_evidence import judge
from tests.support.firewall_rules import ADDRESS
from tests.support.front_evidence import local

CHECK = "tcp.forwarded-to-other-port"
ROUTER = "198.51.100.1"


def returned(port: int) -> Observation:
    return ReturnedConnection(
        vantage=Vantage.SERVER, address=ROUTER, port=443, own_address=ADDRESS, own_port=port
    )


def listening(address: str = "0.0.0.0") -> Observation:
    sockets = (
        Listener(vantage=Vantage.SERVER, address=address, port=443, family=4, process="nginx"),
        Listener(vantage=Vantage.SERVER, address="0.0.0.0", port=8123, family=4, process="hass"),
    )
    return Listeners(vantage=Vantage.SERVER, sockets=sockets)


def test_fires_where_the_connection_came_back_to_the_application() -> None:
    (claim,) = judge(CHECK, returned(8123), listening(), local())
    assert (claim.facts["wrong_port"], claim.facts["program"]) == (8123, "hass")
    assert claim.confidence is Confidence.CERTAIN
    assert claim.fix is not None
    assert claim.fix.applicability is Applicability.MANUAL


def test_silent_where_it_came_back_to_the_web_server() -> None:
    assert not judge(CHECK, returned(443), listening(), local())


@pytest.mark.parametrize(
    "page",
    [
        local(status=None, failure=Failure("refused", "Connection refused")),
        local(status=502),
        local(trusted=False),
    ],
    ids=["refused", "gateway", "certificate"],
)
def test_silent_where_the_own_port_is_no_better(page: Observation) -> None:
    assert not judge(CHECK, returned(8123), listening(), page)


def test_silent_where_the_web_server_listens_on_loopback_alone() -> None:
    assert not judge(CHECK, returned(8123), listening("127.0.0.1"), local())
