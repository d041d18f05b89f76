"""HAProxy answers the site's pages itself: `monitor-uri /` takes this one path, and `stats uri /`
every path that begins so (Configuration Manual, chapter 4). No application gets them.

The evidence is the line, and an answer that only HAProxy gives. A section without a server of its
own, such as one for the statistics on a port of their own, is meant so; and so is a path that is
opened by the very name that the line has.
"""

from collections.abc import Iterator

from checks.server import line_edit, line_text, manual_fix, reload_steps
from checks.server._haproxy import HaproxyView, haproxy_view, place, with_word
from diagnose.checking.registry import check
from diagnose.model import Applicability, Claim, Edit, Evidence, Fix, Severity, Subject
from diagnose.model.frozen import frozen
from diagnose.model.http import Exchange, page_exchanges
from diagnose.model.web_servers import WebServer, WebServerConfig
from diagnose.parsers.haproxy.config import Line, Proxy

#: What HAProxy's own answers have: to `monitor-uri`, and its page of statistics.
_MONITOR, _STATISTICS = "Service ready.", "Statistics Report for HAProxy"

#: The paths that take their place: no site has them.
_FREE = {"monitor-uri": "/haproxy-alive", "stats": "/haproxy-stats"}


@frozen
class _Taken:
    line: Line
    uri: str
    page: Exchange


@check(
    severity=Severity.ERROR,
    needs=[WebServer, WebServerConfig, Exchange],
    explains=[
        "http.base-path-missing", "http.page-file-missing",
        "server.application-answers", "server.haproxy-redirect-after-password",
        "server.own-answer", "websocket.no-location", "websocket.not-upgraded",
        "websocket.unauthorized",
    ],
)  # fmt: skip
def haproxy_path_taken(evidence: Evidence) -> Iterator[Claim]:
    haproxy, target = haproxy_view(evidence), evidence.target
    if haproxy is None or haproxy.proxies.frontend.mode != "http":
        return
    taken = _taken_path(haproxy, page_exchanges(evidence))
    if taken is None:
        return
    path, own = target.path_without_query, taken.line
    free = _FREE[own.keyword]
    edit = _edit(haproxy, taken, free)
    yield Claim(
        about=Subject(port=target.port, path=path),
        covers=(
            Subject(port=target.port, path=path),
            Subject(port=target.port, path=target.path),
            Subject(port=target.port),
        ),
        because=(
            taken.page,
            haproxy.view.server,
            *((haproxy.view.config,) if haproxy.view.config else ()),
        ),
        facts={
            **haproxy.view.facts,
            "path": path,
            "line": " ".join(own.words),
            "place": place(own),
            "uri": taken.uri,
            "free": free,
            "status": taken.page.status,
            "locked": taken.page.status == 401,
            "monitor": own.keyword == "monitor-uri",
        },
        fix=Fix((edit, *reload_steps(haproxy.view.server)), Applicability.REVIEW)
        if edit
        else manual_fix(haproxy.view, "write-another-path"),
    )


def _taken_path(haproxy: HaproxyView, pages: tuple[Exchange, ...]) -> _Taken | None:
    frontend, backend = haproxy.proxies.frontend, haproxy.proxies.backend
    whole = haproxy.view.evidence.target.path
    if not _passes_on(frontend):
        return None
    monitor = frontend.setting("monitor-uri")
    for page in pages:
        if monitor and monitor.words[1:2] == (whole,) == ("/",) and _MONITOR in page.body:
            return _Taken(monitor, "/", page)
        for proxy in (frontend, *((backend,) if backend and _passes_on(backend) else ())):
            line = proxy.setting("stats", "uri") if _is_statistics(page, proxy) else None
            if line and len(line.words) > 2 and _is_taken(line.words[2], whole):
                return _Taken(line, line.words[2], page)
    return None


def _is_statistics(page: Exchange, proxy: Proxy) -> bool:
    """Return whether an answer is the page of statistics, or asks for its password: no rule of the
    section does."""
    if page.status == 401:
        asks = any(line.words[1:2] == ("auth",) for line in proxy.own("http-request"))
        return page.asks_for_password and not asks and proxy.setting("stats", "auth") is not None
    return page.status == 200 and _STATISTICS in page.body


def _is_taken(uri: str, path: str) -> bool:
    """Return whether a path is a visitor's, and not the one by which the statistics are opened."""
    rest = path.removeprefix(uri)
    if uri == "/":
        return path.startswith("/") and rest[:1] not in {"?", ";"}
    return path.startswith(uri) and rest[:1] not in {"", "/", "?", ";"}


def _passes_on(proxy: Proxy) -> bool:
    """Return whether a section is there for a site."""
    return any(proxy.setting(keyword) for keyword in ("default_backend", "use_backend")) or bool(
        proxy.own("server") or proxy.own("server-template")
    )


def _edit(haproxy: HaproxyView, taken: _Taken, free: str) -> Edit | None:
    line = taken.line
    text = with_word(line_text(haproxy.view, line.file, line.number), taken.uri, free)
    return line_edit(haproxy.view, line.file, {line.number: (text,)}) if text else None
