"""A proxy_pass contains a variable, and no `resolver` is configured. nginx then resolves the name
for every request, with the name servers of `resolver` only (ngx_http_core_module), not those of the
machine. Visitors get 502 (error.log: "no resolver defined to resolve app.internal")."""

import re
from collections.abc import Iterator

from checks.nginx import Nginx
from checks.nginx._edits import Changes
from checks.nginx._location_edits import insert_lines
from checks.upstream import CONSEQUENCES, Backend, backend_log_lines, backends
from checks.upstream._claims import BackendFault, upstream_claim
from checks.upstream._edits import edit_fix
from checks.upstream._responses import front_failures, is_served
from diagnose.checking.registry import check
from diagnose.model import Claim, Confidence, Evidence, Severity
from diagnose.model.nginx import NginxConfig
from diagnose.model.upstream import ServerNames
from diagnose.parsers.nginx import upstreams
from diagnose.parsers.nginx.locations import proxy_pass_of


@check(
    severity=Severity.ERROR,
    needs=[NginxConfig],
    explains=CONSEQUENCES,
)
def no_resolver(evidence: Evidence) -> Iterator[Claim]:
    nginx = Nginx.of(evidence)
    main = nginx.config.main if nginx.config else ()
    for backend in backends(nginx):
        name = upstreams.unresolved_name(main, backend.location_matches[0], backend.proxy_target)
        if not name or is_served(evidence, backend.paths):
            continue
        server_names = evidence.of(ServerNames)
        resolvers = list(
            dict.fromkeys(resolver for names in server_names for resolver in names.resolvers)
        )[:3]
        in_hosts = any(name in names.written for names in server_names)
        log_lines = backend_log_lines(
            nginx, backend, rf"no resolver defined to resolve {re.escape(name)}"
        )
        is_proven = bool(log_lines or front_failures(evidence, backend.paths))
        changes = {} if in_hosts else _changes(nginx, backend, resolvers)
        yield upstream_claim(
            nginx,
            BackendFault(
                backend,
                {
                    "name": name,
                    "resolvers": tuple(resolvers),
                    "hosts": in_hosts,
                    "message": log_lines[0].text if log_lines else "",
                },
                because=(*server_names, *log_lines),
                confidence=Confidence.CERTAIN if is_proven else Confidence.LIKELY,
            ),
            edit_fix(nginx, changes, "a-fixed-name" if in_hosts else "a-resolver"),
        )


def _changes(nginx: Nginx, backend: Backend, resolvers: list[str]) -> Changes:
    changes: Changes = {}
    resolver_args = " ".join(
        f"[{resolver}]" if ":" in resolver else resolver for resolver in resolvers
    )
    for match, proxy_target in zip(backend.location_matches, backend.proxy_targets, strict=True):
        if resolver_args and proxy_pass_of(match) is proxy_target.directive:
            insert_lines(nginx, match, [f"resolver {resolver_args} valid=30s;"], changes)
    return changes
