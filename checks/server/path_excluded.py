"""Apache does not pass the path of a WebSocket on: `ProxyPass /ws !` excludes it (mod_proxy), and
nothing else takes it. Such a line comes from an example in which a RewriteRule passes WebSockets
on.
"""

from collections.abc import Iterator

from checks.server import (
    line_edit,
    manual_fix,
    place_text,
    reload_steps,
    server_on_port,
)
from checks.server._backend_answers import refused_websockets
from diagnose.checking.registry import check
from diagnose.model import Applicability, Claim, Confidence, Evidence, Fix, Severity, Subject
from diagnose.model.http import Upgrade
from diagnose.model.web_servers import SiteRoute, WebServer, WebServerConfig
from diagnose.parsers.web_sites import is_taken, route_of


@check(
    severity=Severity.ERROR,
    needs=[WebServer, WebServerConfig, Upgrade],
    explains=["websocket.not-upgraded", "websocket.no-location", "websocket.inner-proxy"],
)
def path_excluded(evidence: Evidence) -> Iterator[Claim]:
    view, target = server_on_port(evidence), evidence.target
    if view is None or view.config is None:
        return
    for path in dict.fromkeys(target.websockets):
        plain, upgrades = path.partition("?")[0], refused_websockets(evidence, path)
        site = next(iter(view.answering_sites), None)
        excluded = route_of(site, plain, websocket=True) if site else None
        if site is None or not upgrades or excluded is None or excluded.target != "!":
            continue
        passing_route = next(
            (r for r in site.routes if is_taken(r, plain) and r.target != "!"), None
        )
        yield Claim(
            about=Subject(port=target.port, path=path),
            covers=(Subject(port=target.port, path=path),),
            because=(*upgrades, view.server, view.config),
            confidence=Confidence.LIKELY,
            facts={
                **view.facts,
                "path": path,
                "prefix": excluded.path,
                "place": place_text(excluded.file, excluded.line),
                "status": upgrades[0].status or "",
                "target": passing_route.target if passing_route else "",
            },
            fix=_fix(evidence, excluded, passing_route),
        )


def _fix(evidence: Evidence, excluded: SiteRoute, passing: SiteRoute | None) -> Fix:
    """Pass the path on to where the site's other paths go, by ws://."""
    view = server_on_port(evidence)
    assert view is not None
    edit = None
    if passing is not None and passing.scheme == "http" and passing.host and passing.port:
        line = f"    ProxyPass {excluded.path} ws://{passing.authority}{excluded.path}"
        edit = line_edit(view, excluded.file, {excluded.line: (line,)})
    if edit is None:
        return manual_fix(view, "pass-on")
    return Fix((edit, *reload_steps(view.server)), Applicability.REVIEW)
