"""A message says that WebSockets end when HAProxy or Caddy is reloaded. HAProxy's old processes go
on with their connections until these end, unless `hard-stop-after` closes them after a time
(Configuration Manual, section 3.1). Caddy closes WebSockets at each reload, unless
`stream_close_delay` of the reverse_proxy keeps them open for a time (Caddyfile Directives; since
2.7).
"""

from collections.abc import Iterator

from checks.server import ServerView, place_text, reload_steps, server_on_port
from checks.server._caddy_proxy_lines import delayed_close_edit
from checks.server._haproxy import place, replace
from checks.websocket._reload_words import LONG, tells_of_reload
from diagnose.checking.registry import check
from diagnose.model import (
    Applicability,
    Claim,
    Confidence,
    Edit,
    Evidence,
    Fix,
    Manual,
    Severity,
    Subject,
    Where,
)
from diagnose.model.web_servers import SiteRoute, WebServer, WebServerConfig
from diagnose.parsers.haproxy.config import seconds
from diagnose.parsers.haproxy.view import parsed
from diagnose.parsers.web_sites import route_of
from diagnose.parsers.whole_numbers import whole_number

_DIRECTIVE = "stream_close_delay"
#: The first version of Caddy that has the directive.
_SINCE = (2, 7)


@check(severity=Severity.WARNING, needs=[WebServer, WebServerConfig], needs_message=True)
def reload_ends_websockets(evidence: Evidence) -> Iterator[Claim]:
    view, symptom = server_on_port(evidence), evidence.target.symptom
    is_told = symptom is not None and symptom.kind.startswith("websocket")
    if view is None or symptom is None or not is_told or not tells_of_reload(symptom.text):
        return
    if view.server.product == "haproxy":
        yield from _haproxy(view)
    if view.server.product == "caddy":
        yield from _caddy(view)


def _haproxy(view: ServerView) -> Iterator[Claim]:
    lines = parsed(view.config).global_lines("hard-stop-after") if view.config else ()
    line = lines[-1] if lines else None
    time_s = seconds(line.words[1]) if line and len(line.words) > 1 else None
    if line is not None and time_s is not None and 0 < time_s < LONG:
        edit = replace(view, line, "hard-stop-after 1h")
        yield _claim(view, place(line), round(time_s), edit)


def _caddy(view: ServerView) -> Iterator[Claim]:
    for site in view.answering_sites:
        route = route_of(site, view.evidence.target.path_without_query, websocket=True)
        if route is not None and not _is_delayed(view, route):
            version = [whole_number(part) for part in view.server.version.lstrip("v").split(".")]
            known = tuple(part for part in version[:2] if part is not None)
            is_old = len(known) == 2 and known < _SINCE
            edit = None if is_old else delayed_close_edit(view, route)
            yield _claim(view, place_text(route.file, route.line), 0, edit, is_old)
            return


def _is_delayed(view: ServerView, route: SiteRoute) -> bool:
    files = view.config.files if view.config else ()
    return any(_DIRECTIVE in file.text for file in files if file.path == route.file)


def _claim(
    view: ServerView, where: str, seconds_: int, edit: Edit | None, is_old: bool = False
) -> Claim:
    step = "update" if is_old else "longer"
    fix = Fix((Manual(step, Where.SERVER),), Applicability.MANUAL)
    if edit is not None:
        # The old process, or the open connections, need memory for as long as they live.
        fix = Fix((edit, *reload_steps(view.server)), Applicability.REVIEW)
    return Claim(
        about=Subject(port=view.evidence.target.port, text=where),
        because=(view.server, *((view.config,) if view.config else ())),
        # No run waits for a reload.
        confidence=Confidence.LIKELY,
        facts={
            **view.facts,
            "place": where,
            "seconds": seconds_ or "",
            "haproxy": view.server.product == "haproxy",
            "caddy": view.server.product == "caddy",
        },
        fix=fix,
    )
