"""ssl is a property of the socket, and no `listen` on this one has it: nginx speaks plain HTTP on
the port of HTTPS. (A block without the word is healthy where another block on the socket has it.)
"""

from collections.abc import Iterator

from checks.nginx import Answering, Nginx, where
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
    Step,
    Subject,
    Where,
)
from diagnose.model.nginx import Directive, NginxConfig
from diagnose.model.tls import Handshake
from diagnose.parsers.nginx.edits import Change
from diagnose.parsers.nginx.server_blocks import Place


@check(
    severity=Severity.ERROR,
    needs=[NginxConfig],
    explains=["tls.plain-http", "tls.not-tls", "http.plain-to-tls-port"],
)
def listen_without_ssl(evidence: Evidence) -> Iterator[Claim]:
    nginx, port = Nginx.of(evidence), evidence.target.port
    if evidence.target.scheme not in {"https", "wss"}:
        return
    plain = [one for one in nginx.answering() if not one.socket.ssl]
    listens = [listen for one in plain if (listen := _listen(one))]
    seen = [one for one in evidence.of(Handshake) if one.port == port]
    spoken = any(one.protocol or one.chain for one in seen)
    if not listens or spoken:
        # TLS was spoken there: something in front of nginx does it, or nginx has not reloaded.
        return
    yield Claim(
        about=Subject(port=port, text=where(listens[0])),
        because=(*([nginx.config] if nginx.config else []), *seen),
        facts={
            "place": where(listens[0]),
            "port": port,
            "listens": tuple(f"listen {' '.join(one.args)};" for one in listens),
        },
        confidence=Confidence.CERTAIN if seen else Confidence.LIKELY,
        location=nginx.location(listens[0]),
        fix=_fix(nginx, plain, listens),
    )


def _listen(one: Answering) -> Directive | None:
    return next(
        (
            listen.directive
            for listen in one.server.listens
            if listen.port == one.socket.port and listen.address == one.socket.address
        ),
        None,
    )


def _fix(nginx: Nginx, plain: list[Answering], listens: list[Directive]) -> Fix:
    edits = _edits(nginx, listens)
    needed = [one.server for one in plain] + [one.socket.default for one in plain]
    if all(Place((one.http, one.block)).one("ssl_certificate") for one in needed):
        return Fix((*edits, *nginx.taken()))
    steps: tuple[Step, ...] = (*edits, Manual("name-the-certificate", Where.SERVER), *nginx.taken())
    return Fix(steps, Applicability.MANUAL)


def _edits(nginx: Nginx, listens: list[Directive]) -> tuple[Edit, ...]:
    """`ssl` behind the last word of each."""
    changes: dict[str, list[Change]] = {}
    for one in dict.fromkeys(listens):
        end = one.stop - (one.end == ";")
        changes.setdefault(one.file, []).append(Change(end, end, " ssl"))
    made = (nginx.edit(path, *several) for path, several in changes.items())
    return tuple(edit for edit in made if edit)
