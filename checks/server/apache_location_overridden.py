"""A `<Location>` of Apache with its own ProxyPass comes before one for a shorter path, which takes
its place: of the sections that match, the last one has the say (core, "How the sections are
merged"). With ProxyPass outside of sections it is the other way round: the first line counts.
"""

import re
from collections.abc import Iterator

from checks.server import (
    ServerView,
    file_rows,
    line_edit,
    manual_fix,
    place_text,
    reload_steps,
    server_on_port,
)
from checks.server._backend_answers import refused_paths
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
from diagnose.model.frozen import frozen
from diagnose.model.web_servers import WebServer, WebServerConfig, WebSite
from diagnose.parsers.web_sites import takes

_OPENS = re.compile(r'(?i)\s*<Location\s+"?(/[^"\s~*?\[\]>]{0,200})"?\s*>\s*')
_CLOSES = re.compile(r"(?i)\s*</Location>\s*")
_PASSES = re.compile(r'(?i)\s*ProxyPass\s+"?([a-z]{2,8}://[^\s"]{1,300}|!)"?(?:\s.*)?')


@frozen
class _Section:
    """A section with its own ProxyPass: its path, its target, its first and last row."""

    path: str
    target: str
    start: int
    end: int


@check(
    severity=Severity.WARNING,
    needs=[WebServer, WebServerConfig],
    explains=[
        "server.own-answer", "server.other-application", "server.base-path-missing",
        "http.base-path-missing", "server.prefix-kept",
        "websocket.not-upgraded", "websocket.not-served", "websocket.inner-proxy",
    ],
)  # fmt: skip
def apache_location_overridden(evidence: Evidence) -> Iterator[Claim]:
    view, target = server_on_port(evidence), evidence.target
    if view is None or view.server.product != "apache" or len(view.answering_sites) != 1:
        return
    site = view.answering_sites[0]
    for address, because, _ in refused_paths(evidence):
        path = address.partition("?")[0]
        pair = _pair(_sections(view, site), path) if because else None
        if pair is None:
            continue
        early, late = pair
        subject = Subject(port=target.port, path=path)
        yield Claim(
            about=subject,
            covers=(subject, Subject(port=target.port)),
            because=(view.server, *because),
            confidence=Confidence.LIKELY,
            facts={
                **view.facts,
                "path": path,
                "early": early.path,
                "early_target": early.target,
                "early_place": place_text(site.file, early.start),
                "late": late.path,
                "late_target": late.target,
                "late_place": place_text(site.file, late.start),
            },
            fix=_fix(view, site, early, late),
        )
        return


def _pair(sections: list[_Section], path: str) -> tuple[_Section, _Section] | None:
    """Return the section with the longest path that takes a path, and the later one that takes its
    place; None if the longest has the say, or both lead to the same."""
    matching = [section for section in sections if takes(section.path, path)]
    if len(matching) < 2:
        return None
    late = matching[-1]
    early = max(matching, key=lambda section: len(section.path.rstrip("/")))
    is_narrower = len(early.path.rstrip("/")) > len(late.path.rstrip("/"))
    return (early, late) if is_narrower and early.target != late.target else None


def _sections(view: ServerView, site: WebSite) -> list[_Section]:
    """Return the sections of a virtual host that pass requests on, in their order."""
    file = view.config.file(site.file) if view.config and site.end else None
    rows = file_rows(view, file) if file else ()
    found, head, target = list[_Section](), ("", 0), ""
    for number, row in enumerate(rows[site.line : site.end - 1], site.line + 1):
        text = row[:600]
        if match := _OPENS.fullmatch(text):
            head, target = (match[1], number), ""
        elif head[0] and (passes := _PASSES.fullmatch(text)):
            target = passes[1]
        elif head[0] and _CLOSES.fullmatch(text):
            if target:
                found.append(_Section(head[0], target, head[1], number))
            head = ("", 0)
    return found


def _fix(view: ServerView, site: WebSite, early: _Section, late: _Section) -> Fix:
    """Move the later section before the earlier one."""
    file = view.config.file(site.file) if view.config else None
    rows = file.text.split("\n") if file else []
    moved = tuple(rows[late.start - 1 : late.end])
    edit = None
    if moved and not any(row.rstrip().endswith("\\") for row in moved):
        changes: dict[int, tuple[str, ...]] = dict.fromkeys(range(late.start, late.end + 1), ())
        changes[early.start] = (*moved, rows[early.start - 1])
        edit = line_edit(view, site.file, changes)
    if edit is None:
        return manual_fix(view, "move-it")
    return Fix((edit, *reload_steps(view.server)), Applicability.REVIEW)
