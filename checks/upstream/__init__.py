"""Checks of the layer `upstream`, and what they share: the applications that the configuration
leads to, with what was seen of each, and applications that take the connection and then fail."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import TypeAlias

from checks.nginx import Nginx, where
from diagnose.model import (
    Applicability,
    Claim,
    Confidence,
    Evidence,
    Fix,
    Manual,
    Observation,
    Severity,
    Subject,
    Where,
)
from diagnose.model.frozen import frozen
from diagnose.model.http import Exchange, Upgrade
from diagnose.model.logs import LogLine
from diagnose.model.nginx import Directive, UpstreamTry
from diagnose.model.upstream import UpstreamTalk
from diagnose.parsers.http import wants_tls
from diagnose.parsers.nginx import error_log, server_blocks, upstreams
from diagnose.parsers.nginx.edits import Change, instead
from diagnose.parsers.nginx.server_blocks import Place
from diagnose.parsers.nginx.upstreams import End, Lead

#: What such an application brings about.
BROKEN = (
    "http.server-error",
    "websocket.not-upgraded",
    "websocket.inner-proxy",
    "upstream.none-live",
)

_GATEWAY = {502, 504}

#: Changes to files, by their paths.
Changes: TypeAlias = dict[str, list[Change]]


# What the configuration leads to


@frozen
class Backend:
    """Servers that passes lead to: the locations that pass requests there, the paths asked for
    that these answer, and what was seen of the servers. `tries` are connections alone."""

    lead: Lead
    places: tuple[Place, ...]
    leads: tuple[Lead, ...]
    paths: tuple[str, ...]
    tries: tuple[UpstreamTry, ...]
    asked: tuple[UpstreamTry, ...]
    talks: tuple[UpstreamTalk, ...]

    @property
    def known(self) -> bool:
        """Each of its servers was tried."""
        ends = {str(end) for end in self.lead.ends}
        return bool(self.tries) and ends.issubset(one.end for one in self.tries)

    @property
    def down(self) -> bool:
        """Nothing of it can be connected to. One server that can is enough: nginx goes on to the
        next."""
        return self.known and all(one.failure for one in self.tries)

    @property
    def up(self) -> bool:
        """Every one of its servers can be connected to."""
        return self.known and not any(one.failure for one in self.tries)


def backends(nginx: Nginx) -> tuple[Backend, ...]:
    """In the order of the configuration, those that answer what was asked for first. The same
    servers by other words are the same."""
    found: dict[tuple[str, ...], list[tuple[Place, Lead]]] = {}
    paths: dict[tuple[str, ...], list[str]] = {}
    known, felt = upstreams.request(nginx.evidence.target), _felt(nginx.evidence)
    for one in nginx.answering():
        for path in felt:
            place = upstreams.lands(one.server, path)
            if lead := upstreams.lead(place, known):
                found.setdefault(_key(lead), []).append((place, lead))
                paths.setdefault(_key(lead), []).append(path)
        for place in server_blocks.places(one.server):
            if lead := upstreams.lead(place, known):
                found.setdefault(_key(lead), []).append((place, lead))
    return tuple(_backend(nginx.evidence, each, paths.get(key, ())) for key, each in found.items())


def _felt(evidence: Evidence) -> tuple[str, ...]:
    """The paths that were asked for, and those at which the front door was tried besides."""
    target = evidence.target
    tried = (one.path for one in evidence.of(Upgrade) if one.through == "front")
    return tuple(dict.fromkeys((target.path, *target.websockets, *tried)))


def _key(lead: Lead) -> tuple[str, ...]:
    return (lead.scheme, *map(str, lead.ends))


def _backend(
    evidence: Evidence, each: Sequence[tuple[Place, Lead]], paths: Sequence[str]
) -> Backend:
    pairs = list({id(lead.given): (place, lead) for place, lead in each}.values())
    targets = {lead.target for _, lead in pairs}
    tries = [one for one in evidence.of(UpstreamTry) if one.target in targets]
    return Backend(
        lead=pairs[0][1],
        places=tuple(place for place, _ in pairs),
        leads=tuple(lead for _, lead in pairs),
        paths=tuple(dict.fromkeys(paths)),
        tries=tuple(one for one in tries if not one.asked),
        asked=tuple(one for one in tries if one.asked),
        talks=tuple(one for one in evidence.of(UpstreamTalk) if one.target in targets),
    )


# What became of the paths in front


def pages(evidence: Evidence) -> tuple[Exchange, ...]:
    """The target's page, as the front door answers."""
    port = evidence.target.port
    return tuple(o for o in evidence.of(Exchange) if o.purpose == "target" and o.port == port)


def fails(evidence: Evidence, paths: Collection[str]) -> tuple[Observation, ...]:
    """The answers of the front door that say that what is behind it failed, at these paths."""
    found: list[Observation] = []
    if evidence.target.path in paths:
        found += [one for one in pages(evidence) if _failed(one) or wants_tls(one)]
    for one in evidence.of(Upgrade):
        if one.through == "front" and one.variant == "normal" and one.path in paths:
            found += [one] if _failed(one) else []
    return tuple(found)


def _failed(one: Exchange | Upgrade) -> bool:
    broken = one.failure is not None and one.failure.kind not in {"refused", "unreachable"}
    return one.status in _GATEWAY or broken


def works(evidence: Evidence, paths: Collection[str]) -> bool:
    """The page or the WebSocket comes all the same."""
    if fails(evidence, paths):
        return False
    page = evidence.target.path in paths and any(
        one.status is not None and one.status < 500 for one in pages(evidence)
    )
    shaken = (o for o in evidence.of(Upgrade) if o.through == "front" and o.path in paths)
    return page or any(one.accepted for one in shaken)


def weight(evidence: Evidence, paths: Collection[str]) -> Severity | None:
    """As the check says where a path that was asked for is concerned, and does not come; else
    a note."""
    return None if paths and not works(evidence, paths) else Severity.NOTE


# What nginx wrote


def lines(
    nginx: Nginx, backend: Backend, says: str, errno: int | None = None
) -> tuple[LogLine, ...]:
    """What nginx's error log says of these paths since nginx runs with what it has loaded."""
    since = nginx.master.loaded if nginx.master and nginx.master.loaded else 0.0
    every = nginx.evidence.of(LogLine)
    host = nginx.evidence.target.host
    return tuple(
        line
        for path in backend.paths
        for line in error_log.about(every, host, path, None, errno, says, since)
    )


# Claims


def blame(
    nginx: Nginx,
    backend: Backend,
    facts: Mapping[str, object],
    fix: Fix,
    *,
    ends: Sequence[str] = (),
    because: Sequence[Observation] = (),
    confidence: Confidence = Confidence.CERTAIN,
    severity: Severity | None = None,
    ruled_out: tuple[str, ...] = (),
    shown: Directive | None = None,
) -> Claim:
    """A claim about a backend's servers, which covers the paths that lead there."""
    named = tuple(ends) or tuple(str(end) for end in backend.lead.ends)
    given, port = shown or backend.lead.given, nginx.evidence.target.port
    # A location's own pattern is no path that anybody asked for, but it says where it is felt.
    paths = backend.paths or tuple(dict.fromkeys(one.path for one in backend.tries if one.path))
    broken = fails(nginx.evidence, backend.paths)
    looked = (*because, *broken, *([nginx.config] if nginx.config else []))
    return Claim(
        about=Subject(text=", ".join(named)),
        covers=tuple(Subject(port=port, path=path) for path in paths),
        because=tuple(dict.fromkeys(looked)),
        facts={
            "application": named,
            "target": backend.lead.target,
            "place": where(given),
            "directive": backend.lead.given.name,
            "paths": paths,
            "status": next((s for o in broken if (s := getattr(o, "status", None))), ""),
            **facts,
        },
        confidence=confidence,
        severity=severity or weight(nginx.evidence, backend.paths),
        ruled_out=ruled_out,
        location=nginx.location(given),
        fix=fix,
    )


def reworded(
    nginx: Nginx, directives: Iterable[Directive], old: str, new: str, changes: Changes
) -> None:
    """Other words in the place of some, once in each of these directives."""
    for one in {id(given): given for given in directives}.values():
        file = nginx.file(one)
        text = file.text[one.start : one.stop] if file else ""
        if old in text:
            changes.setdefault(one.file, []).append(instead(one, text.replace(old, new, 1)))


def spoken(nginx: Nginx, backend: Backend, scheme: str, changes: Changes) -> None:
    """The passes of a backend with another scheme. The port that the old one implied is written
    out; where that is in a variable, nothing is changed."""
    for lead in backend.leads:
        old, new, end = f"{lead.scheme}://", f"{scheme}://", lead.ends[0]
        implied = not lead.group and not end.socket and f":{end.port}" not in lead.authority
        if implied and not lead.variable:
            old, new = f"{old}{lead.authority}", f"{new}{lead.authority}:{end.port}"
        if not (implied and lead.variable):
            reworded(nginx, [lead.given], old, new, changes)


def mended(nginx: Nginx, changes: Changes, step: str, sure: bool = True) -> Fix:
    """These changes, and nginx takes them; a step by hand where there are none."""
    made = nginx.edited(changes)
    if not made:
        return Fix((Manual(step, Where.SERVER), *nginx.taken()), Applicability.MANUAL)
    sure = sure and len(made) == 1
    return Fix((*made, *nginx.taken()), Applicability.AUTOMATIC if sure else Applicability.REVIEW)


# Applications that take the connection and then fail. They were asked as nginx asks them, once
# the front door had failed.


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
        place = next((one for one in nginx.places(path) if server_blocks.passed(one)), None)
        seen = tuple(one for several in found.values() for one in several)
        yield Unanswered(
            ends, tuple(found), seen, place, server_blocks.passed(place) if place else None
        )


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
    return any(one.failure or one.status in _GATEWAY for one in fronts)


def _end(one: UpstreamTry | Upgrade) -> str:
    if isinstance(one, UpstreamTry):
        return one.end
    socket = one.address.startswith("unix:")
    return one.address if socket else str(End(one.address, one.port))


def claim(evidence: Evidence, found: Unanswered, step: str, facts: Mapping[str, object]) -> Claim:
    nginx, port = Nginx.of(evidence), evidence.target.port
    seen: tuple[Observation, ...] = found.seen
    return Claim(
        about=Subject(text=", ".join(found.ends)),
        covers=tuple(Subject(port=port, path=path) for path in found.paths),
        because=(*seen, *pages(evidence), *([nginx.config] if nginx.config else [])),
        facts={
            "application": found.ends,
            "paths": found.paths,
            "target": found.passed.args[0] if found.passed else "",
            "place": where(found.passed) if found.passed else "",
            "status": next((one.status for one in pages(evidence) if one.status), None) or "",
            **facts,
        },
        confidence=Confidence.CERTAIN
        if any(one.status for one in pages(evidence))
        else Confidence.LIKELY,
        ruled_out=("upstream.refused",),
        location=nginx.location(found.passed) if found.passed else None,
        fix=Fix((Manual(step, Where.APPLICATION),), Applicability.MANUAL),
    )
