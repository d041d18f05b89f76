"""The server that answers was started with another configuration than the one in the usual place,
which has the site too: nginx -c and -p (nginx(8)), haproxy -f, apache2 -f and -d, caddy run
--resume, a command like `caddy reverse-proxy`, or an own build beside the package. Edits of the
usual file have no effect there.

Such a file alone is no fault: a package leaves one behind. It counts where visitors get an error
because nothing listens where the server that answers passes the path on, and the usual file is the
newer one of the two and names an address at which a program listens; or where a person says that a
change has no effect.
"""

from collections.abc import Iterator, Sequence

from checks.nginx import Nginx
from checks.nginx._commands import reload_steps as nginx_reload_steps
from checks.nginx._edits import Changes, config_edits
from checks.server import ServerView, place_text, reload_steps, server_on_port
from checks.server._address_edits import address_edit
from checks.upstream import backends
from checks.upstream._edits import replace_in_directives
from diagnose.checking.registry import check
from diagnose.model import (
    Applicability,
    Claim,
    Command,
    Confidence,
    Edit,
    Evidence,
    Fix,
    Manual,
    Observation,
    Severity,
    Subject,
    Where,
    server_commands,
)
from diagnose.model.addresses import bracketed, is_local_host
from diagnose.model.files import UnreadConfig
from diagnose.model.frozen import frozen
from diagnose.model.http import page_exchanges
from diagnose.model.nginx import Directive
from diagnose.model.server import Listeners
from diagnose.model.steps import Effect, Risk
from diagnose.model.web_servers import SiteRoute
from diagnose.parsers.http import GATEWAY_FAILURES
from diagnose.parsers.web_sites import route_of


@check(
    severity=Severity.ERROR,
    needs=[UnreadConfig],
    explains=[
        "http.server-error",
        "server.application-answers",
        "server.application-down",
        "server.application-in-container",
        "server.backend-not-reached",
        "server.haproxy-no-server",
        "server.other-requests-failed",
        "server.request-logged",
        "nginx.other-requests-failed",
        "upstream.application-log",
        "upstream.refused",
        "websocket.inner-proxy",
        "websocket.not-upgraded",
    ],
)
def config_not_read(evidence: Evidence) -> Iterator[Claim]:
    for unread in evidence.good(UnreadConfig):
        used = _used_by_nginx(evidence) if unread.product == "nginx" else _used_by_server(evidence)
        if used is None or not _is_newer(unread, used):
            continue
        pages = [page for page in page_exchanges(evidence) if page.status in GATEWAY_FAILURES]
        is_cause = bool(pages) and _would_answer(evidence, unread, used)
        symptom = evidence.target.symptom
        is_asked = symptom is not None and symptom.kind == "not-loaded"
        if not is_cause and not is_asked:
            continue
        port, path = evidence.target.port, evidence.target.path
        yield Claim(
            about=Subject(port=port, path=path),
            covers=(Subject(), Subject(port=port), Subject(port=port, path=path)),
            because=(unread, *used.because, *(pages if is_cause else ())),
            severity=None if is_cause else Severity.WARNING,
            confidence=Confidence.CERTAIN if is_asked else Confidence.LIKELY,
            facts={
                "server": used.title,
                "pid": used.pid or "",
                "config": used.config,
                "command": used.command,
                "place": used.place,
                "target": used.target,
                "other_config": unread.path,
                "other_place": place_text(unread.file, unread.line),
                "other_target": unread.target,
                "differs": bool(unread.target) and unread.target != used.target,
                "status": pages[0].status if is_cause else "",
                "name": evidence.target.host,
                "test": used.test,
            },
            fix=_fix(unread, used) if is_cause or not used.config else _manual(used),
        )
        return


@frozen(eq=False)
class _Used:
    """The configuration with which the server that answers runs, and where that passes the path on.
    `config` is its main file, "" if it runs without one; then `command` is how it was started.
    `changed` is the time of the file, or else of the start."""

    title: str
    pid: int | None
    config: str
    command: str
    place: str
    target: str
    host: str
    port: int
    changed: float | None
    down: bool
    test: str
    because: tuple[Observation, ...]
    view: ServerView | None = None
    route: SiteRoute | None = None
    nginx: Nginx | None = None
    directives: tuple[Directive, ...] = ()


def _used_by_nginx(evidence: Evidence) -> _Used | None:
    nginx = Nginx.of(evidence)
    if nginx.master is None or nginx.config is None:
        return None
    path = evidence.target.path
    backend = next((each for each in backends(nginx) if path in each.paths), None)
    if backend is None or len(backend.proxy_target.endpoints) != 1:
        return None
    endpoint, directive = backend.proxy_target.endpoints[0], backend.proxy_target.directive
    file = nginx.file(directive)
    return _Used(
        "nginx",
        nginx.master.pid,
        nginx.config.path,
        "",
        place_text(directive.file, directive.line),
        backend.proxy_target.target,
        endpoint.host,
        endpoint.port,
        file.changed if file else None,
        backend.is_down,
        "",
        (nginx.config, *backend.connect_attempts),
        nginx=nginx,
        directives=tuple(target.directive for target in backend.proxy_targets),
    )


def _used_by_server(evidence: Evidence) -> _Used | None:
    view = server_on_port(evidence)
    if view is None or view.config is None or view.server.container:
        return None
    path = evidence.target.path.partition("?")[0]
    routes = [route for site in view.answering_sites if (route := route_of(site, path, False))]
    if not routes:
        return None
    route, server = routes[0], view.server
    file = view.config.file(route.file) if route.file else None
    is_down = is_local_host(route.host) and not _is_listening(evidence, route.port)
    return _Used(
        server.title,
        server.pid,
        server.config,
        server.arguments,
        place_text(route.file, route.line),
        route.target,
        route.host,
        route.port,
        file.changed if file else server.loaded or server.started,
        is_down,
        " ".join(server.test),
        (server, view.config, *evidence.good(Listeners)),
        view=view,
        route=route,
    )


def _is_listening(evidence: Evidence, port: int) -> bool:
    return any(listeners.on(port) for listeners in evidence.good(Listeners))


def _is_newer(unread: UnreadConfig, used: _Used) -> bool:
    known = unread.changed is not None and used.changed is not None
    return known and (unread.changed or 0) > (used.changed or 0)


def _would_answer(evidence: Evidence, unread: UnreadConfig, used: _Used) -> bool:
    """Return whether nothing takes the connection where the server passes the path on, and where
    the unread file does, a program of this machine listens."""
    is_other = (unread.host, unread.port) != (used.host, used.port)
    is_local = is_local_host(unread.host) and _is_listening(evidence, unread.port)
    return used.down and is_other and is_local


def _fix(unread: UnreadConfig, used: _Used) -> Fix:
    """Write the address of the unread file where the server that answers reads it, or let it load
    that file, if it runs without one."""
    if not used.config:
        steps = _loading_steps(unread, used)
        return Fix(steps, Applicability.REVIEW) if steps else _manual(used)
    edits, reload = _edits(unread, used)
    return Fix((*edits, *reload), Applicability.REVIEW) if edits else _manual(used)


def _loading_steps(unread: UnreadConfig, used: _Used) -> tuple[Command, ...]:
    """Return the commands by which Caddy runs with its file: it takes one while it runs, unless its
    command line is the configuration."""
    if not used.command:
        return (server_commands.reload_server(unread.load),) if unread.load else ()
    server = used.view.server if used.view else None
    if server is None or server.unit or not server.stop or not unread.start:
        return ()
    stop = Command(server.stop, Effect.CHANGE, risk=Risk.STOPS)
    return stop, server_commands.start_server(unread.start, ())


def _edits(unread: UnreadConfig, used: _Used) -> tuple[Sequence[Edit], Sequence[Command]]:
    old, new = f"{bracketed(used.host)}:{used.port}", f"{bracketed(unread.host)}:{unread.port}"
    if used.nginx is not None:
        changes: Changes = {}
        replace_in_directives(used.nginx, used.directives, old, new, changes)
        return config_edits(used.nginx, changes), nginx_reload_steps(used.nginx)
    if used.view is None or used.route is None:
        return (), ()
    edit = address_edit(used.view, used.route, new)
    return ((edit,) if edit else ()), reload_steps(used.view.server)


def _manual(used: _Used) -> Fix:
    reload: Sequence[Command] = ()
    if used.nginx is not None:
        reload = nginx_reload_steps(used.nginx)
    elif used.view is not None and used.config:
        reload = reload_steps(used.view.server)
    step = "write-it-there" if used.config else "start-with-the-file"
    return Fix((Manual(step, Where.SERVER), *reload), Applicability.MANUAL)
