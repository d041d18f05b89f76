"""nginx looks for a file and answers 404, and a program to which the same server block passes other
paths has the path: no location passes it on.

Sites that mix files with the paths of a program name each of these paths in a location of its own.
One is forgotten: the address of a WebSocket library (SockJS asks BASE/info first, SignalR
HUB/negotiate, Socket.IO /socket.io/), a second interface. The program was asked directly, and for a
path that nobody has, as a control.

Where the only location of the program takes its own prefix away (`proxy_pass` with a path), the
program is in a folder, and names its paths without it: it has to be told the folder.
"""

import posixpath
import re
from collections.abc import Iterator

from checks.http import endpoint_subjects
from checks.nginx import Nginx, file_line
from checks.nginx._commands import reload_steps
from checks.nginx._edits import config_edit
from checks.nginx._websocket_lines import websocket_lines
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
    merge_subjects,
)
from diagnose.model.backends import BackendVisit
from diagnose.model.http import Exchange, page_exchanges
from diagnose.model.nginx import Directive, NginxConfig
from diagnose.parsers.interface_paths import library_base
from diagnose.parsers.nginx import edits
from diagnose.parsers.nginx.config import children, walk
from diagnose.parsers.nginx.locations import (
    PASS_DIRECTIVES,
    LocationMatch,
    literal_prefix,
    location_pattern,
)
from diagnose.parsers.nginx.neighbours import local_groups
from diagnose.parsers.other_programs import has_path
from diagnose.parsers.unknown_paths import unknown_path
from diagnose.parsers.urls import parse_url


@check(
    severity=Severity.ERROR,
    needs=[NginxConfig, Exchange, BackendVisit],
    explains=[
        "http.client-route-missing",
        "http.page-file-missing",
        "nginx.own-answer",
        "nginx.target-not-found",
        "websocket.no-location",
    ],
)
def path_not_passed(evidence: Evidence) -> Iterator[Claim]:
    nginx, path = Nginx.of(evidence), evidence.target.path_without_query
    pages = tuple(page for page in page_exchanges(evidence) if page.status == 404)
    matches = list(nginx.location_matches(path))
    if not pages or len(matches) != 1 or _is_passed(matches[0]):
        return
    match, server = matches[0], matches[0].blocks[1]
    visits = [
        visit
        for visit in evidence.good(BackendVisit)
        if visit.requested == path and visit.path == path and not visit.websocket
        if has_path(visit) and _lacks_others(evidence, visit)
    ]
    passing = {visit.target: _passing(nginx, server, visit) for visit in visits}
    if len(passing) != 1 or not all(passing.values()):
        return
    visit, other = visits[0], passing[visits[0].target][0]
    # Imported late: few sites lack a location.
    from checks.nginx._exact_locations import prefix_fix

    base, subjects = library_base(path), endpoint_subjects(pages)
    location = f"{base}/" if base else _folder(path)
    folder = "" if base else _stripped_folder(server, passing[visit.target])
    claim = Claim(
        about=merge_subjects(subjects),
        covers=subjects,
        because=(*pages, *visits, *nginx.configs),
        # Another path may be kept inside on purpose; that of a library is for visitors.
        confidence=Confidence.CERTAIN if base else Confidence.LIKELY,
        location=nginx.location(match.block),
        facts={
            "url": pages[0].url,
            "path": path,
            "application": visit.target.removeprefix("http://"),
            "status": visit.status or "",
            "place": file_line(match.block),
            "other": file_line(other),
            "base": location,
            "library": bool(base),
            "line": other.text,
            "folder": folder,
        },
        fix=Fix((Manual("tell-the-folder", Where.APPLICATION),), Applicability.MANUAL)
        if folder
        else prefix_fix(nginx, server, other) or _fix(nginx, match, visit, location, bool(base)),
    )
    if folder:
        from checks.upstream._own_remedy import with_own_remedy

        claim = with_own_remedy(evidence, claim, "base_path", "public_url")
    yield claim


def _is_passed(match: LocationMatch) -> bool:
    return bool(match.redirects) or any(
        match.directive(name) for name in (*PASS_DIRECTIVES, "return")
    )


def _lacks_others(evidence: Evidence, visit: BackendVisit) -> bool:
    """Return whether the program does not have the path that nobody has, which it was asked for as
    a control."""
    unknown = unknown_path(visit.path)
    controls = [
        other
        for other in evidence.of(BackendVisit)
        if (other.target, other.path, other.websocket) == (visit.target, unknown, False)
    ]
    return bool(controls) and not any(map(has_path, controls))


def _passing(nginx: Nginx, server: Directive, visit: BackendVisit) -> list[Directive]:
    """Return the lines of a server block that pass other paths on to the program, by its port or
    by the name of a group (`upstream`) that has it alone."""
    port = url.port if (url := parse_url(visit.target)) else 0
    groups = local_groups(nginx.config.main if nginx.config else ())
    return [
        directive
        for directive in walk(server.block or ())
        if directive.name == "proxy_pass" and directive.args
        if (target := parse_url(directive.args[0])) and not target.secure
        if groups.get(target.host, target.port) == port
    ]


def _stripped_folder(server: Directive, passing: list[Directive]) -> str:
    """Return the folder in which the program is, if the only location that passes requests on to it
    takes the folder away (ngx_http_proxy_module, "proxy_pass"); "" otherwise."""
    if len(passing) != 1 or not (target := parse_url(passing[0].args[0])) or target.path != "/":
        return ""
    if not passing[0].args[0].endswith("/"):
        return ""  # without a path, the address goes on as it is
    holders = [
        directive
        for directive in walk(server.block or ())
        if directive.name == "location" and passing[0] in (directive.block or ())
    ]
    pattern = location_pattern(holders[0]) if len(holders) == 1 else None
    is_prefix = pattern is not None and pattern.modifier in {"", "^~"}
    return literal_prefix(pattern) if pattern and is_prefix else ""


def _folder(path: str) -> str:
    """Return the folder of a path, or the path itself if it is in none."""
    folder = posixpath.dirname(path.rstrip("/"))
    return path if folder in {"", "/"} else f"{folder}/"


def _fix(
    nginx: Nginx, match: LocationMatch, visit: BackendVisit, location: str, is_library: bool
) -> Fix:
    """Add a location, before regular expressions if one of them has the path today; where a
    location is for this path alone ("="), pass it on there. Whether visitors shall reach the path
    is for a person to say."""
    manual = Fix((Manual("add-a-location", Where.SERVER),), Applicability.MANUAL)
    server, pattern = match.blocks[1], location_pattern(match.block)
    is_exact = bool(pattern and pattern.modifier == "=")
    if is_exact and (is_library or children(match.block, "try_files")):
        return manual
    place = match.block if is_exact else server
    file, is_expression = nginx.file(place), bool(pattern and pattern.modifier[:1] == "~")
    if file is None or not re.fullmatch(r"/[\w./~-]+", location, re.ASCII):
        return manual
    target = visit.target.rstrip("/")
    body = websocket_lines(nginx, target)
    if not is_library:
        body = [line for line in body if not re.search(r"Upgrade|upgrade|_timeout", line)]
        body.append("proxy_set_header X-Forwarded-Proto $scheme;")
    head = f"location ^~ {location}" if is_expression else f"location {location}"
    change = edits.insert_location(file.text, server, head, body)
    if is_exact:
        change = edits.insert_first(file.text, match.block, body)
    edit = config_edit(nginx, file.path, change)
    if edit is None:
        return manual
    return Fix((edit, *reload_steps(nginx)), Applicability.REVIEW)
