"""The way of a request through server blocks of one nginx: a location passes it on to an address
and a port on which nginx itself listens, and the block there answers it, or passes it on again. Or
it goes on to the nginx of a container, and through the blocks there. No I/O.

The block is chosen as for a visitor: by the socket, then by the Host field that the location sends
(ngx_http_proxy_module, "proxy_set_header"), else the default one of the socket.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace

from diagnose.model import Target
from diagnose.model.frozen import frozen
from diagnose.parsers.nginx import server_blocks, upstreams
from diagnose.parsers.nginx.access_rules import ClientRequest
from diagnose.parsers.nginx.final_requests import final_request, has_unknown_rules
from diagnose.parsers.nginx.locations import LocationMatch
from diagnose.parsers.nginx.proxy_headers import forwarded_host
from diagnose.parsers.nginx.server_blocks import MatchKind, Server, Socket
from diagnose.parsers.nginx.upstreams import ProxyTarget
from diagnose.parsers.nginx.variables import expand_variables
from diagnose.parsers.urls import is_loopback_host

#: Maximum number of blocks behind the first.
MAX_BLOCKS = 4
#: The fields that tell a program behind a proxy how the visitor asked. Browsers send none of them.
_FORWARDED = ("x-forwarded-proto", "x-forwarded-host", "x-forwarded-port", "x-forwarded-ssl")


@frozen(eq=False)
class NginxBehind:
    """Another nginx: its blocks, the hosts and ports that lead to it, and the port on which it
    gets their requests. `container` is the name of the one in which it runs."""

    servers: Sequence[Server]
    endpoints: Collection[tuple[str, int]]
    port: int
    container: str


@frozen(eq=False)
class InnerRequest:
    """A request as a server block behind another gets it. `outer` is the location that passes it
    on. `target` has the scheme, the name, the port and the path of this request. `host` is its Host
    field, and `fields` the values of the fields that say how the visitor asked, in lower case; None
    if a value cannot be known. `container` is where another nginx runs that has the block, "" for
    one of this nginx."""

    outer: LocationMatch
    proxy_target: ProxyTarget
    socket: Socket
    server: Server
    name_match: MatchKind
    target: Target
    host: str
    fields: Mapping[str, str | None]
    container: str = ""

    @property
    def path(self) -> str:
        return self.target.path

    @property
    def match(self) -> LocationMatch:
        """The location of this block that finally gets the request."""
        return final_request(self.server, self.path)[0]

    @property
    def passes_on(self) -> bool:
        """Whether a program behind this block answers."""
        match = self.match
        return upstreams.pass_directive_of(match) is not None and not match.redirects

    @property
    def variables(self) -> Mapping[str, str | None]:
        """The variables of nginx in this block."""
        return {
            **upstreams.request_variables(self.target),
            "http_host": self.host,
            "https": "on" if self.target.uses_tls else "",
            "server_name": self.server.names[0] if self.server.names else "",
            "remote_addr": "127.0.0.1",
            **_field_variables(self.fields),
        }

    def client_request(self, visited: ClientRequest) -> ClientRequest:
        """Return a visitor's request as this block gets it: from the address of the block before,
        unless a field may tell another (ngx_http_realip_module)."""
        is_loopback = is_loopback_host(self.proxy_target.host) and self.socket.address != "::1"
        is_own = is_loopback and not self.match.directives("set_real_ip_from")
        return replace(
            visited,
            address="127.0.0.1" if is_own else visited.address,
            host=self.target.host,
            path=self.path,
            scheme=self.target.scheme,
            port=self.target.port,
        )

    def expand(self, text: str) -> str | None:
        """Return a text of the configuration as this request has it; None if it cannot be known."""
        return expand_variables(self.match, text, self.variables)

    def forwarded_value(self, name: str) -> str | None:
        """Return the value of such a field that the location passes on; None if it is not known."""
        key = name.lower()
        return _forwarded_value(self.match, key, self.fields[key], self.variables)


def inner_requests(
    servers: Sequence[Server],
    server: Server,
    target: Target,
    addresses: Collection[str] = (),
    inner_servers: Sequence[NginxBehind] = (),
) -> tuple[InnerRequest, ...]:
    """Return the blocks behind a server block that a request for the target passes, in their order;
    () if a program of another kind answers, or if the way is not known. `addresses` are those of
    this machine, and `inner_servers` are the nginx in containers of it."""
    requests: list[InnerRequest] = []
    fields: Mapping[str, str | None] = dict.fromkeys(_FORWARDED, "")
    container = ""
    while len(requests) < MAX_BLOCKS:
        inner = _inner_request(servers, server, target, fields, addresses, inner_servers)
        if inner is None:
            break
        requests.append(replace(inner, container=inner.container or container))
        if inner.container:
            container = inner.container
            # What is a loopback address in there is none of this machine.
            servers = next(
                inner_server.servers
                for inner_server in inner_servers
                if inner_server.container == inner.container
            )
            addresses, inner_servers = (), ()
        server, target, fields = inner.server, inner.target, inner.fields
    return tuple(requests)


def _inner_request(
    servers: Sequence[Server],
    server: Server,
    target: Target,
    fields: Mapping[str, str | None],
    addresses: Collection[str],
    inner_servers: Sequence[NginxBehind],
) -> InnerRequest | None:
    bare_path, mark, query = target.path.partition("?")
    outer, path = final_request(server, bare_path)
    variables = upstreams.route_variables(target, outer, f"{path}{mark}{query}")
    proxied = upstreams.proxy_target_of(outer, variables)
    if proxied is None or outer.redirects or has_unknown_rules(server, bare_path):
        return None
    host = forwarded_host(outer, proxied, target)
    socket, container = _socket(servers, proxied, addresses), ""
    if socket is None:
        socket, container = _socket_behind(proxied, inner_servers)
    if not proxied.speaks_http or socket is None or socket.ssl is not proxied.secure or not host:
        return None
    block, kind = server_blocks.select_server(socket, host.partition(":")[0])
    if block.block is server.block:
        return None
    onward = replace(
        target,
        scheme=proxied.scheme,
        host=host.partition(":")[0],
        port=socket.port,
        path=upstreams.requested_path(outer, proxied, f"{path}{mark}{query}"),
    )
    own = {**variables, "https": "on" if target.uses_tls else "", **_field_variables(fields)}
    forwarded = {name: _forwarded_value(outer, name, fields[name], own) for name in fields}
    return InnerRequest(outer, proxied, socket, block, kind, onward, host, forwarded, container)


def _field_variables(fields: Mapping[str, str | None]) -> dict[str, str | None]:
    return {f"http_{name.replace('-', '_')}": value for name, value in fields.items()}


def _socket(
    servers: Sequence[Server], proxied: ProxyTarget, addresses: Collection[str]
) -> Socket | None:
    """Return the only socket of this nginx to which a location passes requests on."""
    reached: dict[tuple[str, int], Socket] = {}
    for endpoint in proxied.endpoints:
        is_here = is_loopback_host(endpoint.host) or endpoint.host in addresses
        address = "127.0.0.1" if endpoint.host == "localhost" else endpoint.host
        sockets = server_blocks.sockets(servers, endpoint.port) if endpoint.port else ()
        socket = server_blocks.socket_for(sockets, address) if is_here else None
        if socket is None:
            return None
        reached[socket.address, socket.port] = socket
    return next(iter(reached.values())) if len(reached) == 1 else None


def _socket_behind(
    proxied: ProxyTarget, inner_servers: Sequence[NginxBehind]
) -> tuple[Socket | None, str]:
    """Return the only socket of another nginx to which a location passes requests on, and its
    container; None if that is not the only way."""
    for nginx in inner_servers:
        if proxied.endpoints and all(
            (endpoint.host, endpoint.port) in nginx.endpoints for endpoint in proxied.endpoints
        ):
            sockets = server_blocks.sockets(nginx.servers, nginx.port)
            hosts = [endpoint.host for endpoint in proxied.endpoints]
            socket = server_blocks.container_socket(sockets, hosts)
            return (socket, nginx.container) if socket else (None, "")
    return None, ""


def _forwarded_value(
    outer: LocationMatch, name: str, received: str | None, variables: Mapping[str, str | None]
) -> str | None:
    """Return the value of a field that a location passes on; what it does not set, as it came."""
    lines = [
        line
        for line in outer.directives("proxy_set_header")
        if line.args and line.args[0].lower() == name
    ]
    if not lines:
        return received
    return expand_variables(outer, lines[-1].args[1], variables) if len(lines[-1].args) > 1 else ""
