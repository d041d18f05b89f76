"""Apache's timeout of an open WebSocket: the longer one of "TimeOut" and of the backend's, which is
"timeout=" of ProxyPass, or else ProxyTimeout, or else TimeOut (mod_proxy)."""

import re

from checks.server import ServerView, line_edit, line_text, place_text, reload_steps, server_view
from checks.websocket._haproxy_timeouts import USUAL_TIMEOUT
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
from diagnose.model.frozen import frozen
from diagnose.model.http import Upgrade
from diagnose.model.web_servers import SiteRoute
from diagnose.parsers.web_sites import route_of

LONG_TIMEOUT = "timeout=3600"


@frozen
class ShortRouteTimeout:
    """A timeout of Apache for open WebSockets at a path, shorter than usual, in seconds; with the
    line that passes them on, and the WebSockets that were accepted there."""

    view: ServerView
    route: SiteRoute
    path: str
    seconds: float
    accepted: tuple[Upgrade, ...]

    def claim(self, is_seen: bool) -> Claim:
        """Claim that it cuts idle WebSockets; `is_seen` is True if one was cut at that time."""
        view, place = self.view, place_text(self.route.file, self.route.line)
        port = view.evidence.target.port
        return Claim(
            about=Subject(port=port, path=self.path, text=place),
            covers=(Subject(port=port, path=self.path),),
            because=(*((view.config,) if view.config else ()), *self.accepted),
            # Nobody waited to see whether the application itself sends often enough.
            confidence=Confidence.CERTAIN if is_seen else Confidence.LIKELY,
            facts={
                "url": self.accepted[0].url,
                "path": self.path,
                "seconds": round(self.seconds),
                "server": view.server.title,
                "place": place,
                "default": False,
                "seen": is_seen,
                "probe": round(self.seconds + 10),
                "direct_holds": False,
                "minute": False,
            },
            fix=_fix(view, self.route),
        )


def short_timeout_of_apache(evidence: Evidence, path: str) -> ShortRouteTimeout | None:
    """Return Apache's timeout at a path where a WebSocket was accepted, if it is shorter than
    usual."""
    view = server_view(evidence)
    if view is None or view.server.product != "apache":
        return None
    accepted = tuple(
        upgrade
        for upgrade in evidence.of(Upgrade)
        if upgrade.path == path and upgrade.through == "front" and upgrade.accepted
    )
    routes = {route_of(site, path.partition("?")[0]) for site in view.answering_sites}
    route = next(iter(routes)) if len(routes) == 1 else None
    if not accepted or route is None or not route.idle_s or route.idle_s >= USUAL_TIMEOUT:
        return None
    return ShortRouteTimeout(view, route, path, route.idle_s, accepted)


def _fix(view: ServerView, route: SiteRoute) -> Fix:
    """Change the line that passes the WebSocket on: the other timeouts are for pages, too."""
    line = line_text(view, route.file, route.line)
    edit = None
    if re.match(r"(?i)\s*ProxyPass\s", line):
        kept_line = re.sub(r"\s+timeout=\S+", "", line.rstrip())
        edit = line_edit(view, route.file, {route.line: (f"{kept_line} {LONG_TIMEOUT}",)})
    if edit is None:
        return Fix((Manual("longer", Where.SERVER),), Applicability.MANUAL)
    is_own = route.scheme in {"ws", "wss"}
    sure = Applicability.AUTOMATIC if is_own else Applicability.REVIEW
    return Fix((edit, *reload_steps(view.server)), sure)
