"""HAProxy's timeouts of an open WebSocket: "timeout tunnel" of the backend, and without it the
shorter of "timeout client" and "timeout server" (Configuration Manual, "timeout tunnel")."""

from checks.server import reload_steps
from checks.server._haproxy import HaproxyView, haproxy_view, insert_after, place, replace
from checks.websocket import USUAL_TIMEOUT, says_it_ends_after
from checks.websocket._server_timeouts import ServerTimeout, accepted_at
from diagnose.model import Applicability, Evidence, Fix, Manual, Severity, Where
from diagnose.model.http import Upgrade
from diagnose.parsers.haproxy.config import Line, Proxy

#: Seconds, in Debian's haproxy.cfg.
DEBIAN_TIMEOUT = 50.0
LONG_TIMEOUT = "timeout tunnel 1h"


def short_timeout_of_haproxy(
    evidence: Evidence, path: str, opened: tuple[Upgrade, ...] = ()
) -> ServerTimeout | None:
    """Return HAProxy's timeout at a path where a WebSocket was accepted, if it is shorter than
    usual, or the time that the user's message tells. `opened` are those that came by another
    server, which asks HAProxy for this path."""
    haproxy, accepted = haproxy_view(evidence, path, True), opened or accepted_at(evidence, path)
    backend = haproxy.proxies.backend if haproxy else None
    if haproxy is None or backend is None or not accepted:
        return None
    timeout = tunnel_timeout(haproxy.proxies.frontend, backend)
    if timeout is None:
        return None
    seconds, line = timeout
    if seconds >= USUAL_TIMEOUT and not says_it_ends_after(evidence, seconds):
        return None
    unseen = None if seconds < DEBIAN_TIMEOUT else Severity.NOTE
    fix = longer_tunnel(haproxy, backend, line)
    return ServerTimeout(haproxy.view, path, seconds, place(line), accepted, fix, unseen)


def tunnel_timeout(frontend: Proxy, backend: Proxy) -> tuple[float, Line] | None:
    """Return the seconds of silence after which a tunnel is cut, and the line that says so; None if
    it never is."""
    if tunnel := backend.timeout("tunnel"):
        return tunnel
    sides = (frontend.timeout("client"), backend.timeout("server"))
    # 0 is no timeout.
    return min(
        (side for side in sides if side and side[0] > 0), key=lambda side: side[0], default=None
    )


def longer_tunnel(haproxy: HaproxyView, backend: Proxy, line: Line) -> Fix:
    """Return a longer timeout in place of the one of a line, for the backend of the WebSocket only:
    others may need their timeout."""
    view, section = haproxy.view, backend.section
    head = Line((section.kind, section.name), section.file, section.line)
    is_own = line.starts_with("timeout", "tunnel") and line in backend.lines
    edit = replace(view, line, LONG_TIMEOUT) if is_own else insert_after(view, head, LONG_TIMEOUT)
    if edit is None:
        return Fix((Manual("longer", Where.SERVER),), Applicability.MANUAL)
    return Fix((edit, *reload_steps(view.server)))
