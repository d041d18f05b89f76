"""Browsers keep a script or a style sheet for days without asking for it again (RFC 9111 section
4.2.1), and its name is the same after each change: no hash, and no version behind it
(`/style.css?v=2`). After a deployment visitors see the old look.

Many sites mean it so, and empty their caches. So it is told where a message speaks of old content.
"""

import re
from collections.abc import Iterator

from checks.http._hashed_names import is_hashed
from checks.nginx import NO_PORT, Nginx, file_line
from checks.nginx._edits import Changes, config_edits
from checks.nginx._location_edits import location_fix
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
from diagnose.model.nginx import Directive
from diagnose.model.pages import Page, PageFileResponse
from diagnose.parsers.nginx import edits
from diagnose.parsers.nginx.config import seconds
from diagnose.parsers.nginx.locations import LocationMatch
from diagnose.parsers.urls import parse_url

#: Seconds for which a file may be kept under the same name: an hour.
_MOST = 3600
_KINDS = frozenset({"script", "module", "stylesheet", "worker"})
_MAX_AGE = re.compile(r"(?:^|[,\s])max-age=\"?(\d{1,12})", re.IGNORECASE)
_ASKS = re.compile(r"\bno-(?:cache|store)\b", re.IGNORECASE)
#: A name with a version: "app-1.4.2.js", "site.v12.css", "/v3/app.js".
_VERSION = re.compile(
    r"[-._/]v?\d+(?:\.\d+)*(?:\.min)?\.(?:m?js|css)$|/v?\d[\w.-]*/", re.IGNORECASE
)


@check(severity=Severity.WARNING, needs=[Page, PageFileResponse], needs_message=True)
def file_kept_too_long(evidence: Evidence) -> Iterator[Claim]:
    symptom = evidence.target.symptom
    if symptom is None or symptom.kind != "cached":
        return
    kept = [
        (file, age) for file in evidence.good(PageFileResponse) if (age := _seconds(file)) > _MOST
    ]
    if not kept:
        return
    # A service worker answers with what it stored, until its own script is asked for anew.
    kept.sort(key=lambda each: each[0].file_kind != "worker")
    nginx, (file, age) = Nginx.of(evidence), kept[0]
    path = _path(file.url)
    match, lines = _deciding(nginx, path)
    yield Claim(
        about=Subject(port=evidence.target.port, path=path),
        covers=(NO_PORT,),
        because=tuple(each for each, _ in kept),
        confidence=Confidence.LIKELY,
        location=nginx.location(lines[0]) if lines else None,
        facts={
            "file": path,
            "others": tuple(_path(each.url) for each, _ in kept[1:4]),
            "url": file.url,
            "worker": file.file_kind == "worker",
            "age_hours": age // 3600,
            "field": _policy(file),
            "directive": lines[0].text if lines else "",
            "place": file_line(lines[0]) if lines else "",
        },
        fix=_files_fix(nginx, match, evidence, [_path(each.url) for each, _ in kept])
        or _fix(nginx, match, lines),
    )


def _path(url: str) -> str:
    return parsed.path if (parsed := parse_url(url)) else ""


def _policy(file: PageFileResponse) -> str:
    return ", ".join(value for name, value in file.headers if name.lower() == "cache-control")


def _seconds(file: PageFileResponse) -> int:
    """Return for how many seconds browsers use a file of an unchanging name, 0 if they ask."""
    path, policy = _path(file.url), _policy(file)
    is_named = is_hashed(file.url) or _VERSION.search(path.partition("?")[0]) or "?" in path
    if file.file_kind not in _KINDS or file.status != 200 or is_named or _ASKS.search(policy):
        return 0
    match = _MAX_AGE.search(policy)
    return int(match[1]) if match else 0


def _deciding(nginx: Nginx, path: str) -> tuple[LocationMatch | None, list[Directive]]:
    """Return nginx's lines that say how long the file is kept, and its location."""
    for match in nginx.location_matches(path):
        lines = []
        expires = match.directive("expires")
        if expires and (expires.args[-1:] == ("max",) or (_duration(expires) or 0) > _MOST):
            lines.append(expires)
        for line in match.directives("add_header"):
            is_policy = line.args[:1] and line.args[0].lower() == "cache-control"
            if is_policy and _MAX_AGE.search(" ".join(line.args[1:2])):
                lines.append(line)
        if lines:
            return match, lines
    return None, []


def _duration(expires: Directive) -> float | None:
    return seconds(expires.args[-1]) if len(expires.args) == 1 else None


def _files_fix(
    nginx: Nginx, match: LocationMatch | None, evidence: Evidence, paths: list[str]
) -> Fix | None:
    """Return locations of their own for these files where theirs is that of files with a hash, too:
    those may be kept."""
    hashed = [
        _path(response.url)
        for response in evidence.good(PageFileResponse)
        if is_hashed(response.url)
    ]
    matches = [location_match for path in hashed for location_match in nginx.location_matches(path)]
    if match is None or not any(each.block is match.block for each in matches):
        return None
    # Imported late: few sites have such files.
    from checks.http._page_locations import own_files_fix

    return own_files_fix(nginx, [path.partition("?")[0] for path in paths])


def _fix(nginx: Nginx, match: LocationMatch | None, lines: list[Directive]) -> Fix:
    """Let browsers ask for the file each time: it answers 304 as long as it is the same."""
    visitors = Manual("name-the-version", Where.APPLICATION)
    changes: Changes = {}
    for line in lines:
        text = "expires -1;" if line.name == "expires" else 'add_header Cache-Control "no-cache";'
        changes.setdefault(line.file, []).append(edits.replace_directive(line, text))
    file_edits = config_edits(nginx, changes) if changes else ()
    if match is None or not file_edits:
        asked = Manual("ask-again", Where.SERVER)
        return Fix((asked, visitors), Applicability.MANUAL)
    fix = location_fix(nginx, match, file_edits, sure=False)
    return Fix((*fix.steps, visitors), Applicability.REVIEW)
