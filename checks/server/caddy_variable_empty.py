"""The address after Caddy's `reverse_proxy` comes from a variable of the environment (`{$PORT}`),
which has no value where Caddy runs: Caddy puts nothing in its place (Caddyfile, "Environment
Variables"). Of an address without its port Caddy asks port 80, which is its own; without any
address it answers 503.

The evidence is the running configuration, which has port 80, or no address, where the line has the
variable.
"""

import re
from collections.abc import Iterator

from checks.server import (
    ServerView,
    line_edit,
    manual_fix,
    place_text,
    reload_steps,
    server_on_port,
)
from checks.server._backend_answers import route_to_application
from checks.upstream._listening import only_port
from diagnose.checking.registry import check
from diagnose.model import Applicability, Claim, Confidence, Edit, Evidence, Fix, Severity, Subject
from diagnose.model.addresses import is_local_host
from diagnose.model.frozen import frozen
from diagnose.model.http import Exchange, page_exchanges
from diagnose.model.web_servers import WebServer, WebServerConfig, WebSite
from diagnose.parsers.redirects import leads_to_itself

#: The address that has a variable without a default: what stands before it, and its name.
_ADDRESS = re.compile(
    r"\s*(?:reverse_proxy|to)\s(?:[^#\n]{0,200}\s)?((?:https?://)?[\w.\[\]:-]{0,100}?)"
    r"\{\$(\w{1,100})\}(?=\s|$)"
)


@frozen
class _Written:
    """A line whose address has a variable: what stands before the variable."""

    number: int
    row: str
    before: str
    variable: str


@check(
    severity=Severity.ERROR,
    needs=[WebServer, WebServerConfig],
    explains=[
        "http.redirect-loop", "http.server-error", "server.application-answers",
        "server.application-down", "server.forces-https", "server.proxied-to-itself",
        "server.redirect-loop", "websocket.*",
    ],
)  # fmt: skip
def caddy_variable_empty(evidence: Evidence) -> Iterator[Claim]:
    view, target = server_on_port(evidence), evidence.target
    if view is None or view.server.product != "caddy" or len(view.answering_sites) != 1:
        return
    pages = page_exchanges(evidence)
    if not pages or not all(_has_failed(page) for page in pages):
        return
    site = view.answering_sites[0]
    written = _written(view, site)
    if len(written) != 1 or not _is_empty(view, written[0], [page.status for page in pages]):
        return
    own, subject = written[0], Subject(port=target.port, path=target.path)
    port = "" if view.server.container else only_port(evidence)
    edit = _edit(view, site, own, port)
    yield Claim(
        about=subject,
        covers=(subject, Subject(port=target.port), Subject(port=80)),
        because=(*pages, *((view.config,) if view.config else ()), view.server),
        # A value of 80 would be the same.
        confidence=Confidence.LIKELY if own.before.endswith(":") else Confidence.CERTAIN,
        facts={
            **view.facts,
            "variable": own.variable,
            "line": own.row.strip().removesuffix("{").strip(),
            "place": place_text(site.file, own.number),
            "port": own.before.endswith(":"),
            "status": pages[0].status or "",
            "unit": view.server.unit,
            "only_port": port,
        },
        fix=Fix((edit, *reload_steps(view.server)), Applicability.REVIEW)
        if edit
        else manual_fix(view, "give-the-value"),
    )


def _has_failed(page: Exchange) -> bool:
    return bool(page.failure) or (page.status or 0) >= 400 or leads_to_itself(page)


def _written(view: ServerView, site: WebSite) -> list[_Written]:
    file = view.config.file(site.file) if view.config and site.end else None
    rows = file.text.split("\n")[site.line - 1 : site.end] if file else []
    return [
        _Written(number, row, match[1], match[2])
        for number, row in enumerate(rows, site.line)
        if (match := _ADDRESS.match(row[:500]))
    ]


def _is_empty(view: ServerView, written: _Written, statuses: list[int | None]) -> bool:
    """Return whether the running configuration has nothing in the place of the variable."""
    route = route_to_application(view)
    if written.before.endswith(":"):
        host = written.before.rpartition("/")[2].rstrip(":").strip("[]")
        is_here = is_local_host(host) and 80 in view.server.ports
        return is_here and route is not None and (route.host, route.port) == (host, 80)
    is_whole = written.before in {"", "http://", "https://"}
    has_address = route is not None and bool(route.host or route.socket or route.members)
    return is_whole and not has_address and set(statuses) == {503}


def _edit(view: ServerView, site: WebSite, written: _Written, port: str) -> Edit | None:
    """Write the port of the only program that may be the application as the variable's default."""
    name = written.variable
    host = written.before.rpartition("/")[2].rstrip(":").strip("[]")
    is_here = not host or is_local_host(host)
    if not port or not is_here or written.before.startswith("https"):
        return None
    default = port if written.before.endswith(":") else f"127.0.0.1:{port}"
    changed = written.row.replace(f"{{${name}}}", f"{{${name}:{default}}}", 1)
    return line_edit(view, site.file, {written.number: (changed,)})
