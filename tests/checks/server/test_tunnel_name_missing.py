"""server.tunnel-name-missing: when it fires, and when it is silent."""

from dataclasses import replace

from diagnose.model import Applicability, Command, Confidence, Vantage
from diagnose.model.http import Exchange
from diagnose.model.processes import TunnelClient
from diagnose.model.server import Interface, Listener, Listeners
from tests.support.check_evidence import judge
from tests.support.nginx_evidence import config

CHECK = "server.tunnel-name-missing"
NIC = Interface(vantage=Vantage.SERVER, name="eth0", up=True, addresses=("203.0.113.10",))
PAGE = Exchange(
    url="https://shop.example.com/", address="203.0.113.80", port=443, status=404,
    body="<p><em>Faithfully yours, frp.</em></p>",
)  # fmt: skip
CLIENT = TunnelClient(
    vantage=Vantage.SERVER, program="frpc", pid=9, host="127.0.0.1", port=8080, protocol="http",
    names=("www.shop.example.com",), file="/etc/frp/frpc.toml", line=19, names_line=20,
    unit="frpc.service",
)  # fmt: skip
SSH = replace(CLIENT, port=22, protocol="tcp", names=(), names_line=0)


def script(client: TunnelClient) -> str:
    (claim,) = judge(CHECK, NIC, SSH, client, PAGE, masked=False)
    assert claim.fix is not None
    step = claim.fix.steps[0]
    return step.argv[-2] if isinstance(step, Command) else ""


def test_fires_where_the_client_is_for_another_name() -> None:
    assert script(CLIENT) == '20s/ *]/, "shop.example.com"]/'
    assert script(replace(CLIENT, file="/etc/frp/frpc.ini")) == (
        "20s/[[:space:]]*$/,shop.example.com/"
    )


def test_certain_where_this_machine_has_the_site() -> None:
    """Else the client of another machine may be for the name."""
    (claim,) = judge(CHECK, NIC, CLIENT, PAGE)
    assert claim.confidence is Confidence.LIKELY
    site = "server { listen 8080; server_name shop.example.com; }"
    nginx = Listeners(sockets=(Listener(address="0.0.0.0", port=8080, family=4, process="nginx"),))
    (claim,) = judge(CHECK, NIC, CLIENT, PAGE, nginx, config(site))
    assert claim.confidence is Confidence.CERTAIN
    (claim,) = judge(CHECK, NIC, CLIENT, PAGE, nginx, config(site.replace("shop.", "blog.")))
    assert claim.confidence is Confidence.LIKELY


def test_the_application_of_another_name_gets_no_visitors_of_this_one() -> None:
    blog = replace(CLIENT, names=("blog.example.com",))
    (claim,) = judge(CHECK, NIC, blog, PAGE)
    assert claim.fix is not None
    assert claim.fix.applicability is Applicability.MANUAL


def test_a_person_chooses_among_several_or_writes_it_elsewhere() -> None:
    for others in ((replace(CLIENT, names=("a.test",)),), (replace(CLIENT, unit=""),)):
        given = others if others[0].unit == "" else (CLIENT, *others)
        (claim,) = judge(CHECK, NIC, *given, PAGE)
        assert claim.fix is not None
        assert claim.fix.applicability is Applicability.MANUAL


def test_silent_where_the_name_is_there_or_may_be() -> None:
    for names in (("shop.example.com",), ("*.example.com",), ()):
        assert not judge(CHECK, NIC, replace(CLIENT, names=names), PAGE)
    assert not judge(CHECK, NIC, CLIENT, replace(PAGE, body="not found"))
    assert not judge(CHECK, NIC, replace(CLIENT, program="cloudflared"), PAGE)
