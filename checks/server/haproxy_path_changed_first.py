"""A frontend of HAProxy changes the path ("http-request replace-path", "set-path"), and its rule
for the old path chooses no backend any more: `use_backend` lines are evaluated after all
`http-request` lines, wherever they stand (Configuration Manual, section 4.2). So another backend
gets the request.
"""

import re
from collections.abc import Iterator

from checks.server import line_edit, line_text, manual_fix, reload_steps
from checks.server._haproxy import HaproxyView, haproxy_view, place
from diagnose.checking.registry import check
from diagnose.model import Applicability, Claim, Confidence, Evidence, Fix, Severity, Subject
from diagnose.model.frozen import frozen
from diagnose.model.http import error_pages
from diagnose.model.web_servers import WebServer, WebServerConfig
from diagnose.parsers.haproxy.config import Line
from diagnose.parsers.haproxy.view import changing_lines

#: The beginning of a new path that is the same for every request.
_LITERAL = re.compile(r"/[\w./-]*")


@frozen
class ChangedPath:
    """A line that changes the path, the beginning of the new path, and the backend that gets it."""

    line: Line
    start: str
    other: HaproxyView


@check(
    severity=Severity.ERROR,
    needs=[WebServer, WebServerConfig],
    explains=["server.own-answer", "server.application-answers", "server.page-missing"],
)
def haproxy_path_changed_first(evidence: Evidence) -> Iterator[Claim]:
    haproxy, target = haproxy_view(evidence), evidence.target
    pages = error_pages(evidence)
    if haproxy is None or haproxy.proxies.selection is None or not pages:
        return
    changed = _changed(haproxy)
    if changed is None:
        return
    selection, other = haproxy.proxies.selection, changed.other.proxies
    yield Claim(
        about=Subject(port=target.port, path=target.path),
        because=(*pages, haproxy.view.server),
        facts={
            **haproxy.view.facts,
            "path": target.path,
            "status": pages[0].status,
            "change": " ".join(changed.line.words[1:2]),
            "place": place(changed.line),
            "start": changed.start,
            "rule_place": place(selection.line),
            "backend": selection.backend,
            "other_backend": other.backend_name,
        },
        confidence=Confidence.LIKELY,
        fix=_fix(haproxy, changed.line),
    )


def _changed(haproxy: HaproxyView) -> ChangedPath | None:
    """Return the change after which another backend is chosen, None if there is none, or if it is
    not known what the new path is."""
    proxies, evidence = haproxy.proxies, haproxy.view.evidence
    lines = changing_lines(proxies, evidence.target)
    words = lines[0].words if len(lines) == 1 else ()
    new = words[3] if words[1:2] == ("replace-path",) and len(words) > 3 else "".join(words[2:3])
    match = _LITERAL.match(new)
    if match is None or len(match[0]) < 2:
        return None
    other = haproxy_view(evidence, match[0])
    if other is None or not other.proxies.is_decided or not other.proxies.selection:
        return None
    is_other = other.proxies.backend_name != proxies.backend_name
    return ChangedPath(lines[0], match[0], other) if is_other else None


def _fix(haproxy: HaproxyView, line: Line) -> Fix:
    """Move the line to the backend that is meant. Its condition stays behind: ACLs belong to their
    section, and the backend gets these requests alone."""
    view, backend = haproxy.view, haproxy.proxies.backend
    text = line_text(view, line.file, line.number)
    action = re.split(r"\s(?:if|unless)\s", text, maxsplit=1)[0].strip()
    if backend is None or backend.section.file != line.file or not action:
        return manual_fix(view, "move")
    head = line_text(view, line.file, backend.section.line)
    indent = text[: len(text) - len(text.lstrip())] or "    "
    changes = {line.number: (), backend.section.line: (head, f"{indent}{action}")}
    edit = line_edit(view, line.file, changes) if head else None
    if edit is None:
        return manual_fix(view, "move")
    return Fix((edit, *reload_steps(view.server)), Applicability.REVIEW)
