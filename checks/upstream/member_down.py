"""One server of a group takes no connection, and another does. nginx asks the next one
(proxy_next_upstream, ngx_http_proxy_module), so that visitors get their page, until the others fail
as well: then they get 502, and the error log has "no live upstreams while connecting to upstream".

A server with the mark `down` is not asked, and not judged. One that was stopped on purpose may lack
the mark: it is a note, unless a message says that the site fails. One that is marked `backup` gets
no request while another serves, so it is a note then too: half of a pair of which one is stopped.
"""

from collections.abc import Iterator

from checks.listener._containers import has_failed
from checks.nginx import Nginx
from checks.upstream import Backend, backend_log_lines, backends
from checks.upstream._claims import BackendFault, upstream_claim
from checks.upstream._group_edits import marked_down
from checks.upstream.container_stopped import container_of
from diagnose.checking.registry import check
from diagnose.model import (
    Applicability,
    Claim,
    Confidence,
    Evidence,
    Fix,
    Manual,
    Severity,
    Where,
    commands,
)
from diagnose.model.addresses import is_loopback
from diagnose.model.containers import Container, Containers
from diagnose.model.nginx import NginxConfig, UpstreamTry

#: What visitors get when no server of a group is left.
_NONE_LEFT = {502, 503, 504}


@check(severity=Severity.WARNING, needs=[UpstreamTry, NginxConfig])
def member_down(evidence: Evidence) -> Iterator[Claim]:
    nginx = Nginx.of(evidence)
    for backend in backends(nginx):
        failed, serving = _members(backend)
        if backend.is_tried and failed and serving:
            yield _claim(nginx, backend, failed, serving)


def _members(backend: Backend) -> tuple[list[UpstreamTry], list[UpstreamTry]]:
    """Return the first attempt at each server that takes no connection at any of its addresses, and
    at each one that does."""
    by_name: dict[str, list[UpstreamTry]] = {}
    for attempt in backend.connect_attempts:
        by_name.setdefault(attempt.endpoint, []).append(attempt)
    failed = [each[0] for each in by_name.values() if all(attempt.failure for attempt in each)]
    return failed, [each[0] for each in by_name.values() if each[0] not in failed]


def _claim(
    nginx: Nginx, backend: Backend, failed: list[UpstreamTry], serving: list[UpstreamTry]
) -> Claim:
    names = tuple(attempt.endpoint for attempt in failed)
    symptom, failure = nginx.evidence.target.symptom, failed[0].failure
    is_idle = all(each.backup for each in failed) and not all(each.backup for each in serving)
    is_told = (
        not is_idle
        and symptom is not None
        and (symptom.number in _NONE_LEFT or symptom.kind == "sometimes")
    )
    container = _stopped(nginx.evidence, failed[0])
    return upstream_claim(
        nginx,
        BackendFault(
            backend,
            {
                "failed": names,
                "serving": tuple(attempt.endpoint for attempt in serving),
                "spare": all(attempt.backup for attempt in serving),
                "idle": is_idle,
                "message": failure.message if failure else "",
                "late": failure is not None and failure.kind == "timeout",
                "container": container.name if container else "",
                "engine": container.engine if container else "",
                "command": f"ss -ltnp 'sport = :{failed[0].port}'"
                if is_loopback(failed[0].address)
                else "",
            },
            because=(
                *failed,
                *serving,
                *backend_log_lines(nginx, backend, "while connecting to upstream"),
            ),
            endpoints=names,
            severity=Severity.WARNING if is_told else Severity.NOTE,
            confidence=Confidence.LIKELY if is_told else Confidence.CERTAIN,
        ),
        _fix(nginx, backend, names, container),
    )


def _stopped(evidence: Evidence, attempt: UpstreamTry) -> Container | None:
    lists = evidence.good(Containers)
    stopped = (container_of(evidence, containers, attempt) for containers in lists)
    return next(filter(None, stopped), None)


def _fix(
    nginx: Nginx, backend: Backend, names: tuple[str, ...], container: Container | None
) -> Fix:
    """Start the server, or mark it as one that is left out."""
    if container is not None and len(names) == 1 and not has_failed(container):
        start = commands.start_container(container.engine, container.name)
        return Fix((start,), Applicability.REVIEW)
    step = Manual(
        "start-the-server", Where.APPLICATION, commands=marked_down(nginx, backend, names)
    )
    return Fix((step,), Applicability.MANUAL)
