"""No proxied location matches the requested path: nginx responds with a file, with 404, or by
try_files with the page of a single-page application.

A path that nobody asked about, and the page opens, is a warning: its program may not use it.
"""

import re
from collections.abc import Iterator
from dataclasses import replace

from checks.http._outside_folders import cause_outside_folder
from checks.nginx import Nginx, file_line
from checks.nginx._commands import reload_steps
from checks.nginx._edits import Changes, config_edits
from checks.nginx._stray_locations import cause_of_stray
from checks.nginx._websocket_lines import websocket_lines
from checks.nginx._websockets import WebSocketHandshakes
from checks.upstream._listening import listening_facts
from checks.websocket._own_programs import begins_files, opening_program
from checks.websocket._page_paths import opened_paths
from diagnose.checking.registry import check
from diagnose.model import (
    Applicability,
    Claim,
    Confidence,
    Edit,
    Evidence,
    Fix,
    Manual,
    Severity,
    Subject,
    Where,
)
from diagnose.model.http import Exchange
from diagnose.model.nginx import Directive, NginxConfig
from diagnose.model.pages import PageFileResponse, WebSocketPath
from diagnose.parsers.nginx import edits
from diagnose.parsers.nginx.config import children
from diagnose.parsers.nginx.locations import (
    PASS_DIRECTIVES,
    LocationMatch,
    all_locations,
    proxy_pass_of,
)
from diagnose.parsers.urls import parse_url

#: Directives that respond instead of files.
_ANSWERING_DIRECTIVES = ("return", "rewrite", "if", "stub_status", "content_by_lua_block")

#: The location that the handshakes alone are passed to.
_NAMED = "@websocket"


@check(
    severity=Severity.ERROR,
    needs=[NginxConfig],
    explains=[
        "websocket.not-upgraded",
        "upstream.application-log",
        "websocket.inner-proxy",
        "websocket.not-tried",
    ],
)
def no_location(evidence: Evidence) -> Iterator[Claim]:
    nginx = Nginx.of(evidence)
    groups: dict[int, tuple[LocationMatch, list[str]]] = {}
    named = () if evidence.target.websockets else _named_paths(evidence)
    for path in evidence.target.websockets or tuple(websocket.path for websocket in named):
        handshakes = WebSocketHandshakes.at_path(evidence, path)
        if handshakes.accepted_by_front or any(
            _is_deliberate(upgrade.status) for upgrade in handshakes.front
        ):
            continue
        matches = list(nginx.location_matches(path))
        if matches and all(map(_serves_files, matches)):
            groups.setdefault(id(matches[0].block), (matches[0], []))[1].append(path)
    for match, paths in groups.values():
        claim = _claim(nginx, match, paths)
        claim = replace(claim, consequence_of=cause_of_stray(nginx, paths[0]))
        if named:
            sources = tuple(websocket for websocket in named if websocket.path in paths)
            because = (*claim.because, *sources)
            claim = replace(
                claim,
                severity=Severity.WARNING,
                because=because,
                fix=_less_sure(claim),
                consequence_of=claim.consequence_of or cause_outside_folder(evidence, paths[0]),
            )
        yield claim


def _less_sure(claim: Claim) -> Fix | None:
    """Nobody knows whether that application has the path."""
    fix = claim.fix
    if fix is None or fix.applicability is not Applicability.AUTOMATIC:
        return fix
    return replace(fix, applicability=Applicability.REVIEW)


def _named_paths(evidence: Evidence) -> tuple[WebSocketPath, ...]:
    """Return the WebSockets that the page opens on its own host. Socket.IO's default path stands in
    every program that is built with it, and counts only where the user's message is about a
    WebSocket; and a page that names another host may use that one. The whole path must be known: of
    `base + "/ws"`, only the end is. A message about a WebSocket is about that one all the same,
    where the page lies in no folder."""
    mentions = [
        *(url for exchange in evidence.good(Exchange) for url in exchange.mentions),
        *(url for response in evidence.good(PageFileResponse) for url in response.mentions),
    ]
    host = evidence.target.host
    if any((url := parse_url(mention)) is None or url.host != host for mention in mentions):
        return ()
    symptom = evidence.target.symptom
    is_asked = symptom is not None and symptom.kind.startswith("websocket")
    return tuple(
        named
        for named in opened_paths(evidence)
        if is_asked or named.library != "Socket.IO"
        if not named.base or (is_asked and named.base == "assumed")
    )


def _is_deliberate(status: int | None) -> bool:
    """Return whether the status is a redirect, a refusal or a server error, which files do not
    cause."""
    return status is not None and (300 <= status < 400 or status in {401, 403, 429} or status > 499)


def _serves_files(match: LocationMatch) -> bool:
    is_proxied = any(children(match.block, name) for name in PASS_DIRECTIVES)
    blocks = (match.block, match.blocks[1])
    has_other_answer = any(
        children(block, name) for block in blocks for name in _ANSWERING_DIRECTIVES
    )
    return not (is_proxied or has_other_answer or match.redirects)


def _claim(nginx: Nginx, match: LocationMatch, paths: list[str]) -> Claim:
    evidence, location = nginx.evidence, match.block
    front_upgrades = [
        upgrade for path in paths for upgrade in WebSocketHandshakes.at_path(evidence, path).front
    ]
    try_files = next(iter(match.directives("try_files")), None)
    server = match.blocks[1]
    program = opening_program(evidence, paths)
    return Claim(
        about=Subject(port=evidence.target.port, text=file_line(location)),
        covers=tuple(Subject(port=evidence.target.port, path=path) for path in paths),
        because=(*nginx.configs, *front_upgrades, *((program,) if program else ())),
        facts={
            "paths": tuple(paths),
            "path": paths[0],
            "place": file_line(location),
            "server": file_line(server),
            "location": " ".join(("location", *location.args)) if location is not server else "",
            "status": next((upgrade.status for upgrade in front_upgrades if upgrade.status), None)
            or "",
            "page": " ".join(("try_files", *try_files.args)) if try_files else "",
            "variable": "$http_upgrade",
            "match": _prefix(evidence, paths[0]),
            **listening_facts(evidence),
        },
        confidence=Confidence.CERTAIN
        if program or any(upgrade.status for upgrade in front_upgrades)
        else Confidence.LIKELY,
        location=nginx.location(location),
        fix=_fix(nginx, match, paths),
    )


def _fix(nginx: Nginx, match: LocationMatch, paths: list[str]) -> Fix:
    """Add a location beside those of the only application that the block forwards to.

    If there are several or none, nobody knows which application the WebSocket belongs to. A
    location for a path that has a page would take the page away.
    """
    asked, server = nginx.evidence.target, match.blocks[1]
    if "/" in paths or (asked.path in paths and asked.path not in asked.websockets):
        alone = _upgrades_alone(nginx, match)
        if alone:
            return Fix((*alone, *reload_steps(nginx)), Applicability.REVIEW)
        step = Manual("pass-upgrades-alone", Where.SERVER)
        return Fix((step, *reload_steps(nginx)), Applicability.MANUAL)
    blocks = [server_block for server_block in nginx.servers if server_block.block is server]
    pass_directives = [
        pass_directive
        for server_block in blocks
        for match in all_locations(server_block)
        if (pass_directive := proxy_pass_of(match))
    ]
    targets = {
        url_match[0]
        for directive in pass_directives
        if (url_match := re.match(r"https?://[^/$]+", directive.args[0]))
    }
    file = nginx.file(server)
    changes: Changes = {}
    plain = all(re.fullmatch(r"/[\w./-]*", path) for path in paths)
    program = opening_program(nginx.evidence, paths)
    is_other = program is not None and not {program.target.rstrip("/")} & targets
    is_unclear = len(targets) != 1 or _is_odd(pass_directives, targets)
    if program is not None and (is_other or is_unclear):
        targets, is_unclear = {program.target.rstrip("/")}, False
    if file is None or is_unclear or not plain:
        manual = Manual("add-a-location", Where.SERVER)
        return Fix((manual, *reload_steps(nginx)), Applicability.MANUAL)
    body = websocket_lines(nginx, next(iter(targets)))
    changes[file.path] = [
        edits.insert_location(file.text, server, f"location {prefix}", body)
        for prefix in dict.fromkeys(_prefix(nginx.evidence, path) for path in paths)
    ]
    file_edits = config_edits(nginx, changes)
    # That a program opens the WebSocket does not say that visitors are meant to reach it.
    applicability = Applicability.REVIEW if is_other else Applicability.AUTOMATIC
    return Fix((*file_edits, *reload_steps(nginx)), applicability)


def _prefix(evidence: Evidence, path: str) -> str:
    """Return the argument of a WebSocket's location. SockJS asks for other paths below the same
    address before it opens one: BASE/info, and then BASE/SERVER/SESSION/websocket. A path with
    which names of the page's files begin is matched alone."""
    libraries = {each.library for each in evidence.good(WebSocketPath) if each.path == path}
    base = path.removesuffix("/websocket")
    if "SockJS" in libraries and base not in {"", path}:
        return f"{base}/"
    return f"= {path}" if begins_files(evidence, path) else path


def _upgrades_alone(nginx: Nginx, match: LocationMatch) -> tuple[Edit, ...]:
    """Return the edits that pass the handshakes of a page's own location on to the application that
    has all other paths of the block (`location /`), and leave the page; () if none has them."""
    location, server = match.block, match.blocks[1]
    file = nginx.file(location)
    owners = [
        directive
        for server_block in nginx.servers
        if server_block.block is server
        for each in all_locations(server_block)
        if each.block.args == ("/",) and (directive := proxy_pass_of(each))
    ]
    target = owners[0].args[0] if len(owners) == 1 else ""
    is_taken = any(children(block, "error_page") for block in (location, server))
    if location is server or file is None or location.file != server.file or is_taken:
        return ()
    if not re.fullmatch(r"https?://[^/$]+", target):
        return ()
    lines = [f"error_page 418 = {_NAMED};", "if ($http_upgrade = websocket) {", "    return 418;"]
    changes: Changes = {
        file.path: [
            edits.insert_location(
                file.text, server, f"location {_NAMED}", websocket_lines(nginx, target)
            ),
            edits.insert_first(file.text, location, [*lines, "}"]),
        ]
    }
    return config_edits(nginx, changes)


def _is_odd(pass_directives: list[Directive], targets: set[str]) -> bool:
    """Return whether some destinations cannot be read from the configuration."""
    return any(not directive.args[0].startswith(tuple(targets)) for directive in pass_directives)
