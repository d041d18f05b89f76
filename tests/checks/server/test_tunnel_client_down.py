"""server.tunnel-client-down: when it fires, and when it is silent."""

from dataclasses import replace

from diagnose.model import Applicability, Command, Confidence, Vantage
from diagnose.model.http import Exchange
from diagnose.model.processes import TunnelClient, TunnelService
from diagnose.model.server import Interface
from tests.support.check_evidence import judge

CHECK = "server.tunnel-client-down"
NIC = Interface(vantage=Vantage.SERVER, name="eth0", up=True, addresses=("203.0.113.10",))
PAGE = Exchange(
    url="https://shop.example.com/", address="203.0.113.80", port=443, status=404,
    body="<p><em>Faithfully yours, frp.</em></p>",
)  # fmt: skip
SERVICE = TunnelService(
    vantage=Vantage.SERVER, program="frpc", unit="frpc.service", state="inactive",
    unit_state="enabled", file="/etc/frp/frpc.toml", names=("shop.example.com",),
)  # fmt: skip
REFUSED = replace(SERVICE, state="active", refusal="login", line="token in login doesn't match")


def commands_of(service: TunnelService) -> list[str]:
    (claim,) = judge(CHECK, NIC, service, PAGE, masked=False)
    assert claim.fix is not None
    return [" ".join(step.argv) for step in claim.fix.steps if isinstance(step, Command)]


def test_fires_where_the_service_is_stopped() -> None:
    (claim,) = judge(CHECK, NIC, SERVICE, PAGE)
    assert claim.confidence is Confidence.CERTAIN
    assert commands_of(SERVICE) == ["systemctl start frpc.service"]
    failed = replace(SERVICE, state="failed", unit_state="disabled")
    assert commands_of(failed)[-1] == "systemctl enable --now frpc.service"


def test_fires_where_the_other_end_refuses_the_client() -> None:
    (claim,) = judge(CHECK, NIC, REFUSED, PAGE, masked=False)
    assert claim.fix is not None
    assert claim.fix.applicability is Applicability.MANUAL
    assert claim.facts["login"]
    assert not claim.facts["stopped"]


def test_fires_less_surely_without_the_page_or_the_name() -> None:
    for given in (
        (SERVICE, replace(PAGE, body="", status=502)),
        (replace(SERVICE, names=()), PAGE),
    ):
        (claim,) = judge(CHECK, NIC, *given)
        assert claim.confidence is Confidence.LIKELY


def test_silent_where_the_client_is_connected_or_it_is_for_another_site() -> None:
    assert not judge(CHECK, NIC, replace(SERVICE, state="active"), PAGE)
    assert not judge(CHECK, NIC, replace(SERVICE, names=("blog.example.com",)), PAGE)
    nameless = replace(SERVICE, names=(), program="ngrok", unit="ngrok.service")
    assert not judge(CHECK, NIC, nameless, PAGE)


def test_silent_where_the_application_answers_through_the_tunnel() -> None:
    """A standby is stopped, or another proxy of the same client is refused."""
    for status in (401, 404, 500):
        own = replace(PAGE, status=status, body="<h1>Sign in</h1>")
        for service in (SERVICE, replace(REFUSED, refusal="taken")):
            assert not judge(CHECK, NIC, service, own)


def test_silent_where_another_client_runs_or_the_page_is_this_servers() -> None:
    by_hand = TunnelClient(
        vantage=Vantage.SERVER, program="frpc", pid=9, host="127.0.0.1", port=80, names=("a.test",)
    )
    assert not judge(CHECK, NIC, SERVICE, by_hand, PAGE)
    assert not judge(CHECK, NIC, SERVICE, replace(PAGE, address="203.0.113.10"))
    assert not judge(CHECK, NIC, SERVICE, replace(PAGE, status=200))
