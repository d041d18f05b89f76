"""Where a header field of nginx's response comes from, and edits that leave it out."""

from collections.abc import Sequence

from checks.nginx import Nginx
from checks.nginx._edits import Changes, config_edits
from checks.nginx._location_edits import location_fix
from diagnose.model import Fix
from diagnose.model.frozen import frozen
from diagnose.model.nginx import Directive
from diagnose.parsers.nginx import edits
from diagnose.parsers.nginx.config import children
from diagnose.parsers.nginx.forwarding import upgrade_forwarding
from diagnose.parsers.nginx.locations import LocationMatch

#: The directives that pass a response on, and those that leave a field out of it.
_HIDING = {
    "proxy_pass": "proxy_hide_header",
    "fastcgi_pass": "fastcgi_hide_header",
    "uwsgi_pass": "uwsgi_hide_header",
    "scgi_pass": "scgi_hide_header",
    "grpc_pass": "grpc_hide_header",
}


@frozen
class FieldSource:
    """The directive by which a field gets into the response: `added` by add_header, or passed on
    from an application."""

    location_match: LocationMatch
    directive: Directive
    added: bool


def field_source(nginx: Nginx, names: Sequence[str]) -> FieldSource | None:
    """Return where these fields come from; None if nginx's configuration does not show it."""
    field_names = {name.lower() for name in names}
    for location_match in nginx.location_matches(nginx.evidence.target.path):
        for directive in location_match.directives("add_header"):
            if directive.args and directive.args[0].lower() in field_names:
                return FieldSource(location_match, directive, added=True)
        for name in _HIDING:
            if passing := children(location_match.block, name):
                return FieldSource(location_match, passing[0], added=False)
    return None


def hiding_fix(nginx: Nginx, source: FieldSource, names: Sequence[str]) -> Fix | None:
    """Return the edits after which nginx does not send these fields. No client needs them over
    HTTP/2; but the answer to a WebSocket does, so nothing is hidden where those are passed on."""
    file, changes = nginx.file(source.directive), Changes()
    if file is None or (not source.added and _passes_websockets(source, names)):
        return None
    if source.added:
        changes[file.path] = [edits.remove_directive(file.text, source.directive)]
    else:
        lines = _hiding_lines(source, names)
        changes[file.path] = [edits.insert_after(file.text, source.directive, lines)]
    file_edits = config_edits(nginx, changes)
    return location_fix(nginx, source.location_match, file_edits) if file_edits else None


def _passes_websockets(source: FieldSource, names: Sequence[str]) -> bool:
    is_needed = not {"upgrade", "connection"}.isdisjoint(name.lower() for name in names)
    return is_needed and upgrade_forwarding(source.location_match)[0]


def _hiding_lines(source: FieldSource, names: Sequence[str]) -> list[str]:
    """Return the lines to write. A location with such a line of its own inherits none, so the
    inherited ones are repeated."""
    directive_name = _HIDING[source.directive.name]
    match = source.location_match
    inherited = () if children(match.block, directive_name) else match.directives(directive_name)
    repeated = [" ".join(directive.args[:1]) for directive in inherited if directive.args]
    fields = dict.fromkeys((*repeated, *(name.title() for name in names)))
    return [f"{directive_name} {field};" for field in fields]
