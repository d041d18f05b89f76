"""The fields with a fixed value that Apache, Caddy or HAProxy sends to an application, and those of
them that tell it the folder below which visitors reach it. No I/O.

A line with a condition or a variable is left out: its value is not known.
"""

import re
from collections.abc import Iterator

from diagnose.model.frozen import frozen
from diagnose.model.web_servers import SiteRoute, WebServerConfig
from diagnose.parsers.base_path_references import FOLDER_FIELDS, is_folder
from diagnose.parsers.continued_lines import joined_rows
from diagnose.parsers.web_sites import is_within

_NAME, _VALUE = r"([\w-]{1,100})", r"(\"[^\"\\%{$]{0,300}\"|[^\s\"'`%{$\\]{1,300})"
_CADDY = re.compile(rf"\s*header_up\s+[+>?]?{_NAME}\s+{_VALUE}\s*(?:#.*)?")
_APACHE = re.compile(rf"(?i)\s*RequestHeader\s+set\s+{_NAME}:?\s+{_VALUE}\s*")
_HAPROXY = re.compile(rf"\s*http-request\s+set-header\s+{_NAME}\s+{_VALUE}\s*(?:#.*)?")
_SECTION = re.compile(r"(?:frontend|backend|listen|defaults|global|cache|resolvers)\b")
#: What a question sets itself, and what nobody is to see in a command.
_OWN = re.compile(
    r"(?i)(?:host|connection|upgrade|origin|content-.*|sec-.*|x-forwarded-proto|transfer-encoding"
    r"|.*(?:auth|cookie|token|secret|passw|key).*)"
)
#: Maximum number of rows of a block, and of fields.
_MOST_ROWS, _MOST = 400, 20


@frozen
class SentField:
    """A field and its value, and the line that sends it."""

    name: str
    value: str
    file: str
    line: int


def sent_fields(config: WebServerConfig, route: SiteRoute) -> tuple[SentField, ...]:
    """Return the fields that an application gets by a route, each once; the last line counts."""
    fields = {field.name.lower(): field for field in _lines(config, route)}
    return tuple(fields.values())[:_MOST]


def folder_field(config: WebServerConfig, route: SiteRoute) -> SentField | None:
    """Return the field that tells the application another folder than that of its route; None if
    there is none, or if there are several."""
    own = route.path.rstrip("/")
    folder_fields = [
        field
        for field in sent_fields(config, route)
        if field.name.lower() in FOLDER_FIELDS and is_folder(field.value)
    ]
    if route.pattern or len(folder_fields) != 1 or folder_fields[0].value.rstrip("/") == own:
        return None
    return folder_fields[0]


def _lines(config: WebServerConfig, route: SiteRoute) -> Iterator[SentField]:
    rows = {"apache": _apache_rows, "caddy": _caddy_rows, "haproxy": _haproxy_rows}
    pattern = {"apache": _APACHE, "caddy": _CADDY, "haproxy": _HAPROXY}.get(config.product)
    read = rows.get(config.product)
    if pattern is None or read is None:
        return
    for file, number, text in read(config, route):
        match = pattern.fullmatch(text) if len(text) < 1000 else None
        if match and not _OWN.fullmatch(match[1]):
            yield SentField(match[1], match[2].strip('"'), file, number)


def _apache_rows(config: WebServerConfig, route: SiteRoute) -> Iterator[tuple[str, int, str]]:
    # Imported late: most servers are others.
    from diagnose.parsers.apache.section_lines import section_lines

    for site in (site for site in config.sites if is_within(site, route)):
        for line in sorted(section_lines(config, site, f"{route.path.rstrip('/')}/")):
            yield site.file, line.number, line.text


def _caddy_rows(config: WebServerConfig, route: SiteRoute) -> Iterator[tuple[str, int, str]]:
    """Yield the rows in the block of a `reverse_proxy`, without those of inner blocks."""
    file, depth = config.file(route.file), 0
    rows = joined_rows(file.text, False) if file and route.line else ()
    for number, text in enumerate(rows[route.line - 1 :][:_MOST_ROWS], max(route.line, 1)):
        if depth == 1:
            yield route.file, number, text
        words = text.partition(" #")[0].split()
        depth += (words[-1:] == ["{"]) - (words == ["}"])
        if depth < 1:
            return


def _haproxy_rows(config: WebServerConfig, route: SiteRoute) -> Iterator[tuple[str, int, str]]:
    """Yield the rows of the section in which the route's line stands, if that is of a server."""
    file = config.file(route.file)
    rows = file.text.split("\n") if file and route.line else []
    if "".join(rows[route.line - 1 : route.line]).split()[:1] != ["server"]:
        return
    first = route.line - 1
    while first > 0 and not _SECTION.match(rows[first]):
        first -= 1
    for number, text in enumerate(rows[first + 1 :][:_MOST_ROWS], first + 2):
        if _SECTION.match(text):
            return
        yield route.file, number, text
