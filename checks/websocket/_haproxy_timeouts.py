"""HAProxy's timeouts of an open WebSocket: "timeout tunnel" of the backend, and without it the
shorter of "timeout client" and "timeout server" (Configuration Manual, "timeout tunnel")."""

from checks.server import reload_steps
from checks.server._haproxy import HaproxyView, haproxy_view, insert_after, place, replace
from diagnose.model import (
    Applicability,
    Claim,
    Confidence,
    Evidence,
    Fix,
    Manual,
    Severity,
    Subject,
    Where,
)
from diagnose.model.frozen import frozen
from diagnose.model.http import Upgrade
from diagnose.parsers.haproxy.config import Line, Proxy

#: Seconds. nginx's default, and that of Debian's haproxy.cfg: applications that send pings do so
#: more often.
USUAL_TIMEOUT, DEBIAN_TIMEOUT = 60.0, 50.0
LONG_TIMEOUT = "timeout tunnel 1h"


@frozen
class ShortTunnelTimeout:
    """A timeout of HAProxy for open WebSockets at a path, shorter than usual: in seconds, with the
    line that says so and the WebSockets that were accepted there."""

    haproxy: HaproxyView
    backend: Proxy
    path: str
    seconds: float
    line: Line
    accepted: tuple[Upgrade, ...]

    def claim(self, is_seen: bool) -> Claim:
        """Claim that it cuts idle WebSockets; `is_seen` is True if one was cut at that time."""
        view, port = self.haproxy.view, self.haproxy.view.evidence.target.port
        return Claim(
            about=Subject(port=port, path=self.path, text=place(self.line)),
            covers=(Subject(port=port, path=self.path),),
            because=(*((view.config,) if view.config else ()), *self.accepted),
            # Nobody waited to see whether the application itself sends often enough.
            confidence=Confidence.CERTAIN if is_seen else Confidence.LIKELY,
            severity=None if is_seen or self.seconds < DEBIAN_TIMEOUT else Severity.NOTE,
            facts={
                "url": self.accepted[0].url,
                "path": self.path,
                "seconds": round(self.seconds),
                "server": view.server.title,
                "place": place(self.line),
                "default": False,
                "seen": is_seen,
                "probe": round(self.seconds + 10),
                "direct_holds": False,
                "minute": False,
            },
            fix=_fix(self.haproxy, self.backend, self.line),
        )


def short_timeout_of_haproxy(evidence: Evidence, path: str) -> ShortTunnelTimeout | None:
    """Return HAProxy's timeout at a path where a WebSocket was accepted, if it is shorter than
    usual."""
    haproxy = haproxy_view(evidence, path)
    accepted = tuple(
        upgrade
        for upgrade in evidence.of(Upgrade)
        if upgrade.path == path and upgrade.through == "front" and upgrade.accepted
    )
    backend = haproxy.proxies.backend if haproxy else None
    if haproxy is None or backend is None or not accepted:
        return None
    timeout = tunnel_timeout(haproxy.proxies.frontend, backend)
    if timeout is None or timeout[0] >= USUAL_TIMEOUT:
        return None
    return ShortTunnelTimeout(haproxy, backend, path, *timeout, accepted)


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


def _fix(haproxy: HaproxyView, backend: Proxy, line: Line) -> Fix:
    """Change the backend of the WebSocket only: others may need their timeout."""
    view, section = haproxy.view, backend.section
    head = Line((section.kind, section.name), section.file, section.line)
    is_own = line.starts_with("timeout", "tunnel") and line in backend.lines
    edit = replace(view, line, LONG_TIMEOUT) if is_own else insert_after(view, head, LONG_TIMEOUT)
    if edit is None:
        return Fix((Manual("longer", Where.SERVER),), Applicability.MANUAL)
    return Fix((edit, *reload_steps(view.server)))
