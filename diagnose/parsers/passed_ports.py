"""The sites of a web server that pass requests on to a port of this machine. No I/O."""

from collections.abc import Collection, Iterable, Iterator

from diagnose.model.addresses import bracketed
from diagnose.model.frozen import frozen
from diagnose.model.nginx import Directive
from diagnose.model.web_servers import WebServerConfig, WebSite
from diagnose.parsers.nginx import upstreams
from diagnose.parsers.nginx.config import children, walk
from diagnose.parsers.nginx.locations import LocationMatch, all_locations, location_pattern
from diagnose.parsers.nginx.server_blocks import Server, servers
from diagnose.parsers.urls import is_loopback_host


@frozen
class PassingSite:
    """A site that passes requests on: its address, the names that it has, and the line."""

    url: str
    names: tuple[str, ...]
    file: str
    line: int

    def rank(self, host: str) -> tuple[bool, bool, bool]:
        """Return a key that sorts sites of the name, those with TLS and whole sites first."""
        is_whole = self.url.count("/") == 3 and self.url.endswith("/")
        return (host not in self.names, not self.url.startswith("https:"), not is_whole)


def nginx_sites(
    main: tuple[Directive, ...], port: int, host: str, addresses: Collection[str]
) -> Iterator[PassingSite]:
    """Yield nginx's sites that pass requests on to a port of this machine, which has these
    addresses and, for visitors, the name `host`."""
    for server in servers(main):
        for match in all_locations(server):
            proxied = upstreams.proxy_target_of(match, {"host": host, "server_name": host})
            if proxied is None or all(listen.port == port for listen in server.listens):
                continue
            endpoints = ((endpoint.host, endpoint.port) for endpoint in proxied.endpoints)
            if _leads_here(endpoints, port, host, addresses):
                line = proxied.directive
                url = _nginx_url(server, match, host)
                yield PassingSite(url, server.names, line.file, line.line)


def stream_sites(
    main: tuple[Directive, ...], port: int, host: str, addresses: Collection[str]
) -> Iterator[PassingSite]:
    """Yield nginx's blocks of `stream` that pass connections on to the port."""
    for stream in (block for block in main if block.name == "stream"):
        groups = {
            group.args[0]: [line.args[0] for line in children(group, "server") if line.args]
            for group in children(stream, "upstream")
            if group.args
        }
        for block in children(stream, "server"):
            listens = [line.args[0] for line in children(block, "listen") if line.args]
            passed = [line for line in walk(block.block or ()) if line.name == "proxy_pass"]
            outer = next(
                (number for text in listens if (number := _port_of(text)) not in {0, port}), 0
            )
            for line in passed if outer else ():
                targets = groups.get(line.args[0], [line.args[0]]) if line.args else []
                endpoints = ((text.rpartition(":")[0], _port_of(text)) for text in targets)
                if _leads_here(endpoints, port, host, addresses):
                    yield PassingSite(_url(host, outer, outer == 443, "/"), (host,), line.file,
                                      line.line)  # fmt: skip


def server_sites(
    config: WebServerConfig, port: int, host: str, addresses: Collection[str]
) -> Iterator[PassingSite]:
    """Yield the sites of another web server that pass requests on to the port."""
    for site in config.sites:
        for route in site.routes:
            members = ((text.rpartition(":")[0], _port_of(text)) for text in route.members)
            endpoints = ((route.host, route.port), *members)
            url = _site_url(site, port, host, "/" if route.pattern else route.path)
            if url and _leads_here(endpoints, port, host, addresses):
                place = route if route.line else site
                yield PassingSite(url, site.names, place.file, place.line)


def _leads_here(
    endpoints: Iterable[tuple[str, int]], port: int, host: str, addresses: Collection[str]
) -> bool:
    return any(
        number == port
        and (is_loopback_host(name.strip("[]")) or name.strip("[]") in {host, *addresses})
        for name, number in endpoints
    )


def _port_of(text: str) -> int:
    digits = text.rpartition(":")[2]
    return int(digits) if digits.isascii() and digits.isdigit() and len(digits) < 6 else 0


def _nginx_url(server: Server, match: LocationMatch, host: str) -> str:
    sockets = sorted(server.listens, key=lambda listen: (not listen.ssl, listen.port))
    socket = next(iter(sockets), None)
    pattern = location_pattern(match.block) if match.block.name == "location" else None
    path = pattern.text if pattern and pattern.modifier in {"", "^~", "="} else "/"
    number, tls = (socket.port, socket.ssl) if socket else (80, False)
    return _url(_shown_name(server.names, host), number, tls, path)


def _site_url(site: WebSite, port: int, host: str, path: str) -> str:
    """Return the address of a site; "" if it has no socket but the port itself."""
    sockets = [socket for socket in site.sockets if socket.port != port]
    sockets.sort(key=lambda socket: (not socket.tls, socket.port))
    if not sockets:
        return ""
    return _url(_shown_name(site.names, host), sockets[0].port, sockets[0].tls, path)


def _shown_name(names: Collection[str], host: str) -> str:
    """Return the name by which visitors open a site: the asked one if it has it or names none."""
    literal = [name for name in names if "." in name and not set(name) & set("*?~^$")]
    return host if host in names or not literal else literal[0]


def _url(name: str, port: int, tls: bool, path: str) -> str:
    shown = "" if port == (443 if tls else 80) else f":{port}"
    return (
        f"{'https' if tls else 'http'}://{bracketed(name)}{shown}{path if path[:1] == '/' else '/'}"
    )
