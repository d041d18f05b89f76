"""Apache's timeout of an open WebSocket: the longer one of "TimeOut" and of the backend's, which is
"timeout=" of ProxyPass, or else ProxyTimeout, or else TimeOut (mod_proxy)."""

import re

from checks.server import ServerView, line_edit, line_text, place_text, reload_steps, server_view
from checks.websocket import USUAL_TIMEOUT, says_it_ends_after
from checks.websocket._server_timeouts import ServerTimeout, accepted_at
from diagnose.model import Applicability, Evidence, Fix, Manual, Where
from diagnose.model.http import Upgrade
from diagnose.model.web_servers import SiteRoute
from diagnose.parsers.web_sites import route_of

LONG_TIMEOUT = "timeout=3600"


def short_timeout_of_apache(
    evidence: Evidence, path: str, opened: tuple[Upgrade, ...] = ()
) -> ServerTimeout | None:
    """Return Apache's timeout at a path where a WebSocket was accepted, if it is shorter than
    usual, or the time that the user's message tells. `opened` are those that came by another
    server, which asks Apache for this path."""
    view, accepted = server_view(evidence), opened or accepted_at(evidence, path)
    if view is None or view.server.product != "apache":
        return None
    own = path.partition("?")[0]
    routes = {route_of(site, own, websocket=True) for site in view.answering_sites}
    route = next(iter(routes)) if len(routes) == 1 else None
    if not accepted or route is None or not route.idle_s:
        return None
    if route.idle_s >= USUAL_TIMEOUT and not says_it_ends_after(evidence, route.idle_s):
        return None
    place = place_text(route.file, route.line)
    return ServerTimeout(view, path, route.idle_s, place, accepted, _fix(view, route))


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
