"""A pasted message names the types that a client accepts, and Apache, Caddy or HAProxy compares the
field `Accept` with one of them as a whole: `RewriteCond %{HTTP_ACCEPT} ^application/json$`, Caddy's
`header Accept application/json`, HAProxy's `fhdr(accept)`, and its `hdr(accept)` for a value that
has a parameter. A client that accepts several types sends another value (RFC 9110 section 12.5.1).

No request is needed: what is compared stands in the configuration, and what is sent in the message.
"""

import re
from collections.abc import Iterator

from checks.server import (
    ServerView,
    file_rows,
    line_edit,
    line_text,
    place_text,
    reload_steps,
    server_on_port,
)
from checks.server._haproxy import haproxy_view
from diagnose.checking.registry import check
from diagnose.model import (
    Applicability,
    Claim,
    Confidence,
    Edit,
    Evidence,
    Fix,
    Manual,
    Severity,
    Subject,
    Where,
)
from diagnose.model.frozen import frozen
from diagnose.model.web_servers import WebServer, WebServerConfig
from diagnose.parsers.accept_comparisons import AcceptComparison, accept_comparison, items_of
from diagnose.parsers.accepted_types import bare_types, reported_accept, tells_several_types

#: Browsers send these beside text/html: to look for one in the field is true for them as well.
_OF_BROWSERS = frozenset({"application/xml", "application/xhtml+xml"})
_BLOCK = re.compile(r"^\s*(?P<name>@?\S{1,80})(?:\s[^{}#]*)?\{\s*$")


@frozen
class _Compared:
    """A comparison, and its line."""

    comparison: AcceptComparison
    file: str
    number: int
    text: str


@check(severity=Severity.WARNING, needs=[WebServer, WebServerConfig], needs_message=True)
def accept_compared_whole(evidence: Evidence) -> Iterator[Claim]:
    symptom, view = evidence.target.symptom, server_on_port(evidence)
    if symptom is None or view is None or view.config is None:
        return
    sent = reported_accept(symptom.text)
    is_told = sent or tells_several_types(symptom.text)
    if "accept" not in symptom.text.lower() or not is_told:
        return
    lines = [line for line in _lines(view) if _misses(line.comparison, sent, symptom.text)]
    if not lines:
        return
    path = evidence.target.path_without_query
    yield Claim(
        about=Subject(port=evidence.target.port, path=path),
        because=(view.server, view.config),
        # Which of the site's paths the line is for is not known.
        confidence=Confidence.LIKELY if sent else Confidence.POSSIBLE,
        facts={
            **view.facts,
            "line": lines[0].text.strip(),
            "place": place_text(lines[0].file, lines[0].number),
            "corrected": lines[0].comparison.corrected.strip(),
            "type": lines[0].comparison.type,
            "by_item": lines[0].comparison.by_item,
            "sent": sent,
        },
        fix=_fix(view, lines),
    )


def _lines(view: ServerView) -> Iterator[_Compared]:
    """Yield the comparisons in the lines of the site, but for types that another line looks for."""
    product, rows = view.server.product, tuple(_rows(view))
    others: list[str] = []
    lines_found: list[_Compared] = []
    for file, number, text, in_matcher in rows:
        comparison = accept_comparison(product, text, in_matcher=in_matcher)
        if comparison is not None:
            lines_found.append(_Compared(comparison, file, number, text))
        elif "accept" in text.lower():
            others.append(text.replace("\\", "").lower())
    inside = "\n".join(others)
    for each in lines_found:
        subtype = each.comparison.type.partition("/")[2]
        if each.comparison.type not in _OF_BROWSERS and subtype not in inside:
            yield each


def _rows(view: ServerView) -> Iterator[tuple[str, int, str, bool]]:
    """Yield the lines of the site: file, number, text, and whether they stand in the block of one
    of Caddy's matchers."""
    haproxy = haproxy_view(view.evidence)
    if haproxy is not None:
        for proxy in (haproxy.proxies.frontend, haproxy.proxies.backend):
            for line in proxy.lines if proxy else ():
                yield line.file, line.number, line_text(view, line.file, line.number), False
        return
    for site in view.answering_sites[:1]:
        file = view.config.file(site.file) if view.config else None
        blocks: list[str] = []
        rows = file_rows(view, file)[max(0, site.line - 1) : site.end] if file else ()
        for number, text in enumerate(rows, max(1, site.line)):
            if text.lstrip().startswith("#"):
                continue
            yield site.file, number, text, bool(blocks) and blocks[-1].startswith("@")
            if match := _BLOCK.match(text):
                blocks.append(match["name"])
            elif text.strip() == "}" and blocks:
                blocks.pop()


def _misses(comparison: AcceptComparison, sent: str, text: str) -> bool:
    """Return whether a request has the type and is not found by the comparison."""
    if not sent:
        bare = bare_types(text)
        return not comparison.by_item and (not bare or comparison.type in bare)
    items = items_of(sent) if comparison.by_item else (sent.lower(),)
    return comparison.type in bare_types(sent) and comparison.type not in items


def _fix(view: ServerView, lines: list[_Compared]) -> Fix:
    changes: dict[str, dict[int, tuple[str, ...]]] = {}
    for line in lines:
        changes.setdefault(line.file, {})[line.number] = (line.comparison.corrected,)
    edits = [line_edit(view, file, own) for file, own in changes.items()]
    steps = tuple(edit for edit in edits if isinstance(edit, Edit))
    if not steps:
        return Fix((Manual("look-inside", Where.SERVER),), Applicability.MANUAL)
    return Fix((*steps, *reload_steps(view.server)), Applicability.REVIEW)
