"""Apache sends a page of its own in place of the application's error, which was for programs
(mod_proxy, "ProxyErrorOverride"): the page's script then reads HTML where JSON should be.

The control: the application was asked directly for the same path, and its answer is no HTML. Where
both are HTML, the page may be wanted, and nothing is said. `ErrorDocument` keeps its work where
Apache itself cannot reach the application.
"""

import re
from collections.abc import Iterator

from checks.server import (
    ServerView,
    file_rows,
    indentation,
    line_edit,
    line_text,
    manual_fix,
    place_text,
    reload_steps,
    server_on_port,
)
from checks.server._apache_sections import lines_for
from diagnose.checking.registry import check
from diagnose.model import Applicability, Claim, Confidence, Edit, Evidence, Fix, Severity, Subject
from diagnose.model.backends import BackendVisit
from diagnose.model.frozen import frozen
from diagnose.model.http import Exchange, page_exchanges
from diagnose.model.web_servers import WebServer, WebServerConfig, WebSite

_LINE = re.compile(r"(?i)\s*ProxyErrorOverride\s+(on|off)((?:\s+\d{3})*)\s*")
_REFUSED = frozenset({401, 403, 407})
_SECTION = re.compile(r"\s*<(/?)(?!(?i:If))\w")


@frozen
class _Override:
    """The line in force. `is_own` is False if other virtual hosts inherit it too."""

    file: str
    number: int
    text: str
    is_own: bool


@check(
    severity=Severity.WARNING,
    needs=[WebServer, WebServerConfig, Exchange, BackendVisit],
    explains=[
        "http.answer-says-why",
        "http.page-for-api",
        "http.server-error",
        "server.own-answer",
        "server.request-logged",
    ],
)
def apache_answer_replaced(evidence: Evidence) -> Iterator[Claim]:
    view = server_on_port(evidence)
    if view is None or view.config is None or view.server.product != "apache":
        return
    path = evidence.target.path_without_query
    replaced = [
        (page, visit)
        for page in page_exchanges(evidence)
        for visit in evidence.good(BackendVisit)
        if (page.status or 0) >= 400 and page.status == visit.status
        if visit.requested == path and not visit.websocket
        if _is_html(page.header("Content-Type")) and not _is_html(visit.media_type)
    ]
    for site in view.answering_sites[:1]:
        for page, visit in replaced[:1]:
            if override := _override(view, site, path, visit.status or 0):
                yield _claim(view, site, override, page, visit)


def _is_html(media_type: str | None) -> bool:
    """Return whether a body is a page, or of a type that nobody named."""
    return not media_type or "html" in media_type.lower()


def _override(view: ServerView, site: WebSite, path: str, status: int) -> _Override | None:
    """Return the line by which an error of this status is replaced, None if it is not."""
    lines = [line for line in lines_for(view, site, path) if _LINE.fullmatch(line.text)]
    overrides = [
        _Override(site.file, line.number, line.text, True)
        for line in sorted(lines, key=lambda line: (line.order, line.number))
    ] or list(_inherited(view))
    match = _LINE.fullmatch(overrides[-1].text) if overrides else None
    if match is None or match[1].lower() == "off":
        return None
    statuses = match[2].split()
    return overrides[-1] if not statuses or str(status) in statuses else None


def _inherited(view: ServerView) -> Iterator[_Override]:
    """Yield the lines outside of every section, which all virtual hosts inherit."""
    for file in view.config.files if view.config else ():
        depth = 0
        for number, text in enumerate(file_rows(view, file), 1):
            if section := _SECTION.match(text):
                depth += -1 if section[1] else 1
            elif depth == 0 and _LINE.fullmatch(text):
                yield _Override(file.path, number, text, False)


def _edit(view: ServerView, site: WebSite, override: _Override) -> Edit | None:
    """Switch it off for this site: in its own line, or below the head of the virtual host where
    other sites inherit the line."""
    if override.is_own:
        line = re.sub(r"(?i)\b(on)\b.*$", "Off", override.text)
        return line_edit(view, override.file, {override.number: (line,)})
    head = line_text(view, site.file, site.line)
    if not head.strip().lower().startswith("<virtualhost"):
        return None
    new = f"{indentation(head)}    ProxyErrorOverride Off"
    return line_edit(view, site.file, {site.line: (head, new)})


def _claim(
    view: ServerView, site: WebSite, override: _Override, page: Exchange, visit: BackendVisit
) -> Claim:
    target, edit = view.evidence.target, _edit(view, site, override)
    subject = Subject(port=target.port, path=target.path)
    return Claim(
        about=subject,
        covers=(subject, Subject(port=target.port)),
        because=(page, visit, view.server),
        # Apache may refuse by itself what the application refuses too.
        confidence=Confidence.LIKELY if page.status in _REFUSED else Confidence.CERTAIN,
        facts={
            **view.facts,
            "url": page.url,
            "status": page.status,
            "real": visit.status,
            "type": visit.media_type,
            "line": override.text.strip(),
            "place": place_text(override.file, override.number),
            "command": visit.equivalent,
            "all": not override.is_own,
        },
        fix=Fix((edit, *reload_steps(view.server)), Applicability.REVIEW)
        if edit
        else manual_fix(view, "let-it-through"),
    )
