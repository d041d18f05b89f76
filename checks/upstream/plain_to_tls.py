"""proxy_pass says http://, and the application speaks TLS: it answers "400 The plain HTTP request
was sent to HTTPS port", or an alert that is no HTTP, or it hangs up. A handshake with it stands."""

from collections.abc import Iterator

from checks.nginx import Nginx
from checks.upstream import BROKEN, Backend, Changes, backends, blame, lines, mended, spoken
from diagnose.checking.registry import check
from diagnose.model import Claim, Evidence, Severity
from diagnose.model.http import Upgrade
from diagnose.model.nginx import NginxConfig, UpstreamTry
from diagnose.model.upstream import UpstreamTalk
from diagnose.parsers.nginx import server_blocks

_SAYS = r"no valid HTTP/1\.0 header|prematurely closed|recv\(\) failed"


@check(
    severity=Severity.ERROR,
    needs=[UpstreamTalk, NginxConfig],
    explains=[*BROKEN, "http.plain-to-tls-port", "upstream.closed-early"],
)
def plain_to_tls(evidence: Evidence) -> Iterator[Claim]:
    nginx = Nginx.of(evidence)
    for backend in backends(nginx):
        stood = [one for one in backend.talks if not one.as_nginx and not one.failure]
        taken = [one for one in stood if one.speaks == "https"]
        plain = _answers(evidence, backend)
        if backend.lead.scheme != "http" or not taken or not plain:
            continue
        name = taken[0].server_name
        yield blame(
            nginx,
            backend,
            {"protocol": taken[0].protocol, "name": name},
            mended(nginx, _changes(nginx, backend, name), "with-tls"),
            because=(*plain, *taken, *lines(nginx, backend, _SAYS)),
            ruled_out=("upstream.refused",),
        )


def _answers(evidence: Evidence, backend: Backend) -> list[UpstreamTry | Upgrade]:
    """What came of plain requests; nothing where one of them was understood."""
    paths = {one.path for one in (*backend.tries, *backend.asked)} | set(backend.paths)
    upgrades = [one for one in evidence.of(Upgrade) if one.through == "application"]
    found: list[UpstreamTry | Upgrade] = [*backend.asked]
    found += [one for one in upgrades if one.path in paths]
    return found if all(one.status in {None, 400} for one in found) else []


def _changes(nginx: Nginx, backend: Backend, name: str) -> Changes:
    changes: Changes = {}
    spoken(nginx, backend, "https", changes)
    for place, lead in zip(backend.places, backend.leads, strict=True):
        if name and server_blocks.passed(place) is lead.given:
            lines = ["proxy_ssl_server_name on;"]
            lines += [f"proxy_ssl_name {name};"] if name != lead.host else []
            nginx.insert(place, lines, changes)
    return changes
