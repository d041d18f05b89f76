"""The line by which the site's server sends a field of its responses, and the remedies that change
it: nginx's `add_header`, or the line of another server (`checks.server._response_fields`)."""

import re
import shlex
from collections.abc import Iterable
from typing import TYPE_CHECKING

from checks.http._policies import field_directive
from checks.nginx import Nginx, file_line
from checks.nginx._commands import reload_steps
from checks.nginx._edits import config_edits
from checks.server import reload_steps as server_reload_steps
from checks.server import server_on_port
from diagnose.model import Applicability, Edit, Evidence, Fix, Location
from diagnose.model.addresses import bracketed
from diagnose.model.frozen import frozen
from diagnose.model.nginx import Directive
from diagnose.parsers.nginx import edits
from diagnose.parsers.web_sites import routes_of_name

if TYPE_CHECKING:
    from checks.server import ServerView
    from checks.server._field_lines import FieldLine


#: Where an application listens, as an address: the name of an upstream is known to nginx alone.
_ORIGIN = re.compile(r"https?://(?:[\d.]{7,15}|localhost|\[[\da-f:.]{2,45}\])(?::\d{1,5})?(?=/|$)")
#: A value that needs no quotes.
_PLAIN = re.compile(r"[\w=/.-]{1,200}", re.ASCII)


@frozen(eq=False)
class SentField:
    """The line that sends a field: its place as "file:line", and the value as written."""

    place: str
    value: str
    location: Location | None

    def with_value(self, value: str) -> Fix | None:
        """Return the fix that sends another value; None if that is not possible."""
        raise NotImplementedError

    def without(self) -> Fix | None:
        """Return the fix that leaves the line out; None if that is not possible."""
        raise NotImplementedError


#: A variable of nginx, or a dollar sign that begins none.
_VARIABLE = re.compile(r"\$\w*")


@frozen(eq=False)
class _NginxField(SentField):
    nginx: Nginx
    directive: Directive

    def with_value(self, value: str) -> Fix | None:
        name, own, *parameters = self.directive.args
        # A variable of the line itself stays one; nothing else may become one.
        variables = set(_VARIABLE.findall(own)) - {"$"}
        if any(mark in value for mark in '"\\') or not value.isprintable():
            return None
        if not variables.issuperset(_VARIABLE.findall(value)):
            return None
        written = value if _PLAIN.fullmatch(value) else f'"{value}"'
        line = " ".join(("add_header", name, written, *parameters))
        return self._fix(edits.replace_directive(self.directive, f"{line};"))

    def without(self) -> Fix | None:
        file = self.nginx.file(self.directive)
        return self._fix(edits.remove_directive(file.text, self.directive)) if file else None

    def _fix(self, change: edits.TextEdit) -> Fix | None:
        file_edits = config_edits(self.nginx, {self.directive.file: [change]})
        if not file_edits:
            return None
        return Fix((*file_edits, *reload_steps(self.nginx)), Applicability.REVIEW)


@frozen(eq=False)
class _ServerField(SentField):
    view: "ServerView"
    line: "FieldLine"

    def with_value(self, value: str) -> Fix | None:
        from checks.server._response_fields import changed_value

        return self._fix(changed_value(self.view, self.line, value))

    def without(self) -> Fix | None:
        from checks.server._response_fields import removed_line

        return self._fix(removed_line(self.view, self.line))

    def _fix(self, edit: Edit | None) -> Fix | None:
        steps = server_reload_steps(self.view.server)
        return Fix((edit, *steps), Applicability.REVIEW) if edit else None


@frozen(eq=False)
class _LabelField(SentField):
    """A label by which Traefik sends the field ("Traefik & Docker")."""

    evidence: Evidence
    container: str
    label: str

    def with_value(self, value: str) -> Fix | None:
        from checks.server._traefik_labels import labels_fix

        return labels_fix(self.evidence, self.container, {self.label: value})

    def without(self) -> Fix | None:
        return None


def sent_field(
    evidence: Evidence, name: str, values: Iterable[str], path: str = ""
) -> SentField | None:
    """Return the line that sends a field with these values; None if an application does, or if it
    is not known. `path` is that of the response, the target's by default."""
    nginx = Nginx.of(evidence)
    directive = field_directive(nginx, name.lower(), path)
    if directive is not None and len(directive.args) > 1:
        value, location = directive.args[1], nginx.location(directive)
        return _NginxField(file_line(directive), value, location, nginx, directive)
    view = server_on_port(evidence)
    if view is None or directive is not None:
        return None
    # Imported late: only a finding needs it.
    from checks.server._response_fields import sending_line

    sent_values = tuple(values)
    line = sending_line(view, name, sent_values)
    if line is not None:
        return _ServerField(line.place, line.value, line.location, view, line)
    return _of_label(evidence, name, sent_values) if view.server.product == "traefik" else None


def _of_label(evidence: Evidence, name: str, values: Iterable[str]) -> SentField | None:
    from checks.server._traefik_response_labels import response_label

    own = response_label(evidence, name, values)
    if own is None:
        return None
    container, label = own
    place = f"{container.name}: {label.name}"
    return _LabelField(place, label.value, None, evidence, container.name, label.name)


def direct_question(evidence: Evidence, name: str) -> str:
    """Return the command that asks the page's application itself whether it sends a field; "" if it
    is not known which application that is, or where it listens."""
    from checks.http._page_files import location_facts

    path = evidence.target.path_without_query
    origin = str(location_facts(Nginx.of(evidence), path)["application"])
    view = server_on_port(evidence)
    if view is not None and view.config is not None:
        target = evidence.target
        routes = routes_of_name(view.config, target.port, target.host, path, False)
        origins = {
            f"{route.scheme}://{bracketed(route.host)}:{route.port}"
            for route in routes
            if route.host and route.port and route.scheme in {"http", "https"}
        }
        origin = origins.pop() if len(origins) == len(routes) == 1 else ""
    address = _ORIGIN.match(origin)
    if address is None:
        return ""
    asked = shlex.join(
        (
            "curl",
            "-sk",
            "-o",
            "/dev/null",
            "-D",
            "-",
            "-H",
            f"Host: {evidence.target.host}",
            f"{address[0]}/",
        )
    )
    return f"{asked} | grep -i {shlex.quote(name)}"
