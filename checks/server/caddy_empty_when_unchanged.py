"""Caddy answers an empty 200 to a browser that has the page already: `file_server` with a `status`
of its own, in `handle_errors`, writes that status in the place of 304 Not Modified, which has no
body (issues 6422 and 7358 of caddyserver/caddy; seen with 2.6.2). The first visit is right, and a
reload is a blank page.

Only a message tells it: this run has no page in a cache. So it is likely and not certain.
"""

from collections.abc import Iterator

from checks.server import (
    ServerView,
    indentation,
    line_edit,
    line_text,
    manual_fix,
    place_text,
    reload_steps,
    server_on_port,
)
from checks.server._caddy_lines import CaddyLine, own_lines
from diagnose.checking.registry import check
from diagnose.model import (
    Applicability,
    Claim,
    Confidence,
    Edit,
    Evidence,
    Fix,
    Severity,
    Subject,
)
from diagnose.model.http import Exchange, page_exchanges
from diagnose.model.web_servers import WebServer, WebServerConfig

#: What people say of it: the page is empty, or only a reload without the cache helps.
_KINDS = {"blank", "cached"}
_FIELDS = ("If-None-Match", "If-Modified-Since")


@check(severity=Severity.WARNING, needs=[WebServer, WebServerConfig, Exchange], needs_message=True)
def caddy_empty_when_unchanged(evidence: Evidence) -> Iterator[Claim]:
    view, target = server_on_port(evidence), evidence.target
    symptom = target.symptom
    if view is None or view.server.product != "caddy" or symptom is None:
        return
    pages = [page for page in page_exchanges(evidence) if page.status == 200]
    lines = list(own_lines(view)) if symptom.kind in _KINDS and pages else []
    place = next(filter(None, (_server_line(lines, line) for line in lines)), None)
    if place is None:
        return
    server, status = place
    block = [line for line in lines if line.heads == server.heads and line.file == server.file]
    if any(line.text.split()[:2] == ["request_header", f"-{_FIELDS[0]}"] for line in block):
        return
    edit = _edit(view, server)
    yield Claim(
        about=Subject(port=target.port, path=target.path),
        because=(*pages[:1], view.server),
        confidence=Confidence.LIKELY,
        is_reported=True,
        facts={
            **view.facts,
            "url": target.url,
            "place": place_text(status.file, status.number),
            "status": status.text.split()[1],
        },
        fix=Fix((edit, *reload_steps(view.server)), Applicability.REVIEW)
        if edit
        else manual_fix(view, "no-condition"),
    )


def _server_line(lines: list[CaddyLine], status: CaddyLine) -> tuple[CaddyLine, CaddyLine] | None:
    """Return the `file_server` of an error's page whose status a line sets, and that line; None for
    any other line."""
    words = status.text.split()
    if words[:1] != ["status"] or not words[1:] or not words[1].startswith("2"):
        return None
    if status.heads[-1:] != ("file_server",) or "handle_errors" not in status.heads:
        return None
    above = (
        line
        for line in reversed(lines)
        if line.file == status.file and line.number < status.number
        if line.heads == status.heads[:-1] and line.text.split()[:1] == ["file_server"]
    )
    server = next(above, None)
    return (server, status) if server else None


def _edit(view: ServerView, server: CaddyLine) -> Edit | None:
    """Ask for the file without the browser's conditions: it comes whole then."""
    text = line_text(view, server.file, server.number)
    added = tuple(f"{indentation(text)}request_header -{name}" for name in _FIELDS)
    return line_edit(view, server.file, {server.number: (*added, text)}) if text else None
