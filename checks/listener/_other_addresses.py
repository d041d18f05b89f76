"""Where else a site is: a name without a port means https on port 443, as in browsers, and the site
may be in plain http or on a port of its own. What the configurations and the engines of containers
say of that; nobody asks there."""

from collections.abc import Iterator

from diagnose.model import Evidence, Target
from diagnose.model.addresses import is_loopback
from diagnose.model.containers import Containers
from diagnose.model.frozen import frozen
from diagnose.model.server import Listeners
from diagnose.model.web_servers import TITLES, WebServerConfig, WebSite

#: Ports of containers at which no site is: mail, databases, queues.
_NO_SITES = frozenset(
    {22, 25, 53, 110, 143, 465, 587, 993, 995, 1433, 1521, 1883, 3306, 5432, 5672, 6379, 9092,
     11211, 27017}
)  # fmt: skip

#: Ports of containers at which programs usually speak TLS.
_TLS_PORTS = frozenset({443, 8443, 9443})


@frozen
class OtherAddress:
    """An address of the site beside the one that was asked. `server` is the name of a web server
    whose configuration has the site there, `container` that of a container whose port is published
    there; one of them is ""."""

    url: str
    port: int
    server: str = ""
    container: str = ""


def other_address(evidence: Evidence) -> OtherAddress | None:
    """Return the likeliest other address of the site, without nginx's; None if none is known."""
    return next(iter((*_of_servers(evidence), *_of_containers(evidence))), None)


def address(target: Target, port: int, tls: bool) -> str:
    """Return the address of the target's page at another port, as a person types it."""
    shown = "" if port == (443 if tls else 80) else f":{port}"
    return f"{'https' if tls else 'http'}://{target.host}{shown}{target.path}"


def _of_servers(evidence: Evidence) -> Iterator[OtherAddress]:
    """Yield the ports of Apache's, Caddy's and HAProxy's sites of that name, those with TLS first.
    Where http leads to https, https is wanted."""
    target = evidence.target
    sites = [
        (config, site)
        for config in evidence.good(WebServerConfig)
        for site in config.sites
        if target.host in site.names and not _leads_to_https(site)
    ]
    sockets = [(config, socket) for config, site in sites for socket in site.sockets]
    for config, socket in sorted(sockets, key=lambda pair: not pair[1].tls):
        if socket.port != target.port and socket.port in _open_ports(evidence):
            url = address(target, socket.port, socket.tls)
            yield OtherAddress(url, socket.port, server=TITLES[config.product])


def _leads_to_https(site: WebSite) -> bool:
    return any(redirect.target.startswith(("https:", "%", "$")) for redirect in site.redirects)


def _of_containers(evidence: Evidence) -> Iterator[OtherAddress]:
    """Yield the ports that running containers publish to other machines. What speaks TLS there is
    not known: plain http is usual."""
    target = evidence.target
    for containers in evidence.good(Containers):
        for container in containers.running:
            for port in container.ports:
                if (
                    port.port is not None
                    and port.port != target.port
                    and port.inner not in _NO_SITES
                    and not is_loopback(port.address)
                ):
                    url = address(target, port.port, port.inner in _TLS_PORTS)
                    yield OtherAddress(url, port.port, container=container.name)


def _open_ports(evidence: Evidence) -> set[int]:
    return {
        socket.port
        for listing in evidence.good(Listeners)
        for socket in listing.sockets
        if not is_loopback(socket.address)
    }
