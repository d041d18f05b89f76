"""The edit by which nginx asks for an upgrade only where the visitor does."""

from checks.nginx import Nginx
from checks.nginx._edits import Changes
from checks.nginx._location_edits import upgrade_variable
from checks.upstream._edits import edit_fix
from diagnose.model import Fix
from diagnose.model.nginx import Directive
from diagnose.parsers.nginx.edits import replace_directive
from diagnose.parsers.nginx.locations import LocationMatch


def map_fix(nginx: Nginx, match: LocationMatch, header: Directive) -> Fix:
    """Let a map set the field: only a visitor's handshake is passed on as one then. The step
    without an edit is "by-a-map" of the check's page."""
    changes: Changes = {}
    if variable := upgrade_variable(nginx, match, changes):
        line = f"proxy_set_header Connection {variable};"
        changes.setdefault(header.file, []).append(replace_directive(header, line))
    return edit_fix(nginx, changes, "by-a-map", sure=False)
