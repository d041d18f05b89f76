"""The application's TLS serves several names and needs SNI (RFC 6066 section 3). By default nginx
sends none (ngx_http_proxy_module, proxy_ssl_server_name), so every handshake fails and visitors get
502 (error.log: "… alert … while SSL handshaking to upstream"). With the name the handshake
succeeds."""

from collections.abc import Iterator

from checks.nginx import Nginx
from checks.nginx._edits import Changes
from checks.nginx._location_edits import insert_lines
from checks.upstream import CONSEQUENCES, Backend, backend_log_lines, backends
from checks.upstream._claims import BackendFault, upstream_claim
from checks.upstream._edits import edit_fix
from diagnose.checking.registry import check
from diagnose.model import Claim, Evidence, Severity
from diagnose.model.nginx import NginxConfig
from diagnose.model.upstream import UpstreamTalk
from diagnose.parsers.nginx import edits
from diagnose.parsers.nginx.config import children
from diagnose.parsers.nginx.locations import LocationMatch, proxy_pass_of
from diagnose.parsers.nginx.upstreams import ProxyTarget
from diagnose.parsers.nginx.variables import expand_variables


@check(
    severity=Severity.ERROR,
    needs=[UpstreamTalk, NginxConfig],
    explains=[*CONSEQUENCES, "upstream.closed-early", "upstream.timeout"],
)
def sni_missing(evidence: Evidence) -> Iterator[Claim]:
    nginx = Nginx.of(evidence)
    for backend in backends(nginx):
        tls_variants = [variant for variant in backend.variants if variant.speaks == "https"]
        failed_variants = [
            variant for variant in tls_variants if variant.as_nginx and variant.failure
        ]
        is_accepted = any(variant.as_nginx and not variant.failure for variant in tls_variants)
        named_variants = [
            variant
            for variant in tls_variants
            if variant.server_name and not variant.as_nginx and not variant.failure
        ]
        if (
            not backend.proxy_target.secure
            or not failed_variants
            or is_accepted
            or not named_variants
        ):
            continue
        name, failure = named_variants[0].server_name, failed_variants[0].failure
        alert = failure is not None and failure.kind == "alert"
        yield upstream_claim(
            nginx,
            BackendFault(
                backend,
                {
                    "name": name,
                    "sent": failed_variants[0].server_name,
                    "message": failure.message if failure else "",
                    "alert": failure.code if failure and alert else "",
                },
                because=(
                    *failed_variants,
                    *named_variants,
                    *backend_log_lines(nginx, backend, "SSL handshaking to upstream"),
                ),
                ruled_out=("upstream.refused", "upstream.tls-to-plain"),
            ),
            edit_fix(nginx, _changes(nginx, backend, name), "send-the-name"),
        )


def _changes(nginx: Nginx, backend: Backend, name: str) -> Changes:
    changes: Changes = {}
    for match, proxy_target in zip(backend.location_matches, backend.proxy_targets, strict=True):
        missing_lines = [
            line
            for line in _missing_lines(match, proxy_target, name)
            if not _replace_line(match, line, changes)
        ]
        if proxy_pass_of(match) is proxy_target.directive:
            insert_lines(nginx, match, missing_lines, changes)
    return changes


def _missing_lines(match: LocationMatch, proxy_target: ProxyTarget, name: str) -> Iterator[str]:
    """Yield the lines that are missing or have another value."""
    sni_directive = match.directive("proxy_ssl_server_name")
    if sni_directive is None or sni_directive.args[:1] != ("on",):
        yield "proxy_ssl_server_name on;"
    variables = {"proxy_host": proxy_target.authority}
    directive = match.directive("proxy_ssl_name")
    current_name = (
        expand_variables(match, directive.args[0], variables)
        if directive and directive.args
        else proxy_target.host
    )
    if current_name != name:
        yield f"proxy_ssl_name {name};"


def _replace_line(match: LocationMatch, line: str, changes: Changes) -> bool:
    """Replace the line if the location has that directive already. Return whether it has."""
    directives = children(match.block, line.split()[0])
    for directive in directives[:1]:
        changes.setdefault(directive.file, []).append(edits.replace_directive(directive, line))
    return bool(directives)
