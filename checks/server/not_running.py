"""A web server that should serve the port does not run: nobody listens there, its configuration has
the port, and it starts at boot, has failed, or is the only one on this machine."""

import re
from collections.abc import Iterator

from checks.server import server_view, start_steps
from diagnose.checking.registry import check
from diagnose.model import (
    Applicability,
    Claim,
    Confidence,
    Evidence,
    Fix,
    Manual,
    Severity,
    Subject,
    Where,
    commands,
)
from diagnose.model.nginx import NginxState
from diagnose.model.server import Listeners
from diagnose.model.tcp import Connection
from diagnose.model.web_servers import ServerStartError, WebServer, WebServerConfig

#: What a server writes whose rights, files or sockets fail it at its start.
_BEYOND_THE_TEST = re.compile(
    r"permission denied|not permitted|cannot (?:bind|chroot|open|change)|could not bind"
    r"|address already in use|read-only file system|no such file or directory",
    re.IGNORECASE,
)


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
    rival = any(state.installed for state in evidence.good(NginxState)) and not server.enabled
    valid = view.test is None or view.test.passed
    errors = evidence.good(ServerStartError)
    logged = next((error for error in errors if error.product == server.product), None)
    yield Claim(
        about=Subject(text=f"{server.title} ({server.config})"),
        covers=(Subject(port=port), *((Subject(port=80),) if 80 in ports else ())),
        because=(server, view.config, *listeners, *([logged] if logged else [])),
        facts={
            **view.facts,
            "file": server.config,
            "unit": server.unit,
            "failed": server.state == "failed" or bool(server.complaint) or logged is not None,
            "again": logged is not None or _fails_again(server),
            "logged": logged.message if logged else "",
            "log": logged.log if logged else "",
            "masked": server.masked,
            "complaint": server.complaint,
            "enabled": bool(server.enabled),
            "start": " ".join(server.start),
        },
        confidence=Confidence.POSSIBLE if rival else Confidence.CERTAIN,
        ruled_out=("tcp.rejected-by-host",),
        fix=_fix(server, logged is not None, is_sure=valid and not rival),
    )


def _fails_again(server: WebServer) -> bool:
    """Return whether the last start failed for a reason that the test of the configuration does not
    see, and that another start meets again."""
    return bool(_BEYOND_THE_TEST.search(server.complaint))


def _fix(server: WebServer, is_logged: bool, is_sure: bool) -> Fix:
    """Return the start. Somebody masked a unit on purpose, so that a person decides."""
    if server.masked and server.unit:
        unmask = commands.unmask_service(server.unit, server.file_state.endswith("runtime"))
        return Fix((unmask, *start_steps(server)), Applicability.REVIEW)
    if is_logged or _fails_again(server):
        return Fix((Manual("correct", Where.SERVER), *start_steps(server)), Applicability.MANUAL)
    return Fix(start_steps(server), Applicability.AUTOMATIC if is_sure else Applicability.REVIEW)
