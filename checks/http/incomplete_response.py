"""Nothing marks the end of the response: it has neither Content-Length nor chunks, and the server
closed the connection without TLS's close_notify alert (RFC 9112 section 9.8).

Browsers show what arrived. curl and other programs report an error, because an attacker or a crash
may have cut the response off.
"""

from collections.abc import Iterator

from checks.http import addresses, endpoint_subjects
from diagnose.checking.registry import check
from diagnose.model import (
    Applicability,
    Claim,
    Evidence,
    Fix,
    Manual,
    Severity,
    Where,
    merge_subjects,
)
from diagnose.model.http import Exchange


@check(severity=Severity.WARNING, needs=[Exchange])
def incomplete_response(evidence: Evidence) -> Iterator[Claim]:
    if evidence.target.is_websocket:
        # An application may respond anything to a request without Upgrade at a WebSocket path.
        return
    exchanges = tuple(
        exchange
        for exchange in evidence.good(Exchange)
        if exchange.purpose == "target" and exchange.incomplete
    )
    if not exchanges:
        return
    subjects = endpoint_subjects(exchanges)
    yield Claim(
        about=merge_subjects(subjects),
        covers=subjects,
        because=exchanges,
        facts={
            "url": exchanges[0].url,
            "addresses": addresses(exchanges),
            "status": exchanges[0].status,
            "server": exchanges[0].header("Server") or "",
            "http_1_0": exchanges[0].version == "HTTP/1.0",
        },
        fix=Fix((Manual("mark-the-end", Where.SERVER),), Applicability.MANUAL),
    )
