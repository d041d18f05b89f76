"""Two nginx masters listen on the target's port. `listen … reuseport` lets the second one start
beside the first (socket(7), SO_REUSEPORT), and the kernel gives each connection to one of them. A
reload and a renewed certificate reach one master only.

After an upgrade of the program (SIGUSR2, nginx.org: Controlling nginx) both masters share one
socket, which is listed once: no claim is made.
"""

from collections.abc import Iterator

from checks.listener import listeners_on
from checks.nginx import Nginx
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
)
from diagnose.model.nginx import NginxProcess, NginxState
from diagnose.model.server import Listeners, PidFile
from diagnose.model.tls import Handshake


@check(
    severity=Severity.WARNING,
    needs=[NginxState, Listeners],
    explains=[
        "certificate.expired", "certificate.renewed-not-loaded", "nginx.reload-needed",
    ],
)  # fmt: skip
def two_nginx(evidence: Evidence) -> Iterator[Claim]:
    nginx, port = Nginx.of(evidence), evidence.target.port
    masters = _masters_beside_each_other(evidence, nginx.state, port)
    if len(masters) < 2 or nginx.state is None:
        return
    file = next(iter(evidence.good(PidFile)), None)
    named = [master for master in masters if file and master.pid == file.pid]
    other_masters = [master for master in masters if master not in named]
    is_alike = all(master.config == masters[0].config for master in masters)
    is_sure = bool(named) and is_alike and len(other_masters) == 1 and not other_masters[0].foreign
    yield Claim(
        about=Subject(port=port),
        covers=(Subject(), Subject(port=port)),
        because=(nginx.state, *evidence.good(Listeners), *([file] if file else [])),
        severity=Severity.ERROR if _is_visitor_affected(evidence) else None,
        facts={
            "port": port,
            "masters": tuple(_words(master) for master in masters),
            "named": named[0].pid if named else "",
            "file": file.path if file and named else "",
            "others": other_masters[0].pid if is_sure else "",
        },
        # The one that ends removes the pid file of both, at a time that nobody knows before.
        fix=Fix((Manual("end-one", Where.SERVER),), Applicability.MANUAL),
    )


def _masters_beside_each_other(
    evidence: Evidence, state: NginxState | None, port: int
) -> tuple[NginxProcess, ...]:
    """Return the masters, oldest first, that have sockets of their own for one same address."""
    holders: dict[tuple[str, int], set[int]] = {}
    for listener in listeners_on(evidence, port):
        if listener.pid is not None:
            holders.setdefault((listener.address, listener.family), set()).add(listener.pid)
    masters = {master.pid: master for master in (state.masters if state else ())}
    pids: set[int] = max(
        (holder_pids & masters.keys() for holder_pids in holders.values()), key=len, default=set()
    )
    return tuple(
        sorted((masters[pid] for pid in pids), key=lambda master: (master.started or 0, master.pid))
    )


def _words(master: NginxProcess) -> str:
    place = master.unit or master.config
    return f"{master.pid} ({master.binary}{', ' if place else ''}{place})"


def _is_visitor_affected(evidence: Evidence) -> bool:
    return any(
        handshake.failure and handshake.variant == "normal" for handshake in evidence.of(Handshake)
    )
