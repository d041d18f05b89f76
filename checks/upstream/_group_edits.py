"""Edits of the servers of a group (`upstream`)."""

from collections.abc import Collection

from checks.nginx import Nginx
from checks.nginx._commands import chosen_edits
from checks.nginx._edits import Changes, config_edits
from checks.upstream import Backend
from diagnose.model import Command, Edit
from diagnose.parsers.nginx.edits import replace_directive


def marked_down(
    nginx: Nginx, backend: Backend, names: Collection[str]
) -> tuple[Command | Edit, ...]:
    """Return the edit that leaves these servers of a backend out of their group, for a person to
    choose: `down` behind each (ngx_http_upstream_module); () if no line has them."""
    changes: Changes = {}
    for endpoint in backend.proxy_target.endpoints:
        line = endpoint.directive
        if str(endpoint) in names and line is not None and line.name == "server":
            words = " ".join((line.name, *line.args, "down"))
            changes.setdefault(line.file, []).append(replace_directive(line, f"{words};"))
    return chosen_edits(nginx, config_edits(nginx, changes))
