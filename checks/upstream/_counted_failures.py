"""Errors of an application itself that nginx counts as failures of its server: those that
`proxy_next_upstream` names. One path that answers 503 takes every server out for all others
(ngx_http_proxy_module, "proxy_next_upstream"; ngx_http_upstream_module, "max_fails")."""

import re
from collections.abc import Iterable

from checks.nginx import Nginx
from checks.nginx._commands import reload_steps
from checks.nginx._edits import Changes, config_edits
from diagnose.model import Applicability, Fix
from diagnose.model.logs import LogLine
from diagnose.model.nginx import Directive
from diagnose.parsers.nginx.config import children
from diagnose.parsers.nginx.edits import replace_directive

#: What counts as a failure besides errors of the connection. 403 and 404 never do.
_COUNTED = re.compile(r"http_(?:5\d\d|429)")
#: nginx's warning that it takes a server out, which does not say why.
_TAKEN_OUT = "upstream server temporarily disabled"


def counting_line(
    nginx: Nginx, paths: Iterable[str], earlier_lines: Iterable[LogLine]
) -> Directive | None:
    """Return the `proxy_next_upstream` in force by which answers of the application count, where
    the log has no other failure of the group's servers; None if there is none."""
    if any(not line.text.startswith(_TAKEN_OUT) for line in earlier_lines):
        return None
    for path in paths:
        for match in nginx.location_matches(path):
            line = match.directive("proxy_next_upstream")
            if line is not None and any(map(_COUNTED.fullmatch, line.args)):
                return line
    return None


def uncounted_fix(nginx: Nginx, group: Directive) -> Fix | None:
    """Count no failures of the group's servers: nginx still asks the next one after an error, and
    takes none out. None if that cannot be written."""
    changes: Changes = {}
    for server in children(group, "server"):
        words = [word for word in server.args if not word.startswith("max_fails=")]
        line = f"server {' '.join(words)} max_fails=0;"
        changes.setdefault(server.file, []).append(replace_directive(server, line))
    file_edits = config_edits(nginx, changes)
    return Fix((*file_edits, *reload_steps(nginx)), Applicability.REVIEW) if file_edits else None
