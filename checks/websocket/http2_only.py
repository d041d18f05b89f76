"""The user asked for a WebSocket, and the server speaks only HTTP/2: it responds to an offer of
HTTP/1.1 with alert 120 (RFC 7301 section 3.2), or with HTTP/2 frames.

Browsers open a WebSocket over HTTP/1.1, unless they already have an HTTP/2 connection to a server
that announces support for it (RFC 8441).
"""

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
    merge_subjects,
)
from diagnose.model.http import Exchange, Upgrade
from diagnose.model.tls import Handshake


@check(severity=Severity.ERROR, needs=[Handshake])
def http2_only(evidence: Evidence) -> Iterator[Claim]:
    pages = [
        exchange
        for exchange in evidence.of(Exchange)
        if exchange.version == "HTTP/2" and exchange.verified
    ]
    visits = [
        handshake
        for handshake in evidence.of(Handshake)
        if handshake.is_browser_like and handshake.alpn == "h2"
    ]
    http2_addresses = {exchange.address for exchange in pages} | {visit.address for visit in visits}
    refused_handshakes = [
        handshake
        for handshake in evidence.of(Handshake)
        if handshake.variant == "http/1.1"
        and handshake.failure
        and handshake.address in http2_addresses
    ]
    framed_upgrades = [
        upgrade
        for upgrade in evidence.of(Upgrade)
        if upgrade.variant == "normal" and upgrade.failure and upgrade.failure.name == "HTTP2"
    ]
    addresses = tuple(
        dict.fromkeys(
            [
                *(handshake.address for handshake in refused_handshakes),
                *(upgrade.address for upgrade in framed_upgrades),
            ]
        )
    )
    if not addresses:
        return
    takes_websocket = any(exchange.extended_connect for exchange in pages)
    for path in evidence.target.websockets:
        port = evidence.target.port
        subjects = tuple(Subject(address=address, port=port, path=path) for address in addresses)
        yield Claim(
            about=merge_subjects(subjects),
            covers=subjects,
            because=(*refused_handshakes, *framed_upgrades, *visits, *pages),
            severity=Severity.NOTE if takes_websocket else None,
            facts={
                "name": evidence.target.host,
                "path": path,
                "addresses": addresses,
                "port": port,
                "takes": takes_websocket,
                "alert": bool(refused_handshakes),
            },
            fix=Fix((Manual("offer", Where.SERVER),), Applicability.MANUAL),
        )
