"""The edits with which the web server sends fields of the response that nobody sends today, or
sends with another value, for the path that is meant alone."""

from collections.abc import Mapping

from checks.http import _cors_edits
from checks.nginx import Nginx
from checks.server import reload_steps, server_on_port
from checks.server._apache_modules import loading_steps
from checks.server._scoped_fields import Scope, added_fields_edit
from diagnose.model import Applicability, Evidence, Fix, Step


def added_fields_fix(
    evidence: Evidence, scope: Scope, fields: Mapping[str, str], replaces: bool = False
) -> Fix | None:
    """Return the edit after which the responses of a scope have these fields; None if the
    configuration does not show one place for them. `replaces`: the application sends them with
    other values. nginx sends them for all that its location answers."""
    nginx = Nginx.of(evidence)
    matches = list(nginx.location_matches(scope.path.partition("?")[0]))
    if matches:
        is_one = len({match.block for match in matches}) == 1
        hidden = tuple(fields) if replaces else ()
        lines = [f"add_header {name} {value} always;" for name, value in fields.items()]
        return _cors_edits.added_fix(nginx, matches[0], lines, hidden) if is_one else None
    view = server_on_port(evidence)
    edit = added_fields_edit(view, scope, fields, replaces) if view else None
    if view is None or edit is None:
        return None
    module: tuple[Step, ...] | None = ()
    if view.server.product == "apache":
        module = loading_steps(view, ("headers",))
    if module is None:
        return None
    return Fix((*module, edit, *reload_steps(view.server)), Applicability.REVIEW)
