"""Claims about a backend's servers."""

from collections.abc import Mapping, Sequence

from checks.nginx import Nginx, file_line
from checks.nginx._page_errors import is_in_run
from checks.upstream import Backend, backend_log_lines
from checks.upstream._address_lines import host_line, shown_target, writer_of
from checks.upstream._responses import NO_RESPONSE, front_failures, path_severity
from diagnose.model import Claim, Confidence, Fix, Observation, Severity, Subject
from diagnose.model.frozen import frozen
from diagnose.model.logs import LogLine
from diagnose.model.nginx import Directive
from diagnose.model.pages import WebSocketPath
from diagnose.parsers.nginx.locations import proxy_pass_of


@frozen(eq=False)
class BackendFault:
    """A fault at a backend, as a check found it.

    `because` are the observations that show it, beside the front server's failures. `endpoints` are
    the servers concerned, () for all. `directive` is reported instead of the proxy target's own.
    `severity` None means: an error if a requested path fails, a warning if nginx answers in the
    place of the application that failed, or the page opens a WebSocket there, otherwise a note.
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
    directive = fault.directive or host_line(backend)
    writer = writer_of(nginx, directive)
    # Nobody requested the location's own pattern, but it shows which visitors are affected.
    paths = backend.paths or tuple(
        dict.fromkeys(attempt.path for attempt in backend.connect_attempts if attempt.path)
    )
    failures = front_failures(nginx.evidence, backend.paths)
    severity = fault.severity or path_severity(nginx.evidence, backend.paths)
    is_harmless = fault.severity is None and severity is Severity.NOTE
    hidden = _hidden_failures(nginx, backend) if is_harmless else ()
    named = _websockets_of_the_page(nginx, backend) if is_harmless else ()
    observations = (
        *fault.because, *failures, *hidden, *named, *nginx.configs,
    )  # fmt: skip
    return Claim(
        about=Subject(text=", ".join(endpoint_names)),
        covers=tuple(Subject(port=nginx.evidence.target.port, path=path) for path in paths),
        because=tuple(dict.fromkeys(observations)),
        facts={
            "application": endpoint_names,
            "target": shown_target(backend.proxy_target),
            # The variable that names the server, where a `set` gives it its value.
            "variable": directive.args[0] if directive.name == "set" else "",
            "npm": writer is not None and writer.panel == "npm",
            "place": file_line(directive),
            "directive": backend.proxy_target.directive.name,
            "paths": paths,
            "status": next(
                (status for failure in failures if (status := getattr(failure, "status", None))), ""
            ),
            "hidden": bool(hidden),
            "websocket": named[0].path if named else "",
            **fault.facts,
        },
        confidence=fault.confidence,
        severity=Severity.WARNING if hidden or named else severity,
        ruled_out=fault.ruled_out,
        location=nginx.location(directive),
        fix=fix,
    )


def _hidden_failures(nginx: Nginx, backend: Backend) -> tuple[LogLine, ...]:
    """Return the lines which say that this run's own request met the failure, although it was
    answered: from `error_page`, from a cache, or by another server."""
    lines = backend_log_lines(nginx, backend, NO_RESPONSE)
    return tuple(line for line in lines if is_in_run(nginx.evidence, line))


def _websockets_of_the_page(nginx: Nginx, backend: Backend) -> tuple[WebSocketPath, ...]:
    """Return the WebSockets which the page opens, and which nginx passes on to this backend."""
    directive = backend.proxy_target.directive
    return tuple(
        named
        for named in nginx.evidence.good(WebSocketPath)
        if any(proxy_pass_of(match) is directive for match in nginx.location_matches(named.path))
    )
