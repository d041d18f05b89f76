"""Scenarios of server.caddy-sni-missing."""

from .. import caddy, haproxy, site
from ..caddy import KEY, PEM
from ..lab import Lab
from .caddy import caddy_scenario, healthy_caddy
from .haproxy_backends import NAMELESS

INNER = "\t\theader_up Host {host}\n\t\ttransport http {\n\t\t\ttls_insecure_skip_verify\n"
SITE = f"""\
{site.NAME} {{
\ttls {PEM} {KEY}
\treverse_proxy https://127.0.0.1:8443 {{
{INNER}\t\t}}
\t}}
}}
"""


def _before_nginx(lab: Lab, text: str) -> None:
    """Caddy before an nginx that refuses handshakes without a name."""
    caddy.install(lab, text, keep_nginx=True)
    haproxy.behind(lab, "listen 443 ssl", "listen 127.0.0.1:8443 ssl")
    lab.configure(NAMELESS + lab.server.read(site.CONF))
    caddy.start(lab)


@caddy_scenario(
    outside="http.server-error", server="server.caddy-sni-missing", differs=(caddy.CONFIG,)
)
def caddy_sends_no_name_to_an_address(lab: Lab) -> None:
    """Issue 2427 of caddyserver/caddy: https:// to an address, and the Host field alone."""
    _before_nginx(lab, SITE)


@healthy_caddy()
def caddy_sends_the_name_to_an_address(lab: Lab) -> None:
    name = f"\t\t\ttls_server_name {site.NAME}\n"
    _before_nginx(lab, SITE.replace(INNER, f"{INNER}{name}"))


def _own_name(text: str) -> str:
    """The site passes requests on to a server of another name."""
    return text.replace("header_up Host {host}", "header_up Host backend.example.com")


def _before_a_backend_of_another_name(lab: Lab, text: str) -> None:
    caddy.install(lab, text, keep_nginx=True)
    haproxy.behind(lab, "listen 443 ssl", "listen 127.0.0.1:8443 ssl")
    inner = lab.server.read(site.CONF).replace(f"server_name {site.NAME}", OTHER_NAME)
    lab.configure(NAMELESS + inner)
    caddy.start(lab)


OTHER_NAME = "server_name backend.example.com"


@caddy_scenario(
    outside="http.server-error", server="server.caddy-sni-missing", differs=(caddy.CONFIG,)
)
def caddy_sends_the_backends_name_as_host_alone(lab: Lab) -> None:
    """`header_up Host backend.example.com`, and no `tls_server_name`."""
    _before_a_backend_of_another_name(lab, _own_name(SITE))


@healthy_caddy()
def caddy_sends_the_backends_name_twice(lab: Lab) -> None:
    name = "\t\t\ttls_server_name backend.example.com\n"
    _before_a_backend_of_another_name(lab, _own_name(SITE.replace(INNER, f"{INNER}{name}")))
