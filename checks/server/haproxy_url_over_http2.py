"""A rule of HAProxy compares the URL with a path (`url_beg /api`). Over HTTP/2, which browsers use,
the URL is absolute ("https://host/api"), so that the rule takes no request of theirs, and the next
one or the default does. `path_beg` compares the path in both (Configuration Manual, "url").
"""

import re
from collections.abc import Iterator, Sequence

from checks.server import line_edit, line_text, manual_fix, reload_steps
from checks.server._haproxy import HaproxyView, haproxy_view, place
from diagnose.checking.registry import check
from diagnose.model import Applicability, Claim, Confidence, Edit, Evidence, Fix, Severity, Subject
from diagnose.model.http import BrowserVisit, Exchange, header, page_exchanges
from diagnose.model.web_servers import WebServer, WebServerConfig
from diagnose.parsers.haproxy.url_rules import UrlRule, url_rules
from diagnose.parsers.sanitize import clean

#: `url`, `url_beg` or `url_reg` as a word of its own, before its flags and values.
_FETCH = re.compile(r"(?<=\s)url(?=(?:_beg|_reg)?\s)")


@check(
    severity=Severity.ERROR,
    needs=[WebServer, WebServerConfig, Exchange, BrowserVisit],
)
def haproxy_url_over_http2(evidence: Evidence) -> Iterator[Claim]:
    target, (pages, visits) = evidence.target, _different_answers(evidence)
    haproxy = haproxy_view(evidence) if pages else None
    if haproxy is None or haproxy.proxies.frontend.mode != "http":
        return
    rules = list(url_rules(haproxy.proxies.frontend, target.path))
    if not rules:
        return
    first, page, visit = rules[0], pages[0], visits[0]
    is_refused = (page.status or 0) < 400 <= (visit.status or 0)
    chosen = first.rule.words[1] if first.rule.keyword == "use_backend" else ""
    own = Subject(port=target.port, path=target.path_without_query)
    yield Claim(
        about=own,
        covers=(own, Subject(port=target.port)),
        because=(*pages, *visits, haproxy.view.server),
        # The two requests differ in a browser's fields as well.
        confidence=Confidence.LIKELY,
        severity=Severity.ERROR if is_refused else Severity.WARNING,
        facts={
            **haproxy.view.facts,
            "path": own.path,
            "place": place(first.line),
            "rule_place": place(first.rule),
            "fetch": first.fetch,
            "wanted": first.fetch.replace("url", "path", 1),
            "value": clean(first.values[0], 300),
            "backend": clean(chosen, 300),
            "status": page.status or "",
            "http2_status": visit.status or "",
        },
        fix=_fix(haproxy, rules),
    )


def _different_answers(evidence: Evidence) -> tuple[list[Exchange], list[BrowserVisit]]:
    """Return the answers for the page over HTTP/1.1 and over HTTP/2, if no two are the same."""
    pages = [
        page
        for page in page_exchanges(evidence)
        if page.status and page.version.startswith("HTTP/1")
    ]
    visits = [
        visit
        for visit in evidence.good(BrowserVisit)
        if visit.status and visit.version == "HTTP/2" and visit.port == evidence.target.port
    ]
    over_http2 = {(visit.status, header(visit.headers, "Location")) for visit in visits}
    is_same = any((page.status, page.header("Location")) in over_http2 for page in pages)
    return ([], []) if is_same or not visits else (pages, visits)


def _fix(haproxy: HaproxyView, rules: Sequence[UrlRule]) -> Fix:
    edit = _edit(haproxy, rules)
    if edit is None:
        return manual_fix(haproxy.view, "compare-the-path")
    return Fix((edit, *reload_steps(haproxy.view.server)), Applicability.REVIEW)


def _edit(haproxy: HaproxyView, rules: Sequence[UrlRule]) -> Edit | None:
    """Write `path` for `url` in each line; None if a value has a query, which the path has not, or
    if a line compares the URL with more."""
    changes: dict[int, tuple[str, ...]] = {}
    for rule in rules:
        text = line_text(haproxy.view, rule.line.file, rule.line.number)
        is_simple = len(_FETCH.findall(text)) == 1 and not any("?" in v for v in rule.values)
        if not is_simple or rule.line.file != rules[0].line.file:
            return None
        changes[rule.line.number] = (_FETCH.sub("path", text),)
    return line_edit(haproxy.view, rules[0].line.file, changes)
