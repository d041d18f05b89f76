"""The edit by which nginx tells an application the visitor's origin."""

from checks.nginx import Nginx, _location_edits
from checks.nginx._edits import Changes, config_edits
from checks.upstream._origins import FormRoute
from diagnose.model import Applicability, Fix, Manual, Where
from diagnose.parsers.nginx.locations import LocationMatch
from diagnose.parsers.nginx.proxied_request import SCHEME_FIELD


def origin_fix(route: FormRoute, sure: bool = True) -> Fix:
    """Send the visitor's origin. A person does it where another proxy speaks TLS with visitors."""
    nginx, match = route.nginx, route.match
    headers = {name: route.value(name) for name in route.told.wrong_fields}
    speaks_tls = all(selected.socket.ssl for selected in nginx.selected_servers())
    changes: Changes = {}
    if speaks_tls:
        lines = _location_edits.header_lines(nginx, match, headers, changes)
        _location_edits.insert_lines(nginx, match, lines, changes)
        if route.outer and SCHEME_FIELD in headers:
            _tell_inner_block(nginx, route.outer, changes)
    file_edits = config_edits(nginx, changes)
    if not file_edits:
        return Fix((Manual("pass-the-origin", Where.SERVER),), Applicability.MANUAL)
    return _location_edits.location_fix(nginx, match, file_edits, sure)


def _tell_inner_block(nginx: Nginx, outer: LocationMatch, changes: Changes) -> None:
    """Let the visitors' block say the scheme that the block behind it is to pass on."""
    if not _location_edits.sends_field(nginx, outer, SCHEME_FIELD):
        lines = _location_edits.header_lines(nginx, outer, {SCHEME_FIELD: "$scheme"}, changes)
        _location_edits.insert_lines(nginx, outer, lines, changes)
