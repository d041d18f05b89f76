"""nginx runs, but its pid file is missing or names a process that is not a master. `nginx -s
reload` and the service manager use that file (nginx(8)), so their signals do not reach the nginx
that holds the port, and a second one cannot start beside it."""

from collections.abc import Iterator

from checks.listener import listeners_on
from checks.nginx import Nginx
from checks.nginx._commands import (
    config_test_command,
    package_unit,
    reload_steps,
    start_commands,
    unreachable_master,
)
from diagnose.checking.registry import check
from diagnose.model import (
    Applicability,
    Claim,
    Command,
    Confidence,
    Edit,
    Evidence,
    Fix,
    Host,
    Severity,
    Subject,
    Vantage,
    commands,
)
from diagnose.model.http import Exchange
from diagnose.model.kernel import Boot
from diagnose.model.nginx import NginxState
from diagnose.model.server import Listeners, PidFile
from diagnose.model.tcp import Connection
from diagnose.model.tls import Handshake
from diagnose.parsers.nginx.edits import diff


@check(
    severity=Severity.ERROR,
    needs=[NginxState, PidFile, Listeners],
    explains=["nginx.reload-needed", "certificate.renewed-not-loaded"],
)
def orphan_nginx(evidence: Evidence) -> Iterator[Claim]:
    nginx = Nginx.of(evidence)
    file = next(iter(evidence.good(PidFile)), None)
    master = unreachable_master(nginx)
    if file is None or master is None or nginx.state is None:
        return
    listeners = [
        listener for observation in evidence.good(Listeners) for listener in observation.sockets
    ]
    ports = sorted({listener.port for listener in listeners if listener.pid == master.pid})
    if not ports:
        return
    outside_service = _runs_outside_service(nginx)
    holds_target_port = any(
        listener.pid == master.pid for listener in listeners_on(evidence, evidence.target.port)
    )
    yield Claim(
        about=Subject(text=f"nginx, process {master.pid}"),
        covers=(Subject(),),
        because=(nginx.state, file, *evidence.good(Listeners)),
        severity=Severity.ERROR if _is_visitor_affected(evidence) else Severity.WARNING,
        confidence=Confidence.CERTAIN if holds_target_port else Confidence.LIKELY,
        facts={
            "pid": master.pid,
            "binary": master.binary,
            "config": master.config or (nginx.config.path if nginx.config else ""),
            "file": file.path,
            "named": file.pid or "",
            "ports": tuple(ports),
            "apart": outside_service,
        },
        fix=_fix(nginx, master.pid, file, outside_service),
    )


def _runs_outside_service(nginx: Nginx) -> bool:
    """Return whether this nginx does not belong to the nginx service of the service manager. Then a
    correct pid file would not help the service."""
    hosts = [host for host in nginx.evidence.of(Host) if host.vantage is Vantage.SERVER]
    if not any(host.manager == "systemd" for host in hosts):
        return False
    boot = next(iter(nginx.evidence.good(Boot)), None)
    if boot is None or boot.service == "ssh.service":
        return True
    if boot.service == "rc-local.service" or not boot.state:
        return False
    return boot.by_hand or not boot.running


def _fix(nginx: Nginx, pid: int, file: PidFile, outside_service: bool) -> Fix:
    """Write the master's pid into the file again, which cuts no visitor's connection.

    If nginx runs outside its service, tell it to quit and start the service instead.
    """
    if outside_service:
        quit_command = commands.quit_process(pid)
        return Fix(
            (config_test_command(nginx), quit_command, *_restart_commands(nginx)),
            Applicability.REVIEW,
        )
    before = f"{file.pid}\n" if file.pid is not None else ""
    pid_edit = Edit(file.path, diff(file.path, before, f"{pid}\n"))
    return Fix((pid_edit, *reload_steps(nginx, by_file=True)))


def _restart_commands(nginx: Nginx) -> tuple[Command, ...]:
    """Return commands for a service manager that believes the service runs, or restarted it by
    itself."""
    hosts = [host for host in nginx.evidence.of(Host) if host.vantage is Vantage.SERVER]
    by_service = bool(hosts) and hosts[0].manager == "systemd"
    if not by_service:
        return start_commands(nginx)
    return (commands.restart_service(package_unit(nginx)),)


def _is_visitor_affected(evidence: Evidence) -> bool:
    """Return whether visitors see an error."""
    port = evidence.target.port
    connections = [
        connection
        for connection in evidence.of(Connection)
        if connection.purpose == "target" and connection.port == port
    ]
    handshakes = [handshake for handshake in evidence.of(Handshake) if handshake.is_browser_like]
    exchanges = [exchange for exchange in evidence.of(Exchange) if exchange.purpose == "target"]
    return any(attempt.failure for attempt in (*connections, *handshakes, *exchanges)) or any(
        (exchange.status or 0) >= 500 for exchange in exchanges
    )
