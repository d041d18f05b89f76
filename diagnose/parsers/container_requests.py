"""A request as the nginx in a container gets it from another web server than nginx. No I/O."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from diagnose.model import Target
from diagnose.model.addresses import is_local_host
from diagnose.model.nginx import ContainerNginx
from diagnose.model.web_servers import SiteRoute
from diagnose.parsers.nginx import server_blocks
from diagnose.parsers.nginx.inner_blocks import inner_requests
from diagnose.parsers.nginx.server_blocks import Server
from diagnose.parsers.web_sites import inner_path


def route_requests(
    container_servers: Sequence[ContainerNginx], target: Target, route: SiteRoute, path: str
) -> Iterator[tuple[ContainerNginx, tuple[tuple[Server, str], ...]]]:
    """Yield each nginx that gets a path by this route, with its blocks on the way and the path as
    each has it."""
    sent = target.host if route.keeps_host else route.replacement_host
    host, inner = sent.partition(":")[0], inner_path(route, path)
    for container_server in container_servers:
        if not any(
            port == route.port and _is_same(name, route.host)
            for name, port in container_server.endpoints
        ):
            continue
        servers = server_blocks.servers(container_server.main)
        sockets = server_blocks.sockets(servers, container_server.port)
        socket = server_blocks.container_socket(sockets, [route.host])
        if socket is not None:
            server, _ = server_blocks.select_server(socket, host)
            own = replace(target, scheme="http", host=host, port=container_server.port, path=inner)
            onward = inner_requests(servers, server, own)
            yield (
                container_server,
                ((server, inner), *((request.server, request.path) for request in onward)),
            )


def _is_same(name: str, other: str) -> bool:
    return name == other or (is_local_host(name) and is_local_host(other))
