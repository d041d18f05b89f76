"""The line by which nginx tells an application the port at which visitors come."""

from checks.nginx import Nginx
from checks.nginx._edits import Changes, config_edits
from checks.nginx._location_edits import header_lines, insert_lines, location_fix
from diagnose.model import Fix
from diagnose.parsers.nginx.locations import proxy_pass_of

PORT = "X-Forwarded-Port"


def port_fix(nginx: Nginx, path: str, name: str = PORT, value: str = "") -> Fix | None:
    """Return the fix that sends this field to the application of a path, as the variable that has
    `value` for visitors; None if nginx passes it on to none. What the application makes of the
    field, a person looks at."""
    match = next(
        (
            location_match
            for location_match in nginx.location_matches(path)
            if proxy_pass_of(location_match)
        ),
        None,
    )
    if match is None:
        return None
    changes: Changes = {}
    text = _variable(nginx, name, value)
    insert_lines(nginx, match, header_lines(nginx, match, {name: text}, changes), changes)
    edits = config_edits(nginx, changes)
    return location_fix(nginx, match, edits, sure=False) if edits else None


def _variable(nginx: Nginx, name: str, value: str) -> str:
    """Return what has the value for visitors: the port of nginx's own socket, if visitors do not
    come to it by another one (a container's published port)."""
    if name != PORT:
        return "$http_host"
    ports = {str(listen.port) for server in nginx.servers for listen in server.listens}
    return value if value and value not in ports else "$server_port"
