"""The edits after which nginx shows an error page of the site's own."""

import re
from collections.abc import Iterator

from checks.nginx import Nginx
from checks.nginx._edits import Changes, config_edits
from checks.nginx._location_edits import setting_edits
from checks.nginx._repairs import all_directives
from diagnose.model import Edit
from diagnose.model.frozen import frozen
from diagnose.model.nginx import Directive
from diagnose.parsers.nginx.config import children
from diagnose.parsers.nginx.edits import (
    insert_first,
    insert_location,
    one_line,
    replace_directive,
)
from diagnose.parsers.nginx.locations import LocationMatch, location_pattern

#: The directives that pass a request on, and those that replace the errors of the answer.
_SETTINGS = {
    f"{kind}_pass": f"{kind}_intercept_errors"
    for kind in ("proxy", "fastcgi", "uwsgi", "scgi", "grpc")
}
#: What closes a location, and what opens the one page of it that everybody is to see.
_CLOSING = {"auth_basic": "auth_basic off;", "deny": "allow all;"}
_PLAIN = re.compile(r"/[\w./-]{1,200}", re.ASCII)


@frozen(eq=False)
class Interception:
    """The setting by which nginx replaces an application's errors, and whether it is on."""

    name: str
    is_on: bool


def interception_of(match: LocationMatch) -> Interception | None:
    """Return the setting of a location that passes requests on; None for another location."""
    for name, setting in _SETTINGS.items():
        if children(match.block, name):
            line = match.directive(setting)
            return Interception(setting, line is not None and line.args[:1] == ("on",))
    return None


def absolute_edits(nginx: Nginx, line: Directive, page: str) -> tuple[Edit, ...]:
    """Write the path of a page with its slash, in all lines of the file that have it without."""
    written, changes = line.args[-1], Changes()
    for directive in all_directives(nginx):
        file = nginx.file(directive)
        if (
            directive.name == "error_page"
            and directive.args[-1:] == (written,)
            and file is not None
        ):
            text = one_line(file.text, directive).rstrip("; ").removesuffix(written)
            changes.setdefault(directive.file, []).append(
                replace_directive(directive, f"{text}{page};")
            )
    return config_edits(nginx, changes)


def intercepting_edits(nginx: Nginx, match: LocationMatch) -> tuple[Edit, ...]:
    """Replace the application's errors in one location."""
    setting = interception_of(match)
    return setting_edits(nginx, match, {setting.name: "on"}) if setting else ()


def opening_edits(nginx: Nginx, match: LocationMatch, page: str) -> tuple[Edit, ...]:
    """Show one page to everybody: in its own location, or in one that is made for it."""
    lines = list(_opening_lines(match))
    file, server = nginx.file(match.block), match.blocks[1]
    pattern = location_pattern(match.block) if match.block.name == "location" else None
    is_exact = pattern is not None and pattern.modifier == "="
    is_own = not _is_site(match) and (is_exact or bool(children(match.block, "internal")))
    is_closed = any(children(match.block, name) for name in _CLOSING)
    if not lines or file is None or not _PLAIN.fullmatch(page) or (is_exact and is_closed):
        return ()
    if is_own and not is_closed:
        return config_edits(nginx, {file.path: [insert_first(file.text, match.block, lines)]})
    source = nginx.file(server)
    inherited = [*children(match.block, "root")] if match.block is not server else []
    if source is None or children(match.block, "alias"):
        return ()
    body = ["internal;", *(f"root {' '.join(line.args)};" for line in inherited), *lines]
    change = insert_location(source.text, server, f"location = {page}", body)
    return config_edits(nginx, {source.path: [change]})


def _opening_lines(match: LocationMatch) -> Iterator[str]:
    for name, line in _CLOSING.items():
        if match.directives(name):
            yield line


def _is_site(match: LocationMatch) -> bool:
    """Return whether a location answers more than files for error pages."""
    return any(children(match.block, name) for name in (*_SETTINGS, "try_files", "return"))
