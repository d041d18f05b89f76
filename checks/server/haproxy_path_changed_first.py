"""A frontend of HAProxy changes the path ("http-request replace-path", "set-path"), and its rule
for the old path chooses no backend any more: `use_backend` lines are evaluated after all
`http-request` lines, wherever they stand (Configuration Manual, section 4.2). So another backend
gets the request.
"""

import re
from collections.abc import Iterator

from checks.server import indentation, line_edit, line_text, manual_fix, reload_steps
from checks.server._haproxy import HaproxyView, haproxy_view, place
from diagnose.checking.registry import check
from diagnose.model import Applicability, Claim, Confidence, Evidence, Fix, Severity, Subject
from diagnose.model.http import error_pages
from diagnose.model.web_servers import WebServer, WebServerConfig
from diagnose.parsers.haproxy.config import Line, Proxy
from diagnose.parsers.haproxy.view import (
    changing_lines,
    path_to_backends,
    selection_before_changes,
)


@check(
    severity=Severity.ERROR,
    needs=[WebServer, WebServerConfig],
    explains=[
        "server.haproxy-other-backend",
        "server.own-answer",
        "server.application-answers",
        "server.page-missing",
    ],
)
def haproxy_path_changed_first(evidence: Evidence) -> Iterator[Claim]:
    haproxy, target = haproxy_view(evidence), evidence.target
    pages = error_pages(evidence)
    if haproxy is None or not haproxy.proxies.is_decided or not pages:
        return
    proxies = haproxy.proxies
    lines, meant = changing_lines(proxies, target), selection_before_changes(proxies, target)
    if len(lines) != 1 or meant is None or meant.backend == proxies.backend_name:
        return
    yield Claim(
        about=Subject(port=target.port, path=target.path),
        because=(*pages, haproxy.view.server),
        facts={
            **haproxy.view.facts,
            "path": target.path,
            "status": pages[0].status,
            "change": " ".join(lines[0].words[1:2]),
            "place": place(lines[0]),
            "new_path": path_to_backends(proxies.frontend, target, proxies.tls, target.path),
            "rule_place": place(meant.line),
            "backend": meant.backend,
            "other_backend": proxies.backend_name,
        },
        confidence=Confidence.LIKELY,
        fix=_fix(haproxy, lines[0], proxies.config.backend(meant.backend)),
    )


def _fix(haproxy: HaproxyView, line: Line, backend: Proxy | None) -> Fix:
    """Move the line to the backend that is meant. Its condition stays behind: ACLs belong to their
    section, and the backend gets these requests alone."""
    view = haproxy.view
    text = line_text(view, line.file, line.number)
    action = re.split(r"\s(?:if|unless)\s", text, maxsplit=1)[0].strip()
    if backend is None or backend.section.file != line.file or not action:
        return manual_fix(view, "move")
    head = line_text(view, line.file, backend.section.line)
    indent = indentation(text) or "    "
    changes = {line.number: (), backend.section.line: (head, f"{indent}{action}")}
    edit = line_edit(view, line.file, changes) if head else None
    if edit is None:
        return manual_fix(view, "move")
    return Fix((edit, *reload_steps(view.server)), Applicability.REVIEW)
