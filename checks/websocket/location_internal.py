"""The location of a WebSocket has `internal`: nginx answers every visitor with 404 there, and asks
nobody (ngx_http_core_module, "internal"). The line is copied from locations for error pages,
`auth_request` or X-Accel-Redirect, which visitors never ask for themselves."""

from collections.abc import Iterator

from checks.nginx import Nginx, file_line
from checks.nginx._commands import reload_steps
from checks.nginx._edits import config_edit
from checks.nginx._websockets import WebSocketHandshakes
from diagnose.checking.registry import check
from diagnose.model import (
    Applicability,
    Claim,
    Evidence,
    Fix,
    Manual,
    Severity,
    Subject,
    Where,
)
from diagnose.model.http import Upgrade
from diagnose.model.nginx import Directive, NginxConfig
from diagnose.parsers.nginx import edits
from diagnose.parsers.nginx.config import children
from diagnose.parsers.nginx.locations import proxy_pass_of


@check(
    severity=Severity.ERROR,
    needs=[NginxConfig, Upgrade],
    needs_fault=[Upgrade],
    explains=["nginx.own-answer", "websocket.inner-proxy", "websocket.not-upgraded"],
)
def location_internal(evidence: Evidence) -> Iterator[Claim]:
    nginx, target = Nginx.of(evidence), evidence.target
    for path in target.websockets:
        front = WebSocketHandshakes.at_path(evidence, path).front
        matches = list(nginx.location_matches(path.partition("?")[0]))
        if not front or any(upgrade.status != 404 for upgrade in front) or len(matches) != 1:
            continue
        line = next(iter(children(matches[0].block, "internal")), None)
        passing = proxy_pass_of(matches[0])
        if line is None or passing is None:
            continue
        yield Claim(
            about=Subject(port=target.port, path=path),
            # The page of this very path gets the same answer.
            covers=(Subject(port=target.port, path=path), Subject(port=target.port)),
            because=(*nginx.configs, *front),
            location=nginx.location(line),
            facts={
                "path": path,
                "place": file_line(line),
                "location": " ".join(("location", *matches[0].block.args)),
                "application": passing.args[0] if passing.args else "",
            },
            fix=_fix(nginx, line),
        )


def _fix(nginx: Nginx, line: Directive) -> Fix:
    """Remove the line. Visitors reach the application by it then, so a person looks."""
    file = nginx.file(line)
    edit = config_edit(nginx, line.file, edits.remove_directive(file.text, line)) if file else None
    if edit is None:
        return Fix((Manual("remove-the-line", Where.SERVER),), Applicability.MANUAL)
    return Fix((edit, *reload_steps(nginx)), Applicability.REVIEW)
