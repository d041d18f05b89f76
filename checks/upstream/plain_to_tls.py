"""proxy_pass has http://, and the application speaks TLS. It responds "400 The plain HTTP request
was sent to HTTPS port", or with an alert that is not HTTP, or closes the connection. A TLS
handshake with it succeeds. Where its 400 does not say why, the page is asked for over TLS too: an
application that answers 400 there as well refuses the request for another reason."""

from collections.abc import Iterator

from checks.nginx import Nginx
from checks.nginx._edits import Changes
from checks.nginx._location_edits import insert_lines
from checks.upstream import CONSEQUENCES, Backend, backend_log_lines, backends
from checks.upstream._claims import BackendFault, upstream_claim
from checks.upstream._container_names import virtual_protocol_fix
from checks.upstream._edits import edit_fix, switch_scheme
from diagnose.checking.registry import check
from diagnose.model import Claim, Evidence, Severity
from diagnose.model.http import Exchange, Upgrade, page_exchanges
from diagnose.model.nginx import NginxConfig, UpstreamTry
from diagnose.model.upstream import UpstreamTalk
from diagnose.parsers.nginx.locations import proxy_pass_of

_LOG_PATTERN = r"no valid HTTP/1\.0 header|prematurely closed|recv\(\) failed"


@check(
    severity=Severity.ERROR,
    needs=[UpstreamTalk, NginxConfig],
    explains=[*CONSEQUENCES, "http.plain-to-tls-port", "upstream.closed-early"],
)
def plain_to_tls(evidence: Evidence) -> Iterator[Claim]:
    nginx = Nginx.of(evidence)
    for backend in backends(nginx):
        good_variants = [
            variant for variant in backend.variants if not variant.as_nginx and not variant.failure
        ]
        tls_variants = [variant for variant in good_variants if variant.speaks == "https"]
        plain_responses = _plain_responses(evidence, backend)
        if any(response.status == 400 for response in plain_responses):
            tls_variants = [variant for variant in tls_variants if variant.status != 400]
        if backend.proxy_target.scheme != "http" or not tls_variants or not plain_responses:
            continue
        name = tls_variants[0].server_name
        refused = _refused_pages(evidence, backend, tls_variants)
        yield upstream_claim(
            nginx,
            BackendFault(
                backend,
                {
                    "protocol": tls_variants[0].protocol,
                    "name": name,
                    **({"status": 400} if refused else {}),
                },
                because=(
                    *refused,
                    *plain_responses,
                    *tls_variants,
                    *backend_log_lines(nginx, backend, _LOG_PATTERN),
                ),
                severity=Severity.ERROR if refused else None,
                ruled_out=("upstream.refused",),
            ),
            virtual_protocol_fix(nginx, backend, "https")
            or edit_fix(nginx, _changes(nginx, backend, name), "with-tls"),
        )


def _refused_pages(
    evidence: Evidence, backend: Backend, talks: list[UpstreamTalk]
) -> list[Exchange]:
    """Return visitors' requests that got 400, where the same page is served over TLS."""
    is_served = any(200 <= (talk.status or 0) < 400 for talk in talks)
    if not is_served or evidence.target.path not in backend.paths:
        return []
    return [page for page in page_exchanges(evidence) if page.status == 400]


def _plain_responses(evidence: Evidence, backend: Backend) -> list[UpstreamTry | Upgrade]:
    """Return the responses to plain requests; empty if one of them was understood."""
    paths = {
        attempt.path for attempt in (*backend.connect_attempts, *backend.request_attempts)
    } | set(backend.paths)
    upgrades = [upgrade for upgrade in evidence.of(Upgrade) if upgrade.through == "application"]
    responses: list[UpstreamTry | Upgrade] = [*backend.request_attempts]
    responses += [upgrade for upgrade in upgrades if upgrade.path in paths]
    return responses if all(response.status in {None, 400} for response in responses) else []


def _changes(nginx: Nginx, backend: Backend, name: str) -> Changes:
    changes: Changes = {}
    switch_scheme(nginx, backend, "https", changes)
    for match, proxy_target in zip(backend.location_matches, backend.proxy_targets, strict=True):
        if name and proxy_pass_of(match) is proxy_target.directive:
            lines = ["proxy_ssl_server_name on;"]
            lines += [f"proxy_ssl_name {name};"] if name != proxy_target.host else []
            insert_lines(nginx, match, lines, changes)
    return changes
