"""tcp.answers-in-tunnel: when it fires, and when it is silent."""

from dataclasses import replace

from diagnose.model import Confidence, Vantage
from diagnose.model.dns import Resolution
from diagnose.model.server import Interface, Route
from tests.support.check_evidence import TIMEOUT, judge
from tests.support.firewall_rules import ADDRESS, connected, host, nic

CHECK = "tcp.answers-in-tunnel"
NAME = Resolution(name="shop.example.com", family=4, addresses=(ADDRESS,))
TUNNEL = Interface(
    vantage=Vantage.SERVER, name="wg0", up=True, addresses=("10.66.66.2",), tunnel=True
)
RULE = "32764: not from all fwmark 0xca6c lookup 51820"
INTO = Route(
    vantage=Vantage.SERVER, source=ADDRESS, towards="198.41.0.4", family=4, device="wg0",
    rules=(RULE,), equivalent=f"ip route get 198.41.0.4 from {ADDRESS}",
)  # fmt: skip


def test_fires_on_the_server_though_it_reaches_itself() -> None:
    (claim,) = judge(CHECK, host(), NAME, nic(), TUNNEL, INTO, connected())
    assert claim.confidence is Confidence.LIKELY
    assert claim.facts["rules"] == (RULE,)


def test_fires_behind_a_translated_address() -> None:
    private, route = nic("eth0", "10.0.0.4"), replace(INTO, source="10.0.0.4")
    given = (host("ssh://web"), NAME, private, TUNNEL, route)
    assert judge(CHECK, *given, connected(failure=TIMEOUT))
    assert not judge(CHECK, *given, connected())


def test_fires_where_the_resolver_is_lost_with_the_route() -> None:
    assert judge(CHECK, host(), nic(), TUNNEL, INTO)
    docker = replace(INTO, source="172.17.0.1")
    assert not judge(CHECK, host(), nic("docker0", "172.17.0.1"), TUNNEL, docker)


def test_silent_where_replies_leave_as_visitors_came() -> None:
    assert not judge(CHECK, host(), NAME, nic(), TUNNEL, replace(INTO, device="eth0"), connected())
    other = replace(INTO, source="203.0.113.99")
    assert not judge(CHECK, host(), NAME, nic(), TUNNEL, other, connected())


def test_silent_where_the_tunnel_has_the_address() -> None:
    tunnel = replace(TUNNEL, addresses=(ADDRESS,))
    assert not judge(CHECK, host(), NAME, tunnel, INTO, connected())
    second = replace(nic("eth1", ADDRESS), tunnel=False)
    assert not judge(CHECK, host(), NAME, second, replace(INTO, device="eth1"), connected())
