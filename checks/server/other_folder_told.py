"""Apache, Caddy or HAProxy tells the application another folder than the one below which visitors
reach it (`header_up X-Script-Name /calibre`, `RequestHeader set X-Forwarded-Prefix`), as after a
move of the site's part.

The evidence is the application: asked twice for the same path, with this one field changed, it has
the page with the folder of the route alone.
"""

from collections.abc import Iterator

from checks.server import line_edit, line_text, manual_fix, place_text, reload_steps, server_on_port
from checks.server._backend_answers import route_to_application, visit_of
from diagnose.checking.registry import check
from diagnose.model import (
    Applicability,
    Claim,
    Confidence,
    Evidence,
    Fix,
    Severity,
    Subject,
)
from diagnose.model.http import page_exchanges
from diagnose.model.requests import PrefixTrial
from diagnose.model.web_servers import WebServer, WebServerConfig
from diagnose.parsers.sent_fields import folder_field
from diagnose.parsers.web_sites import inner_path


@check(
    severity=Severity.ERROR,
    needs=[WebServer, WebServerConfig, PrefixTrial],
    explains=["http.server-error", "server.own-answer", "server.prefix-kept"],
)
def other_folder_told(evidence: Evidence) -> Iterator[Claim]:
    view, target = server_on_port(evidence), evidence.target
    route = route_to_application(view) if view else None
    if view is None or route is None or view.config is None:
        return
    told, own = folder_field(view.config, route), route.path.rstrip("/")
    path = target.path_without_query
    refused = visit_of(evidence, route, path, inner_path(route, path), websocket=False)
    pages = [page for page in page_exchanges(evidence) if (page.status or 0) >= 400]
    if told is None or refused is None or refused.succeeded or not pages:
        return
    name = told.name if own else ""
    for trial in evidence.good(PrefixTrial):
        asked = (trial.target, trial.prefix, trial.field)
        is_there = 200 <= (trial.status or 999) < 400
        if asked != (route.target, own or "/", name) or not is_there or trial.names_prefix:
            continue
        # A line without the field would tell the application of no folder: that is the root's.
        text = line_text(view, told.file, told.line)
        changed = (text.replace(told.value, own, 1),) if own else ()
        edit = line_edit(view, told.file, {told.line: changed})
        yield Claim(
            about=Subject(port=target.port, path=target.path),
            covers=(Subject(port=target.port, path=path), Subject(port=target.port)),
            because=(*pages, refused, trial, view.server),
            confidence=Confidence.CERTAIN,
            facts={
                **view.facts,
                "path": path,
                "field": told.name,
                "told": told.value,
                "own": own or "/",
                "root": not own,
                "target": route.target,
                "place": place_text(told.file, told.line),
                "status": refused.status or "",
                "good": trial.status or "",
            },
            fix=Fix((edit, *reload_steps(view.server)), Applicability.REVIEW)
            if edit
            else manual_fix(view, "name-the-folder"),
        )
        return
