"""The edit after which a field of a response has the value of the web server alone, where the
application sends it too."""

import re
from collections.abc import Sequence

from checks.http._field_overrides import hiding_fix
from checks.server import ServerView, indentation, line_edit, reload_steps, server_on_port
from checks.server._backend_answers import route_to_application
from checks.server._caddy_proxy_lines import hidden_fields_edit
from checks.server._field_lines import FieldLine
from checks.server._response_fields import naming_line
from diagnose.model import Applicability, Edit, Evidence, Fix
from diagnose.model.http import Exchange

_HEADER = re.compile(r"(?i)\s*Header\s+(?:always\s+|onsuccess\s+)?(?:add|append|merge|set)\s")
_ADDED = re.compile(r"(\s*http-(?:after-)?response\s+)add-header(?=\s)")


def without_application(evidence: Evidence, page: Exchange, name: str) -> Fix | None:
    """Return the fix with which the server keeps the application's field to itself, and sends its
    own; None where the configuration does not show one place for it."""
    if fix := hiding_fix(evidence, page, name):
        return fix
    view = server_on_port(evidence)
    line = naming_line(view, name) if view else None
    edit = sole_edit(view, [line], [name]) if view and line else None
    return Fix((edit, *reload_steps(view.server)), Applicability.REVIEW) if view and edit else None


def sole_edit(view: ServerView, lines: Sequence[FieldLine], names: Sequence[str]) -> Edit | None:
    """Return the edit that keeps the fields with these names from the application's response, or
    replaces them; `lines` are the server's own. None if one is written in another way."""
    if view.server.product == "apache" and all(_HEADER.match(line.text) for line in lines):
        # What comes from the application is in the table of successful responses (mod_headers).
        first = lines[0]
        added = [
            f"{indentation(first.text)}Header onsuccess unset {name.title()}" for name in names
        ]
        return line_edit(view, first.file, {first.number: (*added, first.text)})
    if view.server.product == "haproxy" and len({line.file for line in lines}) == 1:
        changes = {line.number: (_ADDED.sub(r"\1set-header", line.text),) for line in lines}
        is_added = all(_ADDED.match(line.text) for line in lines)
        return line_edit(view, lines[0].file, changes) if is_added else None
    if view.server.product == "caddy":
        route = route_to_application(view)
        is_sites = not any(line.text.split()[:1] == ["header_down"] for line in lines)
        titles = [name.title() for name in names]
        return hidden_fields_edit(view, route, titles) if route and is_sites else None
    return None
