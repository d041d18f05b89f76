"""Apache waits for the header of the PROXY protocol, and nobody sends it."""

from .. import apache
from ..apache import HTTP, HTTPS
from ..lab import Lab
from .apache import FILES, apache_scenario, healthy_apache

LINE = "    RemoteIPProxyProtocol On\n"


def _install(lab: Lab, text: str) -> None:
    apache.install(lab, text)
    apache.enable(lab, "remoteip")


@apache_scenario(outside="tls.closed", server="server.apache-proxy-protocol", differs=FILES)
def apache_waits_for_the_header_of_a_balancer(lab: Lab) -> None:
    """The balancer went, and its line stayed."""
    _install(lab, f"{HTTPS.replace('    SSLEngine', LINE + '    SSLEngine')}\n{HTTP}")
    apache.start(lab)


@apache_scenario(outside="tls.closed", server="server.apache-proxy-protocol", differs=FILES)
def apache_has_the_line_at_another_site_of_the_port(lab: Lab) -> None:
    """One virtual host switches it on for all of its address and port."""
    blog = HTTPS.replace("shop.example.com", "blog.example.com")
    _install(lab, f"{HTTPS}\n{blog.replace('    SSLEngine', LINE + '    SSLEngine')}\n{HTTP}")
    apache.start(lab)


@healthy_apache()
def apache_has_the_line_at_another_port(lab: Lab) -> None:
    _install(lab, f"{HTTPS}\n{HTTP}\n<VirtualHost *:8443>\n{LINE}</VirtualHost>\n")
    apache.start(lab)
