"""The path of the WebSocket belongs to a location whose gateway protocol ends a request with its
answer. FastCGI, gRPC and memcached have no way to hand a connection over. uwsgi and SCGI have one
(nginx takes a 101 from both), but only for a program that takes the connection over itself, as
uWSGI's own WebSocket functions do; a WSGI application cannot (PEP 3333).
"""

from collections.abc import Iterator

from checks.nginx import Handshakes, Nginx, where
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
from diagnose.model.http import Exchange
from diagnose.model.nginx import Directive, NginxConfig, UpstreamTry
from diagnose.parsers.nginx import server_blocks
from diagnose.parsers.nginx.server_blocks import Place

#: The gateways, what they are called, and whether a connection can never be taken over there.
_GATEWAYS = {
    "fastcgi_pass": ("FastCGI", True),
    "grpc_pass": ("gRPC", True),
    "memcached_pass": ("memcached", True),
    "uwsgi_pass": ("uwsgi", False),
    "scgi_pass": ("SCGI", False),
}


@check(
    severity=Severity.ERROR,
    needs=[NginxConfig],
    explains=[
        "websocket.not-upgraded",
        "websocket.inner-proxy",
        # Whoever mends that first has an application that cannot open a WebSocket all the same.
        "upstream.refused",
        "upstream.socket-unreachable",
    ],
)
def unsupported_gateway(evidence: Evidence) -> Iterator[Claim]:
    nginx = Nginx.of(evidence)
    found: dict[int, tuple[Place, Directive, list[str]]] = {}
    for path in evidence.target.websockets:
        seen = Handshakes.at(evidence, path)
        for place in nginx.places(path):
            passed = _gateway(place)
            if passed and _fails(evidence, seen, passed):
                found.setdefault(id(place.location), (place, passed, []))[2].append(path)
    for place, passed, several in found.values():
        yield _claim(nginx, place, passed, several)


def _gateway(place: Place) -> Directive | None:
    found = (one for name in _GATEWAYS for one in server_blocks.children(place.location, name))
    return next((one for one in found if one.args), None)


def _fails(evidence: Evidence, seen: Handshakes, passed: Directive) -> bool:
    """A redirect or a rule came before the gateway. Where the page fails likewise, the gateway
    may simply be down; and another application that is down has nothing to do with this. Of a
    program that might take the connection over only a handshake tells whether it does."""
    answers = {one.status for one in seen.front if one.status}
    _, never = _GATEWAYS[passed.name]
    if not (never or answers):
        return False
    if seen.works or answers & {401, 403, 429} or any(300 <= one < 400 for one in answers):
        return False
    pages = {one.status for one in evidence.of(Exchange) if one.purpose == "target"}
    if any(one >= 500 and one in pages for one in answers):
        return False
    asked = {evidence.target.path, *evidence.target.websockets}
    down = (one for one in evidence.of(UpstreamTry) if one.failure and one.path in asked)
    return all(one.target == passed.args[0] for one in down)


def _claim(nginx: Nginx, place: Place, passed: Directive, several: list[str]) -> Claim:
    evidence, location = nginx.evidence, place.location
    fronts = [one for path in several for one in Handshakes.at(evidence, path).front]
    gateway, never = _GATEWAYS[passed.name]
    return Claim(
        about=Subject(port=evidence.target.port, text=where(passed)),
        covers=tuple(Subject(port=evidence.target.port, path=path) for path in several),
        because=(*([nginx.config] if nginx.config else []), *fronts),
        facts={
            "path": several[0],
            "paths": tuple(several),
            "place": where(passed),
            "location": " ".join((location.name, *location.args)),
            "directive": " ".join((passed.name, *passed.args)),
            "gateway": gateway,
            "itself": location.args[-1:] == (several[0],),
            "never": never,
            "status": next((one.status for one in fronts if one.status), None) or "",
            "variable": "$http_upgrade",
        },
        confidence=Confidence.CERTAIN if never else Confidence.LIKELY,
        location=nginx.location(passed),
        fix=Fix((Manual("proxy", Where.SERVER), *nginx.taken()), Applicability.MANUAL),
    )
