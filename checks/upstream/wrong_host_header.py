"""Servers choose the site by the Host field (RFC 9110 section 7.2), and frameworks refuse names
that they were not told. nginx sends the application the name in proxy_pass, unless it is told
otherwise: "127.0.0.1:3000", or the name of the upstream group. Or the other way round: the
application, a site of its own somewhere else, gets the visitor's name and does not know it.

Seen by asking the application twice: with the name that nginx sends, and with another.
"""

from collections.abc import Iterator

from checks.nginx import Handshakes, Nginx, _location_edits, where
from checks.websocket import refused
from diagnose.checking.registry import check
from diagnose.model import Applicability, Claim, Confidence, Evidence, Fix, Severity, Subject
from diagnose.model.http import Exchange, Upgrade
from diagnose.model.nginx import Directive, NginxConfig
from diagnose.model.requests import Asked
from diagnose.parsers.nginx import proxy_headers as wire
from diagnose.parsers.nginx import server_blocks, upstreams
from diagnose.parsers.nginx.server_blocks import Place


@check(
    severity=Severity.ERROR,
    needs=[NginxConfig],
    explains=[
        "http.server-error",
        "upstream.closed-early",
        "websocket.not-upgraded",
        "websocket.inner-proxy",
        "websocket.redirected",
        "websocket.unauthorized",
    ],
)
def wrong_host_header(evidence: Evidence) -> Iterator[Claim]:
    nginx = Nginx.of(evidence)
    asked = evidence.of(Asked)
    passed = next((one for one in asked if one.variant == "passed"), None)
    if passed and _is_refused(passed):
        found = [one for one in asked if _is_welcome(one)]
        own = list({one.sent: one for one in found if one.variant == "own"}.values())
        better = next((one for one in found if one.variant == "visitor"), None)
        if better is None and len(own) == 1:
            better = own[0]
        place = _place(nginx, passed.path)
        if better and place:
            yield _of_page(nginx, place, passed, better)
            return
    for path in evidence.target.websockets:
        place, seen = _place(nginx, path), Handshakes.at(evidence, path)
        by_origin = any(one.path == path for one in refused(evidence, "origin"))
        named = [one for one in seen.named if one.accepted]
        if place and seen.refused and named and not by_origin and not seen.works:
            yield _of_websocket(nginx, place, seen, named[0])


def _place(nginx: Nginx, path: str) -> Place | None:
    return next((one for one in nginx.places(path) if server_blocks.passed(one)), None)


def _is_refused(one: Asked) -> bool:
    if one.failure:
        return one.failure.kind in {"closed", "reset"}
    return wire.may_mind_host(one.status, one.body)


def _is_welcome(one: Asked) -> bool:
    """Answered with a page; a redirect is one for the visitor's own name only."""
    status = one.status or 500
    good = status < 400 if one.variant == "visitor" else status < 300
    return one.variant != "passed" and good and not wire.may_mind_host(one.status, one.body)


def _of_page(nginx: Nginx, place: Place, passed: Asked, better: Asked) -> Claim:
    target = nginx.evidence.target
    pages = [
        one
        for one in nginx.evidence.of(Exchange)
        if one.purpose == "target" and one.port == target.port
    ]
    visitor = better.variant == "visitor"
    found = upstreams.lead(place, upstreams.request(target))
    own = "$proxy_host" if found and found.authority == better.sent else better.sent
    value = _location_edits.visitors_host(target) if visitor else own
    return _claim(
        nginx,
        place,
        passed.path,
        (passed, better, *pages),
        {
            "sent": passed.sent,
            "wanted": better.sent,
            "status": passed.status or "",
            "other_status": better.status or "",
            "answer": passed.body[:120],
            "message": passed.failure.message if passed.failure else "",
            "application": passed.end,
            "visitor": visitor,
            "value": value,
        },
        # Whether the one name is meant, of which the application knows several, nobody can see.
        Confidence.CERTAIN if visitor else Confidence.LIKELY,
        _fix(nginx, place, value, visitor),
    )


def _of_websocket(nginx: Nginx, place: Place, seen: Handshakes, named: Upgrade) -> Claim:
    target = nginx.evidence.target
    found = upstreams.lead(place, upstreams.request(target))
    direct = next(one for one in seen.direct if one.status)
    made = _location_edits.websocket(nginx, place, host=True)
    return _claim(
        nginx,
        place,
        named.path,
        (*seen.direct, named, *seen.front),
        {
            "sent": (wire.host_passed(place, found, target) if found else "") or "",
            "wanted": target.authority,
            "status": direct.status or "",
            "other_status": named.status or "",
            "answer": direct.body[:120],
            "message": "",
            "application": _end(named),
            "visitor": True,
            "value": _location_edits.visitors_host(target),
        },
        Confidence.CERTAIN,
        _location_edits.fix(nginx, place, made),
    )


def _claim(
    nginx: Nginx,
    place: Place,
    path: str,
    because: tuple[Asked | Upgrade | Exchange, ...],
    facts: dict[str, object],
    confidence: Confidence,
    fix: Fix,
) -> Claim:
    shown = _shown(place)
    return Claim(
        about=Subject(port=nginx.evidence.target.port, path=path, text=where(shown)),
        because=(*because, *([nginx.config] if nginx.config else [])),
        facts={
            "path": path,
            "place": where(shown),
            "location": " ".join((place.location.name, *place.location.args)),
            "set": server_blocks.header(place, "Host") is not None,
            **facts,
        },
        confidence=confidence,
        ruled_out=("upstream.refused",),
        location=nginx.location(shown),
        fix=fix,
    )


def _end(one: Upgrade) -> str:
    return f"{one.address}:{one.port}" if one.port else one.address


def _shown(place: Place) -> Directive:
    return server_blocks.header(place, "Host") or server_blocks.passed(place) or place.location


def _fix(nginx: Nginx, place: Place, value: str, visitor: bool) -> Fix:
    changes: _location_edits.Changes = {}
    lines = _location_edits.fields(nginx, place, {"Host": value}, changes)
    nginx.insert(place, lines, changes)
    made = _location_edits.fix(nginx, place, nginx.edited(changes))
    return made if visitor else Fix(made.steps, Applicability.REVIEW)
