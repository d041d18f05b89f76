"""The edit by which nginx, Apache or Caddy refuses every hidden file."""

from checks.nginx import Nginx
from checks.nginx._commands import reload_steps as nginx_reload_steps
from checks.nginx._edits import Changes, config_edits
from checks.server import reload_steps, server_on_port
from checks.server._apache_overrides import added_lines
from checks.server._media_types import lines_below
from diagnose.model import Command, Edit, Evidence
from diagnose.parsers.nginx import edits

#: All names with a dot at their beginning, but what is well known (RFC 8615).
_PATTERN = r"/\.(?!well-known/)"
_APACHE = (f'<LocationMatch "{_PATTERN}">', "    Require all denied", "</LocationMatch>")
#: The one of several `handle` that has the request is alone with it.
_CADDY = (
    "@hidden {", "\tpath */.*", "\tnot path /.well-known/*", "}", "handle @hidden {",
    "\terror 404", "}",
)  # fmt: skip


def refusing_steps(evidence: Evidence) -> tuple[Edit | Command, ...]:
    """Return the edit by which the web server refuses every hidden file, and what loads it."""
    view = server_on_port(evidence)
    if view is not None:
        site, edit = next(iter(view.answering_sites), None), None
        if site and view.server.product == "apache":
            edit = added_lines(view, site, _APACHE)
        elif site and view.server.product == "caddy":
            edit = lines_below(view, site.file, site.line, *_CADDY)
        return (edit, *reload_steps(view.server)) if edit else ()
    nginx, changes = Nginx.of(evidence), Changes()
    for selected in nginx.answering_servers():
        block = selected.server.block
        if (file := nginx.file(block)) and block.file not in changes:
            location = edits.insert_location(
                file.text, block, f"location ~ {_PATTERN}", ["deny all;"]
            )
            changes[block.file] = [location]
    file_edits = config_edits(nginx, changes) if changes else ()
    return (*file_edits, *nginx_reload_steps(nginx)) if file_edits else ()
