"""server.own-network: when it fires, and when it is silent."""

from dataclasses import replace

from diagnose.model import Confidence, Vantage
from diagnose.model.containers import Containers, Namespace
from tests.support.check_evidence import REFUSED, judge
from tests.support.firewall_rules import connected, listening

CHECK = "server.own-network"
APART = Namespace(
    pid=77, processes=("nginx",), service="nginx.service", sockets=(("0.0.0.0", 443),)
)
REFUSES = connected(failure=REFUSED)


def networks(*namespaces: Namespace) -> Containers:
    return Containers(vantage=Vantage.SERVER, namespaces=namespaces)


def test_fires_where_the_unit_is_alone_in_its_network() -> None:
    (claim,) = judge(CHECK, networks(APART), listening(22), REFUSES)
    assert claim.confidence is Confidence.CERTAIN
    assert claim.facts["unit"] == "nginx.service"


def test_fires_less_surely_where_packets_could_be_sent_on() -> None:
    joined = replace(APART, addresses=("10.200.0.2",))
    (claim,) = judge(CHECK, networks(joined), listening(22), REFUSES)
    assert claim.confidence is Confidence.LIKELY


def test_silent_where_the_port_answers() -> None:
    assert not judge(CHECK, networks(APART), listening(22), connected())
    assert not judge(CHECK, networks(APART), listening(443), REFUSES)


def test_silent_for_a_container_and_for_another_port() -> None:
    container = replace(APART, service="", container="5e" * 32)
    other = replace(APART, sockets=(("0.0.0.0", 5432), ("127.0.0.1", 443)))
    assert not judge(CHECK, networks(container, other), listening(22), REFUSES)
