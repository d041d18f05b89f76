"""nginx answers the path of a WebSocket itself, and a location of the same server block would pass
it on: a regular expression comes before that prefix (ngx_http_core_module, "location"), or a
`rewrite` of the server block is carried out before any location is chosen
(ngx_http_rewrite_module). The page of a single-page application comes, or 404.
"""

from collections.abc import Iterator

from checks.nginx import Nginx, file_line
from checks.nginx._bypasses import bypasses
from checks.nginx._commands import reload_steps
from checks.nginx._edits import config_edits
from checks.nginx._location_edits import location_fix
from checks.nginx._taking_edits import (
    is_of_a_part,
    marked_prefix,
    taking_changes,
    taking_line,
)
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
from diagnose.model.http import Upgrade
from diagnose.model.nginx import NginxConfig
from diagnose.model.websocket_attempts import Attempt, websocket_attempts
from diagnose.parsers.nginx.bypasses import Bypass
from diagnose.parsers.nginx.forwarding import upgrade_forwarding
from diagnose.parsers.nginx.locations import normalize_path

#: What nginx answers in place of an application: a page or a file, a refusal, nothing of that name.
_STATUSES = {200, 403, 404, 405}


@check(
    severity=Severity.ERROR,
    needs=[Upgrade, NginxConfig],
    explains=[
        "upstream.application-log",
        "websocket.inner-proxy",
        "websocket.no-location",
        "websocket.not-tried",
        "websocket.not-upgraded",
    ],
)
def path_taken(evidence: Evidence) -> Iterator[Claim]:
    nginx = Nginx.of(evidence)
    for attempt in websocket_attempts(evidence):
        if attempt.first.accepted or attempt.first.status not in _STATUSES:
            continue
        bypass = _bypass(nginx, attempt.path.partition("?")[0])
        # What is lost by both the location and its lines is another check's.
        if bypass is not None and all(upgrade_forwarding(bypass.match)):
            yield _claim(nginx, attempt, bypass)


def _bypass(nginx: Nginx, path: str) -> Bypass | None:
    """Return what takes the path from a location that is for it and not for the whole site."""
    taking = (each for each in bypasses(nginx, path) if each.by in {"regex", "rewrite"})
    ours = (each for each in taking if is_of_a_part(each.match.block))
    return next(ours, None) if normalize_path(path) else None


def _claim(nginx: Nginx, attempt: Attempt, bypass: Bypass) -> Claim:
    changes = taking_changes(nginx, bypass)
    base = claim(
        attempt,
        "marked-prefix" if bypass.by == "regex" else "spare-the-path",
        Where.SERVER,
        {
            "bare_path": attempt.path.partition("?")[0],
            "directive": bypass.directive.text
            if bypass.by == "rewrite"
            else " ".join(("location", *bypass.directive.args)),
            "place": file_line(bypass.directive),
            "owner": " ".join(("location", *bypass.match.block.args)),
            "owner_place": file_line(bypass.match.block),
            "prefix": bypass.match.block.args[-1],
            "rewrite": bypass.by == "rewrite",
            "written": taking_line(changes),
        },
        Confidence.LIKELY,
        ruled_out=("websocket.upgrade-headers-missing",),
    )
    return Claim(
        about=base.about,
        covers=base.covers,
        because=(*base.because, *nginx.configs),
        facts=base.facts,
        confidence=base.confidence,
        severity=base.severity,
        ruled_out=base.ruled_out,
        location=nginx.location(bypass.directive),
        # One change mends both: the other check's subject is a page.
        consequence_of=("nginx.path-taken",) if changes else (),
        fix=_fix(nginx, bypass),
    )


def _fix(nginx: Nginx, bypass: Bypass) -> Fix:
    """Change the line that takes every path, or write "^~" before the prefix."""
    changes = taking_changes(nginx, bypass)
    if not changes and bypass.by == "regex":
        changes = marked_prefix(nginx, bypass)
    edits = config_edits(nginx, changes) if changes else ()
    if edits:
        return location_fix(nginx, bypass.match, edits, sure=False)
    step = Manual("marked-prefix" if bypass.by == "regex" else "spare-the-path", Where.SERVER)
    return Fix((step, *reload_steps(nginx)), Applicability.MANUAL)
