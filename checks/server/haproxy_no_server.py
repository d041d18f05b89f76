"""HAProxy answers 503, or in mode tcp closes the connection, because it uses no server of the
backend. Its statistics say why: the servers are in maintenance, their names have no address, their
health checks fail although the application answers, or they cannot be reached (Management Guide,
section 9.1, "status" and "check_status"). Or the backend has no line `server` at all.

A health check that gets a wrong status is server.haproxy-health-check-fails.
"""

from collections.abc import Iterator

from checks.server import manual_fix, place_text, reload_steps
from checks.server._haproxy import (
    HaproxyView,
    haproxy_view,
    insert_word,
    lacks_check_ssl,
    place,
    refused_visits,
    without_words,
)
from diagnose.checking.registry import check
from diagnose.model import (
    Applicability,
    Claim,
    Evidence,
    Fix,
    Manual,
    Severity,
    Step,
    Subject,
    Where,
)
from diagnose.model.addresses import is_local_host
from diagnose.model.frozen import frozen
from diagnose.model.haproxy import HaproxyTry, ServerState
from diagnose.model.http import Exchange
from diagnose.model.tls import Handshake
from diagnose.model.web_servers import WebServer, WebServerConfig
from diagnose.parsers.haproxy.addresses import BackendServer, servers_of
from diagnose.parsers.haproxy.conditions import refusing_rules_of
from diagnose.parsers.haproxy.config import Proxy


@frozen
class UnusedServer:
    """A server that HAProxy does not use, why (a fact of the page), and its state."""

    server: BackendServer
    reason: str
    state: ServerState | None = None


@check(
    severity=Severity.ERROR,
    needs=[WebServer, WebServerConfig, Exchange],
    explains=[
        "server.application-answers",
        "server.backend-not-reached",
        "http.server-error",
        "tls.closed",
        "tls.reset",
        "websocket.*",
    ],
)
def haproxy_no_server(evidence: Evidence) -> Iterator[Claim]:
    haproxy, port = haproxy_view(evidence), evidence.target.port
    backend = haproxy.proxies.backend if haproxy else None
    visits = refused_visits(haproxy) if haproxy else ()
    if haproxy is None or backend is None or not visits:
        return
    if _is_empty(backend):
        yield _empty(haproxy, backend, visits)
        return
    unused = _unused(haproxy, servers_of(backend))
    if unused is None:
        return
    server, state = unused.server, unused.state
    status = (haproxy.status,) if haproxy.status else ()
    yield Claim(
        about=Subject(port=port, text=backend.name),
        covers=(Subject(port=port),),
        because=(*visits, *haproxy.tries_for("page"), *status, haproxy.view.server),
        facts={
            **haproxy.view.facts,
            "backend": backend.name,
            "member": server.name,
            "address": server.address,
            "place": place(server.line),
            "check": state.check if state else "",
            "detail": state.detail if state else "",
            "empty": False,
            unused.reason: True,
            "in_file": server.disabled,
            "socket": haproxy.status.path if haproxy.status else "",
            "check_port_number": _check_port(server),
            "tcp": haproxy.proxies.frontend.mode == "tcp",
        },
        fix=_fix(haproxy, unused),
    )


def _is_empty(backend: Proxy) -> bool:
    """Return whether nothing in a backend answers: no server, in whatever words, and no rule."""
    actions = {line.words[1] for line in backend.own("http-request") if len(line.words) > 1}
    is_served = any(line.keyword in _SERVERS for line in backend.lines)
    is_answered = refusing_rules_of(backend) or actions & {"redirect", "use-service"}
    is_transparent = backend.own("option", "transparent") or backend.own("option", "http_proxy")
    return not (is_served or is_answered or is_transparent or backend.own("redirect"))


#: Keywords by which a backend has servers (Configuration Manual, chapter 4), or answers itself.
_SERVERS = {"server", "server-template", "dispatch", "stats", "errorfile", "use-fcgi-app"}


def _empty(haproxy: HaproxyView, backend: Proxy, visits: tuple[Exchange | Handshake, ...]) -> Claim:
    section, port = backend.section, haproxy.view.evidence.target.port
    is_tcp = haproxy.proxies.frontend.mode == "tcp"
    unnamed = ("member", "address", "check", "detail", "socket", "check_port_number", "in_file")
    config = haproxy.view.config
    return Claim(
        about=Subject(port=port, text=backend.name),
        covers=(Subject(port=port),),
        because=(*visits, *((config,) if config else ()), haproxy.view.server),
        facts={
            **haproxy.view.facts,
            **dict.fromkeys(unnamed, ""),
            "backend": backend.name,
            "place": place_text(section.file, section.line),
            "empty": True,
            "tcp": is_tcp,
        },
        fix=manual_fix(haproxy.view, "write-server"),
    )


def _unused(haproxy: HaproxyView, servers: tuple[BackendServer, ...]) -> UnusedServer | None:
    """Return the first server with a reason; None if one is used, or nothing shows why not."""
    if servers and all(server.disabled for server in servers):
        return UnusedServer(servers[0], "maintenance")
    if servers and all(server.is_drained for server in servers):
        return UnusedServer(servers[0], "drained")
    backend = servers[0].backend if servers else ""
    states = haproxy.status.of_backend(backend) if haproxy.status else ()
    if not states or not all(state.is_down or state.is_in_maintenance for state in states):
        return None
    named = {state.name: state for state in states}
    pages = {attempt.name: attempt for attempt in haproxy.tries_for("page")}
    unused_servers = (
        UnusedServer(server, reason, named[server.name])
        for server in servers
        if server.name in named
        if (reason := _reason(haproxy, server, named[server.name], pages.get(server.name)))
    )
    return next(unused_servers, None)


def _reason(
    haproxy: HaproxyView, server: BackendServer, state: ServerState, page: HaproxyTry | None
) -> str:
    if state.is_in_maintenance:
        return "unresolved" if "resolution" in state.state else "maintenance"
    if page is None:
        return ""
    if page.status is not None and page.status < 500:
        return _failed_check(haproxy, server, state)
    local = is_local_host(server.host)
    # A program of this machine that does not run is server.application-down.
    return "unreachable" if state.check.startswith("L4") and not local else ""


def _failed_check(haproxy: HaproxyView, server: BackendServer, state: ServerState) -> str:
    """Return why the health check of a working server fails."""
    if state.check.startswith("L4") and _check_port(server):
        return "check_port"
    if lacks_check_ssl(haproxy.proxies, server) and state.check in {
        "L7STS",
        "L7RSP",
        "L6RSP",
        "SOCKERR",
    }:
        return "check_ssl"
    is_lost = state.check.startswith(("L6", "L4", "SOCKERR"))
    if is_lost and "check-ssl" in server.options and not server.tls:
        return "check_plain"
    if state.check == "L7RSP":
        return "check_content"
    if state.check in {"L7TOUT", "L6TOUT"}:
        return "check_slow"
    return ""


def _check_port(server: BackendServer) -> str:
    """Return the port of the health checks, if it is another one than the server's."""
    words = server.line.words
    places = [index for index, word in enumerate(words[:-1]) if word == "port" and index > 2]
    port = words[places[-1] + 1] if places else ""
    return "" if port == str(server.port) else port


def _fix(haproxy: HaproxyView, unused: UnusedServer) -> Fix:
    """Return what a person does. A server in maintenance was put there by somebody."""
    view, server = haproxy.view, unused.server
    if unused.reason == "check_port":
        edit = without_words(view, server.line, "port", _check_port(server))
        if edit:
            return Fix((edit, *reload_steps(view.server)), Applicability.REVIEW)
    if unused.reason == "check_ssl":
        words = "check-ssl" if "verify" in server.options else "check-ssl verify none"
        edit = insert_word(view, server.line, words)
        if edit:
            return Fix((edit, *reload_steps(view.server)), Applicability.AUTOMATIC)
    wrong = {"check_plain": ("check-ssl",), "drained": ("weight", "0")}.get(unused.reason, ())
    if wrong and (edit := without_words(view, server.line, *wrong)):
        return Fix((edit, *reload_steps(view.server)), Applicability.REVIEW)
    in_file = unused.reason != "maintenance" or server.disabled
    loading: tuple[Step, ...] = reload_steps(view.server) if in_file else ()
    step = unused.reason.replace("_", "-")
    return Fix((Manual(step, Where.SERVER), *loading), Applicability.MANUAL)
