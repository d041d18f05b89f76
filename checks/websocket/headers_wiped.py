"""The server block forwards Upgrade and Connection, but the location has a proxy_set_header of its
own. Such a location inherits no proxy_set_header at all (nginx.org, ngx_http_proxy_module,
proxy_set_header)."""

from collections.abc import Iterator

from checks.nginx import Nginx, file_line
from checks.nginx._commands import reload_steps
from checks.nginx._edits import config_edits
from checks.nginx._location_edits import http_1_1_lines, insert_lines
from checks.nginx._websockets import (
    WebSocketHandshakes,
    front_status,
    handshake_evidence,
    locations_losing_upgrades,
)
from diagnose.checking.registry import check
from diagnose.model import Applicability, Claim, Confidence, Evidence, Fix, Severity, Subject
from diagnose.model.nginx import Directive, NginxConfig
from diagnose.parsers.nginx.edits import TextEdit, one_line
from diagnose.parsers.nginx.forwarding import inheritance_broken_at, upgrade_forwarding
from diagnose.parsers.nginx.locations import LocationMatch, proxy_set_header_of

_UPGRADE_HEADERS = ("Upgrade", "Connection")


@check(
    severity=Severity.ERROR,
    needs=[NginxConfig],
    explains=["websocket.not-upgraded", "upstream.application-log", "websocket.inner-proxy"],
)
def headers_wiped(evidence: Evidence) -> Iterator[Claim]:
    nginx = Nginx.of(evidence)
    for match, paths in locations_losing_upgrades(nginx):
        if outer_block := inheritance_broken_at(match):
            yield _claim(nginx, match, outer_block, paths)


def _claim(
    nginx: Nginx, match: LocationMatch, outer_block: LocationMatch, paths: list[str]
) -> Claim:
    evidence, location = nginx.evidence, match.block
    handshake_sets = [WebSocketHandshakes.at_path(evidence, path) for path in paths]
    proven = any(handshakes.broken_by_proxy for handshakes in handshake_sets)
    own_directives = match.directives("proxy_set_header")
    return Claim(
        about=Subject(port=evidence.target.port, text=file_line(location)),
        covers=tuple(Subject(port=evidence.target.port, path=path) for path in paths),
        because=handshake_evidence(nginx, handshake_sets),
        facts={
            "paths": tuple(paths),
            "place": file_line(location),
            "location": " ".join(("location", *location.args)),
            "own": tuple(directive.args[0] for directive in own_directives if directive.args),
            "own_place": file_line(own_directives[0]),
            "outer": tuple(
                file_line(directive) for directive in _lost_directives(match, outer_block)
            ),
            "others": _other_headers(own_directives, outer_block),
            "status": front_status(handshake_sets),
            "proven": proven,
        },
        confidence=Confidence.CERTAIN if proven else Confidence.LIKELY,
        ruled_out=("upstream.refused",) if proven else (),
        location=nginx.location(own_directives[0]),
        fix=_fix(nginx, match, outer_block),
    )


def _lost_directives(match: LocationMatch, outer_block: LocationMatch) -> tuple[Directive, ...]:
    """Return the outer directives that would have forwarded the upgrade."""
    rights = zip(_UPGRADE_HEADERS, upgrade_forwarding(match), strict=True)
    directives = [proxy_set_header_of(outer_block, name) for name, right in rights if not right]
    return tuple(directive for directive in directives if directive)


def _other_headers(
    own_directives: tuple[Directive, ...], outer_block: LocationMatch
) -> tuple[str, ...]:
    """Return the other headers that are lost in the same way."""
    known_names = {
        *(directive.args[0].lower() for directive in own_directives if directive.args),
        *map(str.lower, _UPGRADE_HEADERS),
    }
    names = (
        directive.args[0]
        for directive in outer_block.directives("proxy_set_header")
        if directive.args
    )
    return tuple(dict.fromkeys(name for name in names if name.lower() not in known_names))


def _fix(nginx: Nginx, match: LocationMatch, outer_block: LocationMatch) -> Fix:
    """Repeat the outer directives in the location, exactly as they are written."""
    changes: dict[str, list[TextEdit]] = {}
    lines = http_1_1_lines(nginx, match, changes)
    for directive in _lost_directives(match, outer_block):
        if file := nginx.file(directive):
            lines.append(one_line(file.text, directive))
    insert_lines(nginx, match, lines, changes)
    file_edits = config_edits(nginx, changes)
    sure = bool(file_edits) and set(changes) == {match.block.file}
    applicability = Applicability.AUTOMATIC if sure else Applicability.REVIEW
    return Fix((*file_edits, *reload_steps(nginx)), applicability)
