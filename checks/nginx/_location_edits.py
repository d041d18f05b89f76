"""Changes to a location that proxies, which the remedies of several checks are made of."""

from collections.abc import Iterable, Mapping
from typing import TypeAlias

from checks.nginx import UPGRADE_MAP, Nginx
from diagnose.model import Applicability, Edit, Fix, Target
from diagnose.parsers.nginx import edits, server_blocks
from diagnose.parsers.nginx.edits import TextEdit
from diagnose.parsers.nginx.server_blocks import LocationMatch

Changes: TypeAlias = dict[str, list[TextEdit]]

_SET_HEADER = "proxy_set_header"


def websocket_edits(
    nginx: Nginx, location_match: LocationMatch, set_host: bool = False, whole_path: bool = False
) -> tuple[Edit, ...]:
    """What makes a location pass a WebSocket's handshake on: Upgrade and Connection where it does
    not, and as asked for the visitor's Host and path. Two faults in the same lines have to be put
    right together: after the first change the second would no longer fit."""
    changes: Changes = {}
    headers = missing_upgrade_headers(nginx, location_match, changes)
    lines = nginx.http_1_1_lines(location_match, changes) if headers else []
    if set_host:
        headers = {"Host": host_variable(nginx.evidence.target), **headers}
    nginx.insert(
        location_match, lines + header_lines(nginx, location_match, headers, changes), changes
    )
    if whole_path and not pass_whole_path(location_match, changes):
        return ()
    return nginx.file_edits(changes)


def location_fix(
    nginx: Nginx, location_match: LocationMatch, file_edits: tuple[Edit, ...], sure: bool = True
) -> Fix:
    """Those changes, and nginx takes them. To be read first where they touch another file than
    the location's, which other sites may share."""
    sure = sure and {edit.path for edit in file_edits} == {location_match.block.file}
    return Fix(
        (*file_edits, *nginx.reload_steps()),
        Applicability.AUTOMATIC if sure else Applicability.REVIEW,
    )


def header_lines(
    nginx: Nginx, location_match: LocationMatch, headers: Mapping[str, str], changes: Changes
) -> list[str]:
    """The lines with which a location sends these fields on; one that it has already is changed
    instead. With the first proxy_set_header of its own a location forgets those that it would
    inherit: they are said once more."""
    own = server_blocks.children(location_match.block, _SET_HEADER)
    lines = [] if own else _inherited_header_lines(nginx, location_match, headers)
    for name, text in headers.items():
        line, directive = (
            f"{_SET_HEADER} {name} {text};",
            server_blocks.proxy_set_header_of(location_match, name),
        )
        if directive is not None and directive in own:
            changes.setdefault(directive.file, []).append(edits.replace_directive(directive, line))
        else:
            lines.append(line)
    return lines


def setting_edits(
    nginx: Nginx, location_match: LocationMatch, values: Mapping[str, str]
) -> tuple[Edit, ...]:
    """Directives of one value each, set in the location; one that it has already is changed."""
    changes: Changes = {}
    lines = []
    for name, text in values.items():
        own = server_blocks.children(location_match.block, name)
        if own:
            changes.setdefault(own[-1].file, []).append(
                edits.replace_directive(own[-1], f"{name} {text};")
            )
        else:
            lines.append(f"{name} {text};")
    nginx.insert(location_match, lines, changes)
    return nginx.file_edits(changes)


def _inherited_header_lines(
    nginx: Nginx, location_match: LocationMatch, headers: Mapping[str, str]
) -> list[str]:
    lines, replaced = [], {name.lower() for name in headers}
    for directive in location_match.directives(_SET_HEADER):
        file = nginx.file(directive)
        if file and directive.args and directive.args[0].lower() not in replaced:
            lines.append(" ".join(file.text[directive.start : directive.stop].split()))
    return lines


def missing_upgrade_headers(
    nginx: Nginx, location_match: LocationMatch, changes: Changes
) -> dict[str, str]:
    """The fields that a location has to send on for a WebSocket, and does not."""
    passed = dict(
        zip(
            ("Upgrade", "Connection"), server_blocks.upgrade_forwarding(location_match), strict=True
        )
    )
    if all(passed.values()):
        return {}
    headers = {
        "Upgrade": "$http_upgrade",
        "Connection": _connection_value(nginx, location_match, changes),
    }
    own = server_blocks.children(location_match.block, _SET_HEADER)
    return {name: text for name, text in headers.items() if not (own and passed[name])}


def _connection_value(nginx: Nginx, location_match: LocationMatch, changes: Changes) -> str:
    """The value for Connection: by the map that is there; else "upgrade"; but in a location that
    serves pages too, by a map that is put before the server block."""
    http, server = location_match.blocks[0], location_match.blocks[1]
    for map_block in server_blocks.children(http, "map"):
        if map_block.args[:1] == ("$http_upgrade",) and len(map_block.args) > 1:
            value = server_blocks.expand_variables(
                location_match, map_block.args[1], {"http_upgrade": "websocket"}
            )
            if (value or "").lower() == "upgrade":
                return map_block.args[1]
    file = nginx.file(server)
    if location_match.block.args != ("/",) or file is None:
        return '"upgrade"'
    changes.setdefault(file.path, []).append(
        edits.insert_before(file.text, server, [*UPGRADE_MAP, ""])
    )
    return "$connection_upgrade"


def pass_whole_path(location_match: LocationMatch, changes: Changes) -> bool:
    """Pass the visitor's path on as it came: proxy_pass without its own. False where it cannot be
    taken away, as in one made of variables."""
    proxy_pass = server_blocks.proxy_pass_of(location_match)
    target = server_blocks.application_of(location_match, proxy_pass) if proxy_pass else None
    uri = target.uri if target else None
    if proxy_pass is None or not uri or not proxy_pass.args[0].endswith(uri):
        return False
    line = f"proxy_pass {proxy_pass.args[0].removesuffix(uri)};"
    changes.setdefault(proxy_pass.file, []).append(edits.replace_directive(proxy_pass, line))
    return True


def serves_only(location_match: LocationMatch, paths: Iterable[str]) -> bool:
    """Whether a location is there for these paths only, as far as its pattern says so: what is
    changed in it concerns no other page."""
    pattern = (
        server_blocks.location_pattern(location_match.block)
        if location_match.block.name == "location"
        else None
    )
    return pattern is not None and all(
        pattern.modifier in {"", "=", "^~"}
        and pattern.text.rstrip("/") == path.partition("?")[0].rstrip("/")
        for path in paths
    )


def host_variable(target: Target) -> str:
    """The variable for the visitor's Host: $host is always there, and has no port."""
    return "$host" if target.port in {80, 443} else "$http_host"
