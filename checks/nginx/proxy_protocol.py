"""`listen … proxy_protocol`: nginx waits for the header of the PROXY protocol, which a load
balancer sends before what the visitor says. Without one it closes the connection (error.log:
"broken header … while reading PROXY protocol"). It is no fault where a load balancer stands in
front; so it is one only where a visitor's connection was cut."""

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
    Observation,
    Severity,
    Subject,
)
from diagnose.model.http import Exchange
from diagnose.model.nginx import Directive, NginxConfig
from diagnose.model.tls import Handshake
from diagnose.parsers.nginx import edits

_CUT = {"reset", "closed"}


@check(
    severity=Severity.ERROR,
    needs=[NginxConfig],
    explains=["tls.reset", "tls.closed", "tls.handshake-failed", "http.server-error"],
)
def proxy_protocol(evidence: Evidence) -> Iterator[Claim]:
    nginx = Nginx.of(evidence)
    answering = nginx.answering()
    given = [directive for one in answering for directive in _expecting(one)]
    seen = _cut(evidence)
    if not given or not seen or len(answering) > len([a for a in answering if _expecting(a)]):
        return
    port, shown = evidence.target.port, given[0]
    yield Claim(
        about=Subject(port=port, text=where(shown)),
        covers=(Subject(port=port),),
        because=(*([nginx.config] if nginx.config else []), *seen),
        facts={
            "place": where(shown),
            "places": tuple(dict.fromkeys(map(where, given))),
            "listen": " ".join(("listen", *shown.args)),
            "port": port,
        },
        confidence=Confidence.LIKELY,
        location=nginx.location(shown),
        fix=Fix((*_edits(nginx, given), *nginx.taken()), Applicability.REVIEW),
    )


def _expecting(one: Answering) -> list[Directive]:
    """It is a property of the socket: one `listen` that has it is enough."""
    return [
        listen.directive
        for server in one.socket.servers
        for listen in server.listens
        if (listen.address, listen.port) == (one.socket.address, one.socket.port)
        and listen.directive
        and "proxy_protocol" in listen.directive.args[1:]
    ]


def _cut(evidence: Evidence) -> tuple[Observation, ...]:
    """The connections that were cut, unless one went well: then something sends the header."""
    port = evidence.target.port
    visits = [one for one in evidence.of(Handshake) if one.port == port and one.as_a_visitor]
    pages = [o for o in evidence.of(Exchange) if o.port == port and o.purpose == "target"]
    if any(one.protocol and not one.failure for one in visits) or any(o.status for o in pages):
        return ()
    return tuple(o for o in (*visits, *pages) if o.failure and o.failure.kind in _CUT)


def _edits(nginx: Nginx, given: list[Directive]) -> Iterator[Edit]:
    changes: dict[str, dict[int, edits.Change]] = {}
    for one in given:
        words = " ".join(("listen", *(word for word in one.args if word != "proxy_protocol")))
        changes.setdefault(one.file, {})[one.start] = edits.instead(one, f"{words};")
    for path, several in changes.items():
        if edit := nginx.edit(path, *several.values()):
            yield edit
