"""An upstream of Caddy's reverse_proxy has a path (`reverse_proxy 127.0.0.1:8080/api/`), as nginx's
proxy_pass may have one. To Caddy an upstream is host and port alone (Caddyfile, "reverse_proxy",
"Upstream addresses"): with a path it is no address, and every request gets 502.
"""

import re
from collections.abc import Iterator

from checks.server import ServerView, file_rows, line_edit, manual_fix, reload_steps, server_on_port
from checks.server._backend_answers import failed_route
from diagnose.checking.registry import check
from diagnose.model import Applicability, Claim, Evidence, Fix, Severity, Subject
from diagnose.model.frozen import frozen
from diagnose.model.http import Exchange, page_exchanges
from diagnose.model.web_servers import SiteRoute, WebServer, WebServerConfig

#: "http://127.0.0.1:8080/api/:80": Caddy takes the port of the scheme, as it sees none at the end.
_TARGET = re.compile(
    r"https?://([\w.-]{1,255}(?::\d{1,5})?|\[[\da-f:.]{2,45}\]:\d{1,5})(/[\w./-]*):\d+"
)
_VERSION_WITH_REWRITE = (2, 6)


@frozen
class _Upstream:
    """An upstream as it is written: its address and its path."""

    address: str
    path: str


@check(
    severity=Severity.ERROR,
    needs=[WebServer, WebServerConfig, Exchange],
    explains=[
        "server.application-answers",
        "server.other-requests-failed",
        "http.server-error",
        "websocket.not-upgraded",
        "upstream.application-log",
    ],
)
def caddy_upstream_path(evidence: Evidence) -> Iterator[Claim]:
    view, target = server_on_port(evidence), evidence.target
    if view is None or view.config is None or view.server.product != "caddy":
        return
    pages = page_exchanges(evidence)
    route = failed_route(view)
    upstream = _upstream(route) if route else None
    if route is None or upstream is None or not pages:
        return
    if any(page.status != 502 for page in pages):
        return
    path = target.path_without_query
    own = Subject(port=target.port, path=path)
    yield Claim(
        about=own,
        covers=(own, Subject(port=target.port)),
        because=(view.server, view.config, *pages),
        facts={
            **view.facts,
            "path": path,
            "address": upstream.address,
            "extra": upstream.path,
            "kept": _is_kept(route, upstream),
        },
        fix=_fix(view, route, upstream),
    )


def _upstream(route: SiteRoute) -> _Upstream | None:
    match = _TARGET.fullmatch(route.target)
    return _Upstream(match[1], match[2]) if match and not route.socket else None


def _is_kept(route: SiteRoute, upstream: _Upstream) -> bool:
    """Return whether the path with which the application is asked has that of the upstream by
    itself."""
    asked = f"{route.backend_path.rstrip('/')}/"
    return asked.startswith(f"{upstream.path.rstrip('/')}/")


def _fix(view: ServerView, route: SiteRoute, upstream: _Upstream) -> Fix:
    """Take the path off the one line that has it. If the application is asked with its root, the
    path goes before the visitor's, as proxy_pass of nginx would write it."""
    written = f"{upstream.address}{upstream.path}"
    line = re.compile(rf"(\s*)(reverse_proxy\s.*?)({re.escape(written)})(\s*\{{)?(\s*(?:#.*)?)")
    places = [
        (file.path, number, match)
        for file in (view.config.files if view.config else ())
        for number, text in enumerate(file_rows(view, file), 1)
        if (match := line.fullmatch(text))
    ]
    if len(places) != 1:
        return manual_fix(view, "address-alone")
    path, number, match = places[0]
    own = f"{match[1]}{match[2]}{upstream.address}"
    if _is_kept(route, upstream):
        lines: tuple[str, ...] = (f"{own}{match[4] or ''}{match[5]}",)
    elif route.backend_path.strip("/") or _version(view) < _VERSION_WITH_REWRITE:
        return manual_fix(view, "address-alone")
    else:
        rewrite = f"{match[1]}\trewrite {upstream.path.rstrip('/')}{{uri}}"
        lines = (f"{own} {{{match[5]}", rewrite, *(() if match[4] else (f"{match[1]}}}",)))
    edit = line_edit(view, path, {number: lines})
    if edit is None:
        return manual_fix(view, "address-alone")
    return Fix((edit, *reload_steps(view.server)), Applicability.REVIEW)


def _version(view: ServerView) -> tuple[int, ...]:
    return tuple(map(int, re.findall(r"\d{1,6}", view.server.version)[:2]))
