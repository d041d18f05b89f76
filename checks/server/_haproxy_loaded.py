"""Whether HAProxy has loaded what its files say. It cannot be asked for its configuration; its
statistics have the names and addresses of the servers with which it runs ("show stat")."""

from collections.abc import Container

from checks.server import ServerView
from checks.server._backend_answers import route_to_application, visit_of
from checks.server._haproxy import HaproxyView, haproxy_view
from diagnose.model import Observation
from diagnose.model.frozen import frozen
from diagnose.model.haproxy import HaproxyStatus
from diagnose.model.http import Exchange, page_exchanges
from diagnose.model.web_servers import ServerFile
from diagnose.parsers.haproxy.addresses import BackendServer, servers_of
from diagnose.parsers.haproxy.config import Proxy
from diagnose.parsers.haproxy.dynamic_backends import dynamic_backend
from diagnose.parsers.haproxy.view import refusals
from diagnose.parsers.hostnames import is_address
from diagnose.parsers.http import proxy_page
from diagnose.parsers.web_sites import inner_path

#: What visitors get where HAProxy runs with a server that is no more.
_ERRORS = frozenset({500, 502, 503, 504})

#: Seconds by which a file must be newer: the start of a process is known less exactly.
_SLACK = 1.0


@frozen
class UnloadedChange:
    """A file that was changed after HAProxy loaded it. `running` are the servers of a backend in
    the statistics and `written` those in the file, "" if they are not known to differ. `answer` is
    the status that the application of the file gave when it was asked directly, None if that is not
    the evidence."""

    file: str
    backend: str
    because: tuple[Observation, ...]
    running: str = ""
    written: str = ""
    answer: int | str = ""

    @property
    def is_shown(self) -> bool:
        """Whether HAProxy itself shows that it runs with something else."""
        return bool(self.written)


def unloaded_change(view: ServerView) -> UnloadedChange | None:
    """Return the change that HAProxy has not loaded, None if nothing shows one for the target."""
    file, haproxy = _newer_file(view), haproxy_view(view.evidence)
    backend = haproxy.proxies.backend if haproxy else None
    if haproxy is None or backend is None:
        return None
    change = _other_servers(haproxy, backend, file) if file else None
    change = change or (_answering(haproxy, backend, file, _ERRORS) if file else None)
    if change is None and file and own_refusals(view):
        change = _answering(haproxy, backend, file, {403, 404})
    map_file = _newer_map(haproxy)
    if change is None and map_file:
        # A name without a row gets the default's answer, which is any error.
        change = _answering(haproxy, backend, map_file, range(400, 600))
    return change


def own_refusals(view: ServerView) -> tuple[Exchange, ...]:
    """Return the pages that HAProxy itself refuses, if no rule of its files refuses the path."""
    target, haproxy = view.evidence.target, haproxy_view(view.evidence)
    pages = page_exchanges(view.evidence) if haproxy else ()
    is_ruled = bool(haproxy and refusals(haproxy.proxies, target, target.path))
    is_own = all(page.status in {403, 404} and proxy_page(page.body) == "HAProxy" for page in pages)
    return pages if is_own and not is_ruled else ()


def _newer_file(view: ServerView) -> str:
    """Return the first file of the configuration that is newer than what was loaded."""
    files = view.config.files if view.config and view.server.product == "haproxy" else ()
    return next((file.path for file in files if _is_newer(view, file)), "")


def _newer_map(haproxy: HaproxyView) -> str:
    """Return the map by which the target's backend is chosen, if it is newer than what was loaded:
    HAProxy reads it once (Configuration Manual, section 7.3.1, "map")."""
    view, selection = haproxy.view, haproxy.proxies.selection
    dynamic = dynamic_backend(selection.line) if selection else None
    files = view.config.maps if view.config and dynamic else ()
    own = (file for file in files if dynamic and file.path == dynamic.file)
    return next((file.path for file in own if _is_newer(view, file)), "")


def _is_newer(view: ServerView, file: ServerFile) -> bool:
    loaded = view.server.loaded
    return loaded is not None and (file.changed or 0.0) > loaded + _SLACK


def _other_servers(haproxy: HaproxyView, backend: Proxy, file: str) -> UnloadedChange | None:
    """Return the change if the statistics have other servers of the backend than the file."""
    status, servers = haproxy.status, servers_of(backend)
    if status is None or not status.servers or not servers:
        return None
    running = _running(status, backend)
    written = {server.name: server.address for server in servers if _is_literal(server)}
    is_other = set(running) != {server.name for server in servers} or any(
        address and running[name] and running[name] != address for name, address in written.items()
    )
    if not is_other or any(line.keyword == "server-template" for line in backend.lines):
        return None
    return UnloadedChange(
        file,
        backend.name,
        (status,),
        running=_text(running),
        written=_text({server.name: server.address for server in servers}),
    )


def _running(status: HaproxyStatus, backend: Proxy) -> dict[str, str]:
    return {state.name: state.address for state in status.of_backend(backend.name)}


def _is_literal(server: BackendServer) -> bool:
    """Return whether the file has the address itself, and not a name for it."""
    return bool(server.port) and is_address(server.host)


def _text(servers: dict[str, str]) -> str:
    return ", ".join(f"{name} {address}".strip() for name, address in list(servers.items())[:4])


def _answering(
    haproxy: HaproxyView, backend: Proxy, file: str, errors: Container[int]
) -> UnloadedChange | None:
    """Return the change if visitors get one of the errors by a server that is up, and the
    application that the file names answers the same page when it is asked directly."""
    view = haproxy.view
    states = haproxy.status.of_backend(backend.name) if haproxy.status else ()
    path = view.evidence.target.path_without_query
    route, pages = route_to_application(view), page_exchanges(view.evidence)
    visit = visit_of(view.evidence, route, path, inner_path(route, path), False) if route else None
    is_error = bool(pages) and all((page.status or 0) in errors for page in pages)
    if visit is None or not visit.succeeded or not is_error:
        return None
    if any(state.is_down or state.is_in_maintenance or state.is_full for state in states):
        return None
    return UnloadedChange(file, backend.name, (visit,), answer=visit.status or "")
