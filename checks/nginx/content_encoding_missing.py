"""A page loads files that were compressed when it was built ("game.wasm.br"), and nginx sends them
as any file, without Content-Encoding: the browser does not decompress them. Unity's builds for
browsers do so, and say it (docs.unity3d.com, "Server configuration code samples").

The message names the file; that nginx adds no such field for it, its configuration says.
"""

import posixpath
import re
from collections.abc import Iterator

from checks.nginx import NO_PORT, Nginx, file_line
from checks.nginx._edits import config_edits
from checks.nginx._location_edits import closes_nothing, location_fix
from diagnose.checking.registry import check
from diagnose.model import (
    Applicability,
    Claim,
    Confidence,
    Evidence,
    Fix,
    Manual,
    Severity,
    Subject,
    Where,
)
from diagnose.model.nginx import NginxConfig
from diagnose.parsers.browser_types import TYPES_BY_ENDING
from diagnose.parsers.nginx import edits
from diagnose.parsers.nginx.locations import LocationMatch, location_pattern
from diagnose.parsers.nginx.upstreams import pass_directive_of

_FILE = re.compile(
    r"Unable to parse (?:https?://[^\s/]{1,260}/)?(?P<path>[\w./~%-]{1,300}\.(?P<kind>js|wasm|data)"
    r"\.(?P<coding>br|gz))!"
)
_PLAIN = re.compile(r"/[\w./~-]{0,200}", re.ASCII)
_CODINGS = {"br": "br", "gz": "gzip"}
#: The types of the files within (Unity's documentation; RFC 9239).
_TYPES = {
    "js": TYPES_BY_ENDING["js"],
    "wasm": "application/wasm",
    "(?:data|symbols\\.json)": "application/octet-stream",
}


@check(severity=Severity.ERROR, needs=[NginxConfig], needs_message=True)
def content_encoding_missing(evidence: Evidence) -> Iterator[Claim]:
    symptom, nginx = evidence.target.symptom, Nginx.of(evidence)
    message = _FILE.search(symptom.text) if symptom else None
    if message is None:
        return
    folder = posixpath.dirname(evidence.target.path_without_query)
    path = posixpath.normpath(posixpath.join(folder, message["path"]))
    matches = list(nginx.location_matches(path))
    if len({match.block for match in matches}) != 1:
        return
    match, coding = matches[0], message["coding"]
    root = match.directive("root") or match.directive("alias")
    if pass_directive_of(match) is not None or root is None or _is_marked(match):
        return
    subject = Subject(port=evidence.target.port)
    manual = Fix((Manual("mark-the-files", Where.SERVER),), Applicability.MANUAL)
    yield Claim(
        about=subject,
        covers=(subject, NO_PORT),
        because=nginx.configs,
        confidence=Confidence.LIKELY,
        location=nginx.location(match.block),
        facts={
            "path": path,
            "ending": coding,
            "coding": _CODINGS[coding],
            "location": match.block.text,
            "place": file_line(match.block),
            "url": evidence.target.origin + path,
        },
        fix=_fix(nginx, match, posixpath.dirname(path), coding) or manual,
    )


def _is_marked(match: LocationMatch) -> bool:
    return any(
        line.args[:1] and line.args[0].lower() == "content-encoding"
        for line in match.directives("add_header")
    )


def _fix(nginx: Nginx, match: LocationMatch, folder: str, coding: str) -> Fix | None:
    """Return the edit that gives each kind of these files, in this folder alone, a location of its
    own, with what the location has that answers them today. None where that location closes
    something, or keeps regular expressions off."""
    server = next((block for block in match.blocks if block.name == "server"), None)
    file, pattern = nginx.file(server) if server else None, location_pattern(match.block)
    modifier = pattern.modifier if pattern and match.block.name == "location" else ""
    root = match.directive("root")
    if server is None or file is None or root is None or modifier in {"^~", "="}:
        return None
    is_open = match.block is server or closes_nothing(match.block)
    if match.directive("alias") is not None or not is_open or not _PLAIN.fullmatch(folder):
        return None
    start = f"^{folder.rstrip('/')}/".replace(".", "\\.")
    kept = [root] if root in (match.block.block or ()) else []
    lines = [
        *(line.text + ";" for line in kept),
        "gzip off;",
        "types { }",
        *_fields(nginx, match),
        f"add_header Content-Encoding {_CODINGS[coding]} always;",
    ]
    text = [
        row
        for name, kind in _TYPES.items()
        for row in (
            f"location ~ {start}[^/]+\\.{name}\\.{coding}$ {{",
            *(f"    {line}" for line in (*lines, f"default_type {kind};")),
            "}",
        )
    ]
    own = [directive for directive in server.block or () if directive.name == "location"]
    if not own or own[0].file != server.file:
        return None
    change = edits.insert_before(file.text, own[0], [*text, ""])
    file_edits = config_edits(nginx, {file.path: [change]})
    return location_fix(nginx, match, file_edits, sure=False) if file_edits else None


def _fields(nginx: Nginx, match: LocationMatch) -> list[str]:
    """Return the fields that are added today: a location with an `add_header` inherits none."""
    sources = ((nginx.file(line), line) for line in match.directives("add_header"))
    return [edits.one_line(file.text, line) for file, line in sources if file is not None]
