"""The last start of Caddy or HAProxy failed after its configuration was read, and the server shows
what stood in its way: a port of another program, a port below 1024, a file or folder that the user
of its unit may not use, an address that this machine does not have, a missing folder, or a command
of the unit that leaves Caddy in the background.

A test of the configuration sees none of these: it opens no port, and root may run it.
"""

import posixpath
import re
from collections.abc import Iterator

from checks._unit_corrections import correction_of, correction_steps
from checks.server import ServerView, file_rows, line_edit, start_steps
from checks.server._caddy_options import added_option
from diagnose.checking.registry import check
from diagnose.model import (
    Applicability,
    Claim,
    Command,
    Confidence,
    Edit,
    Evidence,
    Fix,
    Severity,
    Subject,
    commands,
    network_commands,
)
from diagnose.model.dns import Resolution
from diagnose.model.server import Listeners
from diagnose.model.services import StartObstacle
from diagnose.model.unit_commands import drop_in_steps
from diagnose.model.web_servers import WebServer, WebServerConfig, WebServerTest
from diagnose.parsers.linux.start_obstacles import in_foreground

Steps = tuple[Command | Edit, ...]

#: A folder below /run, which is emptied at each boot (file-hierarchy(7)).
_RUN_FOLDER = re.compile(r"/(?:var/)?run/([A-Za-z0-9][\w@-]{0,60})")
#: Where a server keeps what it writes, and nobody else anything secret.
_OWN_FOLDERS = ("/var/log/", "/var/lib/caddy/", "/var/lib/haproxy/")
#: What a certificate's files are called: `server.certificate-unreadable` is about these.
_TLS_FILE = re.compile(r"(?i)\.(?:pem|key|crt|cer)$|/live/")
#: Services by which a person comes in, or which run programs of many kinds.
_KEPT_UNITS = ("ssh", "docker", "containerd", "podman", "systemd", "user@", "k3s", "snap")
_NONLOCAL = "net.ipv4.ip_nonlocal_bind"


@check(
    severity=Severity.ERROR,
    needs=[WebServer, WebServerConfig, StartObstacle],
    explains=[
        "server.not-running", "server.port-held", "server.port-not-served", "listener.missing",
        "tcp.refused", "http.port-closed", "nginx.not-running",
    ],
)  # fmt: skip
def start_fails(evidence: Evidence) -> Iterator[Claim]:
    for obstacle in evidence.good(StartObstacle):
        view = _stopped(evidence, obstacle)
        if view is not None and (steps := _steps(view, obstacle)):
            yield _claim(view, obstacle, steps)
            return


def _stopped(evidence: Evidence, obstacle: StartObstacle) -> ServerView | None:
    """Return the view of the server that met an obstacle and does not run; None if it runs, or if
    its own test refuses its configuration. Another program may have the target's port."""
    product = obstacle.product
    servers = [server for server in evidence.good(WebServer) if server.product == product]
    tests = [test for test in evidence.good(WebServerTest) if test.product == product]
    configs = [config for config in evidence.good(WebServerConfig) if config.product == product]
    is_stopped = servers and all(server.pid is None and not server.foreign for server in servers)
    if not is_stopped or not configs or not all(test.passed for test in tests):
        return None
    return ServerView(evidence, servers[0], configs[0], next(iter(tests), None))


def _claim(view: ServerView, obstacle: StartObstacle, steps: Steps) -> Claim:
    port = view.evidence.target.port
    ports = {socket.port for socket in view.config.listens} if view.config else set[int]()
    return Claim(
        about=Subject(text=f"{view.server.title} ({view.server.config})"),
        covers=(Subject(port=port), *((Subject(port=80),) if 80 in ports else ())),
        because=(obstacle, view.server, *view.evidence.good(Listeners)),
        confidence=Confidence.CERTAIN
        if view.server.state in {"failed", "activating"} or obstacle.obstacle == "command"
        else Confidence.LIKELY,
        facts={
            **view.facts,
            **_facts(obstacle, steps),
            "unit": view.server.unit,
            "message": obstacle.message,
            "file": view.server.config,
        },
        fix=Fix(steps, Applicability.REVIEW),
    )


_KINDS = (
    "udp-port", "admin-port", "tcp-port", "low-port", "file", "folder", "address", "chroot",
    "socket-folder", "command",
)  # fmt: skip


def _facts(obstacle: StartObstacle, steps: Steps) -> dict[str, object]:
    missing = obstacle.mode is None
    return {
        **{kind.replace("-", "_"): obstacle.obstacle == kind for kind in _KINDS},
        "path": obstacle.path,
        "address_name": obstacle.address,
        "number": obstacle.port,
        "holder": obstacle.process,
        "holder_pid": obstacle.pid or "",
        "holder_unit": obstacle.holder.removesuffix(".service"),
        "user": obstacle.user,
        "owner": obstacle.owner,
        "missing": missing,
        "virtual": obstacle.virtual,
        "run": bool(_run_folder(obstacle)),
        "edited": isinstance(steps[0], Edit),
    }


def _steps(view: ServerView, obstacle: StartObstacle) -> Steps:
    """Return the steps that let the next start succeed; () if only a person knows them."""
    server, evidence = view.server, view.evidence
    # After several failed starts systemd refuses further ones.
    start = (commands.reset_failed(server.unit), *start_steps(server))
    first: Steps = ()
    match obstacle.obstacle:
        case "udp-port":
            first = _option(view, "servers", ("servers {", "\tprotocols h1 h2", "}"))
        case "admin-port":
            port = _free_port(evidence, obstacle.port)
            first = _option(view, "admin", (f"admin localhost:{port}",))
        case "tcp-port":
            first = _freed(obstacle)
        case "low-port":
            correction = correction_of(evidence, server.unit)
            return correction_steps(correction) if correction else ()
        case "file":
            first = _opened(view, obstacle)
        case "folder":
            first = _folder(obstacle)
        case "address":
            first = _address(view, obstacle)
        case "chroot":
            first = _chroot(obstacle)
        case "socket-folder":
            first = _socket_folder(obstacle)
        case "command":
            lines = ("ExecStart=", f"ExecStart={in_foreground(obstacle.command)}")
            first = drop_in_steps(obstacle.unit, lines)
    return (*first, *start) if first else ()


def _option(view: ServerView, name: str, lines: tuple[str, ...]) -> Steps:
    edit = added_option(view, name, lines)
    return (edit,) if edit else ()


def _free_port(evidence: Evidence, taken: int) -> int:
    """Return the first port above one on which nobody listens."""
    listeners = evidence.good(Listeners)
    ports = (taken + step for step in range(1, 20))
    return next(
        (port for port in ports if not any(listener.on(port) for listener in listeners)), taken + 1
    )


def _freed(obstacle: StartObstacle) -> Steps:
    """Return the commands that take the port from a web server that has no site of its own."""
    unit = obstacle.holder.removesuffix(".service")
    is_meant = obstacle.holder.endswith(".service") and not unit.startswith(_KEPT_UNITS)
    if not is_meant or not obstacle.is_unused:
        return ()
    return (commands.stop_service(unit), commands.disable_service(unit))


def _opened(view: ServerView, obstacle: StartObstacle) -> Steps:
    """Return the commands by which the unit's user may read the configuration or write its log."""
    path, mode = obstacle.path, obstacle.mode
    if mode is None or not obstacle.user or not obstacle.group or _TLS_FILE.search(path):
        return ()
    if ".." in path.split("/"):
        return ()
    # Where another group reads the file, it would lose it.
    if path == view.server.config:
        if mode & 0o070 and obstacle.owner_group not in {"root", obstacle.group}:
            return ()
        shared = commands.chgrp(obstacle.group, path, obstacle.owner_group)
        return (shared, commands.chmod("g+r", path, mode))
    # The file of another user is another program's.
    is_roots = path.startswith(_OWN_FOLDERS) and obstacle.owner == "root"
    if not is_roots or obstacle.is_folder:
        return ()
    before = f"{obstacle.owner}:{obstacle.owner_group}"
    return (commands.chown(f"{obstacle.user}:{obstacle.group}", path, before),)


def _folder(obstacle: StartObstacle) -> Steps:
    """Return the commands that make a folder which the unit's user may not make."""
    is_own = f"{obstacle.path}/".startswith(_OWN_FOLDERS) and obstacle.mode is None
    is_own = is_own and ".." not in obstacle.path.split("/")
    if not is_own or not obstacle.user or not obstacle.group:
        return ()
    owner = f"{obstacle.user}:{obstacle.group}"
    return (
        commands.make_folder(obstacle.path),
        commands.chown(owner, obstacle.path, "root:root"),
    )


def _address(view: ServerView, obstacle: StartObstacle) -> Steps:
    """Return the edit that listens on all addresses in the place of one that a cloud translates
    (it is the site's), or the commands that allow an address which comes later (ip(7))."""
    address = obstacle.address
    resolved = {
        each for item in view.evidence.good(Resolution) for each in getattr(item, "addresses", ())
    }
    if not address or ":" in address:
        return ()
    if address in resolved and not obstacle.virtual:
        return _all_addresses(view, address)
    if obstacle.setting != 0:
        return ()
    return (
        network_commands.set_sysctl(_NONLOCAL, 1, before=0),
        commands.create_lines("/etc/sysctl.d/60-nonlocal-bind.conf", (f"{_NONLOCAL} = 1",)),
    )


def _all_addresses(view: ServerView, address: str) -> Steps:
    """Return the edits of the "bind" lines of HAProxy that name an address."""
    bind = re.compile(rf"^(\s*bind\s+){re.escape(address)}(?=:[0-9])")
    edits: list[Edit] = []
    for file in view.config.files if view.config and view.server.product == "haproxy" else ():
        rows = enumerate(file_rows(view, file), 1)
        changes = {number: (bind.sub(r"\1", row),) for number, row in rows if bind.match(row)}
        edit = line_edit(view, file.path, changes) if changes else None
        edits += [edit] if edit else []
    return tuple(edits)


def _chroot(obstacle: StartObstacle) -> Steps:
    if obstacle.mode is None:
        return (commands.make_folder(obstacle.path),)
    lines = ("CapabilityBoundingSet=CAP_SYS_CHROOT",)
    return drop_in_steps(obstacle.unit, lines) if obstacle.bounds else ()


def _socket_folder(obstacle: StartObstacle) -> Steps:
    """Return the commands that let systemd make the folder of a socket at each start."""
    if obstacle.mode is not None:
        return ()
    if name := _run_folder(obstacle):
        return drop_in_steps(obstacle.unit, (f"RuntimeDirectory={name}",))
    return (commands.make_folder(posixpath.dirname(obstacle.path)),)


def _run_folder(obstacle: StartObstacle) -> str:
    """Return the name of the folder of a socket below /run; "" if it is somewhere else."""
    folder = posixpath.dirname(obstacle.path)
    match = _RUN_FOLDER.fullmatch(folder) if obstacle.obstacle == "socket-folder" else None
    return match[1] if match else ""
