"""proxy_pass says https://, and the application speaks HTTP without TLS: every handshake of nginx
fails, and visitors get 502 (error.log: "SSL_do_handshake() failed (… wrong version number) while
SSL handshaking to upstream"). The same request without TLS is answered."""

from collections.abc import Iterator

from checks.nginx import Nginx
from checks.upstream import BROKEN, Changes, backends, blame, lines, mended, spoken
from diagnose.checking.registry import check
from diagnose.model import Claim, Evidence, Severity
from diagnose.model.nginx import NginxConfig
from diagnose.model.upstream import UpstreamTalk


@check(
    severity=Severity.ERROR,
    needs=[UpstreamTalk, NginxConfig],
    explains=[*BROKEN, "upstream.closed-early", "upstream.timeout"],
)
def tls_to_plain(evidence: Evidence) -> Iterator[Claim]:
    nginx = Nginx.of(evidence)
    for backend in backends(nginx):
        failed = [one for one in backend.talks if one.as_nginx and one.failure]
        stood = [one for one in backend.talks if one.speaks == "https" and not one.failure]
        plain = [one for one in backend.talks if one.speaks == "http" and one.status]
        if not failed or not plain or stood:
            continue
        changes: Changes = {}
        spoken(nginx, backend, "grpc" if backend.lead.scheme == "grpcs" else "http", changes)
        first = failed[0].failure
        yield blame(
            nginx,
            backend,
            {"message": first.message if first else "", "answer": plain[0].status},
            mended(nginx, changes, "without-tls"),
            because=(*failed, *plain, *lines(nginx, backend, "SSL handshaking to upstream")),
            ruled_out=("upstream.refused", "upstream.sni-missing"),
        )
