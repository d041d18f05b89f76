"""A request as the nginx in a container gets it from the server that visitors reach: another nginx,
Apache, Caddy or HAProxy."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from checks.nginx import Nginx
from checks.nginx._inner_blocks import inner_requests
from checks.server import server_on_port
from diagnose.model import Evidence
from diagnose.model.addresses import is_local_host
from diagnose.model.frozen import frozen
from diagnose.model.nginx import ContainerNginx
from diagnose.model.web_servers import SiteRoute
from diagnose.parsers.nginx import server_blocks
from diagnose.parsers.nginx.final_requests import request_locations
from diagnose.parsers.nginx.inner_blocks import inner_requests as requests_behind
from diagnose.parsers.nginx.locations import LocationMatch
from diagnose.parsers.nginx.server_blocks import Server
from diagnose.parsers.web_sites import inner_path, routes_of_name


@frozen(eq=False)
class ContainerRequest:
    """The nginx, the paths as its blocks get them, without a query, and every location there that
    the request may come to."""

    behind: ContainerNginx
    paths: tuple[str, ...]
    locations: tuple[LocationMatch, ...]


def container_request(evidence: Evidence, path: str) -> ContainerRequest | None:
    """Return the request for a path at the nginx in a container on its way; None if none is on it,
    or if the way is not known."""
    behind = evidence.good(ContainerNginx)
    view = server_on_port(evidence) if behind else None
    if view is not None and view.config is not None:
        target = evidence.target
        routes = routes_of_name(view.config, target.port, target.host, path, False)
        found = [each for route in routes for each in _requests(evidence, behind, route, path)]
        return found[0] if len({each.behind.container for each in found}) == 1 else None
    way = inner_requests(Nginx.of(evidence), path, in_containers=True) if behind else ()
    for each in behind:
        if own := [request for request in way if request.container == each.container]:
            return _request(each, [(request.server, request.path) for request in own])
    return None


def _request(behind: ContainerNginx, way: Sequence[tuple[Server, str]]) -> ContainerRequest:
    paths = [(server, path.partition("?")[0]) for server, path in way]
    return ContainerRequest(
        behind,
        tuple(dict.fromkeys(path for _, path in paths)),
        tuple(match for server, path in paths for match in request_locations(server, path)),
    )


def _requests(
    evidence: Evidence, behind: tuple[ContainerNginx, ...], route: SiteRoute, path: str
) -> Iterator[ContainerRequest]:
    sent = evidence.target.host if route.keeps_host else route.replacement_host
    host, inner = sent.partition(":")[0], inner_path(route, path)
    for each in behind:
        if not any(
            port == route.port and _is_same(name, route.host) for name, port in each.endpoints
        ):
            continue
        servers = server_blocks.servers(each.main)
        sockets = server_blocks.sockets(servers, each.port)
        socket = server_blocks.container_socket(sockets, [route.host])
        if socket is not None:
            server, _ = server_blocks.select_server(socket, host)
            target = replace(evidence.target, scheme="http", host=host, port=each.port, path=inner)
            onward = requests_behind(servers, server, target)
            way = [(server, inner), *((request.server, request.path) for request in onward)]
            yield _request(each, way)


def _is_same(name: str, other: str) -> bool:
    return name == other or (is_local_host(name) and is_local_host(other))
