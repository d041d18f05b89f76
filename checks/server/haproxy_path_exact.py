"""A rule of HAProxy's frontend is for one path alone, because its ACL has `path` and not `path_beg`
(Configuration Manual, section 7.1.3), and the page or a file of it lies below that path. So the
next rule or the default takes it, and that application does not have it, often behind a redirect to
https. `path_end -m str` is the same: the method after -m takes the place of the one in the name.
"""

import re
from collections.abc import Iterator, Sequence

from checks.server import line_edit, line_text, manual_fix, reload_steps
from checks.server._backend_answers import refused_websockets
from checks.server._haproxy import HaproxyView, haproxy_view, place
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
from diagnose.model.http import Exchange, Upgrade
from diagnose.model.pages import PageFileResponse
from diagnose.model.web_servers import WebServer, WebServerConfig
from diagnose.parsers.haproxy.config import Line
from diagnose.parsers.haproxy.view import WholePath, missed_whole_path
from diagnose.parsers.http import MISSING_PAGE
from diagnose.parsers.urls import parse_url


@check(
    severity=Severity.WARNING,
    needs=[WebServer, WebServerConfig],
    explains=[
        "http.page-file-missing",
        "http.page-file-type",
        "http.redirect-to-error",
        "http.acme-challenge-answered",
        "http.acme-challenge-blocked",
        "http.answer-says-why",
        "server.haproxy-other-backend",
        "server.own-answer",
        "server.application-answers",
        "websocket.not-upgraded",
        "websocket.no-location",
    ],
)
def haproxy_path_exact(evidence: Evidence) -> Iterator[Claim]:
    target = evidence.target
    for path in dict.fromkeys((target.path, *target.websockets)):
        claim = _claim(evidence, path, _answers(evidence, path))
        if claim is not None:
            yield claim
            return
    for path, responses in _missing_files(evidence).items():
        claim = _claim(evidence, path, responses)
        if claim is not None:
            yield claim
            return


def _claim(
    evidence: Evidence, path: str, answers: Sequence[Exchange | Upgrade | PageFileResponse]
) -> Claim | None:
    target = evidence.target
    haproxy = haproxy_view(evidence, path) if answers else None
    missed = missed_whole_path(haproxy.proxies, target, path) if haproxy else None
    if haproxy is None or missed is None:
        return None
    own = Subject(port=target.port, path=path.partition("?")[0])
    lines = _lines(haproxy, missed)
    return Claim(
        about=own,
        covers=(own, *([] if path in target.websockets else [Subject(port=target.port)])),
        because=(*answers, haproxy.view.server),
        # Which application was meant, only its owner knows.
        confidence=Confidence.LIKELY,
        facts={
            **haproxy.view.facts,
            "path": own.path,
            "value": missed.path,
            "backend": missed.backend,
            "place": place(lines[0] if lines else missed.line),
            "rule_place": place(missed.line),
            "status": answers[0].status or "",
            "criterion": f"path_{missed.replaced} -m str" if missed.replaced else "path",
            "wanted": f"path_{missed.replaced or 'beg'}",
            "replaced": bool(missed.replaced),
        },
        fix=_fix(haproxy, missed, lines),
    )


def _missing_files(evidence: Evidence) -> dict[str, list[PageFileResponse]]:
    """Return the paths of the page's files that are not there, or in whose place a page comes."""
    target, files = evidence.target, dict[str, list[PageFileResponse]]()
    for response in evidence.good(PageFileResponse):
        url = parse_url(response.url)
        is_gone = response.status in MISSING_PAGE or response.is_html
        if url and is_gone and (url.host, url.port) == (target.host, target.port):
            files.setdefault(url.path.partition("?")[0], []).append(response)
    return files


def _answers(evidence: Evidence, path: str) -> list[Exchange | Upgrade]:
    """Return the answers that say that the application does not have the path: at the page itself,
    or where its redirect to the same path leads."""
    target = evidence.target
    if path in target.websockets:
        return [u for u in refused_websockets(evidence, path) if u.status in {200, 400, 404, 405}]
    return [
        page
        for page in evidence.good(Exchange)
        if page.is_of_visit and page.status in MISSING_PAGE
        if (url := parse_url(page.url)) and (url.host, url.path) == (target.host, path)
    ]


def _lines(haproxy: HaproxyView, missed: WholePath) -> tuple[Line, ...]:
    """Return the lines that compare the path: the ACL of this frontend and its twins in others, or
    the rule itself."""
    own = [
        line
        for line in haproxy.proxies.frontend.own("acl")
        if len(line.words) > 3 and line.words[1] in missed.line.words
        if line.words[2] == (f"path_{missed.replaced}" if missed.replaced else "path")
        if missed.path in line.words[3:]
    ]
    twins = [
        line
        for frontend in haproxy.proxies.config.frontends
        for line in frontend.own("acl")
        if own and line.words == own[0].words and line not in own
    ]
    return (*own[:1], *twins) if own else (missed.line,)


def _edit(haproxy: HaproxyView, missed: WholePath, lines: tuple[Line, ...]) -> Edit | None:
    """Write `path_beg` in the place of `path`, or take `-m str` away; None if a line is written in
    another way."""
    value, flag = re.escape(missed.path), r"(?:\s+-i)?"
    pattern = re.compile(rf"(?<=\s)path(?={flag}\s+{value}(?:\s|$))")
    wanted = "path_beg"
    if missed.replaced:
        pattern = re.compile(rf"(?<=\s)(path_{missed.replaced}{flag})\s+-m\s+str(?={flag}\s)")
        wanted = r"\1"
    changes: dict[int, tuple[str, ...]] = {}
    for line in lines:
        text = line_text(haproxy.view, line.file, line.number)
        if line.file != lines[0].file or len(pattern.findall(text)) != 1 or "/" in line.words:
            return None
        changes[line.number] = (pattern.sub(wanted, text),)
    return line_edit(haproxy.view, lines[0].file, changes)


def _fix(haproxy: HaproxyView, missed: WholePath, lines: tuple[Line, ...]) -> Fix:
    edit = _edit(haproxy, missed, lines)
    if edit is None:
        return manual_fix(
            haproxy.view, "compare-the-beginning" if not missed.replaced else "take-the-flag-off"
        )
    return Fix((edit, *reload_steps(haproxy.view.server)), Applicability.REVIEW)
