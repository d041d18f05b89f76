"""The queue of the application's Unix socket is full, so that the kernel refuses nginx's connection
at once (error.log: "connect() to unix:… failed (11: Resource temporarily unavailable)"; unix(7),
connect(2), EAGAIN). The program listens, and all of its workers are busy: PHP-FPM has no more
children than pm.max_children.
"""

from collections.abc import Iterator

from checks.nginx import Nginx
from checks.nginx._page_errors import is_in_run
from checks.upstream import CONSEQUENCES, Backend, backend_log_lines, backends
from checks.upstream._claims import BackendFault, upstream_claim
from checks.upstream._failed_applications import log_facts
from diagnose.checking.registry import check
from diagnose.model import Applicability, Claim, Evidence, Fix, Manual, Severity, Where
from diagnose.model.logs import LogLine
from diagnose.model.nginx import NginxConfig


@check(
    severity=Severity.ERROR,
    needs=[LogLine, NginxConfig],
    explains=[*CONSEQUENCES, "upstream.timeout", "upstream.closed-early"],
)
def queue_full(evidence: Evidence) -> Iterator[Claim]:
    nginx = Nginx.of(evidence)
    for backend in backends(nginx):
        lines = [line for line in _lines(nginx, backend) if is_in_run(evidence, line)]
        endpoints = tuple(
            str(endpoint) for endpoint in backend.proxy_target.endpoints if endpoint.socket
        )
        if lines and endpoints:
            yield upstream_claim(
                nginx,
                BackendFault(
                    backend,
                    {
                        "message": lines[-1].text,
                        "times": sum(line.times for line in lines),
                        "php": backend.proxy_target.scheme == "fastcgi",
                        **log_facts(evidence, endpoints),
                    },
                    because=lines,
                    endpoints=endpoints,
                    ruled_out=("upstream.refused", "upstream.socket-unreachable"),
                ),
                Fix((Manual("more-workers", Where.APPLICATION),), Applicability.MANUAL),
            )


def _lines(nginx: Nginx, backend: Backend) -> tuple[LogLine, ...]:
    return backend_log_lines(nginx, backend, r"connect\(\) to unix:", 11)
