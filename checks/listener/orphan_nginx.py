"""An nginx runs of which the pid file knows nothing: the file has gone, or names a process that is
no master. `nginx -s reload` and the service manager look there (nginx(8)), so what they are told
does not reach the one that has the port, and a second one cannot start beside it."""

from collections.abc import Iterator

from checks.listener import sockets
from checks.nginx import Nginx
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
    explains=["nginx.reload-needed"],
)
def orphan_nginx(evidence: Evidence) -> Iterator[Claim]:
    nginx = Nginx.of(evidence)
    file = next(iter(evidence.good(PidFile)), None)
    own = [one for one in (nginx.state.masters if nginx.state else ()) if not one.foreign]
    # With several masters nobody knows whose file it is.
    if file is None or len(own) != 1 or file.pid == own[0].pid or nginx.state is None:
        return
    master = own[0]
    listeners = [one for seen in evidence.good(Listeners) for one in seen.sockets]
    ports = sorted({one.port for one in listeners if one.pid == master.pid})
    if not ports:
        return
    apart = _apart(nginx)
    held = any(one.pid == master.pid for one in sockets(evidence, evidence.target.port))
    yield Claim(
        about=Subject(text=f"nginx, process {master.pid}"),
        covers=(Subject(),),
        because=(nginx.state, file, *evidence.good(Listeners)),
        severity=Severity.ERROR if _fails(evidence) else Severity.WARNING,
        confidence=Confidence.CERTAIN if held else Confidence.LIKELY,
        facts={
            "pid": master.pid,
            "binary": master.binary,
            "config": master.config or (nginx.config.path if nginx.config else ""),
            "file": file.path,
            "named": file.pid or "",
            "ports": tuple(ports),
            "apart": apart,
        },
        fix=_fix(nginx, master.pid, file, apart),
    )


def _apart(nginx: Nginx) -> bool:
    """Whether a service of the service manager's has nginx, and this is not its own: that one
    would still not know it by the file."""
    hosts = [one for one in nginx.evidence.of(Host) if one.vantage is Vantage.SERVER]
    if not any(one.manager == "systemd" for one in hosts):
        return False
    asked = next(iter(nginx.evidence.good(Boot)), None)
    if asked is None or asked.service == "ssh.service":
        return True
    if asked.service == "rc-local.service" or not asked.state:
        return False
    return asked.by_hand or not asked.running


def _fix(nginx: Nginx, pid: int, file: PidFile, apart: bool) -> Fix:
    """With its number in the file again it is within reach, and nobody is cut off."""
    if apart:
        ended = Command(("kill", "-QUIT", str(pid)))
        return Fix((nginx.tested(), ended, *_again(nginx)), Applicability.REVIEW)
    before = f"{file.pid}\n" if file.pid is not None else ""
    number = Edit(file.path, diff(file.path, before, f"{pid}\n"))
    return Fix((number, *nginx.taken()))


def _again(nginx: Nginx) -> tuple[Command, ...]:
    """A service manager may think that it runs, or have started it again by itself."""
    hosts = [one for one in nginx.evidence.of(Host) if one.vantage is Vantage.SERVER]
    by_service = bool(hosts) and hosts[0].manager == "systemd"
    return (Command(("systemctl", "restart", "nginx")),) if by_service else nginx.started()


def _fails(evidence: Evidence) -> bool:
    """Whether visitors meet something wrong."""
    port = evidence.target.port
    tries = [one for one in evidence.of(Connection) if one.purpose == "target" and one.port == port]
    shaken = [one for one in evidence.of(Handshake) if one.as_a_visitor]
    asked = [one for one in evidence.of(Exchange) if one.purpose == "target"]
    return any(one.failure for one in (*tries, *shaken, *asked)) or any(
        (one.status or 0) >= 500 for one in asked
    )
