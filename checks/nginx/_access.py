"""What nginx responds to one visitor, judged from the evidence: for each path that is judged, on
each socket that the visitor may use."""

from collections.abc import Iterator

from checks.nginx import Nginx, SelectedServer
from diagnose.model.frozen import frozen
from diagnose.model.logs import LogLine
from diagnose.model.nginx import Directive
from diagnose.parsers.nginx.access_phases import access_result
from diagnose.parsers.nginx.access_rules import AccessResult, ClientRequest
from diagnose.parsers.nginx.server_blocks import Server

#: How many networks are shown.
MAX_NETWORKS = 5


@frozen(eq=False)
class PathAccess:
    """A path, the server block that responds there, and its response.

    `hidden`: nginx sees a load balancer's address instead of the visitor's.
    """

    path: str
    selected_server: SelectedServer
    answer: AccessResult
    hidden: bool = False


def visitor_access(
    nginx: Nginx, visitor: str, further_paths: tuple[str, ...] = ()
) -> Iterator[PathAccess]:
    """Yield the visitor's access to each path, once per server block."""
    target, block_paths = nginx.evidence.target, set()
    for selected_server in _visitor_servers(nginx, visitor):
        hidden = _is_hidden(selected_server)
        for path in dict.fromkeys((target.path, *target.websockets, *further_paths)):
            if (id(selected_server.server.block), path) in block_paths:
                continue
            block_paths.add((id(selected_server.server.block), path))
            request = ClientRequest(
                "" if hidden else visitor,
                target.host,
                path,
                "https" if selected_server.socket.ssl else "http",
                target.port,
                mapped=":" in selected_server.socket.address and ":" not in visitor,
            )
            yield PathAccess(
                path, selected_server, access_result(selected_server.server, request), hidden
            )


def _visitor_servers(nginx: Nginx, visitor: str) -> list[SelectedServer]:
    """Return the servers on the sockets of the visitor's IP family. If there are none, IPv6 sockets
    accept IPv4 too (`ipv6only=off`)."""
    selected_servers = list(nginx.selected_servers())
    is_ipv6 = ":" in visitor
    same_family = [
        selected_server
        for selected_server in selected_servers
        if (":" in selected_server.socket.address) is is_ipv6
    ]
    return same_family or (
        []
        if is_ipv6
        else [
            selected_server
            for selected_server in selected_servers
            if selected_server.socket.address == "::"
        ]
    )


def _is_hidden(selected_server: SelectedServer) -> bool:
    """Return whether the connection begins with a header about the visitor (proxy_protocol).

    Without set_real_ip_from the access rules then apply to the load balancer.
    """
    socket = selected_server.socket
    listens = [
        listen.directive
        for server in socket.servers
        for listen in server.listens
        if (listen.address, listen.port) == (socket.address, socket.port)
    ]
    return any("proxy_protocol" in directive.args for directive in listens if directive)


def refusing_rule(nginx: Nginx, line: LogLine) -> tuple[Server | None, Directive | None]:
    """Return the server block that refuses this address at the page, and its rule; nginx writes
    the first name of the block into the line."""
    target = nginx.evidence.target
    for server in nginx.servers:
        if line.server not in {*server.names, ""} and target.host not in server.names:
            continue
        request = ClientRequest(line.client, target.host, target.path)
        result = access_result(server, request)
        if result.verdict == "denied" and result.personal and result.decided_by:
            return server, result.decided_by
    return None, None


def in_force(
    rules: tuple[Directive, ...],
) -> tuple[tuple[Directive, ...], tuple[Directive, ...]]:
    """Return the rules that may decide, and each `allow` behind `deny all`, which never does: the
    first rule that matches decides (ngx_http_access_module)."""
    end = next(
        (
            index + 1
            for index, rule in enumerate(rules)
            if rule.name == "deny" and rule.args[0] == "all"
        ),
        len(rules),
    )
    return rules[:end], tuple(rule for rule in rules[end:] if rule.name == "allow")


def first_networks(sources: tuple[str, ...]) -> tuple[str, ...]:
    """Return networks as they are shown: the first ones, and how many are left out."""
    omitted = len(sources) - MAX_NETWORKS
    return (*sources[:MAX_NETWORKS], f"+{omitted}") if omitted > 0 else sources
