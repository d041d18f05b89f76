"""server.tunnel-target-down: when it fires, and when it is silent."""

from dataclasses import replace

from diagnose.model import Confidence, Failure, Vantage
from diagnose.model.http import Exchange
from diagnose.model.processes import TunnelClient
from diagnose.model.server import Interface
from tests.support.check_evidence import judge
from tests.support.firewall_rules import listening
from tests.support.front_evidence import local
from tests.support.tls_evidence import shake

CHECK = "server.tunnel-target-down"
PAGE = Exchange(url="https://shop.example.com/", address="203.0.113.10", port=443, status=502)
CLIENT = TunnelClient(
    vantage=Vantage.SERVER, program="frpc", pid=9, host="127.0.0.1", port=8080,
    names=("shop.example.com",), file="/etc/frp/frpc.toml",
)  # fmt: skip


def test_fires_where_nothing_listens_behind_the_tunnel() -> None:
    (claim,) = judge(CHECK, CLIENT, listening(3000, process="node"), PAGE)
    assert claim.confidence is Confidence.CERTAIN
    assert claim.facts["application"] == "127.0.0.1:8080"
    assert claim.facts["listening"] == ("node 3000",)


def test_fires_less_surely_where_no_name_is_configured() -> None:
    by_hand = replace(CLIENT, names=(), file="", program="ssh", host="localhost")
    (claim,) = judge(CHECK, by_hand, listening(3000), replace(PAGE, status=404))
    assert claim.confidence is Confidence.LIKELY


def test_silent_where_a_program_listens_or_it_is_for_another_site() -> None:
    for address in ("127.0.0.1", "0.0.0.0"):
        assert not judge(CHECK, CLIENT, listening(8080, address=address), PAGE)
    assert not judge(CHECK, replace(CLIENT, names=("a.example.com",)), listening(3000), PAGE)
    assert not judge(CHECK, replace(CLIENT, host="10.0.0.5"), listening(3000), PAGE)
    assert not judge(CHECK, CLIENT, listening(3000), replace(PAGE, status=200))


def test_silent_where_one_of_several_without_names_may_be_meant() -> None:
    first = replace(CLIENT, names=())
    assert not judge(CHECK, first, replace(first, port=8081), listening(3000), PAGE)


def test_fires_where_a_tunnel_of_tcp_cuts_the_handshake() -> None:
    """frp of type https has no page of its own."""
    nic = Interface(vantage=Vantage.SERVER, name="eth0", up=True, addresses=("203.0.113.10",))
    cut = shake(address="203.0.113.80", failure=Failure("closed", "closed"))
    seen = (nic, cut, CLIENT, listening(3000))
    (claim,) = judge(CHECK, *seen, local(), masked=False)
    assert claim.facts["site_port"] == 443
    assert not claim.facts["status"]
    late = shake(address="203.0.113.80", failure=Failure("timeout", "timed out"))
    assert not judge(CHECK, nic, late, CLIENT, listening(3000), masked=False)
    own = shake(failure=Failure("closed", "closed"))
    assert not judge(CHECK, nic, own, CLIENT, listening(3000), masked=False)
