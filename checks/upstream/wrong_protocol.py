"""proxy_pass speaks HTTP/1, and the application speaks FastCGI (PHP-FPM), uwsgi, HTTP/2 alone
(gRPC) or MQTT, or expects a PROXY header before HTTP. It closes the connection without an answer,
and visitors get 502 (error.log: "upstream prematurely closed connection", "recv() failed (104:
Connection reset by peer)" or "upstream sent no valid HTTP/1.0 header"). It answers a greeting in
its own protocol."""

from collections.abc import Iterator

from checks.nginx import Nginx
from checks.nginx._edits import Changes
from checks.upstream import CONSEQUENCES, Backend, backend_log_lines, backends
from checks.upstream._claims import BackendFault, upstream_claim
from checks.upstream._edits import edit_fix
from diagnose.checking.registry import check
from diagnose.model import Claim, Evidence, Severity
from diagnose.model.nginx import NginxConfig
from diagnose.model.upstream import UpstreamTalk
from diagnose.parsers.nginx import edits
from diagnose.parsers.nginx.locations import proxy_pass_of

_LOG_PATTERN = r"no valid HTTP/1\.0 header|prematurely closed|recv\(\) failed"
_NAMES = {
    "fastcgi": "FastCGI",
    "uwsgi": "uwsgi",
    "http2": "HTTP/2",
    "proxy": "PROXY + HTTP",
    "mqtt": "MQTT",
}
_STEPS = {"http2": "speak-http2", "proxy": "without-header", "mqtt": "listener-of-websockets"}


@check(
    severity=Severity.ERROR,
    needs=[UpstreamTalk, NginxConfig],
    explains=[*CONSEQUENCES, "upstream.closed-early", "upstream.timeout"],
)
def wrong_protocol(evidence: Evidence) -> Iterator[Claim]:
    nginx = Nginx.of(evidence)
    for backend in backends(nginx):
        talks = [talk for talk in backend.variants if talk.speaks in _NAMES and not talk.failure]
        is_answered = any(attempt.status for attempt in backend.request_attempts)
        if backend.proxy_target.scheme != "http" or not talks or is_answered:
            continue
        protocol = talks[0].speaks
        step = _STEPS.get(protocol, "speak-its-protocol")
        fix = edit_fix(nginx, _changes(nginx, backend, protocol), step, sure=False)
        yield upstream_claim(
            nginx,
            BackendFault(
                backend,
                {
                    "protocol": _NAMES[protocol],
                    "pass": f"{protocol}_pass",
                    "parameters": f"{protocol}_params",
                    **{name: protocol == name for name in _NAMES},
                },
                because=(
                    *backend.request_attempts,
                    *talks,
                    *backend_log_lines(nginx, backend, _LOG_PATTERN),
                ),
                ruled_out=("upstream.refused", "upstream.plain-to-tls"),
            ),
            fix,
        )


def _changes(nginx: Nginx, backend: Backend, protocol: str) -> Changes:
    """Replace proxy_pass by the directive of the protocol. FastCGI needs the script's name as well,
    which is the application's own matter (SCRIPT_FILENAME), so PHP gets no edit."""
    changes: Changes = {}
    if protocol != "uwsgi":
        return changes
    for match, target in zip(backend.location_matches, backend.proxy_targets, strict=True):
        directive = proxy_pass_of(match)
        if directive is not target.directive or target.uri or target.has_variables:
            continue
        address = directive.args[0].partition("://")[2]
        lines = f"include uwsgi_params;\nuwsgi_pass {address};"
        file = nginx.file(directive)
        indent = edits.indentation(file.text, directive) if file else ""
        changes.setdefault(directive.file, []).append(
            edits.replace_directive(directive, lines.replace("\n", f"\n{indent}"))
        )
    return changes
