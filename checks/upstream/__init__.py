"""Checks of the layer `upstream`, and what they share: applications that take the connection and
then fail. They were asked as nginx asks them, once the front door had failed."""

from collections.abc import Collection, Iterator, Mapping

from checks.nginx import Nginx, where
from diagnose.frozen import frozen
from diagnose.model import (
    Applicability,
    Claim,
    Confidence,
    Evidence,
    Fix,
    Manual,
    Observation,
    Subject,
    Where,
)
from diagnose.model.http import Exchange, Upgrade
from diagnose.model.nginx import Directive, UpstreamTry
from diagnose.wire import serving
from diagnose.wire.serving import Place

#: What such an application brings about.
BROKEN = ("http.server-error", "websocket.not-upgraded", "websocket.inner-proxy")


@frozen
class Unanswered:
    """An application that did not answer: where it is, at which paths, and what showed it.
    `place` is the location that leads there."""

    ends: tuple[str, ...]
    paths: tuple[str, ...]
    seen: tuple[UpstreamTry | Upgrade, ...]
    place: Place | None
    passed: Directive | None


def unanswered(evidence: Evidence, kinds: Collection[str]) -> Iterator[Unanswered]:
    """The applications that failed in one of these ways at every attempt."""
    nginx = Nginx.of(evidence)
    groups: dict[tuple[str, ...], dict[str, list[UpstreamTry | Upgrade]]] = {}
    for path, several in _attempts(evidence).items():
        failures = [one.failure.kind if one.failure else "" for one in several]
        # One that answers is enough: nginx goes on to the next.
        if all(kind in kinds for kind in failures):
            ends = tuple(dict.fromkeys(_end(one) for one in several))
            groups.setdefault(ends, {})[path] = several
    for ends, found in groups.items():
        path = next(iter(found))
        place = next((one for one in nginx.places(path) if serving.passed(one)), None)
        seen = tuple(one for several in found.values() for one in several)
        yield Unanswered(ends, tuple(found), seen, place, serving.passed(place) if place else None)


def _attempts(evidence: Evidence) -> Mapping[str, list[UpstreamTry | Upgrade]]:
    found: dict[str, list[UpstreamTry | Upgrade]] = {}
    for tried in evidence.of(UpstreamTry):
        if tried.asked:
            found.setdefault(tried.path, []).append(tried)
    for shaken in evidence.of(Upgrade):
        direct = shaken.through == "application" and shaken.variant == "normal"
        if direct and _is_broken(evidence, shaken.path):
            found.setdefault(shaken.path, []).append(shaken)
    return found


def _is_broken(evidence: Evidence, path: str) -> bool:
    """The path's WebSocket fails in front as well."""
    fronts = [one for one in evidence.of(Upgrade) if one.through == "front" and one.path == path]
    return any(one.failure or one.status in {502, 504} for one in fronts)


def _end(one: UpstreamTry | Upgrade) -> str:
    host = one.host if isinstance(one, UpstreamTry) else one.address
    return f"[{host}]:{one.port}" if ":" in host else f"{host}:{one.port}"


def claim(evidence: Evidence, found: Unanswered, step: str, facts: Mapping[str, object]) -> Claim:
    nginx, port = Nginx.of(evidence), evidence.target.port
    pages = [one for one in evidence.of(Exchange) if one.purpose == "target" and one.port == port]
    seen: tuple[Observation, ...] = found.seen
    return Claim(
        about=Subject(text=", ".join(found.ends)),
        covers=tuple(Subject(port=port, path=path) for path in found.paths),
        because=(*seen, *pages, *([nginx.config] if nginx.config else [])),
        facts={
            "application": found.ends,
            "paths": found.paths,
            "target": found.passed.args[0] if found.passed else "",
            "place": where(found.passed) if found.passed else "",
            "status": next((one.status for one in pages if one.status), None) or "",
            **facts,
        },
        confidence=Confidence.CERTAIN if any(one.status for one in pages) else Confidence.LIKELY,
        ruled_out=("upstream.refused",),
        location=nginx.location(found.passed) if found.passed else None,
        fix=Fix((Manual(step, Where.APPLICATION),), Applicability.MANUAL),
    )
