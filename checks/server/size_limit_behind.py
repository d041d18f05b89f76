"""After a message that uploads from a size on get 413: Caddy, Apache or HAProxy has the path and
passes it on, and nothing in its configuration limits a request to that size. So the limit is that
of the application. No upload is sent for it: it is not measured.
"""

from collections.abc import Iterator

from checks.server import ServerView, server_on_port
from checks.server._backend_answers import is_passed_to_a_server, route_to_application
from checks.server._haproxy import haproxy_view
from checks.upstream._responses import asks_about_size
from diagnose.checking.registry import check
from diagnose.model import (
    Applicability,
    Claim,
    Confidence,
    Evidence,
    Fix,
    Manual,
    Severity,
    Subject,
    Where,
)
from diagnose.model.containers import NginxContainer
from diagnose.model.http import Exchange, page_exchanges
from diagnose.model.program_logs import ProgramRefusal
from diagnose.model.server import Listeners
from diagnose.model.web_servers import SiteRoute, WebServer, WebServerConfig
from diagnose.parsers.caddy.body_limits import body_limit
from diagnose.parsers.cdn import field_signs
from diagnose.parsers.haproxy.body_limits import body_rules
from diagnose.parsers.limit_messages import limit_message
from diagnose.parsers.reported_sizes import reported_size

_TOO_LARGE = 413


@check(
    severity=Severity.WARNING,
    needs=[WebServer, WebServerConfig, Exchange],
    explains=["server.other-requests-failed"],
    needs_message=True,
)
def size_limit_behind(evidence: Evidence) -> Iterator[Claim]:
    view, target, symptom = server_on_port(evidence), evidence.target, evidence.target.symptom
    pages = page_exchanges(evidence)
    size = reported_size(symptom.text) if symptom and asks_about_size(evidence) else 0
    if view is None or view.config is None or symptom is None or not size or not pages:
        return
    path = target.path_without_query
    route = route_to_application(view, path)
    is_status = symptom.number == _TOO_LARGE or str(_TOO_LARGE) in symptom.text
    # The words of a framework, and a line of the application's log, have checks of their own.
    is_known = limit_message(symptom.text) or evidence.of(ProgramRefusal)
    if route is None or not route.host or not is_status or is_known:
        return
    if _is_other_server(evidence, route) or any(dict(field_signs(page.headers)) for page in pages):
        return
    if not _passes_size(view, route, path):
        return
    # Imported late: few programs have such a limit.
    from checks.http._known_application import framework_facts

    yield Claim(
        about=Subject(port=target.port, path=path),
        covers=(Subject(port=target.port),),
        because=(*pages[:1], view.config, view.server),
        confidence=Confidence.LIKELY,
        facts={
            **view.facts,
            "path": path,
            "told": f"{size / (1 << 20):.3g} MB",
            "bytes": size,
            "application": route.target,
            "process": _process(evidence, route),
            **framework_facts(evidence, "body_limit"),
        },
        fix=Fix((Manual("raise", Where.APPLICATION),), Applicability.MANUAL),
    )


def _is_other_server(evidence: Evidence, route: SiteRoute) -> bool:
    """Return whether another web server is behind this one, with a limit of its own."""
    return is_passed_to_a_server(evidence, route) or bool(evidence.of(NginxContainer))


def _passes_size(view: ServerView, route: SiteRoute, path: str) -> bool:
    """Return whether the configuration was read, and has no limit that the message may be about."""
    config, evidence = view.config, view.evidence
    if config is None or not view.answering_sites:
        return False
    if view.server.product == "apache":
        # Apache does not count what mod_proxy passes on by http://, but ModSecurity does.
        return route.scheme in {"http", "https"} and not any(
            "security2" in module for module in config.modules
        )
    if view.server.product == "haproxy":
        haproxy = haproxy_view(evidence, path)
        is_read = haproxy is not None and haproxy.proxies.frontend.mode == "http"
        return (
            is_read
            and haproxy is not None
            and not body_rules(haproxy.proxies, evidence.target, path)
        )
    if view.server.product != "caddy":
        return False
    paths = {file.path for file in config.files}
    is_read = all(site.file in paths and 0 < site.line < site.end for site in view.answering_sites)
    # A limit that is wide enough by now may have been the one of the message.
    return is_read and not any(
        body_limit(config.files, site, path) for site in view.answering_sites
    )


def _process(evidence: Evidence, route: SiteRoute) -> str:
    """Return the name of the program that has the application's port, "" if that is not known."""
    names = {
        socket.process or ""
        for listeners in evidence.good(Listeners)
        for socket in listeners.on(route.port)
    }
    return names.pop() if len(names) == 1 else ""
