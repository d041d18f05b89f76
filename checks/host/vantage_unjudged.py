"""A place that was asked for (`--vantage`) could not be used, or could not visit the target: the
run does not say how the site looks from there, and is not "ok"."""

from collections.abc import Iterator

from diagnose.checking.registry import check
from diagnose.model import Claim, Evidence, Severity, Subject
from diagnose.model.vantages import (
    GLOBALPING,
    VantagePoint,
    VantageResolution,
    VantageVisit,
    place_text,
    visit_place,
)


@check(severity=Severity.NOTE, needs=[VantagePoint])
def vantage_unjudged(evidence: Evidence) -> Iterator[Claim]:
    visited = {visit_place(visit) for visit in evidence.of(VantageVisit)} | {
        visit_place(lookup) for lookup in evidence.of(VantageResolution) if lookup.failure
    }
    for point in evidence.of(VantagePoint):
        place = visit_place(point)
        if point.failure is None and place in visited:
            continue
        yield Claim(
            about=Subject(text=place_text(point.place, point.location)),
            because=(point,),
            facts={
                "place": place,
                "reason": point.failure.message if point.failure else "",
                "public": point.place == GLOBALPING,
                "missing": point.failure is not None and point.failure.kind == "missing",
            },
        )
