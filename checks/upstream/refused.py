"""The address of proxy_pass was tried from the server, as nginx tries it, and refuses: nginx
answers 502 (error.log: "connect() failed (111: Connection refused) while connecting to upstream").
"""

from collections.abc import Iterator

from checks.nginx import Nginx, where
from diagnose.catalogue import check
from diagnose.model import (
    Applicability,
    Claim,
    Evidence,
    Fix,
    Location,
    Manual,
    Severity,
    Subject,
    Where,
)
from diagnose.model.http import Exchange
from diagnose.model.nginx import NginxConfig, UpstreamTry
from diagnose.model.server import Listeners
from diagnose.wire import serving

_SHOWN = 6


@check(
    severity=Severity.ERROR,
    needs=[UpstreamTry, NginxConfig],
    explains=["http.server-error", "websocket.not-upgraded", "websocket.inner-proxy"],
)
def refused(evidence: Evidence) -> Iterator[Claim]:
    nginx = Nginx.of(evidence)
    groups: dict[str, list[UpstreamTry]] = {}
    for one in evidence.of(UpstreamTry):
        groups.setdefault(one.target, []).append(one)
    down: dict[tuple[str, ...], list[UpstreamTry]] = {}
    for tries in groups.values():
        # One that is up is enough: nginx goes on to the next.
        if all(one.failure and one.failure.kind == "refused" for one in tries):
            ends = tuple(sorted({f"{one.host}:{one.port}" for one in tries}))
            down.setdefault(ends, []).extend(tries)
    for several in down.values():
        yield _claim(nginx, several)


def _claim(nginx: Nginx, tries: list[UpstreamTry]) -> Claim:
    evidence, port = nginx.evidence, nginx.evidence.target.port
    targets = {one.target for one in tries}
    paths = [path for path in _asked(evidence) if _leads(nginx, path, targets)]
    given = next(one for one in tries)
    ends = tuple(dict.fromkeys(f"{one.host}:{one.port}" for one in tries))
    shown = _directive(nginx, given)
    return Claim(
        about=Subject(text=", ".join(ends)),
        covers=tuple(Subject(port=port, path=path) for path in paths)
        or (Subject(port=port, path=given.path),),
        because=(*tries, *([nginx.config] if nginx.config else [])),
        facts={
            "application": ends,
            "target": given.target,
            "place": f"{given.file}:{given.line}",
            "paths": tuple(paths) or (given.path,),
            "listening": _programs(evidence),
        },
        severity=None if paths and not _works(evidence, paths) else Severity.NOTE,
        location=shown,
        fix=Fix((Manual("start-the-application", Where.APPLICATION),), Applicability.MANUAL),
    )


def _asked(evidence: Evidence) -> tuple[str, ...]:
    return tuple(dict.fromkeys((evidence.target.path, *evidence.target.websockets)))


def _leads(nginx: Nginx, path: str, targets: set[str]) -> bool:
    passed = (serving.passed(place) for place in nginx.places(path))
    return any(one is not None and one.args[0] in targets for one in passed)


def _works(evidence: Evidence, paths: list[str]) -> bool:
    """The page comes all the same: nginx runs with another configuration, or answers itself."""
    return evidence.target.path in paths and any(
        one.purpose == "target" and one.status is not None and one.status < 400
        for one in evidence.good(Exchange)
    )


def _directive(nginx: Nginx, tried: UpstreamTry) -> Location | None:
    for place in (p for a in nginx.answering() for p in serving.places(a.server)):
        passed = serving.passed(place)
        if passed and where(passed) == f"{tried.file}:{tried.line}":
            return nginx.location(passed)
    return None


def _programs(evidence: Evidence) -> tuple[str, ...]:
    """What else listens on this machine: the application may be there, on another port."""
    found = dict.fromkeys(
        f"{one.process} {one.port}"
        for seen in evidence.good(Listeners)
        for one in seen.sockets
        if one.process and one.process not in {"nginx", "sshd", "systemd-resolve", "dnsmasq"}
    )
    return tuple(found)[:_SHOWN]
