"""A request as the nginx in a container gets it from the server that visitors reach: another nginx,
Apache, Caddy or HAProxy."""

from collections.abc import Sequence

from checks.nginx import Nginx
from checks.nginx._inner_blocks import inner_requests
from checks.server import server_on_port
from diagnose.model import Evidence
from diagnose.model.frozen import frozen
from diagnose.model.nginx import ContainerNginx
from diagnose.parsers.container_requests import route_requests
from diagnose.parsers.nginx.final_requests import request_locations
from diagnose.parsers.nginx.locations import LocationMatch
from diagnose.parsers.nginx.server_blocks import Server
from diagnose.parsers.web_sites import routes_of_name


@frozen(eq=False)
class ContainerRequest:
    """The nginx, the paths as its blocks get them, without a query, and every location there that
    the request may come to. `server` is the last block, which answers or passes it on."""

    behind: ContainerNginx
    paths: tuple[str, ...]
    locations: tuple[LocationMatch, ...]
    server: Server


def container_request(evidence: Evidence, path: str) -> ContainerRequest | None:
    """Return the request for a path at the nginx in a container on its way; None if none is on it,
    or if the way is not known."""
    behind = evidence.good(ContainerNginx)
    view = server_on_port(evidence) if behind else None
    if view is not None and view.config is not None:
        target = evidence.target
        routes = routes_of_name(view.config, target.port, target.host, path, False)
        requests = [
            _request(each, way)
            for route in routes
            for each, way in route_requests(behind, target, route, path)
        ]
        return requests[0] if len({request.behind.container for request in requests}) == 1 else None
    way = inner_requests(Nginx.of(evidence), path, in_containers=True) if behind else ()
    for each in behind:
        if own := [request for request in way if request.container == each.container]:
            return _request(each, [(request.server, request.path) for request in own])
    return None


def _request(
    container_nginx: ContainerNginx, way: Sequence[tuple[Server, str]]
) -> ContainerRequest:
    paths = [(server, path.partition("?")[0]) for server, path in way]
    return ContainerRequest(
        container_nginx,
        tuple(dict.fromkeys(path for _, path in paths)),
        tuple(match for server, path in paths for match in request_locations(server, path)),
        way[-1][0],
    )
