"""The line by which nginx tells an application the port at which visitors come."""

from checks.nginx import Nginx
from checks.nginx._edits import Changes, config_edits
from checks.nginx._location_edits import header_lines, insert_lines, location_fix
from diagnose.model import Fix
from diagnose.parsers.nginx.locations import proxy_pass_of

_PORT = "X-Forwarded-Port"


def port_fix(nginx: Nginx, path: str) -> Fix | None:
    """Return the fix that sends X-Forwarded-Port to the application of a path; None if nginx passes
    it on to none. What the application makes of the field, a person looks at."""
    match = next((each for each in nginx.location_matches(path) if proxy_pass_of(each)), None)
    if match is None:
        return None
    changes: Changes = {}
    insert_lines(
        nginx, match, header_lines(nginx, match, {_PORT: "$server_port"}, changes), changes
    )
    edits = config_edits(nginx, changes)
    return location_fix(nginx, match, edits, sure=False) if edits else None
