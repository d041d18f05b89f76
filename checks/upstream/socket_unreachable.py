"""The application listens on a Unix socket, and nginx cannot connect to it: the file does not
exist, no process listens on it any more, or nginx's user lacks the right (error.log: "connect() to
unix:… failed (2: No such file or directory)", "(13: Permission denied)", "(111: Connection
refused)").

A connection needs write permission on the socket and search permission on every folder above it
(unix(7), path_resolution(7)).
"""

import posixpath
from collections.abc import Iterator

from checks.nginx import Nginx
from checks.nginx._commands import reload_command, systemd_unit
from checks.nginx._edits import Changes
from checks.upstream import CONSEQUENCES, Backend, backend_log_lines, backends
from checks.upstream._claims import BackendFault, upstream_claim
from checks.upstream._edits import edit_fix, replace_in_directives
from checks.upstream._meant_programs import MeantProgram, named_ports
from checks.upstream._responses import fails_in_run, front_failures
from checks.upstream._sole_programs import sole_program
from checks.upstream._unix_sockets import (
    OtherSockets,
    group_command,
    is_named_pool,
    is_used,
    other_sockets,
)
from diagnose.checking.registry import check
from diagnose.model import (
    Applicability,
    Claim,
    Confidence,
    Evidence,
    Fix,
    Manual,
    Severity,
    Where,
)
from diagnose.model.applications import ReadSetting
from diagnose.model.frozen import frozen
from diagnose.model.logs import LogLine
from diagnose.model.nginx import NginxConfig, UpstreamTry
from diagnose.model.upstream import Permissions, Selinux, UpstreamSocket
from diagnose.parsers.linux import file_permissions
from diagnose.parsers.linux.mounts import hiding_folder
from diagnose.parsers.nginx import error_log


@frozen
class SocketFault:
    """Why nginx cannot connect to a socket: "missing", "refused", "no-socket", "denied" (with the
    file or folder that denies), "hidden" (it exists, but nginx's unit sees other files in that
    folder), or "apart" (a program listens at this path, in files of its own, or its file was
    deleted)."""

    kind: str
    attempt: UpstreamTry
    socket: UpstreamSocket | None = None
    blocker: Permissions | None = None
    folder: str = ""


@check(severity=Severity.ERROR, needs=[UpstreamTry, NginxConfig], explains=CONSEQUENCES)
def socket_unreachable(evidence: Evidence) -> Iterator[Claim]:
    nginx = Nginx.of(evidence)
    for backend in backends(nginx):
        socket_attempts = [attempt for attempt in backend.connect_attempts if attempt.socket]
        log_lines = _permission_lines(nginx, backend)
        is_missing = _is_missing(nginx, backend)
        fails_now = fails_in_run(evidence, backend.paths)
        faults = [
            fault
            for attempt in socket_attempts
            if (fault := _fault(nginx, attempt, log_lines, is_missing, fails_now))
        ]
        other_attempts = [
            attempt
            for attempt in backend.connect_attempts
            if not attempt.socket and not attempt.failure
        ]
        # One server that can be reached is enough, because nginx tries the next one.
        if (
            backend.is_tried
            and faults
            and len(faults) == len(socket_attempts)
            and not other_attempts
        ):
            endpoints = tuple(fault.attempt.endpoint for fault in faults)
            yield _claim(nginx, backend, faults[0], endpoints)


def _permission_lines(nginx: Nginx, backend: Backend) -> tuple[LogLine, ...]:
    """Return nginx's log lines about missing permissions, unless SELinux may be the cause."""
    enforcing = any(selinux.mode == "Enforcing" for selinux in nginx.evidence.of(Selinux))
    failures = front_failures(nginx.evidence, backend.paths)
    return (
        backend_log_lines(nginx, backend, r"connect\(\) to unix:", 13)
        if failures and not enforcing
        else ()
    )


def _is_missing(nginx: Nginx, backend: Backend) -> bool:
    """Return whether nginx itself found no such file, or at least the pages behind it fail."""
    return bool(backend_log_lines(nginx, backend, r"connect\(\) to unix:", 2)) or bool(
        front_failures(nginx.evidence, backend.paths)
    )


def _fault(
    nginx: Nginx,
    attempt: UpstreamTry,
    log_lines: tuple[LogLine, ...],
    is_missing: bool,
    fails_now: bool,
) -> SocketFault | None:
    evidence = nginx.evidence
    socket = next(
        (
            candidate
            for candidate in evidence.of(UpstreamSocket)
            if candidate.path == attempt.socket
        ),
        None,
    )
    folder = hiding_folder(nginx.master.private, attempt.socket) if nginx.master else ""
    if folder and not is_missing:
        return None  # what we see there is not what nginx sees
    if folder and attempt.failure is None:
        return SocketFault("hidden", attempt, socket, folder=folder)
    if attempt.failure is None or attempt.failure.kind == "denied":
        # Our own connection does not show whether the socket accepts nginx's.
        blocker = _blocker(socket) if socket else None
        is_logged = any(
            error_log.upstream_authority(line) == f"unix:{attempt.socket}".lower()
            for line in log_lines
        )
        if not fails_now and socket and _is_open(socket):
            return None  # the lines tell of rights that somebody has mended since
        return SocketFault("denied", attempt, socket, blocker) if blocker or is_logged else None
    if attempt.failure.kind == "missing":
        # The kernel lists the sockets of every process by the path that the process sees.
        is_apart = socket is not None and attempt.socket in socket.listening
        return SocketFault("apart" if is_apart else "missing", attempt, socket)
    if attempt.failure.kind == "refused":
        own = socket.above[0] if socket and socket.above else None
        file = own is not None and own.path == attempt.socket and not own.mode.startswith("s")
        return SocketFault("no-socket" if file else "refused", attempt, socket)
    return None


def _blocker(socket: UpstreamSocket) -> Permissions | None:
    """Return the file or folder that denies access, unless an access control list may allow it
    after all."""
    if socket.user is None or socket.failure is not None:
        return None
    permissions = file_permissions.blocking_path(socket.above, socket.user, socket.groups)
    return permissions if permissions and not permissions.extended else None


def _is_open(socket: UpstreamSocket) -> bool:
    """Return whether the rights on the whole path were seen, and let nginx's user connect."""
    is_seen = socket.user is not None and socket.failure is None and bool(socket.above)
    return is_seen and not (
        any(permissions.extended for permissions in socket.above)
        or file_permissions.blocking_path(socket.above, socket.user or 0, socket.groups)
    )


def _claim(nginx: Nginx, backend: Backend, fault: SocketFault, endpoints: tuple[str, ...]) -> Claim:
    socket, blocker = fault.socket, fault.blocker
    user, group = socket.names if socket else ("", "")
    others = _other_sockets(nginx, backend, fault)
    log_lines = backend_log_lines(nginx, backend, r"connect\(\) to unix:")
    folder = blocker is not None and blocker.mode.startswith("d")
    sole = None if others.paths else _sole(nginx, backend, fault)
    facts = {
        "path": fault.attempt.socket,
        "missing": fault.kind == "missing",
        "refused": fault.kind == "refused",
        "file": fault.kind == "no-socket",
        "denied": fault.kind == "denied",
        "hidden": fault.kind == "hidden",
        "apart": fault.kind == "apart",
        "private": fault.folder or posixpath.dirname(fault.attempt.socket),
        "unit": systemd_unit(nginx),
        "user": user or "nginx",
        "group": group,
        "blocker": blocker.path if blocker else "",
        "mode": blocker.mode if blocker else "",
        "folder": folder,
        "elsewhere": others.paths,
        "socket": others.only,
        "program": others.program,
        "sole": f"127.0.0.1:{sole.port}" if sole else "",
        "process": sole.process if sole else "",
        "message": log_lines[0].text if log_lines else "",
    }
    return upstream_claim(
        nginx,
        BackendFault(
            backend,
            facts,
            because=(
                fault.attempt,
                *([socket] if socket else []),
                *([sole.visit] if sole and sole.visit else []),
                *log_lines,
            ),
            endpoints=endpoints,
            confidence=_confidence(nginx, backend, fault),
            ruled_out=("upstream.refused",),
        ),
        (sole and _port_fix(nginx, backend, fault, sole.port))
        or _fix(nginx, backend, fault, others),
    )


def _confidence(nginx: Nginx, backend: Backend, fault: SocketFault) -> Confidence:
    """Return how sure it is: a line of the log alone tells of the past."""
    is_logged_only = fault.kind == "denied" and fault.blocker is None
    is_past = is_logged_only and not fails_in_run(nginx.evidence, backend.paths)
    return Confidence.LIKELY if is_past else Confidence.CERTAIN


def _other_sockets(nginx: Nginx, backend: Backend, fault: SocketFault) -> OtherSockets:
    """Return the sockets on which the application may listen in place of one on which nobody
    does."""
    listening = fault.socket.listening if fault.socket else ()
    if fault.kind not in {"missing", "refused"} or not listening:
        return OtherSockets()
    return other_sockets(nginx, backend, fault.attempt.socket, listening)


def _sole(nginx: Nginx, backend: Backend, fault: SocketFault) -> MeantProgram | None:
    """Return the only program with a port that has a page at the root, in place of a socket on
    which nobody listens."""
    is_root = any(path.partition("?")[0] == "/" for path in backend.paths)
    is_absent = fault.kind in {"missing", "refused"}
    if not is_root or not is_absent or not backend.proxy_target.speaks_http:
        return None
    return sole_program(nginx.evidence, "/", named_ports(nginx))


def _port_fix(nginx: Nginx, backend: Backend, fault: SocketFault, port: int) -> Fix | None:
    """Let nginx ask the port of another program; None if there is not one line to write it."""
    endpoints = backend.proxy_target.endpoints
    directives = [endpoint.directive for endpoint in endpoints if endpoint.directive]
    changes: Changes = {}
    if len(endpoints) == len(directives) == 1:
        own, new = f"unix:{fault.attempt.socket}", f"127.0.0.1:{port}"
        # `proxy_pass http://unix:/run/app.sock:/path` has a colon before the path.
        replace_in_directives(nginx, directives, f"{own}:/", f"{new}/", changes)
        if not changes:
            replace_in_directives(nginx, directives, own, new, changes)
    return edit_fix(nginx, changes, "start-the-application", sure=False) if changes else None


def _fix(nginx: Nginx, backend: Backend, fault: SocketFault, others: OtherSockets) -> Fix:
    other_socket, own_name = others.only, posixpath.basename(fault.attempt.socket)
    is_same_name = posixpath.basename(other_socket) == own_name
    if other_socket and (is_same_name or not is_named_pool(fault.attempt.socket)):
        changes: Changes = {}
        directives = [
            endpoint.directive
            for proxy_target in backend.proxy_targets
            for endpoint in proxy_target.endpoints
            if endpoint.directive
        ]
        replace_in_directives(nginx, directives, fault.attempt.socket, other_socket, changes)
        # Another proxy_pass uses the socket, so it may be another site's application.
        sure = is_same_name and not is_used(nginx, other_socket)
        return edit_fix(nginx, changes, "start-the-application", sure=sure)
    if fault.kind in {"hidden", "apart"}:
        return Fix((Manual("share-the-folder", Where.SERVER),), Applicability.MANUAL)
    if fault.kind == "denied" and (owner := _pool_owner(nginx, fault)):
        # Imported late: few sockets are closed.
        from checks.upstream._setting_fixes import setting_fix

        return setting_fix((owner,), "let-nginx-in")
    if fault.kind == "denied" and (join_command := group_command(fault.socket)):
        return Fix((join_command, reload_command(nginx)), Applicability.REVIEW)
    if fault.kind == "denied":
        return Fix((Manual("let-nginx-in", Where.SERVER),), Applicability.MANUAL)
    return Fix((Manual("start-the-application", Where.APPLICATION),), Applicability.MANUAL)


def _pool_owner(nginx: Nginx, fault: SocketFault) -> ReadSetting | None:
    """Return the line of PHP-FPM's pool that gives the socket to nginx's user."""
    blocker = fault.blocker
    if blocker is None or blocker.path != fault.attempt.socket:
        return None
    reads = nginx.evidence.good(ReadSetting)
    return next((read for read in reads if read.topic == "socket"), None)
