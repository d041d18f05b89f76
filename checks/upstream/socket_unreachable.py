"""The application listens on a Unix socket, and nginx cannot get there: no such file, nobody behind
it any more, or nginx's user may not (error.log: "connect() to unix:… failed (2: No such file or
directory)", "(13: Permission denied)", "(111: Connection refused)"). To connect takes the right to
write to the socket and to search every folder above it (unix(7), path_resolution(7))."""

import posixpath
from collections.abc import Iterator

from checks.nginx import Nginx
from checks.upstream import (
    BROKEN,
    Backend,
    Changes,
    backends,
    blame,
    fails,
    lines,
    mended,
    reworded,
)
from diagnose.checking.registry import check
from diagnose.model import (
    Applicability,
    Claim,
    Command,
    Confidence,
    Evidence,
    Fix,
    Manual,
    Severity,
    Where,
)
from diagnose.model.frozen import frozen
from diagnose.model.logs import LogLine
from diagnose.model.nginx import NginxConfig, UpstreamTry
from diagnose.model.upstream import Permissions, Selinux, UpstreamSocket
from diagnose.parsers.linux import file_permissions
from diagnose.parsers.linux.mounts import hides
from diagnose.parsers.nginx import error_log
from diagnose.parsers.nginx.config import walk


@frozen
class Fault:
    """What keeps nginx from a socket: "missing", "refused", "no-socket", "denied", there by whom,
    or "hidden": it is there, and in that folder the unit of nginx's sees other files."""

    kind: str
    tried: UpstreamTry
    socket: UpstreamSocket | None = None
    blocker: Permissions | None = None
    folder: str = ""


@check(severity=Severity.ERROR, needs=[UpstreamTry, NginxConfig], explains=BROKEN)
def socket_unreachable(evidence: Evidence) -> Iterator[Claim]:
    nginx = Nginx.of(evidence)
    for backend in backends(nginx):
        sockets = [one for one in backend.tries if one.socket]
        written = _refused(nginx, backend)
        unseen = _unseen(nginx, backend)
        faults = [fault for one in sockets if (fault := _fault(nginx, one, written, unseen))]
        others = [one for one in backend.tries if not one.socket and not one.failure]
        # One server that can be reached is enough: nginx goes on to the next.
        if backend.known and faults and len(faults) == len(sockets) and not others:
            yield _claim(nginx, backend, faults[0], [one.tried.end for one in faults])


def _refused(nginx: Nginx, backend: Backend) -> tuple[LogLine, ...]:
    """What nginx wrote of rights that it lacks, unless it may be SELinux that took them."""
    enforcing = any(one.mode == "Enforcing" for one in nginx.evidence.of(Selinux))
    broken = fails(nginx.evidence, backend.paths)
    return lines(nginx, backend, r"connect\(\) to unix:", 13) if broken and not enforcing else ()


def _unseen(nginx: Nginx, backend: Backend) -> bool:
    """Whether nginx itself found no such file, or at least the pages behind it fail."""
    return bool(lines(nginx, backend, r"connect\(\) to unix:", 2)) or bool(
        fails(nginx.evidence, backend.paths)
    )


def _fault(
    nginx: Nginx, tried: UpstreamTry, written: tuple[LogLine, ...], unseen: bool
) -> Fault | None:
    evidence = nginx.evidence
    seen = next((o for o in evidence.of(UpstreamSocket) if o.path == tried.socket), None)
    folder = hides(nginx.master.private, tried.socket) if nginx.master else ""
    if folder and not unseen:
        return None  # what we see there is not what nginx sees
    if folder and tried.failure is None:
        return Fault("hidden", tried, seen, folder=folder)
    if tried.failure is None or tried.failure.kind == "denied":
        # Whether it takes nginx's connection, one of ours cannot tell.
        blocker = _blocker(seen) if seen else None
        said = any(error_log.authority(one) == f"unix:{tried.socket}".lower() for one in written)
        return Fault("denied", tried, seen, blocker) if blocker or said else None
    if tried.failure.kind == "missing":
        return Fault("missing", tried, seen)
    if tried.failure.kind == "refused":
        own = seen.above[0] if seen and seen.above else None
        file = own is not None and own.path == tried.socket and not own.mode.startswith("s")
        return Fault("no-socket" if file else "refused", tried, seen)
    return None


def _blocker(seen: UpstreamSocket) -> Permissions | None:
    """What forbids it, unless an access control list may allow it after all."""
    if seen.user is None or seen.failure is not None:
        return None
    found = file_permissions.blocked(seen.above, seen.user, seen.groups)
    return found if found and not found.extended else None


def _claim(nginx: Nginx, backend: Backend, fault: Fault, ends: list[str]) -> Claim:
    seen, blocker = fault.socket, fault.blocker
    user, group = seen.names if seen else ("", "")
    elsewhere = _elsewhere(fault)
    written = lines(nginx, backend, r"connect\(\) to unix:")
    folder = blocker is not None and blocker.mode.startswith("d")
    facts = {
        "path": fault.tried.socket,
        "missing": fault.kind == "missing",
        "refused": fault.kind == "refused",
        "file": fault.kind == "no-socket",
        "denied": fault.kind == "denied",
        "hidden": fault.kind == "hidden",
        "private": fault.folder,
        "unit": nginx.unit,
        "user": user or "nginx",
        "group": group,
        "blocker": blocker.path if blocker else "",
        "mode": blocker.mode if blocker else "",
        "folder": folder,
        "elsewhere": elsewhere,
        "message": written[0].text if written else "",
    }
    return blame(
        nginx,
        backend,
        facts,
        _fix(nginx, backend, fault, elsewhere),
        ends=ends,
        because=(fault.tried, *([seen] if seen else []), *written),
        confidence=Confidence.CERTAIN,
        ruled_out=("upstream.refused",),
    )


def _elsewhere(fault: Fault) -> str:
    """The one socket of the same name on which somebody listens."""
    listening = fault.socket.listening if fault.socket and fault.kind == "missing" else ()
    name = posixpath.basename(fault.tried.socket)
    found = [one for one in listening if posixpath.basename(one) == name]
    return found[0] if len(found) == 1 else ""


def _fix(nginx: Nginx, backend: Backend, fault: Fault, elsewhere: str) -> Fix:
    if elsewhere:
        changes: Changes = {}
        named = [end.written for lead in backend.leads for end in lead.ends if end.written]
        reworded(nginx, named, fault.tried.socket, elsewhere, changes)
        # Where another pass leads to it, it may be another site's application.
        used = any(
            elsewhere in word
            for one in walk(nginx.config.main if nginx.config else ())
            if one.name.endswith("_pass") or one.name == "server"
            for word in one.args
        )
        return mended(nginx, changes, "start-the-application", sure=not used)
    if fault.kind == "hidden":
        return Fix((Manual("share-the-folder", Where.SERVER),), Applicability.MANUAL)
    if fault.kind == "denied" and (joined := _joined(fault)):
        return Fix((joined, nginx.reloaded()), Applicability.REVIEW)
    if fault.kind == "denied":
        return Fix((Manual("let-nginx-in", Where.SERVER),), Applicability.MANUAL)
    return Fix((Manual("start-the-application", Where.APPLICATION),), Applicability.MANUAL)


def _joined(fault: Fault) -> Command | None:
    """nginx's user as a member of the socket's group, where that opens the whole way. Not of
    root's: that would open too much. It lasts when the application makes its socket anew."""
    seen = fault.socket
    if seen is None or seen.user is None or not seen.above or not all(seen.names):
        return None
    group = seen.above[0].group
    member = (*seen.groups, group)
    if (
        group == 0
        or group in seen.groups
        or file_permissions.blocked(seen.above, seen.user, member)
    ):
        return None
    user, name = seen.names
    return Command(("usermod", "-aG", name, user), undo=("gpasswd", "-d", user, name))
