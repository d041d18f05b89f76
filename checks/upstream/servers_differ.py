"""The servers of a group do not answer alike: one has the page, another does not. nginx asks them
by turns (ngx_http_upstream_module), so that the page fails at times, for some visitors or for every
second request. The next server is tried only after errors of the connection
(proxy_next_upstream), so a 404 or 500 reaches the visitor.

Usual reasons: a server with an old release, another program on the port, a deployment of which a
part failed.

Each was asked once. A page that is missing stays so; a 5xx may be an application that fails now and
then on all of them, so that the difference is likely only.
"""

from collections.abc import Collection, Iterator

from checks.nginx import Nginx
from checks.upstream import CONSEQUENCES, Backend, backends
from checks.upstream._claims import BackendFault, upstream_claim
from checks.upstream._group_edits import marked_down
from diagnose.checking.registry import check
from diagnose.model import Applicability, Claim, Confidence, Evidence, Fix, Manual, Severity, Where
from diagnose.model.addresses import is_loopback
from diagnose.model.nginx import NginxConfig, UpstreamTry
from diagnose.parsers.http import MISSING_PAGE


@check(severity=Severity.ERROR, needs=[UpstreamTry, NginxConfig], explains=[*CONSEQUENCES])
def servers_differ(evidence: Evidence) -> Iterator[Claim]:
    nginx = Nginx.of(evidence)
    for backend in backends(nginx):
        answers = [
            attempt
            for attempt in backend.request_attempts
            if attempt.status and not attempt.backup and evidence.target.path in backend.paths
        ]
        failing = [attempt for attempt in answers if _fails(attempt)]
        serving = [attempt for attempt in answers if (attempt.status or 0) < 400]
        if failing and serving:
            yield _claim(nginx, backend, failing, serving)


def _fails(attempt: UpstreamTry) -> bool:
    return attempt.status in MISSING_PAGE or (attempt.status or 0) >= 500


def _claim(
    nginx: Nginx, backend: Backend, failing: list[UpstreamTry], serving: list[UpstreamTry]
) -> Claim:
    names = tuple(dict.fromkeys(attempt.endpoint for attempt in failing))
    return upstream_claim(
        nginx,
        BackendFault(
            backend,
            {
                "failing": tuple(f"{attempt.endpoint} ({attempt.status})" for attempt in failing),
                "serving": tuple(f"{attempt.endpoint} ({attempt.status})" for attempt in serving),
                "path": nginx.evidence.target.path,
                "command": f"ss -ltnp 'sport = :{failing[0].port}'"
                if is_loopback(failing[0].address)
                else "",
            },
            because=(*failing, *serving),
            endpoints=names,
            severity=Severity.ERROR,
            confidence=Confidence.CERTAIN
            if any(attempt.status in MISSING_PAGE for attempt in failing)
            else Confidence.LIKELY,
        ),
        _fix(nginx, backend, names),
    )


def _fix(nginx: Nginx, backend: Backend, names: Collection[str]) -> Fix:
    """Let a person make the servers alike; beside it the edit that leaves out those that fail until
    then."""
    step = Manual("make-them-alike", Where.APPLICATION, commands=marked_down(nginx, backend, names))
    return Fix((step,), Applicability.MANUAL)
