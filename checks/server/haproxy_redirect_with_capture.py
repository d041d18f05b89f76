r"""A redirect of HAProxy has `\1` in its `location` or `prefix`. There is no capture: `path_reg`
compares and keeps nothing, so that `\1` itself arrives in the Location (Configuration Manual,
"http-request redirect"; captures are those of `regsub`, and of `replace-path`).
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace as replace_in

from checks.server import line_text, manual_fix, reload_steps
from checks.server._haproxy import HaproxyView, haproxy_view, place, replace
from diagnose.checking.registry import check
from diagnose.model import Applicability, Claim, Edit, Evidence, Fix, Severity, Subject
from diagnose.model.http import Exchange
from diagnose.model.web_servers import WebServer, WebServerConfig
from diagnose.parsers.haproxy.conditions import holds, rules_of
from diagnose.parsers.haproxy.config import Line
from diagnose.parsers.haproxy.view import situation_of
from diagnose.parsers.sanitize import clean

_CAPTURE = re.compile(r"(?:\\|%5[Cc])\d")
#: A location with a path before its one capture, which ends it.
_LOCATION = re.compile(r"(?P<origin>(?:https?://[\w.:-]{1,300})?)(?P<path>/(?:[\w/-]*/)?)\\1")
#: An expression for one beginning of the path and one group behind it.
_EXPRESSION = re.compile(r"\^(?P<path>/(?:[\w/-]*/)?)\((?:\[\^/\]|\.)[+*]\)\$?")


@check(
    severity=Severity.ERROR,
    needs=[WebServer, WebServerConfig, Exchange],
    explains=[
        "http.redirect-to-error", "http.redirect-loop", "http.redirect-wrong-host",
        "http.redirect-leaves-folder", "http.redirect-drops-path", "server.redirect-loop",
    ],
)  # fmt: skip
def haproxy_redirect_with_capture(evidence: Evidence) -> Iterator[Claim]:
    answers = [
        answer
        for answer in evidence.good(Exchange)
        if answer.is_page_of(evidence.target) and 300 <= (answer.status or 0) < 400
        if _CAPTURE.search(answer.header("Location") or "")
    ]
    haproxy = haproxy_view(evidence) if answers else None
    line = _redirect(haproxy, answers[0].header("Location") or "") if haproxy else None
    if haproxy is None or line is None:
        return
    location = _written(line)
    port, path = evidence.target.port, evidence.target.path_without_query
    edit = _edit(haproxy, line, path)
    own = Subject(port=port, path=path)
    yield Claim(
        about=own,
        covers=(own, Subject(port=port)),
        because=(*answers, haproxy.view.server),
        facts={
            **haproxy.view.facts,
            "path": path,
            "place": place(line),
            "written": clean(location, 300),
            "location": clean(answers[0].header("Location") or "", 300),
            "status": answers[0].status or "",
        },
        fix=Fix((edit, *reload_steps(haproxy.view.server)), Applicability.REVIEW)
        if edit
        else manual_fix(haproxy.view, "write-regsub"),
    )


def _written(line: Line) -> str:
    """Return what a redirect writes, "" of another rule."""
    is_redirect = line.keyword == "redirect" or line.starts_with("http-request", "redirect")
    return (line.after("location") or line.after("prefix")) if is_redirect else ""


def _redirect(haproxy: HaproxyView, location: str) -> Line | None:
    """Return the rule whose text with a capture stands in the Location, at its end or, as a
    prefix, at its beginning; None if more than one does."""
    proxies = [haproxy.proxies.frontend, *([b] if (b := haproxy.proxies.backend) else [])]
    lines = [
        line
        for proxy in proxies
        for line in proxy.lines
        if _CAPTURE.search(_written(line)) and _is_written(line, location)
    ]
    return lines[0] if len({_written(line) for line in lines}) == 1 else None


def _is_written(line: Line, location: str) -> bool:
    # What stands in "%[...]" comes from the request.
    text = _written(line).rpartition("]")[2]
    if not _CAPTURE.search(text):
        return False
    return text in location if line.after("prefix") else location.endswith(text)


def _edit(haproxy: HaproxyView, line: Line, path: str) -> Edit | None:
    """Write the path with its beginning replaced (`regsub`); None if the rule's expression is not
    one beginning and what follows, or if the new path would meet the rule again."""
    raw = line_text(haproxy.view, line.file, line.number)
    written = _LOCATION.fullmatch(_written(line))
    expressions = set(_expressions(haproxy, line))
    match = _EXPRESSION.fullmatch(expressions.pop()) if len(expressions) == 1 else None
    if not line.after("location") or not written or not match or {'"', "'", "#"} & set(raw):
        return None
    host = written["origin"].partition("://")[2].partition(":")[0].lower()
    is_behind = written["path"].startswith(match["path"])
    is_met_again = is_behind and _may_hold(haproxy, line, host, written["path"])
    if is_met_again or not path.startswith(match["path"]):
        return None
    new = f"{written['origin']}%[path,regsub(^{match['path']},{written['path']})]"
    old = _written(line)
    return replace(haproxy.view, line, raw.strip().replace(old, new)) if old in raw else None


def _may_hold(haproxy: HaproxyView, line: Line, host: str, path: str) -> bool:
    """Return whether a rule may answer a path of the host to which it redirects ("" is its own)."""
    proxies, target = haproxy.proxies, haproxy.view.evidence.target
    rules = rules_of(proxies.frontend)
    situation = situation_of(rules, replace_in(target, host=host or target.host), proxies.tls)
    own = [rule for rule in rules if rule.line == line]
    return not own or any(holds(rule, situation, path) is not False for rule in own)


def _expressions(haproxy: HaproxyView, line: Line) -> Iterator[str]:
    """Yield the expressions with which a rule compares the path."""
    acls: Sequence[Line] = [
        acl for acl in haproxy.proxies.frontend.own("acl") if acl.words[1:2] and acl.words[2:]
    ]
    for acl in acls:
        if acl.words[1] in line.words and acl.words[2] == "path_reg":
            yield from (word for word in acl.words[3:] if word != "-i")
    if "path_reg" in line.words:
        yield from (word for word in _braced(line) if word != "-i")


def _braced(line: Line) -> tuple[str, ...]:
    words = line.words[line.words.index("path_reg") + 1 :]
    return words[: words.index("}")] if "}" in words else words
