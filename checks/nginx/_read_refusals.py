"""The lines by which pages of another site can read the refusal of a limit: nginx' own answer has
no field of the application (Fetch standard, "CORS check")."""

import re

from checks.nginx import Nginx
from checks.nginx._commands import chosen_edits
from checks.nginx._edits import config_edits
from checks.nginx._location_edits import set_values
from diagnose.model import Command, Edit, Evidence
from diagnose.parsers.lazy_pattern import lazy_pattern
from diagnose.parsers.nginx.config import children
from diagnose.parsers.nginx.edits import insert_location
from diagnose.parsers.nginx.locations import LocationMatch

#: The status in a browser's message about a request of another site.
_STATUS = lazy_pattern(r"\b(429|503)\b")
_ORIGIN = lazy_pattern(r"from origin ['\"‘“]?(https?://[A-Za-z0-9.-]{1,253}(?::\d{1,5})?)")
_NAME = "@limited"
_SAFE = re.compile(r"https?://[A-Za-z0-9.:-]{1,270}", re.ASCII)


def reported_status(evidence: Evidence) -> int:
    """Return the status of a limit in a message about a request of another site; 0 without one."""
    symptom = evidence.target.symptom
    match = _STATUS.search(symptom.text[:4000]) if symptom and symptom.kind == "cors" else None
    return int(match[1]) if match else 0


def reading_steps(nginx: Nginx, path: str, status: int) -> tuple[Command | Edit, ...]:
    """Return what lets the page of the message read the refusal; () where the location has error
    pages already, or the message names no origin."""
    symptom = nginx.evidence.target.symptom
    origin = _ORIGIN.search(symptom.text[:4000]) if symptom else None
    matches = list(nginx.location_matches(path.partition("?")[0]))
    if origin is None or len({match.block for match in matches}) != 1:
        return ()
    return _steps(nginx, matches[0], origin[1], status)


def _steps(
    nginx: Nginx, match: LocationMatch, origin: str, status: int
) -> tuple[Command | Edit, ...]:
    server = match.blocks[1]
    file = nginx.file(server)
    names = {location.args[:1] for location in children(server, "location")}
    if file is None or not _SAFE.fullmatch(origin) or (_NAME,) in names:
        return ()
    if match.directives("error_page") or match.block.file != server.file:
        return ()
    body = [
        f"add_header Access-Control-Allow-Origin {origin} always;",
        "add_header Vary Origin always;",
        f"return {status};",
    ]
    changes = {file.path: [insert_location(file.text, server, f"location {_NAME}", body)]}
    set_values(nginx, match, {"error_page": f"{status} {_NAME}"}, changes)
    return chosen_edits(nginx, config_edits(nginx, changes))
