"""Caddy takes a prefix off before the application's route is looked for: `uri strip_prefix` at the
level of the site comes before `handle` and `reverse_proxy`, wherever it stands (Caddyfile
Directives, "Directive order"). The route is for the path with the prefix, so nobody gets it.
"""

import re
from collections.abc import Iterator, Sequence

from checks.server import (
    ServerView,
    file_rows,
    indentation,
    line_edit,
    manual_fix,
    pages_with_status,
    place_text,
    reload_steps,
    server_on_port,
)
from checks.server._caddy_edits import siblings
from diagnose.checking.registry import check
from diagnose.model import Applicability, Claim, Confidence, Evidence, Fix, Severity, Subject
from diagnose.model.frozen import frozen
from diagnose.model.http import Exchange
from diagnose.model.web_servers import WebServer, WebServerConfig, WebSite
from diagnose.parsers.caddy.passes import Pass, passes_of

_STRIP = re.compile(
    r"\s*uri\s+(?:(?:\*|(/[\w./~-]{1,200})\*?)\s+)?strip_prefix\s+(/?[\w./~-]{1,200})\s*"
)
_PROXY = re.compile(r"(\s*)reverse_proxy\s+(/[\w./~-]{1,200}\*)\s+([^\s{}#][^{}#]{0,300})")


@check(
    severity=Severity.ERROR,
    needs=[WebServer, WebServerConfig, Exchange],
    explains=[
        "server.page-missing", "server.own-answer", "server.path-not-handled",
        "http.client-route-missing",
    ],
)  # fmt: skip
def caddy_stripped_first(evidence: Evidence) -> Iterator[Claim]:
    view, target = server_on_port(evidence), evidence.target
    if view is None or view.server.product != "caddy" or len(view.answering_sites) != 1:
        return
    pages = pages_with_status(evidence, 404)
    stripped = _stripped(view, view.answering_sites[0], target.path_without_query)
    if not pages or stripped is None:
        return
    subject = Subject(port=target.port, path=target.path_without_query)
    yield Claim(
        about=subject,
        covers=(subject, Subject(port=target.port)),
        because=(view.server, *((view.config,) if view.config else ()), *pages),
        # Whether the application has the path without the prefix, nobody asked.
        confidence=Confidence.LIKELY,
        facts={
            **view.facts,
            "path": subject.path,
            "rest": stripped.rest,
            "prefix": stripped.prefix,
            "matcher": stripped.route.matcher,
            "application": stripped.route.target,
            "place": place_text(stripped.site.file, stripped.line),
        },
        fix=_fix(view, stripped),
    )


@frozen
class _Stripped:
    """The line that takes a prefix off, what is left of the path, and the route that wants it."""

    site: WebSite
    line: int
    prefix: str
    rest: str
    route: Pass


def _rows(view: ServerView, site: WebSite) -> Sequence[str]:
    file = view.config.file(site.file) if view.config and site.end else None
    return file_rows(view, file)[site.line - 1 : site.end] if file else ()


def _stripped(view: ServerView, site: WebSite, path: str) -> _Stripped | None:
    """Return the one line of the site that takes the beginning of a path off, and the one route
    that takes the path with it; None if another route takes what is left."""
    rows = _rows(view, site)
    own = siblings(rows, 2) if len(rows) > 2 else []
    lines = [(place, match) for place in own if (match := _STRIP.fullmatch(rows[place - 1][:500]))]
    if len(lines) != 1:
        return None
    place, match = lines[0]
    prefix = f"/{match[2].strip('/')}"
    if not path.startswith(f"{prefix}/"):
        return None
    rest = path[len(prefix) :]
    routes = passes_of(rows, site.line)
    meant = [route for route in routes if route.takes(path) and route.matcher]
    if len(meant) != 1 or any(route.takes(rest) for route in routes):
        return None
    return _Stripped(site, site.line + place - 1, prefix, rest, meant[0])


def _fix(view: ServerView, stripped: _Stripped) -> Fix:
    """Let `handle_path` take the prefix off, for this route alone."""
    rows = _rows(view, stripped.site)
    first, last = stripped.route.span(0)
    text = rows[first - stripped.site.line]
    match = _PROXY.fullmatch(text.rstrip()) if first == last else None
    if match is None or not match[2].startswith(stripped.prefix):
        return manual_fix(view, "handle-path")
    indent = indentation(text)
    step = "\t" if "\t" in indent or not indent else "    "
    inner = f"{indent}{step}reverse_proxy {match[3]}"
    block = (f"{indent}handle_path {stripped.prefix}/* {{", inner, f"{indent}}}")
    edit = line_edit(view, stripped.site.file, {stripped.line: (), first: block})
    if edit is None:
        return manual_fix(view, "handle-path")
    return Fix((edit, *reload_steps(view.server)), Applicability.REVIEW)
