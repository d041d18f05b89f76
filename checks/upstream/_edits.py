"""Edits of the directives that lead to a backend."""

import re
from collections.abc import Iterable

from checks.nginx import Nginx
from checks.nginx._commands import reload_steps
from checks.nginx._edits import Changes, config_edits
from checks.upstream import Backend
from diagnose.model import Applicability, Fix, Manual, Where
from diagnose.model.nginx import Directive
from diagnose.parsers.nginx.edits import replace_directive
from diagnose.parsers.nginx.locations import LocationMatch
from diagnose.parsers.nginx.upstreams import ProxyTarget
from diagnose.parsers.nginx.variables import set_directive

_SCHEME_VARIABLE = re.compile(r"\$\{?(\w+)\}?://[^/:]+:[^/]+")


def replace_in_directives(
    nginx: Nginx, directives: Iterable[Directive], old: str, new: str, changes: Changes
) -> None:
    """Replace text once in each of these directives."""
    for directive in {id(directive): directive for directive in directives}.values():
        file = nginx.file(directive)
        text = file.text[directive.start : directive.stop] if file else ""
        if old in text:
            changes.setdefault(directive.file, []).append(
                replace_directive(directive, text.replace(old, new, 1))
            )


def switch_scheme(nginx: Nginx, backend: Backend, scheme: str, changes: Changes) -> None:
    """Change the scheme of a backend's proxy targets.

    The default port of the old scheme is written out. If that port is inside a variable, nothing is
    changed. A scheme that comes from a `set` is changed there.
    """
    for match, proxy_target in zip(backend.location_matches, backend.proxy_targets, strict=True):
        if line := _scheme_line(match, proxy_target):
            if all(change.start != line.start for change in changes.get(line.file, [])):
                change = replace_directive(line, f"set {line.args[0]} {scheme};")
                changes.setdefault(line.file, []).append(change)
            continue
        old, new, endpoint = f"{proxy_target.scheme}://", f"{scheme}://", proxy_target.endpoints[0]
        implied = (
            not proxy_target.group
            and not endpoint.socket
            and f":{endpoint.port}" not in proxy_target.authority
        )
        if implied and not proxy_target.has_variables:
            old, new = (
                f"{old}{proxy_target.authority}",
                f"{new}{proxy_target.authority}:{endpoint.port}",
            )
        if not (implied and proxy_target.has_variables):
            replace_in_directives(nginx, [proxy_target.directive], old, new, changes)


def _scheme_line(match: LocationMatch, proxy_target: ProxyTarget) -> Directive | None:
    """Return the `set` from which a proxy_pass has its scheme and nothing else, with a port that is
    written too (`$scheme_of_site://$server:$port`)."""
    argument = proxy_target.directive.args[0] if proxy_target.directive.args else ""
    variable = _SCHEME_VARIABLE.match(argument)
    line = set_directive(match, variable[1]) if variable else None
    return line if line is not None and line.args[1] == proxy_target.scheme else None


def edit_fix(nginx: Nginx, changes: Changes, step: str, sure: bool = True) -> Fix:
    """Return a fix with these changes and an nginx reload, or a manual step if there are no
    changes."""
    file_edits = config_edits(nginx, changes)
    if not file_edits:
        return Fix((Manual(step, Where.SERVER), *reload_steps(nginx)), Applicability.MANUAL)
    sure = sure and len(file_edits) == 1
    return Fix(
        (*file_edits, *reload_steps(nginx)),
        Applicability.AUTOMATIC if sure else Applicability.REVIEW,
    )
