"""Traefik takes none of its files, because one of them has a mistake: every router of them is
missing, and Traefik answers "404 page not found" ("File provider").

Certain if its API has no router of a file: the file on disk may be newer than what runs.
"""

import re
from collections.abc import Iterator

from checks.server import line_edit, line_text, manual_fix, pages_with_status, server_view
from checks.server.traefik_no_router import BODY
from diagnose.checking.registry import check
from diagnose.model import Applicability, Claim, Confidence, Evidence, Fix, Severity, Subject
from diagnose.model.http import Exchange
from diagnose.model.traefik import TraefikState
from diagnose.model.web_servers import WebServer


@check(
    severity=Severity.ERROR,
    needs=[WebServer, TraefikState, Exchange],
    explains=["server.traefik-no-router", "server.traefik-default-certificate",
              "server.application-answers", "server.page-missing", "websocket.no-location",
              "websocket.not-upgraded"],
)  # fmt: skip
def traefik_file_refused(evidence: Evidence) -> Iterator[Claim]:
    view, target = server_view(evidence), evidence.target
    state = next(iter(evidence.good(TraefikState)), None)
    pages = [page for page in pages_with_status(evidence, 404) if BODY.match(page.body)]
    if view is None or state is None or not pages or view.server.product != "traefik":
        return
    # A router of another provider may be meant to answer.
    if not state.refused or (state.is_running and any(router.has_name for router in state.routers)):
        return
    file = state.refused[0]
    row = line_text(view, file.path, file.line)
    word = re.compile(rf"(?<![\w.-]){re.escape(file.word)}(?=[\"']?\s*:)")
    changed = word.sub(file.meant, row) if file.word and len(word.findall(row)) == 1 else row
    edit = line_edit(view, file.path, {file.line: (changed,)}) if changed != row else None
    subject = Subject(port=target.port, path=target.path)
    yield Claim(
        about=subject,
        covers=(subject, Subject(port=target.port)),
        because=(state, view.server, *pages),
        confidence=Confidence.CERTAIN if state.is_running else Confidence.LIKELY,
        facts={
            **view.facts,
            "file": file.path,
            "line": file.line,
            "message": file.message,
            "row": row.strip()[:200],
            "word": file.word,
            "meant": file.meant,
            "tab": row[: len(row) - len(row.lstrip())].count("\t") > 0,
        },
        fix=Fix((edit,), Applicability.REVIEW) if edit else manual_fix(view, "correct-the-line"),
    )
