"""The block of nginx that takes an address of this machine away from the block with the name. nginx
chooses by the address first, and by the name only after that. No I/O.

https://nginx.org/en/docs/http/request_processing.html, "Mixed name-based and IP-based virtual
servers".
"""

from diagnose.model.frozen import frozen
from diagnose.model.nginx import Directive
from diagnose.parsers.nginx.config import children
from diagnose.parsers.nginx.server_blocks import (
    Listen,
    Server,
    Socket,
    select_server,
    servers,
    servers_behind,
    sockets,
)

#: What a block answers with: two blocks with the same of it are one site.
_CONTENT = ("root", "proxy_pass", "fastcgi_pass", "uwsgi_pass", "return", "location")


@frozen
class TakenAddress:
    """The socket of an address and the block that answers there without having the name, and the
    block that has the name on every address, by its `listen`."""

    socket: Socket
    other: Server
    own: Server
    listen: Listen

    @property
    def is_of_other_sites(self) -> bool:
        """Whether all names of the block that answers are those of other sites, and the block of
        the name has content of its own: no redirect to https."""
        names = self.other.names
        is_named = bool(names) and all("." in name.strip("*.~_") for name in names)
        own, other = _content(self.own.block), _content(self.other.block)
        is_redirect = any(
            line.args[:1] != () and line.args[0].startswith("30")
            for line in children(self.own.block, "return")
        )
        return is_named and bool(own) and own != other and not is_redirect


def taken_address(
    main: tuple[Directive, ...], address: str, port: int, host: str
) -> TakenAddress | None:
    """Return the block that takes the address at which a server in front asks; None if the block of
    the name answers there, or if no other block has the name."""
    for socket, other in servers_behind(main, address, port, host):
        if socket.address in {"*", "::"} or select_server(socket, host)[1] != "default":
            return None
        for every in sockets(servers(main), port):
            own, kind = select_server(every, host)
            if kind == "default" or every.address not in {"*", "::"}:
                continue
            for listen in own.listens:
                if (listen.address, listen.port) == (every.address, port):
                    return TakenAddress(socket, other, own, listen)
    return None


def _content(block: Directive) -> tuple[tuple[str, ...], ...]:
    return tuple((name, *line.args) for name in _CONTENT for line in children(block, name)) + tuple(
        (name, *line.args)
        for location in children(block, "location")
        for name in _CONTENT
        for line in children(location, name)
    )
