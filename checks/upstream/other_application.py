"""nginx passes a path on to a program that does not know it, and another program of the server has
it: the port in `proxy_pass` is that of another application, or a location of its own is missing.

The evidence is the other program, asked directly: it has the path, and not a path that nobody has;
or it serves WebSockets alone, at every path, and refuses pages (426). Only one program may have the
path. Which application was meant, only its owner knows. For Apache and Caddy it is
server.websocket-other-application.
"""

import posixpath
from collections.abc import Collection, Iterator, Sequence

from checks.http._missing_slashes import files_beside
from checks.nginx import Nginx, file_line
from checks.nginx._failed_requests import current_failures
from checks.upstream._comparisons import redirected_here
from checks.upstream._other_application_edits import (
    LostPath,
    lead_to_program,
    move_name,
    other_names,
)
from diagnose.checking.registry import check
from diagnose.model import (
    Claim,
    Confidence,
    Evidence,
    Severity,
    Subject,
)
from diagnose.model.backends import BackendVisit
from diagnose.model.http import Exchange, Upgrade
from diagnose.model.nginx import Directive, NginxConfig
from diagnose.model.pages import PageFileResponse, PageFileTrial
from diagnose.model.program_logs import ProgramLine
from diagnose.model.requests import BypassedApplication
from diagnose.parsers.nginx.config import children
from diagnose.parsers.nginx.locations import (
    LocationMatch,
    all_locations,
    location_pattern,
    match_location,
    proxy_pass_of,
)
from diagnose.parsers.nginx.upstreams import proxy_target_of
from diagnose.parsers.other_programs import UNKNOWN_PAGE, UNKNOWN_WEBSOCKET, has_path, is_of_many
from diagnose.parsers.unknown_paths import unknown_path
from diagnose.parsers.urls import is_related_host, parse_url

#: What uvicorn writes without a library for WebSockets (uvicorn/protocols/http).
_NO_LIBRARY = "Unsupported upgrade request"
#: Folders of the site of which something is lost, if all of it is.
_FOLDERS = 2


@check(
    severity=Severity.ERROR,
    needs=[NginxConfig, BackendVisit],
    explains=[
        "http.application-setting", "http.base-path-missing", "http.page-file-missing",
        "http.page-file-type", "http.last-slash", "http.redirect-to-error",
        "nginx.other-requests-failed",
        "nginx.own-answer", "upstream.own-answer", "upstream.wrong-path",
        "websocket.not-served", "websocket.not-tried", "websocket.not-upgraded",
        "websocket.other-path", "websocket.prefix-kept", "websocket.path-stripped",
    ],
)  # fmt: skip
def other_application(evidence: Evidence) -> Iterator[Claim]:
    nginx = Nginx.of(evidence)
    groups: dict[tuple[int, str, bool], list[LostPath]] = {}
    matches: dict[int, LocationMatch] = {}
    for lost in _lost_paths(evidence):
        match = next(nginx.location_matches(lost.path), None)
        directive = proxy_pass_of(match) if match else None
        if match is None or directive is None:
            continue
        matches[id(match.block)] = match
        key = (id(match.block), lost.visit.target, lost.is_websocket)
        groups.setdefault(key, []).append(lost)
    for (block, _, _), losses in groups.items():
        is_single = len(_folders(losses)) < _FOLDERS
        if is_single and _is_own_absence(matches[block], losses[0]):
            continue
        if not (is_single and _is_of_another_site(nginx, losses)):
            yield _claim(nginx, matches[block], losses)


def _is_of_another_site(nginx: Nginx, losses: Sequence[LostPath]) -> bool:
    """Return whether the program has a server block of its own for other names, and nothing of this
    site asked for the path: many sites of a server have "/login" or "/admin"."""
    responses = [response for lost in losses for response in lost.responses]
    is_asked = any(
        not isinstance(response, Exchange) or response.purpose == "logged" for response in responses
    )
    if is_asked or any(lost.is_websocket for lost in losses):
        return False
    own = parse_url(losses[0].visit.target)
    targets = (
        proxy_target_of(match, {})
        for server in nginx.servers
        if nginx.evidence.target.host not in server.names
        if any("." in name for name in server.names)
        for match in all_locations(server)
    )
    return own is not None and any(
        endpoint.port == own.port
        for target in targets
        for endpoint in (target.endpoints if target else ())
    )


def _folders(losses: Sequence[LostPath]) -> set[str]:
    """Return the first folders of the pages that are lost."""
    return {lost.path.lstrip("/").partition("/")[0] for lost in losses if not lost.is_websocket}


def _is_own_absence(match: LocationMatch, lost: LostPath) -> bool:
    """Return whether the site's own program may simply not have the path: it gets all that no
    other location takes, and many programs have a path of that name."""
    pattern = location_pattern(match.block)
    is_rest = pattern is None or pattern.text == "/"
    is_file = any(isinstance(response, PageFileResponse) for response in lost.responses)
    return is_rest and is_of_many(lost.path) and not (lost.is_websocket or is_file)


def _lost_paths(evidence: Evidence) -> Iterator[LostPath]:
    visits = evidence.good(BackendVisit)
    paths = dict.fromkeys((visit.requested, visit.websocket) for visit in visits)
    for path, is_websocket in paths:
        known_visits = [
            visit
            for visit in visits
            if (visit.requested, visit.websocket) == (path, is_websocket)
            if has_path(visit) and _is_its_own(visits, visit)
        ]
        responses = _upgrades(evidence, path) if is_websocket else _pages(evidence, path)
        if len(known_visits) == 1 and responses and not _is_taken(evidence, path):
            status = responses[0].status or 0
            yield LostPath(path, is_websocket, tuple(responses), known_visits[0], status)


def _is_taken(evidence: Evidence, path: str) -> bool:
    """Return whether the path has its location already, and a regular expression comes before it
    (nginx.path-taken)."""
    return any(
        application.path == path and 200 <= (application.status or 0) < 300
        for application in evidence.good(BypassedApplication)
        if application.by == "program"
    )


def _is_its_own(visits: Sequence[BackendVisit], visit: BackendVisit) -> bool:
    """Return whether the program has this path and not every path; or serves WebSockets alone."""
    own_visits = [own_visit for own_visit in visits if own_visit.target == visit.target]
    controls = [
        own_visit
        for own_visit in own_visits
        if (own_visit.requested, own_visit.path) == (visit.requested, unknown_path(visit.path))
        if own_visit.websocket is visit.websocket
    ]
    if not controls:
        return False
    if not any(has_path(control) for control in controls):
        return True
    pages = [
        own_visit
        for own_visit in own_visits
        if not own_visit.websocket and own_visit.path == visit.path
    ]
    return visit.websocket and bool(pages) and all((page.status or 0) >= 400 for page in pages)


def _upgrades(evidence: Evidence, path: str) -> Sequence[Upgrade]:
    """Return the handshakes of visitors, none if the program that gets them opens one, or writes
    that it cannot open any: then it is the program that is meant."""
    if any(_NO_LIBRARY in line.message for line in evidence.good(ProgramLine)):
        return ()
    here = [upgrade for upgrade in evidence.good(Upgrade) if upgrade.path.partition("?")[0] == path]
    visits = [upgrade for upgrade in here if upgrade.is_visit]
    is_open = any(upgrade.accepted for upgrade in here)
    is_unknown = all(upgrade.status in UNKNOWN_WEBSOCKET for upgrade in visits)
    return visits if is_unknown and not is_open else ()


def _pages(evidence: Evidence, path: str) -> Sequence[Exchange | PageFileResponse]:
    url = evidence.target.origin + path
    if url in files_beside(evidence):
        return ()  # only the slash at the end of the page's address is missing
    if any(trial.is_used and trial.file == url for trial in evidence.good(PageFileTrial)):
        return ()  # the page's own program has it below the page's folder
    responses: list[Exchange | PageFileResponse] = [
        *(
            exchange
            for exchange in evidence.good(Exchange)
            if exchange.url.partition("?")[0] == url
        ),
        *(file for file in evidence.good(PageFileResponse) if file.url.partition("?")[0] == url),
    ]
    return responses if all(response.status in UNKNOWN_PAGE for response in responses) else ()


def _claim(nginx: Nginx, match: LocationMatch, losses: list[LostPath]) -> Claim:
    evidence, lost = nginx.evidence, losses[0]
    directive = proxy_pass_of(match)
    target = lost.visit.target.removeprefix("http://")
    subjects = tuple(Subject(port=evidence.target.port, path=loss.path) for loss in losses)
    pages = tuple(
        dict.fromkeys(page for loss in losses for page in redirected_here(evidence, loss.path))
    )
    named = (evidence.target.path_without_query, *evidence.target.websockets)
    is_named = any(loss.path in named for loss in losses)
    is_whole = _is_whole(nginx, match, losses)
    prefix = _new_prefix(match, lost)
    logged = _logged_folders(nginx, match)
    is_all = is_whole or _is_whole(nginx, match, losses, logged)
    named_block = _block_of_program(nginx, match, lost) if is_all else None
    return Claim(
        about=subjects[0],
        covers=(*subjects, *pages),
        because=(
            *(observation for loss in losses for observation in (*loss.responses, loss.visit)),
            *nginx.configs,
        ),
        severity=None if is_named else Severity.WARNING,
        confidence=Confidence.LIKELY,
        location=nginx.location(directive) if directive else None,
        facts={
            "path": lost.path,
            "paths": tuple(loss.path for loss in losses[1:]),
            "websocket": lost.is_websocket,
            "status": lost.status,
            "target": target,
            "own": directive.args[0] if directive else "",
            "place": file_line(directive) if directive else "",
            "location": match.block.text,
            "whole": is_whole,
            "shared": other_names(nginx, match) if is_whole else (),
            "prefix": prefix,
            "word": _goes_on_in_a_word(match, lost),
            "line": f"proxy_pass http://{target};",
            "name": evidence.target.host,
            "names": " ".join(_server_name(match.blocks[1])) if named_block else "",
            "block": file_line(named_block) if named_block else "",
            "block_names": " ".join(_server_name(named_block)) if named_block else "",
        },
        fix=move_name(nginx, match, named_block)
        if named_block
        else lead_to_program(nginx, match, lost, is_whole, prefix),
    )


def _logged_folders(nginx: Nginx, match: LocationMatch) -> set[str]:
    """Return the first folders of what visitors did not get there, by the log."""
    return {
        failure.path.lstrip("/").partition("/")[0]
        for failure in current_failures(nginx.evidence, {404})
        if any(
            match_of_failure.block is match.block
            for match_of_failure in nginx.location_matches(failure.path)
        )
    }


def _is_whole(
    nginx: Nginx,
    match: LocationMatch,
    losses: Sequence[LostPath],
    logged: Collection[str] = (),
) -> bool:
    """Return whether the location is for nothing that its program has: none of its pages was
    answered. Of the whole site paths of several folders have to be lost; every program has
    something at "/"."""
    pattern = location_pattern(match.block)
    if any(_goes_on_in_a_word(match, lost) for lost in losses):
        return False
    is_site = pattern is None or pattern.text == "/"
    if is_site and len(_folders(losses).union(logged)) < _FOLDERS:
        return False
    prefix = pattern.text.strip("/") if pattern else ""
    evidence, target = nginx.evidence, nginx.evidence.target
    answered = [
        *(
            exchange.url
            for exchange in evidence.good(Exchange)
            if 200 <= (exchange.status or 0) < 400
        ),
        *(file.url for file in evidence.good(PageFileResponse) if file.status == 200),
    ]
    # Port 80 may redirect every path to https, and so prove nothing of one.
    paths = {
        url.path
        for url in map(parse_url, answered)
        # What port 80 redirects, no program has answered.
        if url and (url.host, url.port) == (target.host, target.port)
    }
    return not any(
        other.block is match.block
        for path in paths
        # Every program has something at "/", and so at the prefix that is cut off.
        if path.partition("?")[0].strip("/") != prefix
        for other in nginx.location_matches(path)
    )


def _goes_on_in_a_word(match: LocationMatch, lost: LostPath) -> bool:
    """Return whether the path of the location is the beginning of a longer word: `location /api`
    gets /api-docs too (ngx_http_core_module, "location")."""
    pattern = location_pattern(match.block)
    text = pattern.text if pattern and pattern.modifier in {"", "^~"} else "/"
    return not text.endswith("/") and lost.path[len(text) :][:1] not in {"", "/"}


def _server_name(block: Directive) -> tuple[str, ...]:
    return next((directive.args for directive in children(block, "server_name")), ())


def _block_of_program(nginx: Nginx, match: LocationMatch, lost: LostPath) -> Directive | None:
    """Return the server block without the target's name that leads to the program which has the
    site, if the block which answers has names of another site as well: its own program is right
    for those."""
    host, pattern = nginx.evidence.target.host, location_pattern(match.block)
    names = _server_name(match.blocks[1])
    others = [name for name in names if not is_related_host(name, host) and name != "_"]
    if host not in names or not others or (pattern is not None and pattern.text != "/"):
        return None
    blocks = [
        server.block
        for server in nginx.servers
        if host not in server.names and server.block is not match.blocks[1]
        if any(listen.port == nginx.evidence.target.port for listen in server.listens)
        if _leads_to(match_location(server, "/"), lost.visit.target)
    ]
    return blocks[0] if len(blocks) == 1 else None


def _leads_to(match: LocationMatch, target: str) -> bool:
    proxied = proxy_target_of(match, {})
    endpoints = [str(endpoint) for endpoint in proxied.endpoints] if proxied else []
    return endpoints == [target.removeprefix("http://")]


def _new_prefix(match: LocationMatch, lost: LostPath) -> str:
    """Return the prefix of a location for the path alone, or for its first folder that the location
    does not have itself."""
    if lost.is_websocket:
        return lost.path
    pattern = location_pattern(match.block)
    start = pattern.text if pattern and pattern.modifier in {"", "^~"} else "/"
    start = start if lost.path.startswith(start) and start.endswith("/") else "/"
    first, slash, _ = lost.path[len(start) :].partition("/")
    return f"{start}{first}{slash}" if slash else posixpath.join(start, first)
