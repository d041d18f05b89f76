"""The block of a plain port that sends a name to the https of its own block."""

from checks.nginx import Nginx
from checks.nginx._commands import reload_steps
from checks.nginx._edits import config_edit
from diagnose.model import Applicability, Fix
from diagnose.parsers.hostnames import is_host
from diagnose.parsers.nginx import edits


def redirect_fix(nginx: Nginx, plain_port: int = 0) -> Fix | None:
    """Return the edit that writes a block for a plain port (the target's, if 0) beside the block
    that has the name with TLS alone: `listen 80;` in that one would show the site without TLS. None
    where the name's block has the port or speaks plain http, or is not on 443."""
    target = nginx.evidence.target
    port = plain_port or target.port
    own = [server for server in nginx.servers if target.host in server.names]
    listens = [listen for server in own for listen in server.listens]
    if (target.uses_tls and not plain_port) or not is_host(target.host) or not listens:
        return None
    if not all(listen.ssl for listen in listens) or all(listen.port != 443 for listen in listens):
        return None
    block = own[0].block
    file = nginx.file(block)
    if file is None:
        return None
    others = [listen for server in nginx.servers for listen in server.listens]
    is_dual = any(listen.port == port and ":" in listen.address for listen in others)
    lines = [
        "server {",
        f"    listen {port};",
        *([f"    listen [::]:{port};"] if is_dual else []),
        f"    server_name {target.host};",
        "    return 301 https://$host$request_uri;",
        "}",
    ]
    edit = config_edit(nginx, block.file, edits.insert_before(file.text, block, lines))
    return Fix((edit, *reload_steps(nginx)), Applicability.REVIEW) if edit else None
