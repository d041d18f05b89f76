"""Apache, Caddy or HAProxy sends the application a field whose name is almost a well-known one: the
application never reads it. It is a fact of the configuration; whether the application needs the
field, only its answer shows, so this is a note. Where the right name is sent too, nothing is wrong.

mod_headers, "RequestHeader"; Caddy, "reverse_proxy", header_up; HAProxy, "http-request set-header".
"""

import re
from collections.abc import Iterator

from checks.server import (
    ServerView,
    file_rows,
    line_edit,
    manual_fix,
    place_text,
    reload_steps,
    server_on_port,
)
from diagnose.checking.registry import check
from diagnose.model import Applicability, Claim, Confidence, Evidence, Fix, Severity, Subject
from diagnose.model.frozen import frozen
from diagnose.model.web_servers import ServerFile, WebServer, WebServerConfig

_NAME = r"([\"']?)(?P<name>[A-Za-z0-9_-]{1,60}):?\1\s+\S"
#: A line of each product that sends a field of the request.
_LINES = {
    "apache": re.compile(
        r"(?i)\s*RequestHeader\s+(?:early\s+)?(?:set|add|append|merge|setifempty)\s+" + _NAME
    ),
    "caddy": re.compile(r"\s*header_up\s+[+>?]?" + _NAME),
    "haproxy": re.compile(r"(?i)\s*http-request\s+(?:set|add)-header\s+" + _NAME),
}


@frozen
class _Line:
    """A line that sends a field, and the name in it."""

    file: str
    number: int
    text: str
    name: str


@check(severity=Severity.NOTE, needs=[WebServer, WebServerConfig])
def field_misspelt(evidence: Evidence) -> Iterator[Claim]:
    view = server_on_port(evidence)
    lines = tuple(_lines(view)) if view else ()
    if view is None or not lines:
        return
    # Imported late: most servers send no field.
    from diagnose.parsers.misspelt_fields import meant_field

    right = {line.name.lower() for line in lines}
    wrong = [
        (line, meant)
        for line in lines
        if (meant := meant_field(line.name)) and meant.lower() not in right
    ]
    if not wrong:
        return
    first, meant = wrong[0]
    place = place_text(first.file, first.number)
    yield Claim(
        about=Subject(port=evidence.target.port, path=evidence.target.path, text=place),
        because=(view.server,),
        confidence=Confidence.CERTAIN,
        facts={
            **view.facts,
            "written": first.name,
            "meant": meant,
            "others": tuple(line.name for line, _ in wrong[1:]),
            "place": place,
        },
        fix=_fix(view, [(line, name) for line, name in wrong if line.file == first.file]),
    )


def _lines(view: ServerView) -> Iterator[_Line]:
    """Yield the lines that send a field of the target's sites, or of HAProxy."""
    pattern = _LINES.get(view.server.product)
    for file in view.config.files if view.config and pattern else ():
        for number, text in enumerate(file_rows(view, file), 1):
            field_match = pattern.match(text) if pattern else None
            if field_match and _is_own(view, file, number):
                yield _Line(file.path, number, text, field_match["name"])


def _is_own(view: ServerView, file: ServerFile, number: int) -> bool:
    return view.server.product == "haproxy" or any(
        site.file == file.path and site.line <= number <= site.end for site in view.answering_sites
    )


def _fix(view: ServerView, wrong: list[tuple[_Line, str]]) -> Fix:
    changes = {line.number: (line.text.replace(line.name, name, 1),) for line, name in wrong}
    edit = line_edit(view, wrong[0][0].file, changes)
    if edit is None:
        return manual_fix(view, "correct-the-name")
    return Fix((edit, *reload_steps(view.server)), Applicability.REVIEW)
