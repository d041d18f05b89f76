"""The server runs with another configuration than the one on disk, and the site of the target
differs in them. What is loaded was asked of the server itself (Caddy's admin API). Where that is
off, Caddy's empty answer 200 shows that the site on disk is not loaded: it is what Caddy answers
for a name that it does not know. HAProxy's statistics show the servers that it has loaded.

Apache cannot be asked. Its file is newer than its oldest process, the file passes the request on to
an application that answers it, and Apache answers with an error page of its own, or passes a
WebSocket on as a page. Or it refuses what the files on disk give: a file that is there, a script to
which an .htaccess leads, a redirect, a folder that everybody may see."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace

from checks.server import ServerView, place_text, reload_steps, server_on_port, test_steps
from checks.server._backend_answers import refused_paths, websocket_severity
from checks.server._haproxy_loaded import own_refusals, unloaded_change
from checks.server._unloaded_answers import UnloadedAnswer, unloaded_answer
from diagnose.checking.registry import check
from diagnose.model import (
    Applicability,
    Claim,
    Confidence,
    Evidence,
    Fix,
    Manual,
    Observation,
    Severity,
    Subject,
    Where,
)
from diagnose.model.backends import BackendVisit
from diagnose.model.http import Exchange, Upgrade, page_exchanges
from diagnose.model.tls import Handshake
from diagnose.model.web_servers import WebServer, WebServerConfig, WebSite
from diagnose.parsers.http import GATEWAY_FAILURES, is_error, proxy_page
from diagnose.parsers.web_sites import answering_sites, inner_path, route_of

#: Statuses that are decided on purpose: who may come in, and how often.
_ON_PURPOSE = {401, 403, 429}


@check(
    severity=Severity.ERROR,
    needs=[WebServer, WebServerConfig],
    explains=[
        "server.application-answers",
        "tls.*",
        "certificate.*",
        "http.*",
        "upstream.*",
        "websocket.*",
        "server.site-missing",
        "server.application-down",
        "server.application-speaks-tls",
        "server.own-answer",
        "server.page-missing",
        "server.access-not-granted",
        "server.request-logged",
        "server.haproxy-health-check-fails",
        "server.haproxy-no-server",
        "server.haproxy-no-backend",
        "server.haproxy-map-ends-search",
    ],
)
def reload_needed(evidence: Evidence) -> Iterator[Claim]:
    view, target = server_on_port(evidence), evidence.target
    if view is None or view.config is None:
        return
    if view.test is not None and not view.test.passed:
        return
    if view.config.loaded is None:
        yield from _not_asked(view)
        answer = unloaded_answer(view)
        yield from (_other_answer(view, answer),) if answer else _apache_not_reloaded(view)
        yield from _not_loaded_by_haproxy(view)
    if view.config.loaded is not False:
        return
    running = replace(view.config, sites=view.config.running)
    loaded = answering_sites(running, target.port, target.host)
    on_disk = view.answering_sites
    if not on_disk or [*map(_without_places, loaded)] == [*map(_without_places, on_disk)]:
        return
    symptoms = tuple(_symptoms(evidence))
    yield Claim(
        about=Subject(text=place_text(on_disk[0].file, on_disk[0].line) or view.config.path),
        covers=(Subject(),),
        because=(view.server, view.config, *symptoms),
        facts={
            **view.facts,
            "file": on_disk[0].file or view.config.path,
            "missing": not loaded,
            "matters": bool(symptoms),
            "off": False,
            "unit": view.server.unit,
            **_CADDY,
        },
        severity=None if symptoms else Severity.NOTE,
        ruled_out=view.ruled_out,
        fix=_fix(view, bool(symptoms)),
    )


def _not_asked(view: ServerView) -> Iterator[Claim]:
    """Make the claim where the server cannot be asked what it runs with: the file was changed after
    the start, passes every request on, and the answer is Caddy's for an unknown name."""
    evidence, config, server = view.evidence, view.config, view.server
    empty = [
        symptom
        for symptom in _symptoms(evidence)
        if isinstance(symptom, Exchange) and not symptom.body
    ]
    sites = view.answering_sites
    if config is None or server.product != "caddy" or not empty or not sites or not server.loaded:
        return
    file = config.file(sites[0].file)
    is_newer = file is not None and file.changed is not None and file.changed > server.loaded
    routes = sites[0].routes
    passes_all = bool(routes) and routes[0].path == "/" and not routes[0].pattern
    if file is None or not is_newer or not passes_all or not routes[0].target:
        return
    off = any(re.search(r"^\s*admin\s+off\s*$", file.text, re.MULTILINE) for file in config.files)
    yield Claim(
        about=Subject(text=place_text(sites[0].file, sites[0].line) or config.path),
        covers=(Subject(),),
        because=(server, config, *empty),
        facts={
            **view.facts,
            "file": file.path,
            # With 502 the site is there, and passes the request on to another application.
            "missing": all(symptom.status not in GATEWAY_FAILURES for symptom in empty),
            "matters": True,
            "off": off,
            "unit": server.unit,
            **_CADDY,
        },
        confidence=Confidence.LIKELY,
        ruled_out=view.ruled_out,
        fix=Fix((*test_steps(server), Manual("restart", Where.SERVER)), Applicability.MANUAL)
        if off and "reload" in server.reload
        else _fix(view, False),
    )


#: Facts that only Apache and HAProxy have.
_CADDY: dict[str, object] = {
    "caddy": True, "apache": False, "haproxy": False,
    "path": "", "place": "", "status": "",
    "running": "", "written": "", "backend": "", "answer": "",
    "gives_file": "", "gives_script": "", "gives_url": "", "gives_folder": "",
}  # fmt: skip


def _apache_not_reloaded(view: ServerView) -> Iterator[Claim]:
    server, config, sites = view.server, view.config, view.answering_sites
    if config is None or server.product != "apache" or not server.loaded or not sites:
        return
    file = config.file(sites[0].file)
    if file is None or file.changed is None or file.changed <= server.loaded:
        return
    for path, answers, websocket in refused_paths(view.evidence):
        own = path.partition("?")[0]
        routes = {route_of(site, own, websocket) for site in sites}
        route = routes.pop() if len(routes) == 1 else None
        if route is None or not answers or not _is_older(view, own, websocket, answers):
            continue
        visits = [
            visit
            for visit in view.evidence.good(BackendVisit)
            if (visit.target, visit.requested, visit.websocket) == (route.target, own, websocket)
            if visit.path == inner_path(route, own) and visit.succeeded
        ]
        if not visits or (websocket and not route.websocket):
            continue
        yield Claim(
            about=Subject(text=place_text(sites[0].file, sites[0].line)),
            covers=(Subject(),),
            because=(server, config, visits[0], *answers),
            facts={
                **view.facts,
                "file": file.path,
                "missing": False,
                "matters": True,
                "off": False,
                "unit": server.unit,
                **_CADDY,
                "caddy": False,
                "apache": True,
                "path": own,
                "place": place_text(route.file, route.line),
                "status": answers[0].status or "",
            },
            severity=websocket_severity(view.evidence) if websocket else None,
            confidence=Confidence.LIKELY,
            ruled_out=view.ruled_out,
            fix=_fix(view, True),
        )
        return


def _other_answer(view: ServerView, answer: UnloadedAnswer) -> Claim:
    """Return the claim where Apache refuses what its files give."""
    return Claim(
        about=Subject(text=place_text(answer.site.file, answer.site.line)),
        covers=(Subject(),),
        because=(
            view.server,
            *((view.config,) if view.config else ()),
            *answer.because,
            *answer.pages,
        ),
        facts={
            **view.facts,
            "file": answer.file,
            "missing": False,
            "matters": True,
            "off": False,
            "unit": view.server.unit,
            **_CADDY,
            "caddy": False,
            "apache": True,
            "path": view.evidence.target.path_without_query,
            "status": answer.pages[0].status or "",
            answer.kind: answer.text,
        },
        confidence=Confidence.LIKELY,
        ruled_out=view.ruled_out,
        # A reload that opens a folder is a person's decision.
        fix=_fix(view, answer.kind != "gives_folder"),
    )


def _is_older(
    view: ServerView, path: str, websocket: bool, answers: Sequence[Exchange | Upgrade]
) -> bool:
    """Return whether these answers are none of the file's: error pages of Apache itself, and no
    rule of the file that answers so; or refusals of a WebSocket, which the application opens."""
    rules = view.config.rules if view.config else ()
    own = [rule for rule in rules if (rule.path, rule.websocket) == (path, websocket)]
    if any(rule.rule or rule.condition for rule in own):
        return False
    return all(
        proxy_page(answer.body) == "Apache"
        if isinstance(answer, Exchange)
        else (answer.status or 999) < 500
        for answer in answers
    )


def _not_loaded_by_haproxy(view: ServerView) -> Iterator[Claim]:
    """Make the claim where a file is newer than what HAProxy loaded, and its statistics show other
    servers than the file, or the application that the file names answers what visitors miss."""
    symptoms = tuple(
        symptom
        for symptom in _symptoms(view.evidence)
        # An empty page is Caddy's answer for an unknown name.
        if not isinstance(symptom, Exchange) or is_error(symptom)
    )
    symptoms = symptoms or own_refusals(view)
    change = unloaded_change(view) if symptoms else None
    if change is None:
        return
    yield Claim(
        about=Subject(text=change.file),
        covers=(Subject(),),
        because=(view.server, *change.because, *symptoms),
        facts={
            **view.facts,
            "file": change.file,
            "missing": False,
            "matters": True,
            "off": False,
            "unit": view.server.unit,
            **_CADDY,
            "caddy": False,
            "haproxy": True,
            "backend": change.backend,
            "running": change.running,
            "written": change.written,
            "answer": change.answer,
        },
        confidence=Confidence.CERTAIN if change.is_shown else Confidence.LIKELY,
        ruled_out=view.ruled_out,
        fix=_fix(view, change.is_shown),
    )


def _fix(view: ServerView, matters: bool) -> Fix:
    """Return the reload. Somebody may be editing the file where visitors see nothing wrong."""
    applicability = Applicability.AUTOMATIC if matters else Applicability.REVIEW
    return Fix(reload_steps(view.server), applicability)


def _without_places(site: WebSite) -> WebSite:
    """Return a site without its lines, which are not known of what runs."""
    return replace(
        site,
        sockets=tuple(replace(socket, file="", line=0) for socket in site.sockets),
        files=tuple(replace(file, file="", line=0) for file in site.files),
        routes=tuple(replace(route, file="", line=0) for route in site.routes),
        redirects=tuple(replace(redirect, file="", line=0) for redirect in site.redirects),
        file="",
        line=0,
        end=0,
    )


def _symptoms(evidence: Evidence) -> Iterator[Observation]:
    """Return what visitors see that may come from the old configuration."""
    port = evidence.target.port
    for handshake in evidence.of(Handshake):
        if handshake.port == port and handshake.is_browser_like and handshake.failure is not None:
            yield handshake
    for exchange in page_exchanges(evidence):
        empty = exchange.status == 200 and not exchange.body and exchange.method == "GET"
        if is_error(exchange) or empty:
            yield exchange
    for upgrade in evidence.of(Upgrade):
        if upgrade.port == port and not upgrade.accepted and upgrade.status not in _ON_PURPOSE:
            yield upgrade
