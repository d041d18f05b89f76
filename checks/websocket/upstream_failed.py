"""nginx answers the handshake with 502 or 504, and wrote to its error log, for this very request,
why: to which server it passed the request on, and what failed there.

It is for the configurations from which the application cannot be read (a variable in `try_files` or
`proxy_pass`, Lua). Where it can, it was asked directly, and a check of its own names the failure.
"""

import re
from collections.abc import Iterator
from dataclasses import replace

from checks.nginx import Nginx
from checks.nginx._page_errors import PageError, path_error
from checks.nginx._websockets import WebSocketHandshakes
from checks.upstream import backends
from checks.upstream._listening import listening_facts
from checks.upstream._responses import path_severity
from checks.websocket import claim, refused_attempts
from diagnose.checking.registry import check
from diagnose.model import Claim, Confidence, Evidence, Severity, Where
from diagnose.model.http import Upgrade
from diagnose.model.logs import LogLine
from diagnose.model.nginx import NginxConfig, UpstreamTry
from diagnose.model.websocket_attempts import Attempt

#: nginx's words about a server behind it (ngx_http_upstream.c, ngx_connection.c).
_PATTERN = re.compile(
    r"(?P<refused>connect\(\) failed \(111)|(?P<unreachable>connect\(\) failed \(1(?:10|13|01))"
    r"|(?P<slow>upstream timed out)|(?P<closed>upstream prematurely closed|recv\(\) failed \(104)"
    r"|(?P<socket>connect\(\) to unix:)|(?P<other>upstream |connect\(\) |no live upstreams|SSL_do)"
)


@check(
    severity=Severity.ERROR,
    needs=[Upgrade, NginxConfig, LogLine],
    explains=["websocket.not-upgraded"],
)
def upstream_failed(evidence: Evidence) -> Iterator[Claim]:
    for attempt in refused_attempts(evidence, "other"):
        if attempt.first.status not in {502, 504} or _is_known(evidence, attempt):
            continue
        error = path_error(evidence, _PATTERN, attempt.path.partition("?")[0], attempt.same)
        if error is not None and not _has_failed(evidence, error):
            yield _claim(Nginx.of(evidence), attempt, error)


def _is_known(evidence: Evidence, attempt: Attempt) -> bool:
    """Whether the application of the path was asked directly."""
    is_tried = any(upstream_try.path == attempt.path for upstream_try in evidence.of(UpstreamTry))
    return is_tried or bool(WebSocketHandshakes.at_path(evidence, attempt.path).direct)


def _has_failed(evidence: Evidence, error: PageError) -> bool:
    """Whether the server of the log's line failed when it was contacted directly, and visitors
    notice it elsewhere too: then a check of its own names the failure."""
    server = error.line.upstream.partition("://")[2].partition("/")[0]
    return any(
        path_severity(evidence, backend.paths) is not Severity.NOTE
        for backend in backends(Nginx.of(evidence))
        if any(
            attempt.failure and attempt.endpoint == server for attempt in backend.connect_attempts
        )
    )


def _claim(nginx: Nginx, attempt: Attempt, error: PageError) -> Claim:
    kinds = {name: bool(text) for name, text in error.match.groupdict().items()}
    base_claim = claim(
        attempt,
        "look-at-it",
        Where.SERVER,
        {
            "upstream": error.line.upstream,
            "message": error.line.text,
            "log": error.line.file,
            **listening_facts(nginx.evidence),
            **kinds,
        },
        Confidence.CERTAIN,
    )
    config = (nginx.config,) if nginx.config else ()
    return replace(base_claim, because=(*base_claim.because, error.line, *config))
