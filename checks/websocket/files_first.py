"""The location of the path looks for files before it passes the request on (`try_files … @name`,
ngx_http_core_module), and a file or folder of that name is there. The application accepts the same
handshake, asked directly, and the named location passes the upgrade on.
"""

import re
from collections.abc import Iterator

from checks.nginx import Nginx, file_line
from checks.nginx._commands import reload_steps
from checks.nginx._edits import config_edits
from checks.nginx._location_edits import copied_lines, location_fix
from checks.nginx._websockets import WebSocketHandshakes
from checks.websocket import claim
from diagnose.checking.registry import check
from diagnose.model import (
    Applicability,
    Claim,
    Confidence,
    Evidence,
    Fix,
    Manual,
    Severity,
    Where,
)
from diagnose.model.frozen import frozen
from diagnose.model.http import Upgrade
from diagnose.model.nginx import Directive, NginxConfig
from diagnose.model.websocket_attempts import Attempt, websocket_attempts
from diagnose.parsers.nginx import edits
from diagnose.parsers.nginx.config import children
from diagnose.parsers.nginx.forwarding import upgrade_forwarding
from diagnose.parsers.nginx.locations import (
    LocationMatch,
    fallback_location,
    location_pattern,
    match_location,
)

#: What nginx answers where it finds a file or a folder: the file, a redirect to the folder, or a
#: folder without an index that it may not list.
_STATUSES = {200, 301, 403, 404, 405}

#: The answers that no visitor misses: a folder that may not be listed, and the redirect to a folder
#: whose own address ends with a slash.
_EMPTY = {301, 403}

#: What a location may have beside `try_files`, so that one of its own closes as much: no rule
#: about who may come in, and none that answers first.
_OF_FILES = {
    "try_files", "root", "alias", "index", "autoindex", "expires", "access_log", "log_not_found",
    "charset", "default_type", "etag", "open_file_cache", "sendfile",
}  # fmt: skip
_PATH = re.compile(r"/[\w./~-]*")


@check(
    severity=Severity.ERROR,
    needs=[Upgrade, NginxConfig],
    explains=[
        "websocket.not-upgraded",
        "upstream.application-log",
        "websocket.redirected",
        "websocket.unauthorized",
    ],
)
def files_first(evidence: Evidence) -> Iterator[Claim]:
    nginx = Nginx.of(evidence)
    for attempt in websocket_attempts(evidence):
        is_refused = not attempt.first.accepted and attempt.first.status in _STATUSES
        handshakes = WebSocketHandshakes.at_path(evidence, attempt.path)
        lookup = _lookup(nginx, attempt.path) if is_refused else None
        if lookup is None or _may_be_cached(lookup, attempt):
            continue
        if handshakes.accepted_by_application:
            yield _claim(nginx, attempt, lookup, handshakes)


@frozen
class _Lookup:
    """A location, its `try_files`, and the named location to which that falls back."""

    location: LocationMatch
    try_files: Directive
    fallback: LocationMatch


def _may_be_cached(lookup: _Lookup, attempt: Attempt) -> bool:
    """Return whether a page may come from the cache of the named location, which keeps it by the
    path: a handshake gets what an ordinary request got before."""
    cache = lookup.fallback.directive("proxy_cache")
    return attempt.first.status == 200 and cache is not None and cache.args != ("off",)


def _lookup(nginx: Nginx, path: str) -> _Lookup | None:
    for selected in nginx.answering_servers():
        location = match_location(selected.server, path.partition("?")[0])
        fallback = fallback_location(selected.server, location)
        directives = children(location.block, "try_files")
        has_file = directives and any(not word.startswith("@") for word in directives[-1].args)
        if fallback and has_file and all(upgrade_forwarding(fallback)):
            return _Lookup(location, directives[-1], fallback)
    return None


def _claim(
    nginx: Nginx, attempt: Attempt, lookup: _Lookup, handshakes: WebSocketHandshakes
) -> Claim:
    base_claim = claim(
        attempt,
        "own-location",
        Where.SERVER,
        {
            "bare_path": attempt.path.partition("?")[0],
            "location": " ".join(("location", *lookup.location.block.args)),
            "try_files": " ".join(("try_files", *lookup.try_files.args)),
            "place": file_line(lookup.try_files),
            "fallback": lookup.fallback.block.args[-1],
        },
        Confidence.LIKELY,
        ruled_out=("websocket.upgrade-headers-missing",),
    )
    config = (nginx.config,) if nginx.config else ()
    fix = _fix(nginx, attempt, lookup)
    return Claim(
        about=base_claim.about,
        covers=base_claim.covers,
        because=(*base_claim.because, *handshakes.direct, *config),
        facts=base_claim.facts,
        confidence=base_claim.confidence,
        ruled_out=base_claim.ruled_out,
        location=nginx.location(lookup.try_files),
        fix=fix
        or Fix((Manual("own-location", Where.SERVER), *reload_steps(nginx)), Applicability.MANUAL),
    )


def _fix(nginx: Nginx, attempt: Attempt, lookup: _Lookup) -> Fix | None:
    """Give the path a location of its own with the lines of the named one; None where a page lies
    at the path, which visitors would miss, or where the location has rules that the other has
    not."""
    block, path = lookup.location.block, attempt.path.partition("?")[0]
    pattern, file = location_pattern(block), nginx.file(block)
    names = {directive.name for directive in block.block or ()}
    is_own = len(lookup.location.blocks) == 3 and pattern is not None and pattern.modifier != "="
    lines = copied_lines(nginx, lookup.fallback.block)
    if (
        attempt.first.status not in _EMPTY
        or not is_own
        or not names <= _OF_FILES
        or not _PATH.fullmatch(path)
        or lines is None
        or file is None
    ):
        return None
    text = [f"location = {path} {{", *(f"    {line}" for line in lines), "}", ""]
    changes = {file.path: [edits.insert_before(file.text, block, text)]}
    file_edits = config_edits(nginx, changes)
    return location_fix(nginx, lookup.location, file_edits, sure=False) if file_edits else None
