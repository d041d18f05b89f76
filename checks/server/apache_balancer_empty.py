"""Apache passes a path on to a balancer that has no members: no `<Proxy balancer://NAME>` has that
name, mostly because it is written differently (mod_proxy_balancer). Apache answers 503."""

import difflib
import re
from collections.abc import Iterator

from checks.server import (
    ServerView,
    line_edit,
    line_text,
    manual_fix,
    pages_with_status,
    place_text,
    reload_steps,
    server_on_port,
)
from checks.server._backend_answers import route_to_application
from diagnose.checking.registry import check
from diagnose.model import Applicability, Claim, Confidence, Evidence, Fix, Severity, Subject
from diagnose.model.http import Exchange
from diagnose.model.web_servers import SiteRoute, WebServer, WebServerConfig

_NAMED = re.compile(r"(?im)^\s*(?:<Proxy|BalancerMember)\s+[\"']?balancer://([\w.-]{1,100})")


@check(
    severity=Severity.ERROR,
    needs=[WebServer, WebServerConfig, Exchange],
    explains=["http.server-error", "server.application-answers", "server.request-logged"],
)
def apache_balancer_empty(evidence: Evidence) -> Iterator[Claim]:
    view, target = server_on_port(evidence), evidence.target
    if view is None or view.config is None or view.server.product != "apache":
        return
    pages = [page for status in (500, 502, 503) for page in pages_with_status(evidence, status)]
    route = route_to_application(view) if pages else None
    if route is None or route.scheme != "balancer" or route.members:
        return
    near = _near(view, route.host)
    yield Claim(
        about=Subject(port=target.port, path=target.path),
        covers=(Subject(port=target.port),),
        because=(*pages, view.server, view.config),
        # A part that was not read may have the members; a balancer manager may add some.
        confidence=Confidence.CERTAIN if view.config.complete and near else Confidence.LIKELY,
        facts={
            **view.facts,
            "path": route.path,
            "balancer": route.host,
            "place": place_text(route.file, route.line),
            "near": near,
            "status": pages[0].status,
        },
        fix=_fix(view, route, near),
    )


def _near(view: ServerView, name: str) -> str:
    """Return the name of a balancer with members that is written almost alike, "" if there is
    none."""
    files = view.config.files if view.config else ()
    names = {known for file in files for known in _NAMED.findall(file.text)} - {name}
    return next(iter(difflib.get_close_matches(name, sorted(names), 1, 0.6)), "")


def _fix(view: ServerView, route: SiteRoute, near: str) -> Fix:
    line = line_text(view, route.file, route.line)
    written = re.compile(rf"(?<=balancer://){re.escape(route.host)}(?![\w.-])")
    edit = line_edit(view, route.file, {route.line: (written.sub(near, line),)}) if near else None
    if edit is None:
        return manual_fix(view, "add-members")
    return Fix((edit, *reload_steps(view.server)), Applicability.REVIEW)
