"""The path that was asked for belongs to no location that proxies: nginx answers from its files,
with 404, or with the page of a single-page application, by try_files."""

import re
from collections.abc import Iterator

from checks.http import _redirects
from checks.nginx import Handshakes, Nginx, _location_edits, where
from checks.nginx._location_edits import Changes
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
from diagnose.model.nginx import Directive, NginxConfig
from diagnose.parsers.nginx import edits, server_blocks
from diagnose.parsers.nginx.server_blocks import Place

#: What answers in the place of files.
_OTHERWISE = ("return", "rewrite", "if", "stub_status", "content_by_lua_block")


@check(
    severity=Severity.ERROR,
    needs=[NginxConfig],
    explains=["websocket.not-upgraded", "websocket.inner-proxy"],
)
def no_location(evidence: Evidence) -> Iterator[Claim]:
    nginx = Nginx.of(evidence)
    found: dict[int, tuple[Place, list[str]]] = {}
    for path in evidence.target.websockets:
        seen = Handshakes.at(evidence, path)
        if seen.works or any(_is_rule(one.status) for one in seen.front):
            continue
        places = list(nginx.places(path))
        if places and all(map(_serves_files, places)):
            found.setdefault(id(places[0].location), (places[0], []))[1].append(path)
    for place, several in found.values():
        yield _claim(nginx, place, several)


def _is_rule(status: int | None) -> bool:
    """A redirect, a refusal or a broken server: not what files are answered with."""
    return status is not None and (300 <= status < 400 or status in {401, 403, 429} or status > 499)


def _serves_files(place: Place) -> bool:
    passes = any(server_blocks.children(place.location, name) for name in server_blocks.PASSES)
    blocks = (place.location, place.blocks[1])
    otherwise = any(server_blocks.children(block, name) for block in blocks for name in _OTHERWISE)
    return not (passes or otherwise or place.redirects)


def _claim(nginx: Nginx, place: Place, several: list[str]) -> Claim:
    evidence, location = nginx.evidence, place.location
    fronts = [one for path in several for one in Handshakes.at(evidence, path).front]
    tried = next(iter(place.all("try_files")), None)
    server = place.blocks[1]
    return Claim(
        about=Subject(port=evidence.target.port, text=where(location)),
        covers=tuple(Subject(port=evidence.target.port, path=path) for path in several),
        because=(*([nginx.config] if nginx.config else []), *fronts),
        facts={
            "paths": tuple(several),
            "path": several[0],
            "place": where(location),
            "server": where(server),
            "location": " ".join(("location", *location.args)) if location is not server else "",
            "status": next((one.status for one in fronts if one.status), None) or "",
            "page": " ".join(("try_files", *tried.args)) if tried else "",
            "variable": "$http_upgrade",
        },
        confidence=Confidence.CERTAIN if any(one.status for one in fronts) else Confidence.LIKELY,
        location=nginx.location(location),
        fix=_fix(nginx, server, several),
    )


def _fix(nginx: Nginx, server: Directive, several: list[str]) -> Fix:
    """A location beside those of the one application that the block leads to already. With
    several of them, or none, nobody knows whose the WebSocket is."""
    blocks = [one for one in nginx.servers if one.block is server]
    passes = [
        p for s in blocks for one in server_blocks.places(s) if (p := server_blocks.passed(one))
    ]
    targets = {found[0] for one in passes if (found := re.match(r"https?://[^/$]+", one.args[0]))}
    file = nginx.file(server)
    changes: Changes = {}
    inner = [one for one in server_blocks.children(server, "location") if one.file == server.file]
    plain = all(re.fullmatch(r"/[\w./-]*", path) for path in several)
    if file is None or len(targets) != 1 or not inner or not plain or _is_odd(passes, targets):
        manual = Manual("add-a-location", Where.SERVER)
        return Fix((manual, *nginx.taken()), Applicability.MANUAL)
    step, target = _redirects.stepped(file.text, server, inner[0]), next(iter(targets))
    within = [
        f"proxy_pass {target};",
        "proxy_http_version 1.1;",
        f"proxy_set_header Host {_location_edits.visitors_host(nginx.evidence.target)};",
        "proxy_set_header Upgrade $http_upgrade;",
        'proxy_set_header Connection "upgrade";',
        "proxy_read_timeout 3600s;",
    ]
    lines = []
    for path in several:
        lines += [f"location {path} {{", *(f"{step}{line}" for line in within), "}", ""]
    changes.setdefault(file.path, []).append(edits.before(file.text, inner[0], lines))
    made = nginx.edited(changes)
    return Fix((*made, *nginx.taken()), Applicability.AUTOMATIC)


def _is_odd(passes: list[Directive], targets: set[str]) -> bool:
    """Some lead where cannot be read from the configuration."""
    return any(not one.args[0].startswith(tuple(targets)) for one in passes)
