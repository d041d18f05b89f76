"""A rule of HAProxy looks for the query in the path, which ends before the question mark
(Configuration Manual, "path", "http-request replace-path"). So the rule takes no request: another
backend gets it, or the path stays as it is, and the application refuses it.
"""

import re
from collections.abc import Iterator, Sequence

from checks.server import line_edit, line_text, manual_fix, reload_steps
from checks.server._backend_answers import refused_websockets
from checks.server._haproxy import HaproxyView, haproxy_view, place
from diagnose.checking.registry import check
from diagnose.model import Applicability, Claim, Confidence, Edit, Evidence, Fix, Severity, Subject
from diagnose.model.http import Exchange, Upgrade, error_pages
from diagnose.model.web_servers import WebServer, WebServerConfig
from diagnose.parsers.haproxy.config import Line
from diagnose.parsers.haproxy.queries import QueryRule, missed_queries


@check(
    severity=Severity.WARNING,
    needs=[WebServer, WebServerConfig],
    explains=[
        "server.application-answers", "server.own-answer", "server.page-missing",
        "upstream.application-log",
        "websocket.no-location", "websocket.not-upgraded", "websocket.redirected",
    ],
)  # fmt: skip
def haproxy_query_in_path(evidence: Evidence) -> Iterator[Claim]:
    target = evidence.target
    for path in dict.fromkeys((target.path, *target.websockets)):
        is_socket = path in target.websockets
        answers = refused_websockets(evidence, path) if is_socket else error_pages(evidence)
        haproxy = haproxy_view(evidence, path, is_socket) if answers and "?" in path else None
        missed = next(missed_queries(haproxy.proxies, target, path), None) if haproxy else None
        if haproxy is not None and missed is not None:
            yield _claim(haproxy, path, answers, missed)
            return


def _claim(
    haproxy: HaproxyView, path: str, answers: Sequence[Exchange | Upgrade], missed: QueryRule
) -> Claim:
    view, is_socket = haproxy.view, isinstance(answers[0], Upgrade)
    own = Subject(port=view.evidence.target.port, path=path)
    bare = Subject(port=own.port, path=path.partition("?")[0])
    line = _compared_in(haproxy, missed)
    edit = _edit(haproxy, line, missed)
    return Claim(
        about=own,
        covers=(own, bare, *([] if is_socket else [Subject(port=own.port)])),
        because=(*answers, view.server),
        # What the rule was meant to take, only its owner knows.
        confidence=Confidence.LIKELY,
        severity=Severity.ERROR if is_socket else None,
        facts={
            **view.facts,
            "path": bare.path,
            "value": missed.value,
            "backend": missed.backend,
            "place": place(line),
            "rule_place": place(missed.line),
            "changes": not missed.backend,
            "status": answers[0].status or "",
        },
        fix=Fix((edit, *reload_steps(view.server)), Applicability.REVIEW)
        if edit
        else manual_fix(view, "compare-with-the-query" if missed.backend else "replace-pathq"),
    )


def _compared_in(haproxy: HaproxyView, missed: QueryRule) -> Line:
    """Return the ACL that has the value, or the rule itself."""
    acls = (
        line
        for line in haproxy.proxies.frontend.own("acl")
        if line.words[1:2] and line.words[1] in missed.line.words and missed.value in line.words
    )
    return next(acls, missed.line)


def _edit(haproxy: HaproxyView, line: Line, missed: QueryRule) -> Edit | None:
    """Write `pathq -m beg` in the place of `path_beg`; None if other values stand there, or if the
    line is written in another way."""
    text = line_text(haproxy.view, line.file, line.number)
    pattern = re.compile(
        rf"(?<=\s)path(?:_(beg|end|sub))?((?:\s+-i)?\s+){re.escape(missed.value)}(?=\s+\}}|\s*$)"
    )
    queries = pattern.findall(text)
    if not missed.backend or len(queries) != 1:
        return None
    method = queries[0][0] or "str"
    new = pattern.sub(lambda match: f"pathq -m {method}{match[2]}{missed.value}", text)
    return line_edit(haproxy.view, line.file, {line.number: (new,)})
