"""SELinux does not let a web server make connections unless it is told to (httpd_selinux(8)): the
application answers everybody on this server but nginx, and visitors get 502 (error.log: "connect()
to 127.0.0.1:3000 failed (13: Permission denied) while connecting to upstream")."""

from collections.abc import Iterator

from checks.nginx import Nginx
from checks.upstream import BROKEN, Backend, backends, blame, fails, lines
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
from diagnose.model.logs import LogLine
from diagnose.model.nginx import NginxConfig, UpstreamTry
from diagnose.model.upstream import Denial, Selinux

#: What lets the programs of the domain httpd_t connect to any port.
BOOLEAN = "httpd_can_network_connect"


@check(
    severity=Severity.ERROR,
    needs=[Selinux, UpstreamTry, NginxConfig],
    explains=[*BROKEN, "upstream.socket-unreachable"],
)
def selinux_denied(evidence: Evidence) -> Iterator[Claim]:
    nginx = Nginx.of(evidence)
    seen = evidence.good(Selinux)[-1:]
    if not seen or seen[0].mode != "Enforcing":
        return
    for backend in backends(nginx):
        written = lines(nginx, backend, r"^connect\(\)", 13)
        denied = [one for one in seen[0].denials if one.enforced and _is_about(one, backend)]
        socket = bool(backend.lead.ends[0].socket)
        off = seen[0].boolean(BOOLEAN) is False and not socket
        witnessed = bool(written or denied)
        if backend.up and fails(evidence, backend.paths) and (witnessed or off):
            yield _claim(nginx, backend, seen[0], denied, written, socket)


def _is_about(one: Denial, backend: Backend) -> bool:
    ends = backend.lead.ends
    by_port = one.permission == "name_connect" and one.port in {e.port for e in ends if e.host}
    by_path = one.permission in {"connectto", "write"} and any(
        end.socket and (one.path == end.socket or end.socket.endswith(f"/{one.path}"))
        for end in ends
    )
    return by_port or (by_path and bool(one.path))


def _claim(
    nginx: Nginx,
    backend: Backend,
    seen: Selinux,
    denied: list[Denial],
    written: tuple[LogLine, ...],
    socket: bool,
) -> Claim:
    off = seen.boolean(BOOLEAN) is False
    allowed = Command(("setsebool", "-P", BOOLEAN, "1"), undo=("setsebool", "-P", BOOLEAN, "0"))
    by_boolean = not socket and seen.boolean(BOOLEAN) is not True
    return blame(
        nginx,
        backend,
        {
            "mode": seen.mode,
            "boolean": BOOLEAN if off and not socket else "",
            "denied": bool(denied),
            "message": written[0].text if written else "",
            "socket": socket,
        },
        Fix((allowed,), Applicability.AUTOMATIC)
        if by_boolean
        else Fix((Manual("let-it", Where.SERVER),), Applicability.MANUAL),
        because=(seen, *backend.tries, *written),
        confidence=Confidence.CERTAIN if denied or written else Confidence.LIKELY,
        ruled_out=("upstream.refused",),
    )
