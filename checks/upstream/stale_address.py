"""The name in proxy_pass has a new address (a recreated container, a moved server), and nginx still
uses the old one, because it resolves the name only when it loads its configuration. Visitors get
502 or 504 until nginx is reloaded, while the application responds at the new address."""

from collections.abc import Iterator

from checks.nginx import Nginx
from checks.nginx._commands import reload_command
from checks.upstream import CONSEQUENCES, Backend, backend_log_lines, backends
from checks.upstream._claims import BackendFault, upstream_claim
from checks.upstream._responses import front_failures
from diagnose.checking.registry import check
from diagnose.model import Applicability, Claim, Confidence, Evidence, Fix, Severity
from diagnose.model.logs import LogLine
from diagnose.model.nginx import NginxConfig, UpstreamTry
from diagnose.parsers.hostnames import is_address
from diagnose.parsers.nginx import error_log, upstreams

#: How many addresses of a name are tried at most. If there are more, nginx may use one that was not
#: tried.
_MAX_ADDRESSES = 3


@check(severity=Severity.ERROR, needs=[UpstreamTry, NginxConfig], explains=CONSEQUENCES)
def stale_address(evidence: Evidence) -> Iterator[Claim]:
    nginx = Nginx.of(evidence)
    for backend in backends(nginx):
        failures = front_failures(evidence, backend.paths)
        if not failures or not backend.is_up or not _is_looked_up_once(backend):
            continue
        if _is_changed(nginx, backend):
            continue  # The running configuration is not the one that was read.
        addresses = _current_addresses(backend)
        log_lines = [
            line
            for line in backend_log_lines(nginx, backend, _LOG_PATTERN)
            if _is_old(line, backend, addresses)
        ]
        if not log_lines or len(addresses) > _MAX_ADDRESSES:
            continue
        old_addresses = tuple(
            dict.fromkeys(error_log.upstream_authority(line) for line in log_lines)
        )
        yield upstream_claim(
            nginx,
            BackendFault(
                backend,
                {
                    "name": backend.proxy_target.endpoints[0].host,
                    "old": old_addresses,
                    "now": tuple(f"{attempt.address}" for attempt in backend.connect_attempts),
                    "message": log_lines[-1].text,
                },
                because=(*backend.connect_attempts, *log_lines),
                confidence=Confidence.CERTAIN,
                ruled_out=("upstream.refused",),
            ),
            Fix((reload_command(nginx),), Applicability.AUTOMATIC),
        )


_LOG_PATTERN = r"while connecting to upstream"


def _is_looked_up_once(backend: Backend) -> bool:
    return all(
        endpoint.host
        and not is_address(endpoint.host)
        and not upstreams.re_resolves(proxy_target, endpoint)
        for match, proxy_target in zip(backend.location_matches, backend.proxy_targets, strict=True)
        for endpoint in proxy_target.endpoints
    )


def _is_changed(nginx: Nginx, backend: Backend) -> bool:
    """Return whether the file was changed after nginx loaded it."""
    file, loaded = (
        nginx.file(backend.proxy_target.directive),
        nginx.master.loaded if nginx.master else None,
    )
    return bool(file and file.changed and loaded and file.changed > loaded)


def _current_addresses(backend: Backend) -> set[str]:
    return {attempt.address for attempt in backend.connect_attempts if attempt.address}


def _is_old(line: LogLine, backend: Backend, addresses: set[str]) -> bool:
    """Return whether nginx used one of these ports at an address that the name no longer has."""
    address, _, port = error_log.upstream_authority(line).rpartition(":")
    ports = {str(endpoint.port) for endpoint in backend.proxy_target.endpoints}
    return (
        bool(address) and port in ports and address.strip("[]") not in addresses and bool(addresses)
    )
