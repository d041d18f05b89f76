"""nginx behind a program on the same machine whose configuration is not read: it passes TLS through
by the name (sslh), ends TLS (stunnel, hitch), or lets visitors in through a tunnel (frpc)."""

from .. import site
from ..lab import SERVER, Lab
from ..scenario import healthy, scenario
from .addresses import OTHER, other_machine
from .units_that_forbid import tunnel

URL = f"https://{site.NAME}/"
WS = f"wss://{site.NAME}/ws"
MINE = (site.CONF,)
LINES = (
    "    proxy_set_header Upgrade $http_upgrade;\n"
    "    proxy_set_header Connection $connection_upgrade;\n"
)
NO_UPGRADE = site.HTTPS.replace(LINES, "")
DOWN = site.HTTPS.replace("127.0.0.1:3000", "127.0.0.1:3999")
EDGE = (
    f"proxy_pass http://{SERVER}:9443; proxy_http_version 1.1; proxy_set_header Host $host; "
    "proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection $http_connection;"
)
APPLICATION = "the application has to be started"


def _nginx(lab: Lab, text: str, listen: str) -> None:
    text = text.replace("443 ssl", listen)
    if "ssl" not in listen:
        text = "\n".join(line for line in text.split("\n") if "ssl_" not in line)
    lab.server.write(site.CONF, f"{site.MAP}\n{text}\n{site.HTTP}")
    lab.restart_nginx()


def _relay(lab: Lab, address: str, port: int, inner: int, *more: str) -> None:
    """`more`: a certificate and its key, or the address of another machine."""
    server = lab.server
    argv = server.application("relay", address, str(port), str(inner), *more)
    # nginx may have the port already, on another address.
    sockets = ["ss", "-Hltn", f"src {address}:{port}"]
    lab.spawn(server, argv, lambda: bool(server.run(sockets).stdout))


def passed_through(lab: Lab, text: str) -> None:
    """TLS goes on as it is, to nginx on a port of loopback."""
    _nginx(lab, text, "127.0.0.1:8443 ssl")
    _relay(lab, "0.0.0.0", 443, 8443)


def ended(lab: Lab, text: str) -> None:
    """The program in front has the certificate; nginx gets plain HTTP."""
    _nginx(lab, text, "127.0.0.1:8080")
    _relay(lab, "0.0.0.0", 443, 8080, site.PEM, site.KEY)


def on_one_port(lab: Lab, text: str) -> None:
    """The program has the public address, and nginx has loopback, with the same port."""
    _nginx(lab, text, "127.0.0.1:443 ssl")
    _relay(lab, SERVER, 443, 443)


def through_a_tunnel(lab: Lab, text: str) -> None:
    """The name leads to another machine; the client of the tunnel passes visitors on."""
    _nginx(lab, text, "127.0.0.1:8080")
    _relay(lab, "0.0.0.0", 9443, 8080)
    lab.server.sh("firewall-cmd -q --add-port=9443/tcp")
    other_machine(lab, EDGE)
    lab.dns([OTHER])
    tunnel(lab, 8080)


@scenario(
    outside="websocket.not-upgraded", server="websocket.upgrade-headers-missing", target=WS,
    differs=MINE,
)  # fmt: skip
def upgrade_is_lost_behind_a_program_that_passes_tls_through(lab: Lab) -> None:
    passed_through(lab, NO_UPGRADE)


@scenario(
    outside="websocket.not-upgraded", server="websocket.upgrade-headers-missing", target=WS,
    differs=MINE,
)  # fmt: skip
def upgrade_is_lost_behind_a_program_that_ends_tls(lab: Lab) -> None:
    ended(lab, NO_UPGRADE)


@scenario(
    outside="websocket.not-upgraded", server="websocket.upgrade-headers-missing", target=WS,
    differs=MINE,
)  # fmt: skip
def upgrade_is_lost_on_the_same_port_of_loopback(lab: Lab) -> None:
    on_one_port(lab, NO_UPGRADE)


@scenario(
    outside="websocket.not-upgraded", server="websocket.upgrade-headers-missing", target=WS,
    differs=MINE,
)  # fmt: skip
def upgrade_is_lost_behind_a_tunnel(lab: Lab) -> None:
    through_a_tunnel(lab, NO_UPGRADE)


@scenario(outside="http.server-error", server="upstream.refused", manual=APPLICATION)
def application_is_down_behind_a_program_that_passes_tls_through(lab: Lab) -> None:
    passed_through(lab, DOWN)


@scenario(outside="http.server-error", server="upstream.refused", manual=APPLICATION)
def application_is_down_behind_a_program_that_ends_tls(lab: Lab) -> None:
    ended(lab, DOWN)


@healthy(target=WS)
def site_behind_a_program_that_passes_tls_through(lab: Lab) -> None:
    passed_through(lab, site.HTTPS)


@healthy(target=WS)
def site_behind_a_program_that_ends_tls(lab: Lab) -> None:
    ended(lab, site.HTTPS)


@healthy(target=WS)
def site_behind_a_tunnel(lab: Lab) -> None:
    through_a_tunnel(lab, site.HTTPS)


@scenario(outside="http.server-error", manual="the other machine's application is down")
def program_passes_visitors_on_to_another_machine(lab: Lab) -> None:
    """The block of the name is left from before; its application is gone, and nobody gets there."""
    _nginx(lab, DOWN, "127.0.0.1:8443 ssl")
    other_machine(lab, "proxy_pass http://127.0.0.1:9;")
    _relay(lab, SERVER, 443, 443, OTHER)


@healthy()
def program_passes_visitors_on_to_a_healthy_machine(lab: Lab) -> None:
    _nginx(lab, DOWN, "127.0.0.1:8443 ssl")
    other_machine(lab, "return 200 tea;")
    _relay(lab, SERVER, 443, 443, OTHER)


@healthy(target=WS)
def two_blocks_of_loopback_have_the_name(lab: Lab) -> None:
    """The one behind the program is right; the application of the other is gone."""
    passed_through(lab, site.HTTPS)
    other = DOWN.replace("443 ssl", "127.0.0.1:8444 ssl")
    lab.configure(f"{lab.server.read(site.CONF)}{other}")
