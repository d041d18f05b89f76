"""The server in front does not reach its application. Asked directly from the server, it is not
reached either: it is on another address than the one that is written, nothing has that address, or
the name has none. Or Apache's error log says why it got no answer from the application: the Unix
socket fails (AH02454), SELinux forbids the connection (AH00957, 13), the name has no address
(AH00898: often a missing slash at the end of ProxyPass), or the answer does not come in time
(AH01102)."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace

from checks.server import (
    ServerView,
    file_rows,
    line_edit,
    line_text,
    manual_fix,
    place_text,
    reload_steps,
    server_on_port,
)
from checks.server._backend_answers import failed_route, refused_websockets
from checks.server._program_sockets import opening_fix, other_socket, other_socket_fix
from diagnose.checking.registry import check
from diagnose.model import (
    Applicability,
    Claim,
    Command,
    Confidence,
    Edit,
    Effect,
    Evidence,
    Fix,
    Manual,
    Risk,
    Severity,
    Subject,
    Where,
)
from diagnose.model.addresses import bracketed, is_local_host
from diagnose.model.backends import BackendSocket, BackendVisit, MemberAnswer
from diagnose.model.http import Exchange, Upgrade, page_exchanges
from diagnose.model.logs import ServerRequestError
from diagnose.model.server import Interface, Listeners, interface_addresses
from diagnose.model.upstream import UpstreamSocket
from diagnose.model.web_servers import SiteRoute, WebServer
from diagnose.parsers.http import GATEWAY_FAILURES
from diagnose.parsers.linux import file_permissions
from diagnose.parsers.web_sites import route_of

#: The facts of a socket to which the server's user has no way.
_NO_SOCKET = {
    "user": "",
    "root": "",
    "blocker": "",
    "mode": "",
    "folder": False,
    "other_socket": "",
}

_REASONS = {"socket", "selinux", "backend-name", "timeout"}


@check(
    severity=Severity.ERROR,
    needs=[WebServer, Exchange],
    explains=[
        "http.page-file-missing",
        "server.application-silent",
        "server.application-answers",
        "http.server-error",
        "websocket.not-upgraded",
    ],
)
def backend_not_reached(evidence: Evidence) -> Iterator[Claim]:
    view, port = server_on_port(evidence), evidence.target.port
    error = next((e for e in evidence.good(ServerRequestError) if e.reason in _REASONS), None)
    if view is None:
        return
    pages = [page for page in page_exchanges(evidence) if (page.status or 0) >= 500]
    if not pages:
        yield from _unreached_websockets(view)
        return
    route = failed_route(view)
    # The log has the refusal alone; the permissions have its reason.
    logged = error.file if error and error.reason == "socket" else ""
    closed = list(_closed_socket(view, route, logged, pages))
    if closed:
        yield from closed
        return
    if error is None:
        yield from _missing_socket(view, route, pages)
        yield from _unreached(view, route, pages)
        return
    slash = bool(route) and error.reason == "backend-name" and _lacks_slash(error, route)
    yield Claim(
        about=Subject(port=port, path=evidence.target.path),
        covers=(Subject(port=port),),
        because=(error, view.server, *pages),
        facts={
            **view.facts,
            "status": pages[0].status,
            "message": error.message,
            "log": error.log,
            error.reason.replace("-", "_"): True,
            "file": error.file,
            "missing": error.errno == _ENOENT,
            "forbidden": error.errno == _EACCES,
            "endpoint": error.backend,
            "slash": slash,
            "target": route.target if route else "",
            "place": place_text(route.file, route.line) if route else "",
            **_NO_SOCKET,
            "other_socket": other_socket(view, logged) if logged else "",
        },
        fix=_fix(view, error, route, slash),
    )


def _missing_socket(
    view: ServerView, route: SiteRoute | None, pages: list[Exchange]
) -> Iterator[Claim]:
    """Make the claim for a Unix socket that is not there, of whatever server."""
    sockets = view.evidence.good(BackendSocket)
    missing_socket = next((socket for socket in sockets if not socket.exists), None)
    if route is None or missing_socket is None or route.socket != missing_socket.path:
        return
    yield Claim(
        about=Subject(port=view.evidence.target.port, path=view.evidence.target.path),
        covers=(Subject(port=view.evidence.target.port),),
        because=(missing_socket, view.server, *pages),
        facts={
            **view.facts,
            "status": pages[0].status,
            "message": "",
            "log": "",
            "socket": True,
            "file": missing_socket.path,
            "missing": True,
            "forbidden": False,
            "endpoint": "",
            "slash": False,
            "target": route.target,
            "place": place_text(route.file, route.line),
            **_NO_SOCKET,
            "other_socket": other_socket(view, missing_socket.path),
        },
        fix=other_socket_fix(view, missing_socket.path) or manual_fix(view, "socket"),
    )


def _closed_socket(
    view: ServerView, route: SiteRoute | None, logged: str, pages: list[Exchange]
) -> Iterator[Claim]:
    """Make the claim for a Unix socket that the server's user may not use, or that lies outside the
    root folder of its processes (HAProxy's `chroot`, which decides for sockets as well). `logged`
    is the socket of Apache's log, to which a handler passes requests on."""
    paths = {route.socket if route else "", logged} - {""}
    sockets = view.evidence.good(UpstreamSocket)
    socket = next((each for each in sockets if each.path in paths), None)
    if socket is None or socket.user is None:
        return
    is_outside = bool(socket.root) and not socket.path.startswith(f"{socket.root}/")
    blocker = file_permissions.blocking_path(socket.above, socket.user, socket.groups)
    # In another root the same path is another file. An access control list may let it in.
    if socket.root and not is_outside:
        return
    answers = [
        backend_socket.status is not None
        for backend_socket in view.evidence.good(BackendSocket)
        if backend_socket.path == socket.path
    ]
    if is_outside:
        if not any(answers):
            return
    elif blocker is None or blocker.extended:
        return
    yield Claim(
        about=Subject(port=view.evidence.target.port, path=view.evidence.target.path),
        covers=(Subject(port=view.evidence.target.port),),
        because=(socket, view.server, *pages),
        facts={
            **view.facts,
            "status": pages[0].status,
            "message": "",
            "log": "",
            "socket": True,
            "file": socket.path,
            "missing": False,
            "forbidden": not is_outside,
            "endpoint": "",
            "slash": False,
            "target": route.target if route else "",
            "place": place_text(route.file, route.line) if route else "",
            **_NO_SOCKET,
            "user": socket.names[0] or str(socket.user),
            "root": socket.root if is_outside else "",
            "blocker": blocker.path if blocker and not is_outside else "",
            "mode": blocker.mode if blocker else "",
            "folder": blocker is not None and blocker.mode.startswith("d"),
        },
        confidence=Confidence.LIKELY if is_outside else Confidence.CERTAIN,
        fix=(None if is_outside else _own_socket_fix(view, socket))
        or (opening_fix(view, socket, blocker) if blocker and not is_outside else None)
        or manual_fix(view, "below-the-root" if is_outside else "let-it-in"),
    )


def _own_socket_fix(view: ServerView, socket: UpstreamSocket) -> Fix | None:
    """Return the fix for a socket that HAProxy itself makes as root, for a frontend of its own: the
    user of its processes gets it (Configuration Manual, "bind", "user"). A reload takes the open
    socket over as it is, so the file is given to that user, too."""
    if view.server.product != "haproxy" or view.config is None:
        return None
    pattern = re.compile(rf"\s*bind\s+(?:unix@)?{re.escape(socket.path)}(?:\s[^#]*)?")
    lines = [
        (file.path, number, row)
        for file in view.config.files
        for number, row in enumerate(file_rows(view, file), 1)
        if pattern.fullmatch(row)
    ]
    user = socket.names[0]
    if len(lines) != 1 or not user or re.search(r"\s(?:user|uid|mode|gid|group)\s", lines[0][2]):
        return None
    path, number, row = lines[0]
    edit = line_edit(view, path, {number: (f"{row.rstrip()} user {user} mode 600",)})
    give = Command(
        ("chown", user, socket.path),
        Effect.CHANGE,
        undo=("chown", "root", socket.path),
        changes=(socket.path,),
        aspect="permissions",
        risk=Risk.CHANGES_ACCESS,
    )
    return Fix((edit, give, *reload_steps(view.server)), Applicability.REVIEW) if edit else None


def _unreached_websockets(view: ServerView) -> Iterator[Claim]:
    """Make the claims for WebSockets whose application is not reached, where the page came."""
    for path in view.evidence.target.websockets:
        own = path.partition("?")[0]
        routes = {route_of(site, own, True) for site in view.answering_sites}
        failed = [
            upgrade
            for upgrade in refused_websockets(view.evidence, path)
            if upgrade.status in GATEWAY_FAILURES
        ]
        if failed and len(routes) == 1:
            yield from _unreached(view, routes.pop(), failed, path)


def _unreached(
    view: ServerView,
    route: SiteRoute | None,
    failed: Sequence[Exchange | Upgrade],
    websocket: str = "",
) -> Iterator[Claim]:
    """Make the claim for an application that this run did not reach either, at the target's path
    or at that of a WebSocket. One at a loopback address is another matter
    (server.application-down)."""
    evidence = view.evidence
    if route is None or is_local_host(route.host):
        return
    if not route.host:
        if not websocket:
            yield from _unreached_members(view, route, failed)
        return
    visit = next(
        (
            visit
            for visit in evidence.of(BackendVisit)
            if visit.target == route.target and visit.websocket is bool(websocket)
            if not websocket or visit.requested.partition("?")[0] == websocket.partition("?")[0]
            if _is_unreached(visit)
        ),
        None,
    )
    if visit is not None:
        yield from _unreached_claim(view, route, (visit,), failed, websocket)


def _unreached_members(
    view: ServerView, route: SiteRoute, failed: Sequence[Exchange | Upgrade]
) -> Iterator[Claim]:
    """Make the claim for a group of which no member is reached, all for one reason."""
    all_answers = view.evidence.of(MemberAnswer)
    answers = [answer for answer in all_answers if answer.member in route.members]
    hosts = [answer.member.rpartition(":")[0].strip("[]") for answer in answers]
    is_whole = len({answer.member for answer in answers}) == len(set(route.members)) > 1
    if not is_whole or not all(map(_is_unreached, answers)) or any(map(is_local_host, hosts)):
        return
    if len({_kind(answer) for answer in answers}) == 1:
        first = replace(route, host=hosts[0], port=int(answers[0].member.rpartition(":")[2]))
        yield from _unreached_claim(view, first, answers, failed)


def _unreached_claim(
    view: ServerView,
    route: SiteRoute,
    visits: Sequence[BackendVisit | MemberAnswer],
    failed: Sequence[Exchange | Upgrade],
    websocket: str = "",
) -> Iterator[Claim]:
    evidence, visit = view.evidence, visits[0]
    is_nameless = _has_no_address(visit)
    if visit.failure is None or (view.server.container and not is_nameless):
        return
    addresses = (
        bracketed(socket.address)
        for listeners in evidence.good(Listeners)
        for socket in listeners.on(route.port)
    )
    own = {
        listener.address for listeners in evidence.good(Listeners) for listener in listeners.sockets
    }
    is_here = route.host in {*own, *interface_addresses(evidence.good(Interface))}
    yield Claim(
        about=Subject(port=evidence.target.port, path=websocket or evidence.target.path),
        covers=(Subject(port=evidence.target.port),),
        because=(*visits, view.server, *failed),
        facts={
            **view.facts,
            "status": failed[0].status,
            "message": "",
            "log": "",
            "direct": visit.failure.message,
            "backend_name": is_nameless,
            "refused": visit.failure.kind == "refused",
            "unreachable": visit.failure.kind != "refused" and not is_nameless,
            "elsewhere": tuple(dict.fromkeys(addresses)) if is_here else (),
            "file": "",
            "missing": False,
            "forbidden": False,
            "endpoint": route.host if is_nameless else route.authority,
            "slash": False,
            "target": route.target,
            "place": place_text(route.file, route.line),
            **_NO_SOCKET,
        },
        fix=manual_fix(view, "backend-name" if is_nameless else "reach-it"),
    )


def _kind(visit: BackendVisit | MemberAnswer) -> str:
    """Return how an application is not reached, in a word."""
    kind = visit.failure.kind if visit.failure else ""
    return "nameless" if _has_no_address(visit) else kind


def _is_unreached(visit: BackendVisit | MemberAnswer) -> bool:
    kind = visit.failure.kind if visit.failure else ""
    is_silent = kind == "timeout" and visit.connected is False
    return is_silent or kind in {"refused", "unreachable"} or _has_no_address(visit)


def _has_no_address(visit: BackendVisit | MemberAnswer) -> bool:
    """Return whether curl found no address for the application's name (libcurl-errors(3), 6)."""
    return visit.failure is not None and visit.failure.message.startswith("Could not resolve host")


#: Seconds: what is written where an answer needs longer than Apache waits.
_ENOUGH_S = 120.0

#: errno(3).
_ENOENT, _EACCES = 2, 13


def _lacks_slash(error: ServerRequestError, route: SiteRoute | None) -> bool:
    """Return whether Apache took the beginning of the path for a part of the port."""
    if route is None or not route.path.endswith("/") or route.target.endswith("/"):
        return False
    own = route.target.partition("://")[2]
    return error.backend.startswith(own) and error.backend != own


def _fix(view: ServerView, error: ServerRequestError, route: SiteRoute | None, slash: bool) -> Fix:
    if slash and route is not None:
        line = line_text(view, route.file, route.line)
        written = line.replace(route.target, f"{route.target}/", 1)
        edit = line_edit(view, route.file, {route.line: (written,)})
        if edit and line.split().count(route.target) == 1:
            return Fix((edit, *reload_steps(view.server)), Applicability.AUTOMATIC)
    if error.reason == "timeout" and (edit := _longer_wait(view, route)):
        longer = Manual("timeout", Where.SERVER, commands=(edit, *reload_steps(view.server)))
        return Fix((longer,), Applicability.MANUAL)
    if error.reason in {"backend-name", "timeout"}:
        return manual_fix(view, error.reason)
    other = other_socket_fix(view, error.file) if error.reason == "socket" else None
    return other or Fix((Manual(error.reason, Where.SERVER),), Applicability.MANUAL)


def _longer_wait(view: ServerView, route: SiteRoute | None) -> Edit | None:
    """Return the edit of Apache's own time limit, if its files have one. Whether the page needs
    longer, or the application hangs, a person sees."""
    # Imported late: few applications are too late.
    from checks.server._longer_timeouts import longer_wait
    from checks.server._page_timeouts import timeout_in_force

    timeout = timeout_in_force(view, route) if route else None
    return longer_wait(view, timeout, _ENOUGH_S / 2) if timeout else None
