"""The line by which nginx sends an application another Origin than the browser's
(`proxy_set_header Origin`, ngx_http_proxy_module)."""

from checks.nginx import Nginx, file_line
from checks.nginx._edits import config_edits
from checks.nginx._location_edits import location_fix
from diagnose.model import Fix, Location
from diagnose.model.frozen import frozen
from diagnose.parsers.nginx import edits
from diagnose.parsers.nginx.locations import proxy_pass_of, proxy_set_header_of


@frozen(eq=False)
class OriginLine:
    """The line as written, its place as "file:line", and the fix that takes it out; None if that
    takes a person."""

    text: str
    place: str
    location: Location | None
    fix: Fix | None


def origin_line(nginx: Nginx, path: str) -> OriginLine | None:
    """Return the line in force at a path; None if the browser's own Origin is passed on, or none:
    an application that wants one refuses that otherwise."""
    for match in nginx.location_matches(path.partition("?")[0]):
        line = proxy_set_header_of(match, "Origin")
        if line is None or not proxy_pass_of(match) or line.args[1:] in {("$http_origin",), ("",)}:
            continue
        file = nginx.file(line)
        changes = [edits.remove_directive(file.text, line)] if file else []
        file_edits = config_edits(nginx, {line.file: changes}) if changes else ()
        return OriginLine(
            line.text,
            file_line(line),
            nginx.location(line),
            location_fix(nginx, match, file_edits, sure=False) if file_edits else None,
        )
    return None
