"""Where else a site is: a name without a port means https on port 443, as in browsers, and the site
may be in plain http or on a port of its own. What the configurations and the engines of containers
say of that; nobody asks there."""

from collections.abc import Iterator

from diagnose.model import Evidence, ServedAddress, Target
from diagnose.model.addresses import is_loopback
from diagnose.model.containers import Containers
from diagnose.model.frozen import frozen
from diagnose.model.nginx import NginxState
from diagnose.model.server import Listeners
from diagnose.model.web_servers import TITLES, WebServer, WebServerConfig, WebSite
from diagnose.parsers.web_sites import has_name

#: Ports of containers at which no site is: mail, databases, queues.
_NO_SITES = frozenset(
    {22, 25, 53, 110, 143, 465, 587, 993, 995, 1433, 1521, 1883, 3306, 5432, 5672, 6379, 9092,
     11211, 27017}
)  # fmt: skip

#: Programs that serve no site.
NO_SITE_PROGRAMS = frozenset(
    {"sshd", "systemd", "systemd-resolve", "dnsmasq", "chronyd", "rpcbind", "cupsd", "master",
     "docker-proxy", "dockerd", "containerd", "exim4", "dovecot", "named", "redis-server",
     "postgres", "mysqld", "mariadbd", "mongod", "memcached", "snmpd"}
)  # fmt: skip

#: Where packages put their welcome page.
WELCOME_FOLDERS = frozenset(
    {"/var/www/html", "/usr/share/nginx/html", "html", "/usr/local/nginx/html", "/srv/http",
     "/usr/share/caddy"}
)  # fmt: skip

#: The ports of http and https (RFC 9110 section 4.2).
_HTTP, _HTTPS = 80, 443

#: The first port that the kernel gives out by itself (ip(7), ip_local_port_range).
_EPHEMERAL = 32768

#: Ports of containers at which programs usually speak TLS.
_TLS_PORTS = frozenset({443, 8443, 9443})


@frozen
class OtherAddress:
    """An address of the site beside the one that was asked. `server` is the name of a web server
    whose configuration has the site there, `container` that of a container whose port is published
    there, `program` that of the only program that listens; the others are "". `is_named` is True
    if a configuration has the target's name there."""

    url: str
    port: int
    server: str = ""
    container: str = ""
    program: str = ""
    is_named: bool = False


def other_address(evidence: Evidence) -> OtherAddress | None:
    """Return the likeliest other address of the site, without nginx's; None if none is known."""
    addresses = (*_of_servers(evidence), *_of_containers(evidence), *_of_programs(evidence))
    return next(iter(addresses), None)


def only_other_address(evidence: Evidence) -> ServedAddress | None:
    """Return where the site is beside nginx's, None if the name's own configuration leads to https
    or more than one address comes into question."""
    if any(_leads_to_https(site) for site in _sites(evidence)):
        return None
    of_servers = tuple(_of_servers(evidence))
    addresses = (
        tuple(other for other in of_servers if other.is_named)
        or of_servers
        or tuple(_of_containers(evidence))
        or tuple(_of_stopped_containers(evidence))
        or tuple(_of_programs(evidence))
    )
    if len({other.port for other in addresses}) != 1:
        return None
    other = addresses[0]
    return ServedAddress(other.url, other.is_named, bool(other.program))


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
        if has_name(site, target.host) and not _leads_to_https(site)
        # A package's own welcome page is nobody's site.
        if _is_named(site, target.host) or site.root not in WELCOME_FOLDERS
    ]
    sockets = [(config, site, socket) for config, site in sites for socket in site.sockets]
    for config, site, socket in sorted(sockets, key=lambda entry: not entry[2].tls):
        if socket.port != target.port and socket.port in _open_ports(evidence):
            url = address(target, socket.port, socket.tls)
            is_named = _is_named(site, target.host)
            yield OtherAddress(url, socket.port, server=TITLES[config.product], is_named=is_named)


def _is_named(site: WebSite, host: str) -> bool:
    """Return whether a site has the name itself, and not as one without a name, which takes all."""
    return site.names != ("*",) and has_name(site, host)


def _sites(evidence: Evidence) -> tuple[WebSite, ...]:
    """Return the sites of other web servers than nginx that have the target's name."""
    return tuple(
        site
        for config in evidence.good(WebServerConfig)
        for site in config.sites
        if has_name(site, evidence.target.host)
    )


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


def _of_stopped_containers(evidence: Evidence) -> Iterator[OtherAddress]:
    """Yield port 80 where a container that has stopped publishes it, and none ever published that
    of https: the site is in plain http, and it is down. Who typed https has no such guess."""
    target = evidence.target
    for containers in evidence.good(Containers):
        published = {port.port for each in containers.containers for port in each.ports}
        if not target.is_bare_name or _HTTPS in published or _HTTP in _open_ports(evidence):
            continue
        for container in containers.stopped:
            ports = [port for port in container.ports if port.port == _HTTP]
            if any(not is_loopback(port.address) for port in ports):
                url = address(target, _HTTP, tls=False)
                yield OtherAddress(url, _HTTP, container=container.name)


def has_no_web_server(evidence: Evidence) -> bool:
    """Return whether the server has no web server: its site may be a program's, on a port of its
    own."""
    is_server = bool(evidence.of(WebServer) or evidence.of(WebServerConfig))
    has_nginx = any(state.masters for state in evidence.good(NginxState))
    return not is_server and not has_nginx


def site_programs(evidence: Evidence) -> dict[tuple[str, int], bool]:
    """Return the programs that may serve a site, each with its port, and whether they listen for
    this machine alone."""
    sockets = {
        (socket.process, socket.port): socket
        for listing in evidence.good(Listeners)
        for socket in sorted(listing.sockets, key=lambda each: not is_loopback(each.address))
        if socket.process
        and socket.process not in NO_SITE_PROGRAMS
        and socket.port not in _NO_SITES
        and socket.port < _EPHEMERAL
    }
    return {(name or "", port): is_loopback(each.address) for (name, port), each in sockets.items()}


def _of_programs(evidence: Evidence) -> Iterator[OtherAddress]:
    """Yield the port of the program that listens alone, on a server without a web server: those
    that listen for other machines come first. What speaks TLS there is not known. Who typed https
    has no such guess."""
    if not evidence.target.is_bare_name or not has_no_web_server(evidence):
        return
    programs = site_programs(evidence)
    candidates = [key for key, is_inner in programs.items() if not is_inner] or list(programs)
    if len(candidates) == 1:
        ((program, port),) = candidates
        url = address(evidence.target, port, port in _TLS_PORTS)
        yield OtherAddress(url, port, program=program)


def _open_ports(evidence: Evidence) -> set[int]:
    return {
        socket.port
        for listing in evidence.good(Listeners)
        for socket in listing.sockets
        if not is_loopback(socket.address)
    }
