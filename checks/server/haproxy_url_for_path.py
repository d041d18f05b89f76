"""A line of HAProxy writes `%[url]` where the path belongs. `url` is what stands in the request:
the path with its query, and over HTTP/2, which browsers use, the whole address (Configuration
Manual, "url", "path", "pathq"). A redirect to "https://www.example.com%[url]" leads to
"https://www.example.comhttps://…" then, and `set-path %[url]` writes the query twice.
"""

import re
from collections.abc import Iterator, Sequence

from checks.server import line_edit, line_text, manual_fix, reload_steps
from checks.server._haproxy import HaproxyView, haproxy_view, place
from diagnose.checking.registry import check
from diagnose.model import Applicability, Claim, Confidence, Edit, Evidence, Fix, Severity, Subject
from diagnose.model.http import BrowserVisit, Exchange, header, page_exchanges
from diagnose.model.web_servers import WebServer, WebServerConfig
from diagnose.parsers.haproxy.conditions import match_of, path_rules_of
from diagnose.parsers.haproxy.config import Line
from diagnose.parsers.haproxy.view import situation_of
from diagnose.parsers.sanitize import clean

_URL = re.compile(r"%\[url(?=[,\]])")
#: A value that ends with the URL, perhaps changed; `before` is the text right before it.
_LOCATION = re.compile(r"(?:[^\]]*\])*(?P<before>[^%\]]{1,300})%\[url[,\]]")
#: A value that is the URL, with no converter but such that look for no question mark.
_SET = re.compile(r"%\[url(?:,regsub\([^?\]]{1,500}\))*\]")


@check(
    severity=Severity.ERROR,
    needs=[WebServer, WebServerConfig],
    explains=[
        "http.redirect-wrong-host",
        "http.redirect-doubled",
        "server.application-answers",
        "server.own-answer",
        "server.page-missing",
    ],
)
def haproxy_url_for_path(evidence: Evidence) -> Iterator[Claim]:
    haproxy = haproxy_view(evidence)
    if haproxy is None or haproxy.proxies.frontend.mode != "http":
        return
    for visit in evidence.good(BrowserVisit):
        location = header(visit.headers, "Location") if visit.version == "HTTP/2" else ""
        line = _redirecting(haproxy, visit.url, location or "")
        if line is not None and visit.port == evidence.target.port:
            yield _claim(haproxy, line, "pathq", [visit], location or "")
            return
    pages = page_exchanges(evidence)
    if "?" in evidence.target.path and any(page.status for page in pages):
        for line in _setting(haproxy):
            yield _claim(haproxy, line, "path", pages)
            return


def _redirecting(haproxy: HaproxyView, url: str, location: str) -> Line | None:
    """Return the rule that made a Location in which the whole URL stands behind another text."""
    for line in _lines(haproxy):
        value = line.after("location") or line.after("prefix")
        match = _LOCATION.match(value) if "redirect" in line.words[:2] else None
        origin = "/".join(url.split("/", 3)[:3])
        if match and "://" in location and f"{match['before']}{origin}" in location:
            return line
    return None


def _setting(haproxy: HaproxyView) -> Iterator[Line]:
    """Yield the rules that set the path of the target's request to its URL."""
    proxies, target = haproxy.proxies, haproxy.view.evidence.target
    for proxy in filter(None, (proxies.frontend, proxies.backend)):
        rules = path_rules_of(proxy)
        situation = situation_of(rules, target, proxies.tls)
        for rule in rules:
            words, match = rule.line.words, match_of(rule, situation)
            if words[1] != "set-path" or match is None or match.conditional or match.websocket:
                continue
            path = target.path_without_query
            is_taken = path in match.prefixes if match.exact else path.startswith(match.prefixes)
            if is_taken and _SET.search("".join(words[2:3])):
                yield rule.line


def _lines(haproxy: HaproxyView) -> Sequence[Line]:
    backend = haproxy.proxies.backend
    return (*haproxy.proxies.frontend.lines, *(backend.lines if backend else ()))


def _claim(
    haproxy: HaproxyView,
    line: Line,
    wanted: str,
    answers: Sequence[BrowserVisit | Exchange],
    location: str = "",
) -> Claim:
    view, target = haproxy.view, haproxy.view.evidence.target
    own = Subject(port=target.port, path=target.path_without_query)
    is_well = not location and any((answer.status or 500) < 400 for answer in answers)
    edit = _edit(haproxy, line, wanted)
    return Claim(
        about=own,
        covers=(own, Subject(port=target.port, path=target.path), Subject(port=target.port)),
        because=(*answers, view.server),
        severity=Severity.WARNING if is_well else Severity.ERROR,
        confidence=Confidence.CERTAIN,
        facts={
            **view.facts,
            "path": own.path,
            "query": "" if location else clean(target.path.partition("?")[2], 300),
            "location": clean(location, 300),
            "place": place(line),
            "wanted": wanted,
            "status": answers[0].status or "",
        },
        fix=Fix((edit, *reload_steps(view.server)), Applicability.AUTOMATIC)
        if edit
        else manual_fix(view, "write-the-path"),
    )


def _edit(haproxy: HaproxyView, line: Line, wanted: str) -> Edit | None:
    text = line_text(haproxy.view, line.file, line.number)
    new, count = _URL.subn(f"%[{wanted}", text)
    return line_edit(haproxy.view, line.file, {line.number: (new,)}) if count == 1 else None
