"""A rule of HAProxy chooses by a map (`use_backend %[req.hdr(host),map(FILE)]`) and takes each
request, the map has no row for this one, and a rule behind it has a backend: HAProxy tries no
further rule, and takes the default, or answers 503 (Configuration Manual, "use_backend").
"""

from collections.abc import Iterator

from checks.server import line_edit, manual_fix, reload_steps
from checks.server._haproxy import HaproxyView, haproxy_view, place
from checks.server._haproxy_conditions import literals
from diagnose.checking.registry import check
from diagnose.model import Applicability, Claim, Confidence, Edit, Evidence, Fix, Severity, Subject
from diagnose.model.http import Exchange, error_pages
from diagnose.model.web_servers import WebServer, WebServerConfig
from diagnose.parsers.haproxy.config import Line
from diagnose.parsers.haproxy.dynamic_backends import dynamic_backend
from diagnose.parsers.haproxy.ended_searches import EndedSearch, ended_search, lookup_of
from diagnose.parsers.sanitize import clean


@check(
    severity=Severity.ERROR,
    needs=[WebServer, WebServerConfig, Exchange],
    explains=[
        "http.server-error", "server.application-answers", "server.own-answer",
        "server.page-missing", "websocket.*",
    ],
)  # fmt: skip
def haproxy_map_ends_search(evidence: Evidence) -> Iterator[Claim]:
    haproxy, target = haproxy_view(evidence), evidence.target
    pages = error_pages(evidence)
    if haproxy is None or not pages or haproxy.proxies.frontend.mode != "http":
        return
    ended = ended_search(haproxy.proxies, target)
    default = haproxy.proxies.backend_name
    if ended is None or ended.backend == default:
        return
    dynamic = dynamic_backend(ended.ends[0])
    is_unavailable = not default and any(page.status == 503 for page in pages)
    yield Claim(
        about=Subject(port=target.port, path=target.path_without_query),
        covers=(Subject(port=target.port),),
        because=(*pages, *((haproxy.view.config,) if haproxy.view.config else ())),
        # With a default, its application may be the right one for the rest.
        confidence=Confidence.CERTAIN if is_unavailable else Confidence.LIKELY,
        severity=Severity.ERROR if is_unavailable else Severity.WARNING,
        facts={
            **haproxy.view.facts,
            "path": target.path,
            "place": place(ended.ends[0]),
            "map": clean(dynamic.file, 300) if dynamic else "",
            "lookup": clean(lookup_of(ended.ends[0]), 300),
            "later_place": place(ended.later),
            "backend": ended.backend,
            "default": default,
            "status": pages[0].status or "",
        },
        fix=_fix(haproxy, ended),
    )


def _fix(haproxy: HaproxyView, ended: EndedSearch) -> Fix:
    edit = _edit(haproxy, ended)
    if edit is None:
        return manual_fix(haproxy.view, "only-if-found")
    return Fix((edit, *reload_steps(haproxy.view.server)), Applicability.REVIEW)


def _edit(haproxy: HaproxyView, ended: EndedSearch) -> Edit | None:
    """Let each rule be true only where its map has a row; None if one cannot be written so."""
    changes: dict[int, tuple[str, ...]] = {}
    for line in ended.ends:
        text = _only_if_found(line)
        if not text or line.file != ended.ends[0].file:
            return None
        changes[line.number] = (f"    {text}",)
    return line_edit(haproxy.view, ended.ends[0].file, changes)


def _only_if_found(line: Line) -> str:
    """Return a rule with the test of its map before its own condition; "" if that has alternatives
    or needs quotes."""
    own = literals(line.words[3:]) if "".join(line.words[2:3]) in {"", "if"} else None
    if own is None or "or" in own or literals(line.words[:2]) is None:
        return ""
    lookup = f"{{ {lookup_of(line)} -m found }}"
    others = (text for text in own if text != "TRUE")
    return " ".join([*line.words[:2], "if", lookup, *others])
