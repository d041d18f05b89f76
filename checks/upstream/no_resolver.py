"""A proxy_pass with a variable in it is looked up anew for every request, and for that nginx has
only the name servers of `resolver` (ngx_http_core_module), not those of the machine. Without one
visitors get 502 (error.log: "no resolver defined to resolve app.internal")."""

import re
from collections.abc import Iterator

from checks.nginx import Nginx
from checks.upstream import BROKEN, Backend, Changes, backends, blame, fails, lines, mended, works
from diagnose.checking.registry import check
from diagnose.model import Claim, Confidence, Evidence, Severity
from diagnose.model.nginx import NginxConfig
from diagnose.model.upstream import ServerNames
from diagnose.parsers.nginx import server_blocks, upstreams


@check(
    severity=Severity.ERROR,
    needs=[NginxConfig],
    explains=BROKEN,
)
def no_resolver(evidence: Evidence) -> Iterator[Claim]:
    nginx = Nginx.of(evidence)
    main = nginx.config.main if nginx.config else ()
    for backend in backends(nginx):
        name = upstreams.unresolved(main, backend.places[0], backend.lead)
        if not name or works(evidence, backend.paths):
            continue
        known = evidence.of(ServerNames)[-1:]
        resolvers = [one for seen in known for one in seen.resolvers][:3]
        in_hosts = any(name in seen.written for seen in known)
        written = lines(nginx, backend, rf"no resolver defined to resolve {re.escape(name)}")
        seen = bool(written or fails(evidence, backend.paths))
        changes = {} if in_hosts else _changes(nginx, backend, resolvers)
        yield blame(
            nginx,
            backend,
            {
                "name": name,
                "resolvers": tuple(resolvers),
                "hosts": in_hosts,
                "message": written[0].text if written else "",
            },
            mended(nginx, changes, "a-fixed-name" if in_hosts else "a-resolver"),
            because=(*known, *written),
            confidence=Confidence.CERTAIN if seen else Confidence.LIKELY,
        )


def _changes(nginx: Nginx, backend: Backend, resolvers: list[str]) -> Changes:
    changes: Changes = {}
    shown = " ".join(f"[{one}]" if ":" in one else one for one in resolvers)
    for place, lead in zip(backend.places, backend.leads, strict=True):
        if shown and server_blocks.passed(place) is lead.given:
            nginx.insert(place, [f"resolver {shown} valid=30s;"], changes)
    return changes
