"""The line of Apache's that sends X-Forwarded-Proto to the application, or should."""

import re

from checks.server import ServerView, indentation, line_edit, line_text, place_text
from checks.server._apache_modules import loading_steps
from checks.server._apache_sections import lines_for
from diagnose.model import Edit, Step
from diagnose.model.web_servers import SiteRoute
from diagnose.parsers.sanitize import clean
from diagnose.parsers.web_sites import is_within

#: Header instead of RequestHeader is a field of the response, and Apache takes a name with "_" as
#: another one (mod_headers).
_SETS_SCHEME = re.compile(
    r"(?i)\s*(?:Request)?Header\s+(?:(?:always|onsuccess|early)\s+)?[a-z]{2,12}\*?\s+"
    r"[\"']?X[-_]Forwarded[-_]Proto[\"']?(?:\s|$)"
)


def scheme_place(view: ServerView, route: SiteRoute) -> tuple[str, int]:
    """Return the file and the number of the last line of the route's virtual host that says what
    the application gets as X-Forwarded-Proto for the target's path; "" and 0 if there is none. A
    <Location> counts after the virtual host ("Configuration Sections", "How the sections are
    merged")."""
    path = view.evidence.target.path_without_query
    for site in view.answering_sites:
        if is_within(site, route):
            # A <Directory> is for files.
            lines = (line for line in lines_for(view, site, path) if line.order != 1)
            last = max((line for line in lines if _SETS_SCHEME.match(line.text)), default=None)
            return (site.file, last.number) if last else ("", 0)
    return "", 0


def scheme_edit(view: ServerView, route: SiteRoute) -> Edit | None:
    """Return the edit that sends the scheme: in the place of the line that sends something else, or
    above the line that passes requests on."""
    file, number = scheme_place(view, route)
    added = "RequestHeader set X-Forwarded-Proto https"
    if file:
        line = line_text(view, file, number)
        return line_edit(view, file, {number: (f"{indentation(line)}{added}",)})
    line = line_text(view, route.file, route.line)
    if not line.strip():
        return None
    return line_edit(view, route.file, {route.line: (f"{indentation(line)}{added}", line)})


def scheme_steps(view: ServerView, route: SiteRoute) -> tuple[Step, ...]:
    """Return the steps that send the scheme, without those that load them; () if it takes a person:
    the module headers is loaded by a command on Debian alone."""
    return steps_with_headers(view, scheme_edit(view, route))


def steps_with_headers(view: ServerView, edit: Edit | None) -> tuple[Step, ...]:
    """Return the steps of an edit that needs Apache's module headers; () if it takes a person."""
    loading = loading_steps(view, ("headers",))
    return (*loading, edit) if edit and loading is not None else ()


def scheme_line_facts(view: ServerView, route: SiteRoute) -> dict[str, object]:
    """Return the line that sends something else, and its place; "" if there is none."""
    file, number = scheme_place(view, route)
    text = clean(line_text(view, file, number)) if file else ""
    return {"own_line": text, "own_place": place_text(file, number) if file else ""}
