"""A line names a group of an expression that has fewer groups: `RewriteRule ^.*$ /public/$1`
(Apache), `replace-path /api/.* /\\1` (HAProxy), `{re.api.1}` of `path_regexp api ^/api/` (Caddy).
The group is empty (mod_rewrite, "RewriteRule Basics"; HAProxy's Configuration Manual,
"http-request replace-path"; Caddy's "path_regexp"), so that every path becomes the same one."""

import re
from collections.abc import Iterator

from checks.http import _page_files as page_files
from checks.server import manual_fix, place_text, reload_steps, server_on_port
from checks.server._group_lines import GroupLine, empty_lines
from diagnose.checking.registry import check
from diagnose.model import (
    Applicability,
    Claim,
    Command,
    Confidence,
    Evidence,
    Fix,
    Observation,
    Severity,
    Subject,
)
from diagnose.model.http import Exchange, page_exchanges
from diagnose.model.pages import PageFileResponse
from diagnose.model.web_servers import WebServer, WebServerConfig
from diagnose.parsers.urls import path_of

#: A line that redirects by itself.
_REDIRECTS = re.compile(r"(?i)^(?:redirect|redir\b)|\shttps?://|[\[,]R(?:=\d+)?[\],]")


@check(
    severity=Severity.ERROR,
    needs=[WebServer, WebServerConfig],
    needs_fault=[Exchange, PageFileResponse],
    explains=[
        "http.page-file-missing", "http.page-file-type", "http.redirect-to-error",
        "http.redirect-loop", "http.server-error", "http.last-slash",
        "server.other-requests-failed", "server.own-answer", "server.application-answers",
        "server.page-missing", "server.path-not-handled", "server.haproxy-other-backend",
        "server.file-forbidden", "server.redirect-loop", "server.fallback-hides-files",
        "upstream.own-answer", "upstream.application-log",
    ],
)  # fmt: skip
def capture_empty(evidence: Evidence) -> Iterator[Claim]:
    view = server_on_port(evidence)
    if view is None or view.config is None:
        return
    lost: dict[tuple[str, int], list[tuple[str, Observation, GroupLine]]] = {}
    for path, answer in _failing(evidence):
        for line in empty_lines(view, path):
            lost.setdefault((line.file, line.number), []).append((path, answer, line))
    for failures in lost.values():
        path, answer, line = failures[0]
        is_page = isinstance(answer, Exchange)
        port, page = evidence.target.port, page_files.page_of(evidence)
        edit = line.edit
        # An application may redirect for a reason of its own.
        is_redirect = isinstance(answer, Exchange) and (answer.status or 0) < 400
        is_own = not is_redirect or _REDIRECTS.search(line.line) is not None
        paths = tuple(dict.fromkeys(path for path, _, _ in failures))
        covers = [Subject(port=port, path=each) for each in paths]
        if is_page:
            covers.append(Subject(port=port))
        elif page is not None:
            covers.append(page_files.page_subject(page))
        yield Claim(
            about=covers[0],
            covers=tuple(covers),
            because=(view.server, view.config, *dict.fromkeys(seen for _, seen, _ in failures)),
            confidence=Confidence.CERTAIN if line.is_sure and is_own else Confidence.LIKELY,
            facts={
                **view.facts,
                "path": path,
                "paths": paths[1:4],
                "line": line.line,
                "place": place_text(line.file, line.number),
                "group": line.group,
                "groups": line.empty.groups,
                "expression": line.empty.pattern,
                "corrected": line.empty.corrected if edit else "",
            },
            fix=Fix((edit, *_load(line, view.server)), Applicability.REVIEW)
            if edit
            else manual_fix(view, "name-a-group"),
        )


def _load(line: GroupLine, server: WebServer) -> tuple[Command, ...]:
    """An .htaccess counts at once."""
    return () if line.file.endswith("/.htaccess") else reload_steps(server)


def _failing(evidence: Evidence) -> Iterator[tuple[str, Observation]]:
    """Yield what is answered with an error or a redirect: the target, and files of its page."""
    for page in page_exchanges(evidence):
        if (page.status or 0) >= 300:
            yield evidence.target.path_without_query, page
    for file in page_files.all_refused_files(evidence):
        first = (file.response.redirects or (file.response.url,))[0]
        for url in dict.fromkeys((file.response.url, first)):
            if url.startswith(f"{evidence.target.origin}/"):
                yield path_of(url).partition("?")[0], file.response
                break
