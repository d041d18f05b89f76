"""systemd itself holds the port for a socket unit (systemd.socket(5)): it listens, and starts that
unit's service for the first visitor. nginx cannot have the port then."""

from collections.abc import Iterator

from checks.listener import sockets
from checks.nginx import Nginx
from diagnose.checking.registry import check
from diagnose.model import Applicability, Claim, Command, Evidence, Fix, Severity, Subject
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
    start, held = nginx.start, sockets(evidence, port)
    if start is None or not start.socket or not nginx.listening(port):
        return
    if not held or any(one.process not in {"systemd", "init"} for one in held):
        return
    tried = [one for one in evidence.of(Handshake) if one.port == port and one.as_a_visitor]
    if not tried or any(one.failure is None for one in tried):
        return
    unit = start.socket
    stop = Command(("systemctl", "stop", unit), undo=("systemctl", "start", unit))
    off = Command(("systemctl", "disable", unit), undo=("systemctl", "enable", unit))
    yield Claim(
        about=Subject(port=port),
        covers=(Subject(port=port), Subject(port=80)),
        because=(start, *evidence.good(Listeners), *tried),
        facts={"port": port, "unit": unit, "service": nginx.unit or "nginx"},
        fix=Fix((nginx.tested(), stop, off, *nginx.started()), Applicability.REVIEW),
    )
