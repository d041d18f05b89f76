"""proxy_pass has https://, and the application speaks HTTP without TLS. Every handshake of nginx
fails, and visitors get 502 (error.log: "SSL_do_handshake() failed (… wrong version number) while
SSL handshaking to upstream"). The same request without TLS succeeds, and for gRPC the greeting of
HTTP/2 (RFC 9113 section 3.4)."""

from collections.abc import Iterator

from checks.nginx import Nginx
from checks.nginx._edits import Changes
from checks.upstream import CONSEQUENCES, backend_log_lines, backends
from checks.upstream._claims import BackendFault, upstream_claim
from checks.upstream._container_names import virtual_protocol_fix
from checks.upstream._edits import edit_fix, switch_scheme
from diagnose.checking.registry import check
from diagnose.model import Claim, Evidence, Severity
from diagnose.model.nginx import NginxConfig
from diagnose.model.upstream import UpstreamTalk


@check(
    severity=Severity.ERROR,
    needs=[UpstreamTalk, NginxConfig],
    explains=[*CONSEQUENCES, "upstream.closed-early", "upstream.timeout"],
)
def tls_to_plain(evidence: Evidence) -> Iterator[Claim]:
    nginx = Nginx.of(evidence)
    for backend in backends(nginx):
        failed_variants = [
            variant for variant in backend.variants if variant.as_nginx and variant.failure
        ]
        tls_variants = [
            variant
            for variant in backend.variants
            if variant.speaks == "https" and not variant.failure
        ]
        is_grpc = backend.proxy_target.scheme == "grpcs"
        plain_variants = [
            variant
            for variant in backend.variants
            if (variant.speaks == "http" and variant.status)
            or (is_grpc and variant.speaks == "http2" and not variant.failure)
        ]
        if not failed_variants or not plain_variants or tls_variants:
            continue
        changes: Changes = {}
        switch_scheme(nginx, backend, "grpc" if is_grpc else "http", changes)
        first = failed_variants[0].failure
        yield upstream_claim(
            nginx,
            BackendFault(
                backend,
                {
                    "message": first.message if first else "",
                    "answer": plain_variants[0].status or "HTTP/2",
                    "grpc": is_grpc,
                },
                because=(
                    *failed_variants,
                    *plain_variants,
                    *backend_log_lines(nginx, backend, "SSL handshaking to upstream"),
                ),
                ruled_out=("upstream.refused", "upstream.sni-missing"),
            ),
            # A variable may be that of other targets too.
            virtual_protocol_fix(nginx, backend, "grpc" if is_grpc else "http")
            or edit_fix(nginx, changes, "without-tls", sure=not backend.proxy_target.has_variables),
        )
