"""nginx looks up the name in proxy_pass once, when it loads its configuration. The name has another
address since (a container that was made anew, a server that moved), and nginx goes on with the old
one: visitors get 502 or 504 until nginx is reloaded, while the application answers at the new one.
"""

from collections.abc import Iterator

from checks.nginx import Nginx
from checks.upstream import BROKEN, Backend, backends, blame, fails, lines
from diagnose.checking.registry import check
from diagnose.model import Applicability, Claim, Confidence, Evidence, Fix, Severity
from diagnose.model.logs import LogLine
from diagnose.model.nginx import NginxConfig, UpstreamTry
from diagnose.parsers.hostnames import is_address
from diagnose.parsers.nginx import error_log, upstreams

#: So many addresses of a name are tried at most: beyond, one may be among those not seen.
_MOST = 3


@check(severity=Severity.ERROR, needs=[UpstreamTry, NginxConfig], explains=BROKEN)
def stale_address(evidence: Evidence) -> Iterator[Claim]:
    nginx = Nginx.of(evidence)
    for backend in backends(nginx):
        broken = fails(evidence, backend.paths)
        if not broken or not backend.up or not _is_looked_up_once(backend):
            continue
        if _is_changed(nginx, backend):
            continue  # What runs is not what was read.
        now = _now(backend)
        written = [one for one in lines(nginx, backend, _SAYS) if _is_old(one, backend, now)]
        if not written or len(now) > _MOST:
            continue
        old = tuple(dict.fromkeys(error_log.authority(one) for one in written))
        yield blame(
            nginx,
            backend,
            {
                "name": backend.lead.ends[0].host,
                "old": old,
                "now": tuple(f"{one.address}" for one in backend.tries),
                "message": written[-1].text,
            },
            Fix((nginx.reloaded(),), Applicability.AUTOMATIC),
            because=(*backend.tries, *written),
            confidence=Confidence.CERTAIN,
            ruled_out=("upstream.refused",),
        )


_SAYS = r"while connecting to upstream"


def _is_looked_up_once(backend: Backend) -> bool:
    return all(
        end.host and not is_address(end.host) and not upstreams.renewed(place, lead, end)
        for place, lead in zip(backend.places, backend.leads, strict=True)
        for end in lead.ends
    )


def _is_changed(nginx: Nginx, backend: Backend) -> bool:
    """The file was written to since nginx loaded it."""
    file, loaded = nginx.file(backend.lead.given), nginx.master.loaded if nginx.master else None
    return bool(file and file.changed and loaded and file.changed > loaded)


def _now(backend: Backend) -> set[str]:
    return {one.address for one in backend.tries if one.address}


def _is_old(line: LogLine, backend: Backend, now: set[str]) -> bool:
    """Whether nginx went to one of these ports at an address that the name has no more."""
    address, _, port = error_log.authority(line).rpartition(":")
    ports = {str(end.port) for end in backend.lead.ends}
    return bool(address) and port in ports and address.strip("[]") not in now and bool(now)
