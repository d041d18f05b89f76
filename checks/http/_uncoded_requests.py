"""Lines by which a server does not tell the application which codings the visitor takes: it then
sends its answer as it is, and the server may compress it."""

from checks.nginx import Nginx, _location_edits
from checks.nginx._edits import Changes, config_edits
from checks.server import ServerView, reload_steps, server_on_port
from checks.server._apache_modules import loading_steps
from checks.server._backend_answers import route_to_application
from checks.server._caddy_proxy_lines import field_edit
from checks.server._scoped_fields import inserted_edit
from diagnose.model import Applicability, Edit, Evidence, Fix
from diagnose.parsers.nginx.locations import proxy_pass_of

_FIELD = "Accept-Encoding"
_LINES = {
    "apache": f"RequestHeader unset {_FIELD}",
    "haproxy": f"http-request del-header {_FIELD}",
}


def uncoded_fix(evidence: Evidence, path: str) -> Fix | None:
    """Return the fix after which the application of a path is asked for no coding (RFC 9110 section
    12.5.3); None where no application is, or where a person has to write it."""
    nginx = Nginx.of(evidence)
    matches = [] if nginx.is_refused else list(nginx.location_matches(path))
    if len(matches) == 1 and proxy_pass_of(matches[0]):
        changes: Changes = {}
        lines = _location_edits.header_lines(nginx, matches[0], {_FIELD: '""'}, changes)
        _location_edits.insert_lines(nginx, matches[0], lines, changes)
        file_edits = config_edits(nginx, changes)
        if not file_edits:
            return None
        return _location_edits.location_fix(nginx, matches[0], file_edits, sure=False)
    view = server_on_port(evidence)
    edit = _server_edit(view, path) if view else None
    modules = loading_steps(view, ("headers",)) if view else None
    if view is None or edit is None or modules is None:
        return None
    return Fix((*modules, edit, *reload_steps(view.server)), Applicability.REVIEW)


def _server_edit(view: ServerView, path: str) -> Edit | None:
    route = route_to_application(view, path)
    if route is None or route.scheme not in {"http", "https"}:
        return None
    if view.server.product == "caddy":
        # Without the field Go's HTTP client sends one of its own (net/http, "DisableCompression").
        return field_edit(view, route, _FIELD, "identity")
    line = _LINES.get(view.server.product)
    return inserted_edit(view, (line,)) if line else None
