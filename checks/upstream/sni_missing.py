"""The application's TLS serves several names and wants to be told which (RFC 6066 section 3). By
default nginx sends none (ngx_http_proxy_module, proxy_ssl_server_name), so that every handshake
fails and visitors get 502 (error.log: "… alert … while SSL handshaking to upstream"). With the name
the handshake stands."""

from collections.abc import Iterator

from checks.nginx import Nginx
from checks.upstream import BROKEN, Backend, Changes, backends, blame, lines, mended
from diagnose.checking.registry import check
from diagnose.model import Claim, Evidence, Severity
from diagnose.model.nginx import NginxConfig
from diagnose.model.upstream import UpstreamTalk
from diagnose.parsers.nginx import edits, server_blocks
from diagnose.parsers.nginx.server_blocks import Place
from diagnose.parsers.nginx.upstreams import Lead


@check(
    severity=Severity.ERROR,
    needs=[UpstreamTalk, NginxConfig],
    explains=[*BROKEN, "upstream.closed-early", "upstream.timeout"],
)
def sni_missing(evidence: Evidence) -> Iterator[Claim]:
    nginx = Nginx.of(evidence)
    for backend in backends(nginx):
        talks = [one for one in backend.talks if one.speaks == "https"]
        failed = [one for one in talks if one.as_nginx and one.failure]
        stood = any(one.as_nginx and not one.failure for one in talks)
        named = [one for one in talks if one.server_name and not one.as_nginx and not one.failure]
        if not backend.lead.secure or not failed or stood or not named:
            continue
        name, failure = named[0].server_name, failed[0].failure
        alert = failure is not None and failure.kind == "alert"
        yield blame(
            nginx,
            backend,
            {
                "name": name,
                "sent": failed[0].server_name,
                "message": failure.message if failure else "",
                "alert": failure.code if failure and alert else "",
            },
            mended(nginx, _changes(nginx, backend, name), "send-the-name"),
            because=(*failed, *named, *lines(nginx, backend, "SSL handshaking to upstream")),
            ruled_out=("upstream.refused", "upstream.tls-to-plain"),
        )


def _changes(nginx: Nginx, backend: Backend, name: str) -> Changes:
    changes: Changes = {}
    for place, lead in zip(backend.places, backend.leads, strict=True):
        added = [line for line in _wanted(place, lead, name) if not _changed(place, line, changes)]
        if server_blocks.passed(place) is lead.given:
            nginx.insert(place, added, changes)
    return changes


def _wanted(place: Place, lead: Lead, name: str) -> Iterator[str]:
    """The lines that are missing, or say otherwise."""
    on = place.one("proxy_ssl_server_name")
    if on is None or on.args[:1] != ("on",):
        yield "proxy_ssl_server_name on;"
    known = {"proxy_host": lead.authority}
    given = place.one("proxy_ssl_name")
    now = server_blocks.value(place, given.args[0], known) if given and given.args else lead.host
    if now != name:
        yield f"proxy_ssl_name {name};"


def _changed(place: Place, line: str, changes: Changes) -> bool:
    """Whether the location has such a line already, which is changed instead."""
    own = server_blocks.children(place.location, line.split()[0])
    for one in own[:1]:
        changes.setdefault(one.file, []).append(edits.instead(one, line))
    return bool(own)
