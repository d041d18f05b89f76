"""The backends that a frontend of HAProxy chooses for a site alone: a line of its log has the
backend's name, and seldom the site's. No I/O."""

from collections.abc import Collection

from diagnose.model import Target
from diagnose.parsers.haproxy.addresses import sockets_of
from diagnose.parsers.haproxy.conditions import Situation, host_patterns, rules_of
from diagnose.parsers.haproxy.config import Configuration
from diagnose.parsers.haproxy.sites import selections


def own_backends(config: Configuration, target: Target, names: Collection[str]) -> frozenset[str]:
    """Return the backends that requests for the target's name reach, and those for no other name;
    `names` are the names of its site."""
    own, others = set[str](), set[str]()
    for frontend in config.frontends:
        sockets = [socket for socket, _ in sockets_of(frontend) if socket.port == target.port]
        rules = rules_of(frontend) if sockets else ()
        for tls in dict.fromkeys(socket.tls for socket in sockets):
            for name in dict.fromkeys(("", target.host, *host_patterns(rules))):
                chosen = {
                    selection.backend
                    for selection in selections(frontend, rules, Situation(name, tls, target.port))
                }
                if name == target.host:
                    own |= chosen
                elif name not in names:
                    others |= chosen
    return frozenset(own - others)
