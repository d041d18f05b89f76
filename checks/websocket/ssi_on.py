"""nginx looks for server side includes in the answer to the handshake (ngx_http_ssi_module, `ssi`),
and holds it back: the client gets no 101.

The filter takes the response's Content-Type for what it may work on (`ssi_types`; text/html by
default), and some applications send one with their 101 (Odoo). The evidence is the comparison: the
application accepts the handshake with such a type, and through nginx no answer comes.
"""

from collections.abc import Iterator

from checks.nginx import Nginx, _location_edits, file_line
from checks.nginx._edits import Changes, config_edits
from checks.nginx._websockets import WebSocketHandshakes, websocket_paths
from diagnose.checking.registry import check
from diagnose.model import Applicability, Claim, Evidence, Fix, Manual, Severity, Subject, Where
from diagnose.model.http import Upgrade
from diagnose.model.nginx import Directive, NginxConfig
from diagnose.parsers.nginx.config import children
from diagnose.parsers.nginx.edits import replace_directive
from diagnose.parsers.nginx.locations import LocationMatch, proxy_pass_of


@check(
    severity=Severity.ERROR,
    needs=[NginxConfig, Upgrade],
    explains=["websocket.not-upgraded", "upstream.application-log", "websocket.inner-proxy"],
)
def ssi_on(evidence: Evidence) -> Iterator[Claim]:
    nginx = Nginx.of(evidence)
    by_directive: dict[int, tuple[LocationMatch, Directive, list[Upgrade]]] = {}
    for path in websocket_paths(evidence):
        handshakes = WebSocketHandshakes.at_path(evidence, path)
        is_silent = all(upgrade.status is None for upgrade in handshakes.front)
        accepted = [upgrade for upgrade in handshakes.direct if upgrade.accepted]
        for match in nginx.location_matches(path) if handshakes.front and is_silent else ():
            directive = match.directive("ssi")
            typed = [upgrade for upgrade in accepted if _is_filtered(match, upgrade)]
            if directive and directive.args[:1] == ("on",) and typed and proxy_pass_of(match):
                upgrades = by_directive.setdefault(id(directive), (match, directive, []))[2]
                upgrades += (*typed, *handshakes.front)
    for match, directive, upgrades in by_directive.values():
        yield _claim(nginx, match, directive, upgrades)


def _is_filtered(match: LocationMatch, upgrade: Upgrade) -> bool:
    """Return whether the filter works on responses of this Content-Type."""
    types = match.directive("ssi_types")
    kind = (upgrade.header("Content-Type") or "").partition(";")[0].strip().lower()
    names = {"text/html", *(name.lower() for name in (types.args if types else ()))}
    return bool(kind) and (kind in names or "*" in names)


def _claim(
    nginx: Nginx, match: LocationMatch, directive: Directive, upgrades: list[Upgrade]
) -> Claim:
    port, first = nginx.evidence.target.port, upgrades[0]
    paths = dict.fromkeys(upgrade.path for upgrade in upgrades)
    return Claim(
        about=Subject(port=port, text=file_line(directive)),
        covers=tuple(Subject(port=port, path=path) for path in paths),
        because=(*upgrades, *nginx.configs),
        facts={
            "path": first.path,
            "place": file_line(directive),
            "location": match.block.text,
            "application": f"{first.address}:{first.port}",
            "type": first.header("Content-Type") or "",
        },
        ruled_out=("websocket.upgrade-headers-missing", "upstream.refused"),
        location=nginx.location(directive),
        fix=_fix(nginx, match, directive),
    )


def _fix(nginx: Nginx, match: LocationMatch, directive: Directive) -> Fix:
    """Turn the includes off in the location of the WebSocket, and leave other pages alone."""
    changes: Changes = {}
    if directive in children(match.block, "ssi"):
        changes[directive.file] = [replace_directive(directive, "ssi off;")]
    else:
        _location_edits.insert_lines(nginx, match, ["ssi off;"], changes)
    if file_edits := config_edits(nginx, changes):
        return _location_edits.location_fix(nginx, match, file_edits, sure=False)
    return Fix((Manual("turn-it-off", Where.SERVER),), Applicability.MANUAL)
