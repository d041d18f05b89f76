"""proxy_pass without a path passes the visitor's whole path on, the location's prefix included, and
the application has its WebSocket at the path without it (ngx_http_proxy_module, proxy_pass).

It is the cause if the application refuses the handshake at nginx's path and accepts it at the path
without the prefix. Both were asked of the application itself. Where nginx redirects to the location
with a slash at the end, it passes no handshake on at all.
"""

from collections.abc import Iterator

from checks.nginx import Nginx, _location_edits, file_line
from checks.nginx._commands import reload_steps
from checks.nginx._edits import Changes, config_edits
from checks.nginx._prefix_edits import replace_prefix
from checks.nginx._websockets import WebSocketHandshakes, websocket_paths
from checks.websocket import without_query
from diagnose.checking.registry import check
from diagnose.model import Applicability, Claim, Evidence, Fix, Manual, Severity, Subject, Where
from diagnose.model.http import Upgrade
from diagnose.model.nginx import NginxConfig
from diagnose.parsers.nginx import edits, upstreams
from diagnose.parsers.nginx.locations import LocationMatch, location_pattern, proxy_pass_of


@check(
    severity=Severity.ERROR,
    needs=[NginxConfig, Upgrade],
    explains=[
        "upstream.own-answer",
        "websocket.not-upgraded",
        "upstream.application-log",
        "websocket.inner-proxy",
        "websocket.not-served",
        "websocket.not-tried",
        "websocket.other-path",
    ],
)
def prefix_kept(evidence: Evidence) -> Iterator[Claim]:
    nginx = Nginx.of(evidence)
    for path in websocket_paths(evidence):
        handshakes = WebSocketHandshakes.at_path(evidence, path)
        accepted = [upgrade for upgrade in handshakes.bare_path if upgrade.accepted]
        refused = [upgrade for upgrade in handshakes.front if upgrade.status]
        if not accepted or not refused or handshakes.accepted_by_front:
            continue
        match = next(iter(nginx.location_matches(path)), None)
        directive = proxy_pass_of(match) if match else None
        if match is None or directive is None or not handshakes.refused_by_application:
            continue
        if match.redirects:
            # nginx passes nothing on: it only adds the slash of its location.
            continue
        yield Claim(
            about=Subject(port=evidence.target.port, path=path),
            covers=(Subject(port=evidence.target.port, path=path),),
            because=(
                *nginx.configs,
                *refused,
                *handshakes.direct,
                *accepted,
            ),
            facts={
                "path": without_query(path),
                "bare": without_query(upstreams.bare_path(match, path)),
                "place": file_line(directive),
                "location": " ".join(("location", *match.block.args)),
                "target": directive.args[0] if directive.args else "",
                "status": refused[0].status,
                "application": _endpoint(accepted[0]),
            },
            ruled_out=("upstream.refused",),
            location=nginx.location(directive),
            fix=_fix(nginx, match),
        )


def _endpoint(upgrade: Upgrade) -> str:
    is_socket = upgrade.address.startswith("unix:")
    return upgrade.address if is_socket else f"{upgrade.address}:{upgrade.port}"


def _fix(nginx: Nginx, match: LocationMatch) -> Fix:
    """Add the slash that replaces the prefix. Below a prefix without a last slash, two slashes
    would follow each other: a `rewrite` writes one."""
    directive, pattern = proxy_pass_of(match), location_pattern(match.block)
    is_alone = pattern is not None and pattern.modifier == "="
    is_clean = pattern is not None and (pattern.text.endswith("/") or is_alone)
    changes: Changes = {}
    if directive and directive.args and "$" not in directive.args[0]:
        line = f"proxy_pass {directive.args[0]}/;"
        changes = (
            {directive.file: [edits.replace_directive(directive, line)]}
            if is_clean
            else replace_prefix(nginx, match, directive, directive.args[0], "/", has_pages=False)
        )
    if file_edits := config_edits(nginx, changes):
        return _location_edits.location_fix(nginx, match, file_edits, sure=False)
    return Fix((Manual("cut-the-prefix", Where.SERVER), *reload_steps(nginx)), Applicability.MANUAL)
