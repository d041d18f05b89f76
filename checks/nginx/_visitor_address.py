"""The fields in which nginx tells an application who visits, and the edit that adds them."""

from checks.nginx import Nginx
from checks.nginx._commands import reload_steps
from checks.nginx._edits import Changes, config_edits
from checks.nginx._location_edits import header_lines, insert_lines, location_fix
from diagnose.model import Applicability, Fix, Step
from diagnose.parsers.cdn import CLOUDFLARE_FIELD, CLOUDFLARE_NETWORKS
from diagnose.parsers.nginx.edits import insert_first
from diagnose.parsers.nginx.locations import LocationMatch
from diagnose.parsers.nginx.proxied_request import CLIENT_ADDRESS_FIELDS
from diagnose.parsers.nginx.server_blocks import Server

_FIELDS = {"X-Real-IP": "$remote_addr", "X-Forwarded-For": "$proxy_add_x_forwarded_for"}
_OTHER_FIELDS = {*CLIENT_ADDRESS_FIELDS, "x-original-forwarded-for", "remote-host", "remote_addr"}


def passes_address(match: LocationMatch) -> bool:
    """Return whether a location tells its application the visitor's address."""
    return any(
        directive.args[0].lower() in _OTHER_FIELDS or "remote_addr" in " ".join(directive.args)
        for directive in match.directives("proxy_set_header")
        if directive.args
    )


def address_fix(nginx: Nginx, match: LocationMatch, further: tuple[Step, ...] = ()) -> Fix | None:
    """Return the fix with which a location passes the visitor's address on, and these steps after
    it; None if its file cannot be edited."""
    changes: Changes = {}
    insert_lines(nginx, match, header_lines(nginx, match, _FIELDS, changes), changes)
    file_edits = config_edits(nginx, changes)
    if not file_edits:
        return None
    fix = location_fix(nginx, match, file_edits, sure=False)
    return Fix((*fix.steps, *further), fix.applicability)


def cloudflare_fix(nginx: Nginx, server: Server) -> Fix | None:
    """Return the fix with which a block takes the visitor's address from Cloudflare; None if it has
    a field already, or if its file cannot be edited."""
    file = nginx.file(server.block)
    if file is None or server.directives("real_ip_header"):
        return None
    lines = [*trusting_lines(server, *CLOUDFLARE_NETWORKS), f"real_ip_header {CLOUDFLARE_FIELD};"]
    file_edits = config_edits(nginx, {file.path: [insert_first(file.text, server.block, lines)]})
    return Fix((*file_edits, *reload_steps(nginx)), Applicability.REVIEW) if file_edits else None


def trusting_lines(server: Server, *clients: str) -> list[str]:
    """Return the lines that trust addresses as well: a block with a line of its own inherits none
    (ngx_http_realip_module)."""
    trusted = server.directives("set_real_ip_from")
    own = server.block.block or ()
    inherited = [line.args[0] for line in trusted if line.args and line not in own]
    return [f"set_real_ip_from {each};" for each in dict.fromkeys((*inherited, *clients))]
