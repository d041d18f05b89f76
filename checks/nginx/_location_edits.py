"""Changes to a proxied location, shared by the fixes of several checks."""

from collections.abc import Iterable, Mapping

from checks.nginx import Nginx
from checks.nginx._commands import reload_steps
from checks.nginx._edits import Changes, config_edits
from checks.nginx._websockets import UPGRADE_MAP
from diagnose.model import Applicability, Edit, Fix, Manual, Target, Where
from diagnose.model.nginx import Directive
from diagnose.parsers.nginx import config as nginx_parser
from diagnose.parsers.nginx import edits
from diagnose.parsers.nginx.config import children
from diagnose.parsers.nginx.forwarding import (
    application_of,
    connection_options,
    upgrade_forwarding,
)
from diagnose.parsers.nginx.locations import (
    LocationMatch,
    location_pattern,
    proxy_pass_of,
    proxy_set_header_of,
)
from diagnose.parsers.nginx.variables import expand_variables, map_of

_SET_HEADER = "proxy_set_header"
#: What a location beside this one may do without: it closes nothing.
_OPEN = {
    "root", "index", "try_files", "charset", "autoindex", "error_page", "expires", "add_header",
    "etag", "gzip", "gzip_static", "gzip_types", "access_log", "log_not_found", "types",
    "default_type", "proxy_set_header",
}  # fmt: skip


def websocket_edits(
    nginx: Nginx, location_match: LocationMatch, set_host: bool = False, whole_path: bool = False
) -> tuple[Edit, ...]:
    """Return the edits that make a location forward a WebSocket handshake.

    They add Upgrade and Connection if missing, and on request the visitor's Host and whole path.
    Faults in the same lines must be fixed together: after one patch the other would no longer
    apply.
    """
    changes: Changes = {}
    headers = missing_upgrade_headers(nginx, location_match, changes)
    lines = http_1_1_lines(nginx, location_match, changes) if headers else []
    if set_host:
        headers = {"Host": host_variable(nginx.evidence.target), **headers}
    insert_lines(
        nginx,
        location_match,
        lines + header_lines(nginx, location_match, headers, changes),
        changes,
    )
    if whole_path and not pass_whole_path(location_match, changes):
        return ()
    return config_edits(nginx, changes)


def closes_nothing(block: Directive) -> bool:
    """Return whether a location only says where its files are and how they are sent, so that
    another one may take a path from it."""
    return all(line.name in _OPEN for line in block.block or ())


def location_fix(
    nginx: Nginx, location_match: LocationMatch, file_edits: tuple[Edit, ...], sure: bool = True
) -> Fix:
    """Return a fix with these edits and an nginx reload.

    It needs review if another site than the location's reads a file that the edits touch.
    """
    sure = sure and bool(file_edits) and _are_of_site(nginx, location_match, file_edits)
    return Fix(
        (*file_edits, *reload_steps(nginx)),
        Applicability.AUTOMATIC if sure else Applicability.REVIEW,
    )


def _are_of_site(nginx: Nginx, location_match: LocationMatch, file_edits: tuple[Edit, ...]) -> bool:
    """Return whether each edited file has the location, or is read in server blocks of its names
    alone."""
    file, config = nginx.file(location_match.block), nginx.config
    if file is None or config is None:
        return False
    # Imported late: a healthy run edits nothing.
    from diagnose.parsers.nginx.include_places import site_around, sites_of

    names = site_around(location_match.blocks).names
    for path in {edit.path for edit in file_edits} - {file.real or file.path}:
        edited = next((each for each in config.files if path in {each.path, each.real}), None)
        sites = sites_of(config, edited.path) if edited else ()
        if {site.names for site in sites} != {names}:
            return False
    return True


def sends_field(nginx: Nginx, location_match: LocationMatch, name: str) -> bool:
    """Return whether nginx gives the application a field of the request. A line with an empty value
    sends none ("proxy_set_header", nginx.org), as $http_x_forwarded_proto does where visitors' TLS
    ends at this very nginx: no browser sends that field."""
    # Imported late: only a finding needs it.
    from diagnose.parsers.nginx import proxy_headers

    target = nginx.evidence.target
    value = proxy_headers.sent_value(location_match, name, target)
    is_own_tls = all(selected.socket.ssl for selected in nginx.selected_servers())
    if value == "" and (is_own_tls or not target.uses_tls):
        return False
    return proxy_set_header_of(location_match, name) is not None


def header_lines(
    nginx: Nginx, location_match: LocationMatch, headers: Mapping[str, str], changes: Changes
) -> list[str]:
    """Return the lines that forward these headers in a location; a header that the location already
    sets is changed instead.

    A location with a proxy_set_header of its own inherits none, so the inherited ones are repeated.
    """
    own = children(location_match.block, _SET_HEADER)
    lines = [] if own else _inherited_header_lines(nginx, location_match, headers)
    misspelt = misspelt_lines(location_match) if own else {}
    for name, text in headers.items():
        line, directive = (
            f"{_SET_HEADER} {name} {text};",
            proxy_set_header_of(location_match, name) or misspelt.get(name),
        )
        if directive is not None and directive in own:
            changes.setdefault(directive.file, []).append(edits.replace_directive(directive, line))
        else:
            lines.append(line)
    return lines


def misspelt_lines(location_match: LocationMatch) -> dict[str, Directive]:
    """Return the lines in force whose field has a typing error, by the name that is meant, without
    those whose right name is sent too."""
    # Imported late: a healthy site has no edit.
    from diagnose.parsers.misspelt_fields import meant_field

    misspelt: dict[str, Directive] = {}
    for line in location_match.directives(_SET_HEADER):
        meant = meant_field(line.args[0]) if len(line.args) > 1 and line.args[1] else ""
        if meant and proxy_set_header_of(location_match, meant) is None:
            misspelt.setdefault(meant, line)
    return misspelt


def setting_edits(
    nginx: Nginx, location_match: LocationMatch, values: Mapping[str, str]
) -> tuple[Edit, ...]:
    """Return the edits that set directives of one value each in the location. A directive that
    exists is changed."""
    changes: Changes = {}
    set_values(nginx, location_match, values, changes)
    return config_edits(nginx, changes)


def set_values(
    nginx: Nginx, location_match: LocationMatch, values: Mapping[str, str], changes: Changes
) -> None:
    """Add the changes that set directives of one value each in the location."""
    lines = []
    for name, text in values.items():
        own = children(location_match.block, name)
        if own:
            changes.setdefault(own[-1].file, []).append(
                edits.replace_directive(own[-1], f"{name} {text};")
            )
        else:
            lines.append(f"{name} {text};")
    insert_lines(nginx, location_match, lines, changes)


def setting_fix(
    nginx: Nginx, location_match: LocationMatch, values: Mapping[str, str], step: str
) -> Fix:
    """Return a fix that sets directives of one value each in the location, which a person confirms;
    the manual step if its file cannot be edited."""
    file_edits = setting_edits(nginx, location_match, values)
    if not file_edits:
        return Fix((Manual(step, Where.SERVER),), Applicability.MANUAL)
    return location_fix(nginx, location_match, file_edits, sure=False)


def _inherited_header_lines(
    nginx: Nginx, location_match: LocationMatch, headers: Mapping[str, str]
) -> list[str]:
    lines, replaced = [], {name.lower() for name in headers}
    for directive in location_match.directives(_SET_HEADER):
        file = nginx.file(directive)
        if file and directive.args and directive.args[0].lower() not in replaced:
            lines.append(edits.one_line(file.text, directive))
    return lines


def http_1_1_lines(nginx: Nginx, location_match: LocationMatch, changes: Changes) -> list[str]:
    """Return the line for proxy_http_version if it is needed (the default is 1.1 since 1.29.7).

    If the location has a line of its own, that line is changed instead.
    """
    line, directive = "proxy_http_version 1.1;", location_match.directive("proxy_http_version")
    if directive is None:
        version = nginx_parser.version_number(nginx.build.version) if nginx.build else None
        return [] if version and version >= (1, 29, 7) else [line]
    if directive.args[:1] != ("1.0",):
        return []
    if directive in children(location_match.block, directive.name):
        changes.setdefault(directive.file, []).append(edits.replace_directive(directive, line))
        return []
    return [line]


def insert_lines(
    nginx: Nginx, location_match: LocationMatch, lines: list[str], changes: Changes
) -> None:
    """Insert lines after proxy_pass: where another file has it, at the end of the location, since
    `proxy_redirect default` must come after it; at the beginning where it is in no block of the
    location's own."""
    location, proxy_pass = location_match.block, proxy_pass_of(location_match)
    file = nginx.file(location)
    if file is None or not lines:
        return
    anchor = proxy_pass if proxy_pass in (location.block or ()) else None
    if anchor and anchor.file == location.file and anchor.end == ";":
        change = edits.insert_after(file.text, anchor, lines)
    elif anchor and anchor.file != location.file:
        change = edits.insert_last(file.text, location, lines)
    else:
        change = edits.insert_first(file.text, location, lines)
    changes.setdefault(location.file, []).append(change)


def missing_upgrade_headers(
    nginx: Nginx, location_match: LocationMatch, changes: Changes
) -> dict[str, str]:
    """Return the headers that the location must forward for a WebSocket and does not, with their
    values."""
    passed = dict(zip(("Upgrade", "Connection"), upgrade_forwarding(location_match), strict=True))
    if all(passed.values()):
        return {}
    headers = {
        "Upgrade": "$http_upgrade",
        "Connection": _connection_value(nginx, location_match, changes),
    }
    own = children(location_match.block, _SET_HEADER)
    return {name: text for name, text in headers.items() if not (own and passed[name])}


def _connection_value(nginx: Nginx, location_match: LocationMatch, changes: Changes) -> str:
    """Return the value for Connection: the variable of an existing map, or else "upgrade".

    In a location that also serves pages it is the variable of a map that is added before the server
    block.
    """
    existing = _upgrade_map_variable(location_match)
    if existing or location_match.block.args != ("/",):
        return existing or '"upgrade"'
    return upgrade_variable(nginx, location_match, changes) or '"upgrade"'


def upgrade_variable(nginx: Nginx, location_match: LocationMatch, changes: Changes) -> str:
    """Return the variable that is "upgrade" for WebSockets only: that of an existing map, or of one
    that is added before the server block; "" if that is not possible."""
    http, server = location_match.blocks[0], location_match.blocks[1]
    if existing := _upgrade_map_variable(location_match):
        return existing
    file = nginx.file(server)
    if file is None or map_of(http, "connection_upgrade"):
        return ""
    changes.setdefault(file.path, []).append(
        edits.insert_before(file.text, server, [*UPGRADE_MAP, ""])
    )
    return "$connection_upgrade"


def _upgrade_map_variable(location_match: LocationMatch) -> str:
    for map_block in children(location_match.blocks[0], "map"):
        if map_block.args[:1] == ("$http_upgrade",) and len(map_block.args) > 1:
            value = expand_variables(
                location_match, map_block.args[1], {"http_upgrade": "websocket"}
            )
            if "upgrade" in connection_options(value or ""):
                return map_block.args[1]
    return ""


def pass_whole_path(location_match: LocationMatch, changes: Changes) -> bool:
    """Remove the path from proxy_pass, so that nginx forwards the visitor's path unchanged.

    Return False if that is not possible, for example with variables.
    """
    proxy_pass = proxy_pass_of(location_match)
    target = application_of(location_match, proxy_pass) if proxy_pass else None
    uri = target.uri if target else None
    if proxy_pass is None or not uri or not proxy_pass.args[0].endswith(uri):
        return False
    line = f"proxy_pass {proxy_pass.args[0].removesuffix(uri)};"
    changes.setdefault(proxy_pass.file, []).append(edits.replace_directive(proxy_pass, line))
    return True


def copied_lines(
    nginx: Nginx, block: Directive, replacements: Mapping[str, str] | None = None
) -> list[str] | None:
    """Return the lines of a block for a location of its own, each as it is written, those of a name
    in `replacements` replaced; None if a block stands in it, or a file was not read."""
    lines = []
    for directive in block.block or ():
        file = nginx.file(directive)
        if directive.block is not None or file is None:
            return None
        line = (replacements or {}).get(directive.name)
        lines.append(line if line is not None else edits.one_line(file.text, directive))
    return lines


def serves_only(location_match: LocationMatch, paths: Iterable[str]) -> bool:
    """Return whether, by its pattern, a location serves these paths only, so that a change affects
    no other page."""
    pattern = (
        location_pattern(location_match.block) if location_match.block.name == "location" else None
    )
    return pattern is not None and all(
        pattern.modifier in {"", "=", "^~"}
        and pattern.text.rstrip("/") == path.partition("?")[0].rstrip("/")
        for path in paths
    )


def host_variable(target: Target) -> str:
    """Return the variable for the visitor's Host: $host always exists, but has no port."""
    return "$host" if target.port in {80, 443} else "$http_host"
