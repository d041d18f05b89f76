"""`ssl_certificate` or `ssl_certificate_key` holds a variable, and the file of this name cannot be
loaded (ngx_http_ssl_module, since 1.15.9).

Such a file is opened at each handshake, by a worker and as the worker's user. `nginx -t` does not
open it and succeeds. nginx ends the handshake with the alert internal_error and logs the reason.
"""

import re
from collections.abc import Iterator

from checks.nginx import Nginx, file_line
from checks.tls import failure_groups
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
)
from diagnose.model.logs import LogLine
from diagnose.model.nginx import Directive, NginxConfig
from diagnose.model.tls import Handshake
from diagnose.parsers.nginx.locations import LocationMatch

#: "… failed (SSL: error:…:Permission denied:calling fopen(…) …) while SSL handshaking".
_NOT_LOADED = re.compile(
    r'(?:cannot load certificate(?: key)? |SSL_use_\w+\()"([^"]+)"\)?:? (.*) while SSL handshaking'
)
_NAMES = ("ssl_certificate", "ssl_certificate_key")
_VARIABLE = re.compile(r"\$(?:\{(\w+)\}|(\w+))")
#: The alert of a server that cannot go on for a reason of its own (RFC 8446 section 6.2).
_INTERNAL_ERROR = 80


@check(
    severity=Severity.ERROR,
    needs=[Handshake, LogLine, NginxConfig],
    explains=["tls.handshake-failed"],
)
def variable_certificate(evidence: Evidence) -> Iterator[Claim]:
    nginx = Nginx.of(evidence)
    handshakes = [
        handshake
        for group in failure_groups(evidence, "handshake-failed")
        for handshake in group.visits
        if handshake.failure and handshake.failure.code == _INTERNAL_ERROR
    ]
    for directive in _directives(nginx) if handshakes else ():
        pattern = _file_pattern(nginx, directive)
        lines = [line for line in evidence.of(LogLine) if _is_about(line, pattern)]
        if lines:
            yield _claim(nginx, directive, handshakes, lines[-1])
            return


def _directives(nginx: Nginx) -> Iterator[Directive]:
    """Yield the directives with a variable that apply to the target's name."""
    for selected in nginx.selected_servers():
        blocks = LocationMatch((selected.server.http, selected.server.block))
        for name in _NAMES:
            yield from (
                directive
                for directive in blocks.directives(name)
                if directive.args and _VARIABLE.search(directive.args[0])
            )


def _file_pattern(nginx: Nginx, directive: Directive) -> re.Pattern[str]:
    """Return what the name of the file looks like for a visitor of the target. The value of
    $ssl_server_name is known, that of another variable may be any text."""
    path = nginx.resolve_path(directive.args[0])
    pattern, end = "", 0
    for variable in _VARIABLE.finditer(path):
        is_name = "ssl_server_name" in variable.groups()
        value = re.escape(nginx.evidence.target.host) if is_name else ".+"
        pattern += re.escape(path[end : variable.start()]) + value
        end = variable.end()
    return re.compile(pattern + re.escape(path[end:]))


def _is_about(line: LogLine, pattern: re.Pattern[str]) -> bool:
    match = _NOT_LOADED.match(line.text)
    return match is not None and pattern.fullmatch(match[1]) is not None


def _claim(nginx: Nginx, directive: Directive, handshakes: list[Handshake], line: LogLine) -> Claim:
    match = _NOT_LOADED.match(line.text)
    assert match is not None
    file, reason = match[1], match[2]
    is_missing, is_denied = "No such file" in reason, "Permission denied" in reason
    is_exact = set(_variables(directive)) == {"ssl_server_name"}
    step = "make-the-file" if is_missing else "let-workers-read" if is_denied else "mend-the-file"
    groups = list(failure_groups(nginx.evidence, "handshake-failed"))
    return Claim(
        about=groups[0].subject,
        covers=tuple(subject for group in groups for subject in group.subjects),
        because=(*handshakes, line, *([nginx.config] if nginx.config else ())),
        confidence=Confidence.CERTAIN if is_exact else Confidence.LIKELY,
        facts={
            "host": nginx.evidence.target.host,
            "port": nginx.evidence.target.port,
            "file": file,
            "key": directive.name == "ssl_certificate_key",
            "rule": directive.text,
            "place": file_line(directive),
            "missing": is_missing,
            "denied": is_denied,
            "message": line.text,
        },
        location=nginx.location(directive),
        fix=Fix((Manual(step, Where.SERVER),), Applicability.MANUAL),
    )


def _variables(directive: Directive) -> list[str]:
    return [braced or plain for braced, plain in _VARIABLE.findall(directive.args[0])]
