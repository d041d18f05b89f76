"""systemd itself holds the port for a socket unit (systemd.socket(5)): it listens, and starts the
unit's service at the first connection. So nginx cannot bind the port."""

from collections.abc import Iterator

from checks.listener import listeners_on
from checks.nginx import Nginx
from checks.nginx._commands import config_test_command, start_commands, systemd_unit
from diagnose.checking.registry import check
from diagnose.model import Applicability, Claim, Evidence, Fix, Severity, Subject, commands
from diagnose.model.files import NginxStart
from diagnose.model.nginx import NginxState
from diagnose.model.server import Listeners
from diagnose.model.tls import Handshake


@check(
    severity=Severity.ERROR,
    needs=[NginxState, NginxStart, Listeners],
    explains=["nginx.not-running", "nginx.config-invalid", "tls.*", "certificate.*", "http.*"],
)
def socket_unit(evidence: Evidence) -> Iterator[Claim]:
    nginx, port = Nginx.of(evidence), evidence.target.port
    start, listeners = nginx.start, listeners_on(evidence, port)
    if start is None or not start.socket or not nginx.listen_sockets(port):
        return
    if not listeners or any(listener.process not in {"systemd", "init"} for listener in listeners):
        return
    handshakes = [
        handshake
        for handshake in evidence.of(Handshake)
        if handshake.port == port and handshake.is_browser_like
    ]
    if not handshakes or any(handshake.failure is None for handshake in handshakes):
        return
    unit = start.socket
    stop = commands.stop_service(unit)
    disable = commands.disable_service(unit)
    yield Claim(
        about=Subject(port=port),
        covers=(Subject(port=port), Subject(port=80)),
        because=(start, *evidence.good(Listeners), *handshakes),
        facts={"port": port, "unit": unit, "service": systemd_unit(nginx) or "nginx"},
        fix=Fix(
            (config_test_command(nginx), stop, disable, *start_commands(nginx)),
            Applicability.REVIEW,
        ),
    )
