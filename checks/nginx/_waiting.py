"""An nginx that does not run: whether the target's site is its own, and which program has a port
that it needs."""

from checks.nginx import Nginx
from diagnose.model.server import Listener, Listeners

_ALL = {"*", "0.0.0.0", "::"}


def has_the_site(nginx: Nginx) -> bool:
    """Return whether the target's name is written in the configuration of an nginx that is
    installed and does not run. Then another server that lacks the name is not at fault."""
    is_stopped = nginx.state is not None and nginx.state.installed and not nginx.master
    return is_stopped and any(
        selected.name_match != "default" for selected in nginx.selected_servers()
    )


def holder_of_a_port(nginx: Nginx) -> Listener | None:
    """Return another program's socket that nginx would bind too: bind(2) fails with EADDRINUSE, and
    nginx ends."""
    ports = {listen.port for server in nginx.servers for listen in server.listens}
    return next(
        (
            listener
            for listeners in nginx.evidence.good(Listeners)
            for listener in listeners.sockets
            if listener.port in ports and listener.process
            if any(
                _meet(listen_socket.address, listener)
                for listen_socket in nginx.listen_sockets(listener.port)
            )
        ),
        None,
    )


def _meet(address: str, listener: Listener) -> bool:
    """Return whether a socket of nginx ("*" for all of IPv4) and one that listens exclude each
    other. One for all of IPv6 may take IPv4 as well (ipv6(7), IPV6_V6ONLY)."""
    if listener.dual:
        return True
    is_same_family = (":" in address) == (listener.family == 6)
    return is_same_family and bool(
        {address, listener.address} & _ALL or address == listener.address
    )
