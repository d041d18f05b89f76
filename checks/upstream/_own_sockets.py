"""Connections of nginx that lead back to nginx itself."""

from checks.nginx import Nginx
from diagnose.model.addresses import is_loopback
from diagnose.model.nginx import UpstreamTry
from diagnose.model.server import interface_addresses, server_interfaces
from diagnose.parsers.nginx import server_blocks
from diagnose.parsers.nginx.server_blocks import Server
from diagnose.parsers.nginx.upstreams import ProxyTarget


def own_attempts(nginx: Nginx, proxy_target: ProxyTarget) -> tuple[UpstreamTry, ...]:
    """Return the connections to the proxy target that reached an address of this machine."""
    own = interface_addresses(server_interfaces(nginx.evidence))
    return tuple(
        attempt
        for attempt in nginx.evidence.good(UpstreamTry)
        if attempt.target == proxy_target.target
        and (attempt.address in own or is_loopback(attempt.address))
    )


def server_behind(nginx: Nginx, host: str, attempt: UpstreamTry) -> Server | None:
    """Return nginx's own server block at that address; None if nginx does not listen there."""
    socket = server_blocks.socket_for(nginx.listen_sockets(attempt.port), attempt.address)
    return server_blocks.select_server(socket, host.partition(":")[0])[0] if socket else None
