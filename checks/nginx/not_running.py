"""nginx does not run: there is no master process, no other program holds the port, and the
configuration would listen on it. Another program may hold another port that nginx needs, such as
Apache port 80: then it cannot start.

Or another server of ours has the port and passes the site on to a port of nginx's on this machine,
on which nothing listens (HAProxy in front of nginx).

A container's nginx does not count. But its port may show only in connections, so one connection
must have been refused.
"""

import re
from collections.abc import Iterator

from checks.nginx import Nginx
from checks.nginx._commands import config_test_command, start_commands, systemd_unit
from checks.nginx._errors import NOT_RUNNING_SYMPTOMS, failed_starts
from checks.nginx._file_limits import meets_file_limit, raised_limit
from checks.nginx._waiting import holder_of_a_port
from diagnose.checking.registry import check
from diagnose.model import (
    Applicability,
    Claim,
    Evidence,
    Fix,
    Manual,
    Severity,
    Subject,
    Where,
    commands,
)
from diagnose.model.addresses import is_local_host
from diagnose.model.files import NginxStart
from diagnose.model.kernel import Boot
from diagnose.model.nginx import NginxConfig, NginxState
from diagnose.model.origin import origin_visits
from diagnose.model.server import Listeners
from diagnose.model.tcp import Connection
from diagnose.model.web_servers import WebServer, WebServerConfig
from diagnose.parsers.nginx.install_paths import SERVICES
from diagnose.parsers.web_sites import answering_sites, route_of

#: What nginx says at boot while names or addresses are not there yet (ngx_inet.c, bind(2)).
_NETWORK_MISSING = re.compile(
    r"host not found|could not be resolved|failed \(99:|Temporary failure in name resolution"
)
#: What `nginx -t` may not meet: it runs as another user and outside the service (EPERM, EACCES,
#: EROFS).
_DENIED = re.compile(r"failed \((?:1|13|30): ")
_BIND = re.compile(r"bind\(\) to \S{1,60}:(\d{1,5}) failed \(98: ")


@check(
    severity=Severity.ERROR,
    needs=[NginxState, NginxConfig],
    explains=[*NOT_RUNNING_SYMPTOMS, "server.application-down"],
)
def not_running(evidence: Evidence) -> Iterator[Claim]:
    nginx, port = Nginx.of(evidence), evidence.target.port
    state, config = nginx.state, nginx.config
    if state is None or config is None or not state.installed or nginx.master:
        return
    if state.masters and not _is_connection_refused(evidence, port):
        return
    front, inner_port = _front(nginx)
    if not front and (not nginx.listen_sockets(port) or _is_served_by_other(evidence, port)):
        return
    failed = nginx.test is not None and not nginx.test.passed
    start, masked = nginx.start, _masked_service(evidence)
    # What nginx -t says now is another check's finding.
    message = "" if failed else _last_error(nginx)
    holder = holder_of_a_port(nginx)
    yield Claim(
        about=Subject(text=f"nginx ({config.path})"),
        covers=(Subject(port=port), Subject(port=80)) if front or nginx.listen_sockets(80) else (),
        because=(state, config, *evidence.good(Listeners), *((start,) if start else ())),
        facts={
            "port": inner_port or port,
            "front": front,
            "file": config.path,
            "failed": failed,
            "message": message,
            "network": _NETWORK_MISSING.search(message) is not None,
            "masked": masked.service if masked else "",
            "holder": holder.process if holder else "",
            "taken": holder.port if holder else "",
            "ssh": bool(holder and holder.process == "sshd"),
            "files": meets_file_limit(message),
            **_end_facts(nginx, start),
        },
        ruled_out=("tcp.rejected-by-host",) if evidence.good(Listeners) else (),
        fix=_unmasking_fix(nginx, masked)
        if masked
        else (_limit_fix(nginx) if meets_file_limit(message) and not holder else None)
        or _fix(
            nginx, start, failed or _may_fail_again(evidence, message), "free" if holder else ""
        ),
    )


def _last_error(nginx: Nginx) -> str:
    """Return why the last start failed, as nginx wrote it; "" if that is not known."""
    return next((error.text for error, _ in failed_starts(nginx)), "")


def _front(nginx: Nginx) -> tuple[str, int]:
    """Return the other server that passes the site on to nginx, and the port of nginx's on which
    nothing listens; "" and 0 if there is none."""
    evidence, target = nginx.evidence, nginx.evidence.target
    listeners = evidence.good(Listeners)
    for server in evidence.good(WebServer):
        if server.foreign or server.container or target.port not in server.ports or not listeners:
            continue
        configs = (
            config for config in evidence.good(WebServerConfig) if config.product == server.product
        )
        sites = [
            site for config in configs for site in answering_sites(config, target.port, target.host)
        ]
        for path in (target.path, *target.websockets):
            for route in (route_of(site, path.partition("?")[0]) for site in sites):
                port = route.port if route and is_local_host(route.host) else 0
                is_free = not any(listener.on(port) for listener in listeners)
                if port and is_free and nginx.listen_sockets(port):
                    return server.title, port
    return "", 0


def _masked_service(evidence: Evidence) -> Boot | None:
    """Return nginx's service if it is masked: systemd starts it for nobody (systemctl(1), mask)."""
    return next(
        (
            boot
            for boot in evidence.good(Boot)
            if boot.manager == "systemd" and boot.state.startswith("masked")
            if boot.service in SERVICES
        ),
        None,
    )


def _unmasking_fix(nginx: Nginx, boot: Boot) -> Fix:
    """Somebody masked it on purpose."""
    unmask = commands.unmask_service(boot.service, boot.state.endswith("runtime"))
    start = commands.start_service(boot.service)
    return Fix((config_test_command(nginx), unmask, start), Applicability.REVIEW)


def _end_facts(nginx: Nginx, start: NginxStart | None) -> dict[str, object]:
    """Return what the service reports about its end; each "" if not known."""
    unit_known = start is not None and bool(start.unit)
    line = start.line if start and unit_known else ""
    result = start.result if start and unit_known else ""
    return {
        "unit": systemd_unit(nginx) if unit_known else "",
        "line": line,
        "source": start.source if start and line else "",
        "since": start.since if start and line else "",
        "step": start.step if start and unit_known else "",
        "limited": bool(start and unit_known and start.limited),
        "memory": result == "oom-kill",
        "killed": result in {"signal", "core-dump"},
        "stopped": result == "success" and line.startswith("Stopped "),
    }


def _may_fail_again(evidence: Evidence, message: str) -> bool:
    """Return whether the last start failed for a reason that may still be there, although `nginx
    -t` passes: rights, or a port that another program has now."""
    match = _BIND.match(message)
    taken = int(match[1]) if match else 0
    is_taken = (
        any(listening.on(taken) for listening in evidence.good(Listeners)) if taken else False
    )
    return is_taken or _DENIED.search(message) is not None


def _limit_fix(nginx: Nginx) -> Fix | None:
    """Raise the unit's limit of open files; None without a unit."""
    raised = raised_limit(nginx)
    steps = (*raised, config_test_command(nginx), *start_commands(nginx))
    return Fix(steps, Applicability.REVIEW) if raised else None


def _fix(nginx: Nginx, start: NginxStart | None, failed: bool, step: str) -> Fix:
    if step or (start and start.step):
        # Without it nginx would not start again.
        first = Manual(step or "step", Where.SERVER)
        return Fix(
            (first, config_test_command(nginx), *start_commands(nginx)), Applicability.MANUAL
        )
    applicability = Applicability.REVIEW if failed else Applicability.AUTOMATIC
    return Fix((config_test_command(nginx), *start_commands(nginx)), applicability)


def _is_connection_refused(evidence: Evidence, port: int) -> bool:
    connections = [connection for connection in evidence.of(Connection) if connection.port == port]
    return any(
        connection.failure and connection.failure.kind == "refused" for connection in connections
    )


def _is_served_by_other(evidence: Evidence, port: int) -> bool:
    """Return whether another program answers on the port, on this machine or on the path to it. A
    CDN that answers for the name does not count where this server itself, its origin, refused."""
    port_taken = any(listeners.on(port) for listeners in evidence.good(Listeners))
    visits = origin_visits(evidence)
    if visits and all(visit.failure and visit.failure.kind == "refused" for visit in visits):
        return port_taken
    return port_taken or any(connection.port == port for connection in evidence.good(Connection))
