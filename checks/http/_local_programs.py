"""Addresses that a page names and that no visitor can reach: the site's own application on the
visitor's machine, or a name of a container."""

from diagnose.model import Evidence
from diagnose.model.nginx import UpstreamTry
from diagnose.parsers.hostnames import is_address
from diagnose.parsers.urls import is_loopback_host, parse_url

#: Ports on which the servers of development listen: Node, Rails, Vite, Angular, Nuxt, Flask, .NET,
#: Django, Strapi, Laravel Echo and Reverb, Gradio, Streamlit, Jitsi Meet. 80 is the port of a
#: setting that nobody changed (Laravel's APP_URL).
DEVELOPMENT_PORTS = frozenset({
    80,
    *range(3000, 3010), 4000, 4200, 4321, *range(5000, 5003), *range(5173, 5180), 6001, 7001, 7860,
    *range(8000, 8011), 8080, 8081, 8443, 8501, 8787, 8888, 9000, 9090, 1337, 24678, 35729,
})  # fmt: skip


def is_meant_for_site(evidence: Evidence, port: int) -> bool:
    """Return whether a port of the visitor's machine is one of the site itself: that of its
    application, or of a server of development. Others are of a printer, a wallet, a card reader."""
    from checks.http._handed_out import own_ports

    return port in DEVELOPMENT_PORTS or port in own_ports(evidence)


def is_out_of_reach(evidence: Evidence, address: str) -> bool:
    """Return whether no policy helps a visitor of this site to reach an address: nothing of the
    site answers there."""
    url, host = parse_url(address), evidence.target.host
    if url is None or url.host == host:
        return False
    if is_loopback_host(url.host):
        return not is_loopback_host(host) and is_meant_for_site(evidence, url.port)
    # Who types a name without a dot is inside, and may well find the other one.
    return "." not in url.host and "." in host and not is_address(url.host)


def application_on(evidence: Evidence, port: int) -> str:
    """Return the application behind nginx that has this port on the server, "" if none."""
    attempts = (attempt for attempt in evidence.good(UpstreamTry) if attempt.port == port)
    return next((attempt.target for attempt in attempts), "")
