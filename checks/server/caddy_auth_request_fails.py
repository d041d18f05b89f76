"""Caddy asks a service whether a visitor may pass (`forward_auth`), and what the service answers is
what the visitor gets, unless it is 2xx. A 404 says that the service has nothing at the path of
`uri`. And a service that redirects to a login page of the same site is asked about that page too,
where no matcher keeps it out: the login redirects to itself for ever (Caddyfile Directives,
"forward_auth").

The control of the first is the application, which serves the page when asked directly; of the
second, that the page itself does not redirect to itself, and its login page does.
"""

import re
from collections.abc import Iterator, Sequence

from checks.server import (
    ServerView,
    line_edit,
    manual_fix,
    place_text,
    reload_steps,
    server_on_port,
)
from checks.server._backend_answers import route_to_application, visit_of
from checks.server._caddy_lines import CaddyLine, own_lines
from checks.server._rules import decisive_rule
from diagnose.checking.registry import check
from diagnose.model import (
    Applicability,
    Claim,
    Confidence,
    Edit,
    Evidence,
    Fix,
    Observation,
    Severity,
    Subject,
)
from diagnose.model.http import Exchange, page_exchanges
from diagnose.model.web_servers import WebServer, WebServerConfig
from diagnose.parsers.redirects import REDIRECTS, leads_to_itself
from diagnose.parsers.urls import parse_url
from diagnose.parsers.web_sites import inner_path

_DIRECTIVE = "forward_auth"
#: Statuses by which a service says that it has nothing there. 401 and 403 are its verdict, and 502
#: to 504 are Caddy's own.
_NOTHING = {400, 404, 405, 410, 500, 501}
_PLAIN_PATH = re.compile(r"(?:/[\w.-]{1,80}){1,6}/?")


@check(
    severity=Severity.ERROR,
    needs=[WebServer, WebServerConfig, Exchange],
    explains=[
        "server.application-answers", "server.own-answer", "http.redirect-loop",
        "server.redirect-loop", "http.server-error",
    ],
)  # fmt: skip
def caddy_auth_request_fails(evidence: Evidence) -> Iterator[Claim]:
    view = server_on_port(evidence)
    if view is None or view.server.product != "caddy":
        return
    visits = _refused(view)
    loop = None if visits else _loop(view)
    asks = [line for line in own_lines(view) if line.text.split()[:1] == [_DIRECTIVE]]
    if not (visits or loop) or len(asks) != 1 or not _is_for_all(asks[0]):
        return
    ask, words = asks[0], asks[0].text.split()
    url = parse_url(loop.url) if loop else None
    path = url.path.partition("?")[0] if url else ""
    edit = _guarding_edit(view, ask, path) if loop else None
    yield Claim(
        about=Subject(port=evidence.target.port, path=evidence.target.path),
        covers=(Subject(port=evidence.target.port),),
        because=(*visits, *((loop,) if loop else ()), *_configs(view), view.server),
        facts={
            **view.facts,
            "url": evidence.target.url,
            "place": place_text(ask.file, ask.number),
            "service": next((word for word in words[1:] if word not in {"*", "{"}), ""),
            "uri": _uri(view, ask),
            "status": _status(visits),
            "login": path,
        },
        confidence=Confidence.LIKELY,
        fix=Fix((edit, *reload_steps(view.server)), Applicability.REVIEW)
        if edit
        else manual_fix(view, "leave-out" if loop else "right-path"),
    )


def _status(visits: Sequence[Observation]) -> object:
    return next((visit.status for visit in visits if isinstance(visit, Exchange)), "")


def _configs(view: ServerView) -> tuple[WebServerConfig, ...]:
    return (view.config,) if view.config else ()


def _refused(view: ServerView) -> tuple[Observation, ...]:
    """Return the page's answers and the application's own, where that one serves the page."""
    pages, path = page_exchanges(view.evidence), view.evidence.target.path_without_query
    if not pages or not {page.status for page in pages} <= _NOTHING:
        return ()
    route = route_to_application(view, path)
    visit = visit_of(view.evidence, route, path, inner_path(route, path), False) if route else None
    if visit is None or not visit.succeeded or decisive_rule(view, path, False, pages[0].status):
        return ()
    return (*pages, visit)


def _loop(view: ServerView) -> Exchange | None:
    """Return the login page of the site that redirects to itself, after the target's page has led
    there."""
    target = view.evidence.target
    for exchange in view.evidence.good(Exchange):
        url = parse_url(exchange.url)
        if url is None or (url.host, url.port) != (target.host, target.port):
            continue
        is_other = url.path.partition("?")[0] != target.path_without_query
        if is_other and exchange.status in REDIRECTS and leads_to_itself(exchange):
            return exchange
    return None


def _is_for_all(line: CaddyLine) -> bool:
    """Return whether the service is asked about every page of the site: there is no matcher, and no
    block with one around it."""
    words = line.text.split()
    around = {head for head in line.heads[1:] if head != "route"}
    return words[1:2] != ["{"] and not words[1].startswith(("/", "@")) and not around


def _uri(view: ServerView, ask: CaddyLine) -> str:
    lines = (
        line.text.split()
        for line in own_lines(view)
        if line.file == ask.file and ask.number < line.number <= ask.number + 20
    )
    return next((words[1] for words in lines if words[:1] == ["uri"] and words[1:]), "")


def _guarding_edit(view: ServerView, ask: CaddyLine, path: str) -> Edit | None:
    """Return the edit after which the service is asked about all but its login page."""
    if not _PLAIN_PATH.fullmatch(path) or any("@guarded" in line.text for line in own_lines(view)):
        return None
    start = ask.text[: len(ask.text) - len(ask.text.lstrip())]
    words = ask.text.strip().split(None, 1)
    rest = words[1].removeprefix("* ")
    matcher = f"{start}@guarded not path {path.rstrip('/')} {path.rstrip('/')}/*"
    return line_edit(
        view, ask.file, {ask.number: (matcher, f"{start}{_DIRECTIVE} @guarded {rest}")}
    )
