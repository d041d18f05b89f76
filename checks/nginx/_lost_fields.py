"""Why nginx does not send a field that its configuration has (ngx_http_headers_module,
"add_header"), and the edits after which it does."""

from checks.nginx import Nginx
from checks.nginx._edits import Changes, config_edits
from checks.nginx._location_edits import location_fix
from diagnose.model import Applicability, Fix, Manual, Where
from diagnose.model.frozen import frozen
from diagnose.model.nginx import Directive
from diagnose.parsers.nginx import edits
from diagnose.parsers.nginx.config import WITHOUT_ALWAYS, children
from diagnose.parsers.nginx.locations import LocationMatch

_ADD = "add_header"


@frozen(eq=False)
class LostLine:
    """The line of a field that a response lacks. `own` is the line of an inner block for which it
    inherits none of the outer ones; without it the response is an error, and the line lacks
    `always`."""

    directive: Directive
    own: Directive | None

    @property
    def facts(self) -> dict[str, object]:
        return {
            "directive": self.directive.text[:200],
            "inherited": self.own is not None,
            "unsent": self.own is None,
            "own": self.own.text[:120] if self.own else "",
        }


def line_of(directives: tuple[Directive, ...], name: str) -> Directive | None:
    """Return the first of these lines that sends a field."""
    return next(
        (
            directive
            for directive in directives
            if directive.args[:1] and directive.args[0].lower() == name.lower()
        ),
        None,
    )


def lost_line(match: LocationMatch, name: str, status: int | None) -> LostLine | None:
    """Return the line by which a location would send a field, if this response lacks it for one of
    the two reasons."""
    effective = line_of(match.directives(_ADD), name)
    if effective is not None:
        is_lost = "always" not in effective.args and status not in WITHOUT_ALWAYS
        return LostLine(effective, None) if is_lost else None
    inherits = match.directive("add_header_inherit")
    if inherits is not None and inherits.args[:1] != ("on",):
        return None  # since 1.29.3 lines may be merged, or be unwanted
    for depth in range(len(match.blocks) - 1, 0, -1):
        outer = line_of(tuple(children(match.blocks[depth - 1], _ADD)), name)
        if outer is not None:
            return LostLine(outer, next(iter(match.directives(_ADD)), None))
    return None


def sending_fix(nginx: Nginx, match: LocationMatch, lines: list[LostLine]) -> Fix:
    """Repeat the lines beside that of the inner block, or add `always`."""
    changes: Changes = {}
    repeated: list[str] = []
    for line in lines:
        source = nginx.file(line.directive)
        if source is None:
            continue
        text = edits.one_line(source.text, line.directive)
        if line.own is not None:
            repeated.append(text)
        else:
            always = f"{text.rstrip(';').rstrip()} always;"
            changes.setdefault(source.path, []).append(
                edits.replace_directive(line.directive, always)
            )
    own = next((line.own for line in lines if line.own), None)
    file = nginx.file(own) if own else None
    if own and file and repeated:
        added = edits.insert_after(file.text, own, repeated)
        changes.setdefault(own.file, []).append(added)
    file_edits = config_edits(nginx, changes)
    if not file_edits:
        return Fix((Manual("send-it-always", Where.SERVER),), Applicability.MANUAL)
    return location_fix(nginx, match, file_edits, sure=False)
