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
    Subject,
    Where,
)
from diagnose.model.http import Upgrade
from diagnose.parsers.haproxy.config import Line, Proxy

#: Seconds. Applications that send pings do so more often than once a minute.
USUAL_TIMEOUT = 60
LONG_TIMEOUT = "timeout tunnel 1h"


def claim_of_haproxy(evidence: Evidence, path: str, cut_upgrades: list[Upgrade]) -> Claim | None:
    """Return the claim that HAProxy cuts idle WebSockets at a path, where one was accepted."""
    haproxy = haproxy_view(evidence, path)
    accepted = [
        upgrade
        for upgrade in evidence.of(Upgrade)
        if upgrade.path == path and upgrade.through == "front" and upgrade.accepted
    ]
    backend = haproxy.proxies.backend if haproxy else None
    if haproxy is None or backend is None or not accepted:
        return None
    timeout = tunnel_timeout(haproxy.proxies.frontend, backend)
    if timeout is None or timeout[0] >= USUAL_TIMEOUT:
        return None
    seconds, line = timeout
    port = evidence.target.port
    return Claim(
        about=Subject(port=port, path=path, text=place(line)),
        covers=(Subject(port=port, path=path),),
        because=(*((haproxy.view.config,) if haproxy.view.config else ()), *accepted),
        # Nobody waited to see whether the application itself sends often enough.
        confidence=Confidence.CERTAIN if cut_upgrades else Confidence.LIKELY,
        facts={
            "url": accepted[0].url,
            "path": path,
            "seconds": round(seconds),
            "server": haproxy.view.server.title,
            "place": place(line),
            "default": False,
            "seen": bool(cut_upgrades),
            "probe": round(seconds + 10),
            "direct_holds": False,
            "minute": False,
        },
        fix=_fix(haproxy, backend, line),
    )


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
