"""The line of Apache's that sends X-Forwarded-Proto to the application, or should."""

import re
from collections.abc import Iterator

from checks.server import ServerView, line_edit, line_text, place_text
from diagnose.model import Edit
from diagnose.model.web_servers import SiteRoute, WebSite
from diagnose.parsers.sanitize import clean
from diagnose.parsers.web_sites import is_within, takes

#: Header instead of RequestHeader is a field of the response, and Apache takes a name with "_" as
#: another one (mod_headers).
_SETS_SCHEME = re.compile(
    r"(?i)\s*(?:Request)?Header\s+(?:(?:always|onsuccess|early)\s+)?[a-z]{2,12}\*?\s+"
    r"[\"']?X[-_]Forwarded[-_]Proto[\"']?(?:\s|$)"
)
_OPENS = re.compile(r"\s*<(\w+)\s*([^>]*)>")
_CLOSES = re.compile(r"\s*</(\w+)")

#: Sections whose lines count for every request (core, "IfModule", "IfDefine").
_TRANSPARENT = {"ifmodule", "ifdefine", "ifversion"}


def scheme_place(view: ServerView, route: SiteRoute) -> tuple[str, int]:
    """Return the file and the number of the last line of the route's virtual host that says what
    the application gets as X-Forwarded-Proto for the target's path; "" and 0 if there is none. A
    <Location> counts after the virtual host ("Configuration Sections", "How the sections are
    merged")."""
    path = view.evidence.target.path.partition("?")[0]
    for site in view.answering_sites:
        if is_within(site, route):
            places = sorted(_places(view, site, path))
            return (site.file, places[-1][1]) if places else ("", 0)
    return "", 0


def _places(view: ServerView, site: WebSite, path: str) -> Iterator[tuple[bool, int]]:
    """Yield whether a line stands in a <Location>, and its number."""
    sections: list[tuple[str, str]] = []
    for number in range(site.line + 1, site.end):
        line = line_text(view, site.file, number)
        if match := _OPENS.match(line):
            sections.append((match[1].lower(), match[2].strip("\"' ")))
        elif _CLOSES.match(line):
            sections = sections[:-1]
        elif _SETS_SCHEME.match(line):
            own = [section for section in sections if section[0] not in _TRANSPARENT]
            if all(name == "location" and takes(prefix, path) for name, prefix in own):
                yield bool(own), number


def scheme_edit(view: ServerView, route: SiteRoute) -> Edit | None:
    """Return the edit that sends the scheme: in the place of the line that sends something else, or
    above the line that passes requests on."""
    file, number = scheme_place(view, route)
    added = "RequestHeader set X-Forwarded-Proto https"
    if file:
        line = line_text(view, file, number)
        return line_edit(view, file, {number: (f"{_indent(line)}{added}",)})
    line = line_text(view, route.file, route.line)
    if not line.strip():
        return None
    return line_edit(view, route.file, {route.line: (f"{_indent(line)}{added}", line)})


def scheme_line_facts(view: ServerView, route: SiteRoute) -> dict[str, object]:
    """Return the line that sends something else, and its place; "" if there is none."""
    file, number = scheme_place(view, route)
    text = clean(line_text(view, file, number)) if file else ""
    return {"own_line": text, "own_place": place_text(file, number) if file else ""}


def _indent(line: str) -> str:
    return line[: len(line) - len(line.lstrip())]
