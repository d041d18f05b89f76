"""A WebSocket is asked for, and the server speaks nothing but HTTP/2: it answers an offer of
HTTP/1.1 with alert 120 (RFC 7301 section 3.2), or with frames of HTTP/2. Browsers open a WebSocket
over HTTP/1.1, but for a server to which they are connected and that says over HTTP/2 that it
takes one there (RFC 8441)."""

from collections.abc import Iterator

from diagnose.checking.registry import check
from diagnose.model import (
    Applicability,
    Claim,
    Evidence,
    Fix,
    Manual,
    Severity,
    Subject,
    Where,
    together,
)
from diagnose.model.http import Exchange, Upgrade
from diagnose.model.tls import Handshake


@check(severity=Severity.ERROR, needs=[Handshake])
def http2_only(evidence: Evidence) -> Iterator[Claim]:
    pages = [one for one in evidence.of(Exchange) if one.version == "HTTP/2" and one.verified]
    visits = [one for one in evidence.of(Handshake) if one.as_a_visitor and one.alpn == "h2"]
    spoken = {one.address for one in pages} | {one.address for one in visits}
    refused = [
        one
        for one in evidence.of(Handshake)
        if one.variant == "http/1.1" and one.failure and one.address in spoken
    ]
    framed = [
        one
        for one in evidence.of(Upgrade)
        if one.variant == "normal" and one.failure and one.failure.name == "HTTP2"
    ]
    addresses = tuple(
        dict.fromkeys([*(one.address for one in refused), *(one.address for one in framed)])
    )
    if not addresses:
        return
    takes = any(one.extended_connect for one in pages)
    for path in evidence.target.websockets:
        port = evidence.target.port
        subjects = tuple(Subject(address=one, port=port, path=path) for one in addresses)
        yield Claim(
            about=together(subjects),
            covers=subjects,
            because=(*refused, *framed, *visits, *pages),
            severity=Severity.NOTE if takes else None,
            facts={
                "name": evidence.target.host,
                "path": path,
                "addresses": addresses,
                "port": port,
                "takes": takes,
                "alert": bool(refused),
            },
            fix=Fix((Manual("offer", Where.SERVER),), Applicability.MANUAL),
        )
