"""server.tunnel-to-plain-http: when it fires, and when it is silent."""

from dataclasses import replace

from diagnose.model import Command, Confidence, Failure, Vantage
from diagnose.model.processes import TunnelClient
from diagnose.model.server import Interface
from tests.support.check_evidence import judge
from tests.support.firewall_rules import listening
from tests.support.nginx_evidence import config
from tests.support.tls_evidence import shake

CHECK = "server.tunnel-to-plain-http"
NIC = Interface(vantage=Vantage.SERVER, name="eth0", up=True, addresses=("203.0.113.10",))
SHAKE = shake(
    address="203.0.113.80",
    failure=Failure("protocol", "wrong version number"),
    received="HTTP/1.1 400 Bad Request",
)
PLAIN = "server { listen 80; server_name shop.example.com; }\n"
TLS = "server { listen 443 ssl; server_name shop.example.com; }\n"
CLIENT = TunnelClient(
    vantage=Vantage.SERVER, program="frpc", pid=9, host="127.0.0.1", port=80, protocol="https",
    names=("shop.example.com",), file="/etc/frp/frpc.toml", line=19, unit="frpc.service",
)  # fmt: skip


def given(text: str = PLAIN + TLS) -> tuple[object, ...]:
    return NIC, SHAKE, listening(80, 443), config(text)


def test_fires_where_the_client_leads_to_the_port_without_tls() -> None:
    (claim,) = judge(CHECK, *given(), CLIENT, masked=False)  # type: ignore[arg-type]
    assert claim.confidence is Confidence.CERTAIN
    assert claim.fix is not None
    step = claim.fix.steps[0]
    assert isinstance(step, Command)
    assert "19s/80/443/" in step.argv


def test_a_person_adds_tls_where_the_web_server_has_none() -> None:
    (claim,) = judge(CHECK, *given(PLAIN), CLIENT, masked=False)  # type: ignore[arg-type]
    assert not claim.facts["wanted"]


def test_silent_where_the_port_has_tls_or_the_tunnel_ends_it() -> None:
    for client in (replace(CLIENT, port=443), replace(CLIENT, protocol="http")):
        assert not judge(CHECK, *given(), client)  # type: ignore[arg-type]
    other = replace(CLIENT, names=("blog.example.com",))
    assert not judge(CHECK, *given(), other)  # type: ignore[arg-type]
    assert not judge(CHECK, NIC, shake(address="203.0.113.80"), listening(80), CLIENT)
