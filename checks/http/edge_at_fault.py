"""The name answers with an error, and the server behind it (`--origin-address`) answers the same
request well: the CDN or the balancer in front is at fault, or what lies between the two."""

from collections.abc import Iterator

from checks.http._origin import EdgeAnswer, edge_answer, origin_answer
from diagnose.checking.registry import check
from diagnose.model import (
    Applicability,
    Claim,
    Confidence,
    Evidence,
    Fix,
    Manual,
    Severity,
    Subject,
    Where,
)
from diagnose.model.origin import OriginVisit
from diagnose.parsers.hostnames import covers


@check(
    severity=Severity.ERROR,
    needs=[OriginVisit],
    explains=[
        "http.cdn-error",
        "http.error-in-front",
        "server.application-answers",
        "http.server-error",
        "tcp.timeout",
        "tcp.refused",
        "tcp.rejected-by-host",
        "tcp.rejected-by-router",
        "tcp.host-down",
        "tls.reset",
        "tls.closed",
        "tls.stalled",
        "dns.dead-address",
        "dns.dead-ipv6",
    ],
)
def edge_at_fault(evidence: Evidence) -> Iterator[Claim]:
    edge, visits = edge_answer(evidence), origin_answer(evidence)
    if edge is None or not edge.is_error or not visits:
        return
    status = visits[-1].status
    # Where this machine sends more than a visitor without a login, a refusal says nothing.
    is_refusal = edge.status is not None and edge.status < 500
    if status is None or status >= 400 or (is_refusal and visits[-1].anonymous):
        return
    yield _claim(evidence, edge, visits[-1])


def _claim(evidence: Evidence, edge: EdgeAnswer, visit: OriginVisit) -> Claim:
    leaf = visit.chain[0] if visit.chain else None
    host = evidence.target.host
    is_refusal = edge.status is not None and edge.status < 500
    return Claim(
        about=Subject(name=host),
        covers=(Subject(),),
        because=(*edge.observations, visit),
        severity=Severity.WARNING if is_refusal else Severity.ERROR,
        confidence=Confidence.LIKELY if is_refusal else Confidence.CERTAIN,
        facts={
            "name": host,
            "origin": visit.address,
            "status": edge.status or "",
            "reason": "" if edge.status else edge.reason,
            "own_status": visit.status or "",
            "refused": is_refusal,
            "expired": leaf is not None and leaf.is_expired(evidence.started_at),
            "other_name": leaf is not None and not covers(host, leaf.dns_names, leaf.addresses),
        },
        fix=Fix(
            (Manual("edge", Where.CLOUD_CONSOLE), Manual("let-in", Where.SERVER)),
            Applicability.MANUAL,
        ),
    )
