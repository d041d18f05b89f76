"""A socket bound to a loopback address takes connections from the machine itself only: for all
others the port is closed (ip(7))."""

from collections.abc import Iterator

from checks.listener import answers, is_loopback, sockets, tries
from diagnose.checking.registry import check
from diagnose.model import (
    Applicability,
    Claim,
    Confidence,
    Edit,
    Evidence,
    Fix,
    Location,
    Manual,
    Severity,
    Subject,
    Where,
)
from diagnose.model.frozen import frozen
from diagnose.model.nginx import ConfigFile, Directive, NginxConfig
from diagnose.model.server import Listeners


@frozen
class _Place:
    """The `listen` directives of one file that are to be changed."""

    file: ConfigFile
    directives: tuple[Directive, ...]


@check(
    severity=Severity.ERROR,
    needs=[Listeners],
    explains=["tcp.refused", "http.port-closed", "dns.dead-address", "dns.dead-ipv6"],
)
def loopback_only(evidence: Evidence) -> Iterator[Claim]:
    port = evidence.target.port
    found = sockets(evidence, port)
    if not _all_loopback(evidence, port) or is_loopback(evidence.target.host) or answers(evidence):
        return
    tried = tries(evidence)
    places = _places(evidence)
    also_80 = port != 80 and _all_loopback(evidence, 80)
    process = next((one.process for one in found if one.process), "")
    yield Claim(
        about=Subject(port=port),
        covers=tuple(Subject(port=one) for one in ((port, 80) if also_80 else (port,))),
        because=(*evidence.good(Listeners), *tried),
        facts={
            "port": port,
            "sockets": tuple(str(Subject(address=one.address, port=port)) for one in found),
            "process": process,
            "file": places[0].file.path if places else "",
            "line": places[0].directives[0].line if places else "",
        },
        confidence=Confidence.CERTAIN if tried else Confidence.LIKELY,
        ruled_out=("listener.missing",),
        location=_location(places),
        fix=_fix(evidence, places, process),
    )


def _all_loopback(evidence: Evidence, port: int) -> bool:
    found = sockets(evidence, port)
    return bool(found) and all(is_loopback(one.address) for one in found)


def _places(evidence: Evidence) -> tuple[_Place, ...]:
    """Where nginx is told so, for the target's name; for every name, if none is named so."""
    from diagnose.parsers.nginx.server_blocks import servers

    for config in evidence.good(NginxConfig):
        listens = [
            (server, listen.directive)
            for server in servers(config.main)
            for listen in server.listens
            if listen.port == evidence.target.port
            and is_loopback(listen.address)
            and listen.directive is not None
            and listen.directive.end == ";"
        ]
        named = [one for server, one in listens if evidence.target.host in server.names]
        wanted = named or [one for _, one in listens]
        files = dict.fromkeys(one.file for one in wanted)
        return tuple(
            _Place(file, tuple(one for one in wanted if one.file == path))
            for path in files
            if (file := config.file(path))
        )
    return ()


def _fix(evidence: Evidence, places: tuple[_Place, ...], process: str) -> Fix:
    if not places:
        step = "publish" if process == "docker-proxy" else "bind"
        return Fix((Manual(step, Where.SERVER),), Applicability.MANUAL)
    from checks.nginx import Nginx

    nginx = Nginx.of(evidence)
    edits = [_edit(place) for place in places]
    sure = bool(tries(evidence))
    applicability = Applicability.AUTOMATIC if sure else Applicability.REVIEW
    # A reload would not do: the old socket is still open when nginx opens the new one, and
    # Linux lets no two listen on one port of one address.
    return Fix((*edits, nginx.tested(), *nginx.restarted()), applicability)


def _edit(place: _Place) -> Edit:
    from diagnose.parsers.nginx.edits import changed, diff, instead

    text, path = place.file.text, place.file.real or place.file.path
    changes = [instead(one, f"listen {_everywhere(one)};") for one in place.directives]
    return Edit(path, diff(path, text, changed(text, *changes)))


def _everywhere(listen: Directive) -> str:
    """The arguments of `listen`, for every address of the same family."""
    where, *options = listen.args
    host, _, port = where.rpartition(":")
    return " ".join([f"[::]:{port}" if "[" in host else port, *options])


def _location(places: tuple[_Place, ...]) -> Location | None:
    from diagnose.parsers.nginx.config import place

    return place(places[0].file, places[0].directives[0]) if places else None
