"""Caddy takes the same beginning off the path twice: `handle_path /build/*` does so itself, and
`uri strip_prefix /build` in it once more (Caddyfile, "handle_path"). So /build/build.json is looked
for as ".json", and /build/build/app.js as /app.js. Other paths below are well.
"""

import re
from collections.abc import Iterator

from checks.server import line_edit, manual_fix, place_text, reload_steps, server_on_port
from diagnose.checking.registry import check
from diagnose.model import Applicability, Claim, Confidence, Evidence, Fix, Severity, Subject
from diagnose.model.http import page_exchanges
from diagnose.model.web_servers import WebServer, WebServerConfig
from diagnose.parsers.http import MISSING_PAGE

#: Maximum number of lines of a block that are looked at.
_MAX_LINES = 200

_BLOCK = re.compile(r"\s*handle_path\s+(/[\w./-]{1,200}?)/?\*\s*\{\s*(?:#.*)?")
_STRIPPED = re.compile(r"\s*uri\s+strip_prefix\s+(/[\w./-]{1,200})\s*(?:#.*)?")


@check(
    severity=Severity.WARNING,
    needs=[WebServer, WebServerConfig],
    explains=[
        "http.blank-page",
        "http.answer-says-why",
        "server.own-answer",
        "server.page-missing",
        "server.path-not-handled",
        "server.application-answers",
    ],
)
def caddy_prefix_twice(evidence: Evidence) -> Iterator[Claim]:
    view, target = server_on_port(evidence), evidence.target
    if view is None or view.config is None or view.server.product != "caddy":
        return
    path = target.path_without_query
    pages = [page for page in page_exchanges(evidence) if page.failure is None]
    is_lost = bool(pages) and all(
        page.status in MISSING_PAGE or (page.status == 200 and page.header("Content-Length") == "0")
        for page in pages
    )
    if not is_lost:
        return
    for file in view.config.files:
        for prefix, number in _twice(file.text):
            rest = path.removeprefix(prefix)
            if rest == path or not rest.startswith(prefix):
                continue
            edit = line_edit(view, file.path, {number: ()})
            own = Subject(port=target.port, path=path)
            yield Claim(
                about=own,
                covers=(own, Subject(port=target.port)),
                because=(view.server, view.config, *pages),
                confidence=Confidence.LIKELY,
                facts={
                    **view.facts,
                    "path": path,
                    "prefix": prefix,
                    "asked": rest.removeprefix(prefix) or "/",
                    "place": place_text(file.path, number),
                    "status": pages[0].status or "",
                },
                fix=Fix((edit, *reload_steps(view.server)), Applicability.REVIEW)
                if edit
                else manual_fix(view, "once"),
            )
            return


def _twice(text: str) -> Iterator[tuple[str, int]]:
    """Return the beginnings that a block takes off twice, each with the line that does so again."""
    prefix, depth, first = "", 0, 0
    for number, line in enumerate(text.split("\n"), 1):
        block = _BLOCK.fullmatch(line[:500])
        if block:
            prefix, depth, first = block[1], 1, number
            continue
        if not prefix:
            continue
        stripped = _STRIPPED.fullmatch(line[:500])
        if stripped and depth == 1 and stripped[1].rstrip("/") == prefix:
            yield prefix, number
        words = line.partition("#")[0].split()
        depth += words.count("{") - words.count("}")
        if depth < 1 or number - first > _MAX_LINES:
            prefix = ""
