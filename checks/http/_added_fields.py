"""The edits with which the web server sends fields of the response that nobody sends today."""

from collections.abc import Mapping

from checks.http import _cors_edits
from checks.nginx import Nginx
from checks.server import indentation, line_edit, line_text, reload_steps, server_on_port
from checks.server._apache_modules import loading_steps
from diagnose.model import Applicability, Evidence, Fix, Step

#: The line of each product.
_LINES = {"apache": 'Header always set {} "{}"', "caddy": "header {} {}"}


def added_fields_fix(evidence: Evidence, path: str, fields: Mapping[str, str]) -> Fix | None:
    """Return the edit after which the answer to a path has these fields; None if the configuration
    does not show one place for them."""
    nginx = Nginx.of(evidence)
    matches = list(nginx.location_matches(path.partition("?")[0]))
    if matches:
        lines = [f"add_header {name} {value} always;" for name, value in fields.items()]
        is_one = len({match.block for match in matches}) == 1
        return _cors_edits.added_fix(nginx, matches[0], lines) if is_one else None
    return _server_fix(evidence, fields)


def _server_fix(evidence: Evidence, fields: Mapping[str, str]) -> Fix | None:
    view = server_on_port(evidence)
    sites = view.answering_sites if view else ()
    if view is None or len(sites) != 1 or view.server.product not in _LINES:
        return None
    site, pattern = sites[0], _LINES[view.server.product]
    opening = line_text(view, site.file, site.line)
    if not opening.rstrip().endswith(("{", ">")):
        return None
    blanks = indentation(line_text(view, site.file, site.line + 1)) or indentation(opening) + "    "
    lines = (f"{blanks}{pattern.format(name, value)}" for name, value in fields.items())
    edit = line_edit(view, site.file, {site.line: (opening, *lines)})
    module: tuple[Step, ...] | None = (
        loading_steps(view, ("headers",)) if view.server.product == "apache" else ()
    )
    if edit is None or module is None:
        return None
    return Fix((*module, edit, *reload_steps(view.server)), Applicability.REVIEW)
