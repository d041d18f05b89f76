"""Claims about a backend's servers."""

from collections.abc import Mapping, Sequence

from checks.nginx import Nginx, file_line
from checks.upstream import Backend
from checks.upstream._responses import front_failures, path_severity
from diagnose.model import Claim, Confidence, Fix, Observation, Severity, Subject
from diagnose.model.frozen import frozen
from diagnose.model.nginx import Directive


@frozen(eq=False)
class BackendFault:
    """A fault at a backend, as a check found it.

    `because` are the observations that show it, beside the front server's failures. `endpoints` are
    the servers concerned, () for all. `directive` is reported instead of the proxy target's own.
    `severity` None means: an error if a requested path fails, otherwise a note.
    """

    backend: Backend
    facts: Mapping[str, object]
    because: Sequence[Observation]
    endpoints: tuple[str, ...] = ()
    directive: Directive | None = None
    confidence: Confidence = Confidence.CERTAIN
    severity: Severity | None = None
    ruled_out: tuple[str, ...] = ()


def upstream_claim(nginx: Nginx, fault: BackendFault, fix: Fix) -> Claim:
    """Make a claim about a backend's servers. It covers the paths that lead there."""
    backend = fault.backend
    endpoint_names = fault.endpoints or tuple(
        str(endpoint) for endpoint in backend.proxy_target.endpoints
    )
    directive = fault.directive or backend.proxy_target.directive
    # Nobody requested the location's own pattern, but it shows which visitors are affected.
    paths = backend.paths or tuple(
        dict.fromkeys(attempt.path for attempt in backend.connect_attempts if attempt.path)
    )
    failures = front_failures(nginx.evidence, backend.paths)
    observations = (*fault.because, *failures, *([nginx.config] if nginx.config else []))
    return Claim(
        about=Subject(text=", ".join(endpoint_names)),
        covers=tuple(Subject(port=nginx.evidence.target.port, path=path) for path in paths),
        because=tuple(dict.fromkeys(observations)),
        facts={
            "application": endpoint_names,
            "target": backend.proxy_target.target,
            "place": file_line(directive),
            "directive": backend.proxy_target.directive.name,
            "paths": paths,
            "status": next(
                (status for failure in failures if (status := getattr(failure, "status", None))), ""
            ),
            **fault.facts,
        },
        confidence=fault.confidence,
        severity=fault.severity or path_severity(nginx.evidence, backend.paths),
        ruled_out=fault.ruled_out,
        location=nginx.location(directive),
        fix=fix,
    )
