"""The timeouts of the servers behind the one that visitors reach: of several on the way of a
WebSocket, the least patient one ends it."""

from dataclasses import replace

from checks.upstream._hops import hops_to
from checks.websocket._apache_timeouts import short_timeout_of_apache
from checks.websocket._haproxy_timeouts import short_timeout_of_haproxy
from checks.websocket._server_timeouts import ServerTimeout, accepted_at
from diagnose.model import Evidence

_READERS = {"haproxy": short_timeout_of_haproxy, "apache": short_timeout_of_apache}


def inner_timeout(evidence: Evidence, path: str) -> ServerTimeout | None:
    """Return the shortest timeout of Apache or HAProxy behind another server of this machine; None
    without one."""
    accepted = accepted_at(evidence, path)
    timeouts = list[ServerTimeout]()
    target = evidence.target
    for hop in hops_to(evidence, replace(target, path=path))[1:] if accepted else ():
        reader = _READERS.get(hop.product)
        inner = replace(evidence, target=hop.target)
        timeout = reader(inner, hop.target.path, accepted) if reader else None
        if timeout is not None:
            timeouts.append(replace(timeout, path=path, port=target.port))
    return min(timeouts, key=lambda timeout: timeout.seconds, default=None)
