"""The address of proxy_pass was tried from the server, as nginx tries it, and refuses: nginx
answers 502 (error.log: "connect() failed (111: Connection refused) while connecting to upstream").
"""

from collections.abc import Iterator

from checks.nginx import Nginx
from checks.upstream import BROKEN, Backend, backends, blame, lines
from diagnose.checking.registry import check
from diagnose.model import Applicability, Claim, Evidence, Fix, Manual, Severity, Where
from diagnose.model.nginx import NginxConfig, UpstreamTry
from diagnose.model.server import Listeners

_SHOWN = 6


@check(severity=Severity.ERROR, needs=[UpstreamTry, NginxConfig], explains=BROKEN)
def refused(evidence: Evidence) -> Iterator[Claim]:
    nginx = Nginx.of(evidence)
    for backend in backends(nginx):
        ends = _refusing(backend)
        if backend.down and ends:
            yield blame(
                nginx,
                backend,
                {"listening": _programs(evidence)},
                Fix((Manual("start-the-application", Where.APPLICATION),), Applicability.MANUAL),
                ends=ends,
                because=(*backend.tries, *lines(nginx, backend, r"connect\(\) failed", 111)),
            )


def _refusing(backend: Backend) -> tuple[str, ...]:
    """Those that refuse; where the others cannot be reached at all, these are the nearer fault."""
    found = (one for one in backend.tries if one.failure and one.failure.kind == "refused")
    return tuple(dict.fromkeys(one.end for one in found if not one.socket))


def _programs(evidence: Evidence) -> tuple[str, ...]:
    """What else listens on this machine: the application may be there, on another port."""
    found = dict.fromkeys(
        f"{one.process} {one.port}"
        for seen in evidence.good(Listeners)
        for one in seen.sockets
        if one.process and one.process not in {"nginx", "sshd", "systemd-resolve", "dnsmasq"}
    )
    return tuple(found)[:_SHOWN]
