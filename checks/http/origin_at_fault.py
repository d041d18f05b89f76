"""The name answers with an error of a gateway, and the server behind it (`--origin-address`) fails
as well: it is at fault, and not what is in front. Where the name answers well it is a note: many
servers let only their CDN in."""

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


@check(
    severity=Severity.ERROR,
    needs=[OriginVisit],
    explains=["http.cdn-error", "server.application-answers", "http.server-error"],
)
def origin_at_fault(evidence: Evidence) -> Iterator[Claim]:
    edge, visits = edge_answer(evidence), origin_answer(evidence)
    if edge is None or not visits:
        return
    status = visits[-1].status
    if status is not None and status < 500:
        return
    if edge.status is None or 400 <= edge.status < 500:
        return
    yield _claim(evidence, edge, visits)


def _claim(evidence: Evidence, edge: EdgeAnswer, visits: tuple[OriginVisit, ...]) -> Claim:
    visit = visits[-1]
    # The same answer on both sides is passed on: what it means has a check of its own.
    is_note = not edge.is_error or visit.status == edge.status
    return Claim(
        about=Subject(name=evidence.target.host),
        covers=(Subject(),),
        because=(*visits, *edge.observations),
        severity=Severity.NOTE if is_note else Severity.ERROR,
        confidence=Confidence.LIKELY,
        facts={
            "name": evidence.target.host,
            "origin": visit.address,
            "port": visit.port,
            "status": edge.status or "",
            "own_status": visit.status or "",
            "reason": visit.failure.message if visit.failure else "",
            "works": not edge.is_error,
            "same": visit.status == edge.status,
            "connected": visit.connected,
        },
        fix=None
        if not edge.is_error
        else Fix((Manual("look-inside", Where.SERVER),), Applicability.MANUAL),
    )
