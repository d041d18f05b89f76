"""The way of a request through the web servers of one machine, one behind the other, to the program
at its end: nginx's blocks, Apache, Caddy, HAProxy, and nginx in a container. No I/O.

Each server chooses its site by the name that the one before it sends, and sees the scheme of the
connection from there, whatever visitors use.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from typing import Protocol, TypeVar

from diagnose.model import Observation, Target, Vantage
from diagnose.model.frozen import frozen
from diagnose.model.nginx import ContainerNginx, Directive, NginxConfig
from diagnose.model.server import Interface
from diagnose.model.web_servers import SiteRoute, WebServer, WebServerConfig
from diagnose.parsers.nginx import server_blocks, upstreams
from diagnose.parsers.nginx.final_requests import final_request, has_unknown_rules
from diagnose.parsers.nginx.locations import LocationMatch
from diagnose.parsers.nginx.proxy_headers import forwarded_host
from diagnose.parsers.nginx.upstreams import split_host_port
from diagnose.parsers.nginx.variables import expand_variables
from diagnose.parsers.urls import is_loopback_host
from diagnose.parsers.web_sites import answering_sites, inner_path, route_of

#: Maximum number of servers, one behind the other.
MAX_HOPS = 5

_ObservationT = TypeVar("_ObservationT", bound=Observation)


class Observed(Protocol):
    """What is known of a kind: `ProbeContext.observed`, or `Evidence.good`."""

    def __call__(self, kind: type[_ObservationT], /) -> tuple[_ObservationT, ...]: ...


@frozen(eq=False)
class Servers:
    """The web servers of a machine: nginx's configuration, the others by the ports that they have,
    the nginx in containers, and the machine's own addresses."""

    nginx: tuple[Directive, ...]
    others: Mapping[int, WebServerConfig]
    containers: Sequence[ContainerNginx]
    addresses: Collection[str]

    @classmethod
    def of(cls, observed: Observed) -> "Servers":
        configs = {config.product: config for config in observed(WebServerConfig)}
        return cls(
            next((config.main for config in observed(NginxConfig)), ()),
            {
                port: configs[server.product]
                for server in observed(WebServer)
                if server.pid and not server.foreign and server.product in configs
                for port in server.ports
            },
            observed(ContainerNginx),
            frozenset(
                address.partition("/")[0]
                for interface in observed(Interface)
                if interface.vantage is Vantage.SERVER
                for address in interface.addresses
            ),
        )

    def has(self, host: str, port: int) -> bool:
        """Return whether one of the servers has a port of this machine."""
        if not (is_loopback_host(host) or host in self.addresses):
            return any((host, port) in container.endpoints for container in self.containers)
        published = any((host, port) in container.endpoints for container in self.containers)
        nginx = server_blocks.sockets(server_blocks.servers(self.nginx), port)
        return port in self.others or bool(nginx) or published


@frozen(eq=False)
class Hop:
    """A server on the way. `target` is the request as it gets it; `scheme`, `host` and `port` are
    where it passes the request on, `sent_host` is the Host that it sends, and `path` the path.
    `match` is nginx's location, `route` the line of another server, and `container` the one in
    which this nginx runs."""

    target: Target
    product: str
    scheme: str
    host: str
    port: int
    sent_host: str
    path: str
    match: LocationMatch | None = None
    route: SiteRoute | None = None
    container: str = ""

    @property
    def passes_tls_on(self) -> bool:
        """Whether it does not read the request (HAProxy in mode tcp)."""
        return self.scheme == "tcp"

    @property
    def is_http(self) -> bool:
        """Whether what is behind it is asked in plain HTTP."""
        return self.scheme == "http" and bool(self.host) and bool(self.port)


def hops(servers: Servers, target: Target) -> tuple[Hop, ...]:
    """Return the servers that a request for the target passes, the first one that has its port; ()
    if the way is not known to its end, or if no program is asked."""
    route_hops: list[Hop] = []
    nginx, container = servers.nginx, ""
    address, host_field = "", target.authority
    while len(route_hops) < MAX_HOPS:
        config = None if container else servers.others.get(target.port)
        entered = bool(container)
        hop = _other_hop(config, target) if config else _nginx_hop(nginx, target, address, entered)
        if hop is None:
            return ()
        if hop.sent_host == target.authority or (hop.route and hop.route.keeps_host):
            # What comes in keeps the port that visitors use.
            hop = replace(hop, sent_host=host_field)
        route_hops.append(replace(hop, container=container))
        if container or not servers.has(hop.host, hop.port):
            return tuple(route_hops)
        behind = [c for c in servers.containers if (hop.host, hop.port) in c.endpoints]
        if behind:
            nginx, container = behind[0].main, behind[0].container
        host_field = hop.sent_host
        target = replace(
            target,
            scheme=target.scheme if hop.passes_tls_on else hop.scheme,
            host=target.host if hop.passes_tls_on else split_host_port(host_field, 80)[0],
            port=behind[0].port if behind else hop.port,
            path=hop.path,
        )
        address = "127.0.0.1" if hop.host == "localhost" else hop.host
    return ()


def _nginx_hop(
    main: tuple[Directive, ...], target: Target, address: str, entered: bool
) -> Hop | None:
    """Return the hop through the block of nginx that gets the request, in a container if it is
    `entered`; None if it answers itself, or if blocks of several addresses do."""
    blocks = server_blocks.servers(main)
    sockets = server_blocks.sockets(blocks, target.port)
    if address:
        socket = (
            server_blocks.container_socket(sockets, (address,))
            if entered
            else server_blocks.socket_for(sockets, address)
        )
        sockets = (socket,) if socket else ()
    chosen = {
        id(server.block): server
        for socket in sockets
        if bool(socket.ssl) is target.uses_tls
        for server in (server_blocks.select_server(socket, target.host)[0],)
    }
    if len(chosen) != 1:
        return None
    (server,) = chosen.values()
    bare_path, mark, query = target.path.partition("?")
    match, path = final_request(server, bare_path)
    whole = f"{path}{mark}{query}"
    proxied = upstreams.proxy_target_of(match, upstreams.route_variables(target, match, whole))
    if proxied is None or match.redirects or has_unknown_rules(server, bare_path):
        return None
    host = forwarded_host(match, proxied, target)
    if not host:
        return None
    endpoint = proxied.endpoints[0]
    inner = upstreams.requested_path(match, proxied, whole)
    return Hop(
        target, "nginx", proxied.scheme, endpoint.host, endpoint.port, host, inner, match=match
    )


def _other_hop(config: WebServerConfig, target: Target) -> Hop | None:
    path = target.path_without_query
    sites = answering_sites(config, target.port, target.host)
    routes = {route_of(site, path, False) for site in sites}
    route = routes.pop() if len(routes) == 1 else None
    if route is None or not (route.host or route.socket):
        return None
    sent = target.authority if route.keeps_host else route.replacement_host
    return Hop(
        target, config.product, route.scheme, route.host, route.port, sent,
        inner_path(route, target.path), route=route,
    )  # fmt: skip


def nginx_value(hop: Hop, name: str, received: str) -> tuple[str | None, Directive | None]:
    """Return what a location of nginx passes on of a field that it got with this value, and the
    line that says so; None for a value that cannot be known. What no line sets, it passes on as it
    came."""
    match = hop.match
    if match is None:
        return received, None
    lines = [
        line
        for line in match.directives("proxy_set_header")
        if line.args and line.args[0].lower() == name.lower()
    ]
    if not lines:
        return received, None
    variables = {
        **upstreams.request_variables(hop.target),
        "https": "on" if hop.target.uses_tls else "",
        f"http_{name.lower().replace('-', '_')}": received,
    }
    text = lines[-1].args[1] if len(lines[-1].args) > 1 else ""
    return expand_variables(match, text, variables), lines[-1]


def plain_entrance(servers: Servers, target: Target) -> Target | None:
    """Return the request as another machine makes it that ends the visitors' TLS and asks over
    http: on port 80, or on the only other port on which a site has the name; None without one."""
    ports = [80]
    if not server_blocks.sockets(server_blocks.servers(servers.nginx), 80) and 80 not in (
        servers.others
    ):
        ports = sorted(_named_ports(servers, target.host) - {target.port})
        ports = ports or sorted(_named_ports(servers, "*") - {target.port})
    return replace(target, scheme="http", port=ports[0]) if len(ports) == 1 else None


def _named_ports(servers: Servers, host: str) -> set[int]:
    """Return the ports of plain http on which a site has this very name."""
    blocks = server_blocks.servers(servers.nginx)
    ports = {
        listen.port
        for server in blocks
        if host in server.names
        for listen in server.listens
        if not listen.ssl and not is_loopback_host(listen.address)
    }
    for config in servers.others.values():
        ports |= {
            socket.port
            for site in config.sites
            if host in site.names
            for socket in site.sockets
            if not socket.tls and not is_loopback_host(socket.address)
        }
    return ports
