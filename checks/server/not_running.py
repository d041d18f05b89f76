"""A web server that should serve the port does not run: nobody listens there, its configuration has
the port, and it starts at boot, has failed, or is the only one on this machine."""

import re
from collections.abc import Iterator, Sequence

from checks.server import ServerView, server_view, start_steps_of_unit
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
    Subject,
    Where,
    commands,
)
from diagnose.model.files import StartFileAccess
from diagnose.model.logs import ServerStartError
from diagnose.model.nginx import NginxConfig, NginxState
from diagnose.model.server import Listener, Listeners
from diagnose.model.tcp import Connection
from diagnose.model.web_servers import WebServer, WebServerConfig
from diagnose.parsers.web_sites import has_name

#: What a server writes whose rights, files or sockets fail it at its start.
_BEYOND_THE_TEST = re.compile(
    r"permission denied|not permitted|cannot (?:bind|chroot|open|change)|could not bind"
    r"|address already in use|read-only file system|no such file or directory",
    re.IGNORECASE,
)

#: The same with the port: Caddy ("listen tcp :80: bind: address already in use"), HAProxy ("cannot
#: bind socket (Address already in use) for [0.0.0.0:80]"), Apache ("could not bind to address
#: [::]:80").
_IN_USE = re.compile(
    r"(?:listen \w{1,5} |could not bind to address |in use\) for )"
    r"\[?(?:[0-9a-fA-F.:*]{1,45}\]?)?:([0-9]{1,5})(?=[:\s\])]|$)"
)
#: The addresses of a socket that is for all of them.
_ALL = {"", "*", "0.0.0.0", "::"}


@check(
    severity=Severity.ERROR,
    needs=[WebServer, WebServerConfig, Listeners],
    explains=["listener.missing", "tcp.refused", "http.port-closed", "nginx.not-running"],
)
def not_running(evidence: Evidence) -> Iterator[Claim]:
    view, port = server_view(evidence), evidence.target.port
    if view is None or view.config is None or view.server.pid is not None:
        return
    server, listeners = view.server, evidence.good(Listeners)
    ports = {socket.port for socket in view.config.listens}
    if port not in ports or not listeners or any(listing.on(port) for listing in listeners):
        return
    if any(connection.port == port for connection in evidence.good(Connection)):
        return
    rival = _may_be_nginxs(view)
    holder = _holder(view, listeners)
    valid = view.test is None or view.test.passed
    errors = evidence.good(ServerStartError)
    logged = next((error for error in errors if error.product == server.product), None)
    # A user who may not read them could not start it either.
    accesses = [access for access in evidence.good(StartFileAccess) if access.user]
    accesses = [] if any(access.denied_parts for access in accesses) else accesses
    start = start_steps_of_unit(server, accesses)
    yield Claim(
        about=Subject(text=f"{server.title} ({server.config})"),
        covers=(Subject(port=port), *((Subject(port=80),) if 80 in ports else ())),
        because=(server, view.config, *listeners, *([logged] if logged else [])),
        facts={
            **view.facts,
            "file": server.config,
            "unit": server.unit,
            "failed": server.state == "failed" or bool(server.complaint) or logged is not None,
            "again": logged is not None or _fails_again(server) or holder is not None,
            "holder": (holder.process or "") if holder else "",
            "held": holder.port if holder else "",
            "ssh": bool(holder and holder.process == "sshd"),
            "holder_pid": (holder.pid or "") if holder else "",
            "logged": logged.message if logged else "",
            "log": logged.log if logged else "",
            "no_certificate": logged is not None and "AH02572" in logged.message,
            "masked": server.masked,
            "complaint": server.complaint,
            "enabled": bool(server.enabled),
            "start": " ".join(server.start),
            "as_root": _starts_as_root(server) and not accesses,
        },
        confidence=Confidence.POSSIBLE if rival else Confidence.CERTAIN,
        ruled_out=("tcp.rejected-by-host",),
        fix=_fix(server, start, holder, logged is not None, is_sure=valid and not rival),
    )


def _may_be_nginxs(view: ServerView) -> bool:
    """Return whether nginx may be meant as well: it is installed, this server does not start at
    boot, and its configuration does not show that the site is its own."""
    evidence, host = view.evidence, view.evidence.target.host
    if view.server.enabled or not any(state.installed for state in evidence.good(NginxState)):
        return False
    is_named = any(has_name(site, host) for site in view.answering_sites if "*" not in site.names)
    return not is_named or _is_named_by_nginx(evidence)


def _is_named_by_nginx(evidence: Evidence) -> bool:
    """Return whether nginx has the site, or what it has is not known."""
    from diagnose.parsers.nginx.server_blocks import select_server, servers, sockets

    configs = evidence.good(NginxConfig)
    port, host = evidence.target.port, evidence.target.host
    return not configs or any(
        select_server(socket, host)[1] != "default"
        for config in configs
        for socket in sockets(servers(config.main), port)
    )


def _holder(view: ServerView, listeners: Sequence[Listeners]) -> Listener | None:
    """Return a socket of another program on a port that this server needs too: then no start
    succeeds (bind(2), EADDRINUSE). It says so itself, or its configuration has the port."""
    named = _IN_USE.search(view.server.complaint)
    listens = view.config.listens if view.config else ()
    wanted = [(socket.port, socket.address) for socket in listens]
    wanted += [(int(named[1]), "")] if named else []
    sockets = (socket for listing in listeners for socket in listing.sockets if socket.process)
    held = (
        socket
        for socket in sockets
        if any(
            socket.port == port and (not address or _overlap(socket.address, address))
            for port, address in wanted
        )
    )
    return next(held, None)


def _overlap(address: str, other: str) -> bool:
    return address == other or not _ALL.isdisjoint((address, other))


def _fails_again(server: WebServer) -> bool:
    """Return whether the last start failed for a reason that the test of the configuration does not
    see, and that another start meets again."""
    return bool(_BEYOND_THE_TEST.search(server.complaint))


def _starts_as_root(server: WebServer) -> bool:
    """Return whether a start by its own program leaves the server root's. Apache and HAProxy take
    their user from their configuration; the unit of Caddy's package has a line `User=caddy`."""
    return server.product == "caddy" and server.start[:1] in {("sh",), ("caddy",)}


def _fix(
    server: WebServer,
    start: Sequence[Command],
    holder: Listener | None,
    is_logged: bool,
    is_sure: bool,
) -> Fix:
    """Return the start. Somebody masked a unit on purpose, so that a person decides; so does who
    of two programs gets a port."""
    if holder is not None:
        free = Manual("free-the-port", Where.SERVER)
        return Fix((free, *start), Applicability.MANUAL)
    if server.masked and server.unit:
        unmask = commands.unmask_service(server.unit, server.file_state.endswith("runtime"))
        return Fix((unmask, *start), Applicability.REVIEW)
    if is_logged or _fails_again(server):
        return Fix((Manual("correct", Where.SERVER), *start), Applicability.MANUAL)
    is_safe = is_sure and not _starts_as_root(server)
    return Fix(tuple(start), Applicability.AUTOMATIC if is_safe else Applicability.REVIEW)
