"""What nginx answers one visitor, out of the evidence: at each path that is judged, on each socket
by which they may come."""

from collections.abc import Iterator

from checks.nginx import Answering, Nginx
from diagnose.model.frozen import frozen
from diagnose.parsers.nginx.access_rules import Answer, Asked, answer


@frozen(eq=False)
class Judged:
    """A path, the block that answers there, and its answer. `hidden`: nginx sees a balancer's
    address in place of the visitor's."""

    path: str
    answering: Answering
    answer: Answer
    hidden: bool = False


def judged(nginx: Nginx, visitor: str) -> Iterator[Judged]:
    """Of each block and path once."""
    target, met = nginx.evidence.target, set()
    for one in _theirs(nginx, visitor):
        hidden = _is_hidden(one)
        for path in dict.fromkeys((target.path, *target.websockets)):
            if (id(one.server.block), path) in met:
                continue
            met.add((id(one.server.block), path))
            asked = Asked(
                "" if hidden else visitor,
                target.host,
                path,
                "https" if one.socket.ssl else "http",
                target.port,
                mapped=":" in one.socket.address and ":" not in visitor,
            )
            yield Judged(path, one, answer(one.server, asked), hidden)


def _theirs(nginx: Nginx, visitor: str) -> list[Answering]:
    """The sockets of the visitor's family; those of IPv6 take IPv4 too where there are no others
    (`ipv6only=off`)."""
    found = list(nginx.answering())
    six = ":" in visitor
    own = [one for one in found if (":" in one.socket.address) is six]
    return own or ([] if six else [one for one in found if one.socket.address == "::"])


def _is_hidden(one: Answering) -> bool:
    """Whether the connection begins with somebody else's word about the visitor (proxy_protocol):
    without set_real_ip_from the rules are about the balancer."""
    socket = one.socket
    listens = [
        listen.directive
        for server in socket.servers
        for listen in server.listens
        if (listen.address, listen.port) == (socket.address, socket.port)
    ]
    return any("proxy_protocol" in directive.args for directive in listens if directive)
