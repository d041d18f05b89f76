"""The server that answers was started with another configuration than the one in the usual place,
which has the site too: nginx -c and -p (nginx(8)), haproxy -f, apache2 -f and -d, caddy run
--resume, a command like `caddy reverse-proxy`, or an own build beside the package. Edits of the
usual file have no effect there.

Such a file alone is no fault: a package leaves one behind. It counts where visitors get an error
because nothing listens where the server that answers passes the path on, and the usual file is the
newer one of the two and names an address at which a program listens; where the page is missing and
the newer file leads to another program; or where a person says that a change has no effect.

A Caddyfile in a person's folder is such a file too, if it is newer than the one of the service.
"""

from collections.abc import Iterator, Sequence
from typing import Protocol

from checks.nginx import Nginx
from checks.nginx._commands import reload_steps as nginx_reload_steps
from checks.nginx._edits import Changes, config_edits
from checks.server import ServerView, place_text, reload_steps, server_on_port
from checks.server._address_edits import address_edit
from checks.upstream import Backend, backends
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
from diagnose.model.file_commands import copy_over
from diagnose.model.frozen import frozen
from diagnose.model.http import page_exchanges
from diagnose.model.nginx import NginxConfig
from diagnose.model.server import Listeners
from diagnose.model.steps import Effect, Risk
from diagnose.model.unread_configs import UnreadConfig
from diagnose.model.web_servers import SiteRoute
from diagnose.parsers.http import GATEWAY_FAILURES, MISSING_PAGE
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
        "server.other-application",
        "server.other-requests-failed",
        "server.own-answer",
        "server.page-missing",
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
        if not pages and _leads_elsewhere(evidence, unread, used):
            pages = [page for page in page_exchanges(evidence) if page.status in MISSING_PAGE]
            is_cause = bool(pages)
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
                **used.facts,
                "other_config": unread.path,
                "other_place": place_text(unread.file, unread.line),
                "other_target": unread.target,
                "differs": bool(unread.target) and unread.target != used.target,
                "status": pages[0].status if is_cause else "",
                "down": is_cause and used.is_down,
                "copied": is_cause and _is_copied(unread, used),
                "name": evidence.target.host,
                "test": used.test,
            },
            fix=_fix(unread, used) if is_cause or not used.config else _manual(used),
        )
        return


class _Used(Protocol):
    """The configuration with which the server that answers runs, and where that passes the path on.

    `config` is its main file, "" if it runs without one. `target` is the address as it is written,
    `address` its host and port, and `is_down` is whether nothing takes connections there. `changed`
    is the time of the file that names it, or else of the start, in seconds since the epoch, None if
    unknown. `test` is the command that tests the configuration, "" for nginx's usual one. `facts`
    are the others of the texts about it.
    """

    @property
    def config(self) -> str: ...
    @property
    def target(self) -> str: ...
    @property
    def address(self) -> tuple[str, int]: ...
    @property
    def is_down(self) -> bool: ...
    @property
    def changed(self) -> float | None: ...
    @property
    def because(self) -> tuple[Observation, ...]: ...
    @property
    def facts(self) -> dict[str, object]: ...
    @property
    def test(self) -> str: ...
    @property
    def reload_steps(self) -> Sequence[Command]: ...
    def edits(self, old: str, new: str) -> Sequence[Edit]:
        """Return the edits that write another address ("127.0.0.1:3000") in the place of one."""

    def loading_steps(self, unread: UnreadConfig) -> tuple[Command, ...]:
        """Return the commands by which the server runs with the unread file; () if a person has to
        do it."""


@frozen(eq=False)
class _UsedByNginx:
    """What nginx runs with: its process and configuration, and the backend of the path."""

    nginx: Nginx
    pid: int
    main: NginxConfig
    backend: Backend

    @property
    def config(self) -> str:
        return self.main.path

    @property
    def target(self) -> str:
        return self.backend.proxy_target.target

    @property
    def address(self) -> tuple[str, int]:
        endpoint = self.backend.proxy_target.endpoints[0]
        return endpoint.host, endpoint.port

    @property
    def is_down(self) -> bool:
        return self.backend.is_down

    @property
    def changed(self) -> float | None:
        file = self.nginx.file(self.backend.proxy_target.directive)
        return file.changed if file else None

    @property
    def because(self) -> tuple[Observation, ...]:
        return self.main, *self.backend.connect_attempts

    @property
    def facts(self) -> dict[str, object]:
        directive = self.backend.proxy_target.directive
        place = place_text(directive.file, directive.line)
        return {
            "server": "nginx",
            "pid": self.pid,
            "config": self.config,
            "command": "",
            "place": place,
            "target": self.target,
        }

    @property
    def test(self) -> str:
        return ""

    @property
    def reload_steps(self) -> Sequence[Command]:
        return nginx_reload_steps(self.nginx)

    def edits(self, old: str, new: str) -> Sequence[Edit]:
        changes: Changes = {}
        directives = tuple(target.directive for target in self.backend.proxy_targets)
        replace_in_directives(self.nginx, directives, old, new, changes)
        return config_edits(self.nginx, changes)

    def loading_steps(self, unread: UnreadConfig) -> tuple[Command, ...]:
        return ()


@frozen(eq=False)
class _UsedByServer:
    """What another server than nginx runs with, and the route of the path."""

    view: ServerView
    route: SiteRoute

    @property
    def config(self) -> str:
        return self.view.server.config

    @property
    def target(self) -> str:
        return self.route.target

    @property
    def address(self) -> tuple[str, int]:
        return self.route.host, self.route.port

    @property
    def is_down(self) -> bool:
        evidence, route = self.view.evidence, self.route
        return is_local_host(route.host) and not _is_listening(evidence, route.port)

    @property
    def changed(self) -> float | None:
        config, server = self.view.config, self.view.server
        file = config.file(self.route.file) if config and self.route.file else None
        return file.changed if file else server.loaded or server.started

    @property
    def because(self) -> tuple[Observation, ...]:
        config = (self.view.config,) if self.view.config else ()
        return self.view.server, *config, *self.view.evidence.good(Listeners)

    @property
    def facts(self) -> dict[str, object]:
        server = self.view.server
        return {
            "server": server.title,
            "pid": server.pid or "",
            "config": self.config,
            "command": server.arguments,
            "place": place_text(self.route.file, self.route.line),
            "target": self.target,
        }

    @property
    def test(self) -> str:
        return " ".join(self.view.server.test)

    @property
    def reload_steps(self) -> Sequence[Command]:
        return reload_steps(self.view.server) if self.config else ()

    def edits(self, old: str, new: str) -> Sequence[Edit]:
        edit = address_edit(self.view, self.route, new)
        return (edit,) if edit else ()

    def loading_steps(self, unread: UnreadConfig) -> tuple[Command, ...]:
        """Caddy takes a file while it runs, unless its command line is the configuration."""
        server = self.view.server
        if not server.arguments:
            return (server_commands.reload_server(unread.load),) if unread.load else ()
        if server.unit or not server.stop or not unread.start:
            return ()
        stop = Command(server.stop, Effect.CHANGE, risk=Risk.STOPS)
        return stop, server_commands.start_server(unread.start, ())


def _used_by_nginx(evidence: Evidence) -> _Used | None:
    nginx = Nginx.of(evidence)
    if nginx.master is None or nginx.config is None:
        return None
    path = evidence.target.path
    backend = next((each for each in backends(nginx) if path in each.paths), None)
    if backend is None or len(backend.proxy_target.endpoints) != 1:
        return None
    return _UsedByNginx(nginx, nginx.master.pid, nginx.config, backend)


def _used_by_server(evidence: Evidence) -> _Used | None:
    view = server_on_port(evidence)
    if view is None or view.config is None or view.server.container:
        return None
    path = evidence.target.path_without_query
    routes = [route for site in view.answering_sites if (route := route_of(site, path, False))]
    return _UsedByServer(view, routes[0]) if routes else None


def _is_listening(evidence: Evidence, port: int) -> bool:
    return any(listeners.on(port) for listeners in evidence.good(Listeners))


def _is_newer(unread: UnreadConfig, used: _Used) -> bool:
    known = unread.changed is not None and used.changed is not None
    return known and (unread.changed or 0) > (used.changed or 0)


def _would_answer(evidence: Evidence, unread: UnreadConfig, used: _Used) -> bool:
    """Return whether nothing takes the connection where the server passes the path on, and where
    the unread file does, a program of this machine listens."""
    is_other = (unread.host, unread.port) != used.address
    is_local = is_local_host(unread.host) and _is_listening(evidence, unread.port)
    return used.is_down and is_other and is_local


def _leads_elsewhere(evidence: Evidence, unread: UnreadConfig, used: _Used) -> bool:
    """Return whether the unread file of another server than nginx passes the path on to another
    program of this machine, which listens."""
    is_other = unread.product != "nginx" and (unread.host, unread.port) != used.address
    is_local = is_local_host(unread.host) and _is_listening(evidence, unread.port)
    return is_other and is_local and not used.is_down


def _is_copied(unread: UnreadConfig, used: _Used) -> bool:
    """Return whether the whole unread file is to take the place of the one that is used, whose
    sites it has: Caddy's user may not be able to read the folders of a person."""
    is_other_path = bool(used.config) and unread.path != used.config
    is_whole = unread.product == "caddy" and unread.replaces
    return is_whole and is_other_path and not used.is_down


def _fix(unread: UnreadConfig, used: _Used) -> Fix:
    """Write the address of the unread file where the server that answers reads it, or let it load
    that file, if it runs without one and loses no site. Where the used application answers, its
    address stays: it has other paths."""
    if _is_copied(unread, used):
        copies = copy_over(unread.path, used.config)
        return Fix((*copies, *used.reload_steps), Applicability.REVIEW)
    if not used.config:
        steps = used.loading_steps(unread) if unread.replaces else ()
        return Fix(steps, Applicability.REVIEW) if steps else _manual(used)
    if not used.is_down:
        return _manual(used)
    host, port = used.address
    edits = used.edits(f"{bracketed(host)}:{port}", f"{bracketed(unread.host)}:{unread.port}")
    if not edits:
        return _manual(used)
    return Fix((*edits, *used.reload_steps), Applicability.REVIEW)


def _manual(used: _Used) -> Fix:
    step = "write-it-there" if used.config else "start-with-the-file"
    return Fix((Manual(step, Where.SERVER), *used.reload_steps), Applicability.MANUAL)
