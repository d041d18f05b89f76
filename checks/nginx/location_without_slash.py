"""A location's path lacks the slash at its beginning: `location api { … }`. Paths of requests begin
with a slash, so the location matches none (ngx_http_core_module, "location"). `nginx -t` accepts
it, and another location answers.
"""

from collections.abc import Iterator

from checks.nginx import NO_PORT, Nginx, file_line
from checks.nginx._edits import Changes, config_edits
from checks.nginx._location_edits import location_fix
from checks.nginx._unused_locations import failures
from checks.nginx.expression_unmarked import meant_argument
from diagnose.checking.registry import check
from diagnose.model import (
    Applicability,
    Claim,
    Evidence,
    Fix,
    Manual,
    Observation,
    Severity,
    Subject,
    Where,
)
from diagnose.model.nginx import NginxConfig
from diagnose.parsers.nginx.edits import TextEdit
from diagnose.parsers.nginx.locations import LocationMatch, all_locations, location_pattern


@check(
    severity=Severity.NOTE,
    needs=[NginxConfig],
    explains=[
        "http.last-slash", "http.page-file-missing", "http.page-file-type", "http.page-for-api",
        "nginx.front-controller-missing", "nginx.index-missing", "nginx.own-answer",
        "nginx.page-file-not-found", "nginx.target-not-found", "upstream.own-answer",
        "upstream.application-log",
        "websocket.no-location", "websocket.not-served", "websocket.not-upgraded",
        "websocket.upgrade-headers-missing",
    ],
)  # fmt: skip
def location_without_slash(evidence: Evidence) -> Iterator[Claim]:
    nginx = Nginx.of(evidence)
    matches = [
        match
        for selected in nginx.selected_servers()
        for match in all_locations(selected.server)
        if _text(match)
    ]
    if not matches:
        return
    match = max(matches, key=lambda match: bool(_failures(nginx, _text(match))))
    failing = _failures(nginx, _text(match))
    block, right = match.block, f"/{_text(match)}"
    yield Claim(
        about=Subject(port=evidence.target.port, text=file_line(block)),
        covers=(Subject(),) if failing else (NO_PORT,),
        because=(*failing, *nginx.configs),
        severity=Severity.ERROR if failing else None,
        location=nginx.location(block),
        facts={
            "location": " ".join(("location", *block.args)),
            "right": " ".join(("location", *block.args[:-1], _with_slash(block.args[-1]))),
            "path": right,
            "place": file_line(block),
            "failing": bool(failing),
        },
        fix=_fix(nginx, match),
    )


def _text(match: LocationMatch) -> str:
    """Return the path of a location that no path of a request can match; "" for another."""
    pattern = location_pattern(match.block) if match.block.name == "location" else None
    is_prefix = pattern is not None and pattern.modifier in {"", "^~", "="}
    lacks_slash = pattern is not None and not pattern.text.startswith("/")
    # An expression without its "~" lacks more than the slash.
    is_path = is_prefix and lacks_slash and meant_argument(match) is None
    return pattern.text if pattern and is_path else ""


def _failures(nginx: Nginx, text: str) -> tuple[Observation, ...]:
    """Return what fails below the path that is meant."""
    return failures(nginx, lambda path: path.startswith(f"/{text}"))


def _with_slash(argument: str) -> str:
    """Return the argument with the slash, behind a modifier that is written without a blank."""
    modifier = next((modifier for modifier in ("^~", "=") if argument.startswith(modifier)), "")
    return f"{modifier}/{argument.removeprefix(modifier)}"


def _fix(nginx: Nginx, match: LocationMatch) -> Fix:
    block, changes = match.block, Changes()
    head = " ".join(("location", *block.args[:-1], f"{_with_slash(block.args[-1])} {{"))
    if nginx.file(block):
        changes[block.file] = [TextEdit(block.start, block.opened, head)]
    edits = config_edits(nginx, changes)
    if not edits:
        return Fix((Manual("write-the-slash", Where.SERVER),), Applicability.MANUAL)
    return location_fix(nginx, match, edits, sure=False)
