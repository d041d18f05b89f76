"""An open WebSocket on which nobody speaks is cut, without a close frame (code 1006): what a proxy
does when its read timeout is over (nginx: proxy_read_timeout, 60 s unless set)."""

from collections.abc import Iterator

from diagnose.catalogue import check
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
    together,
)
from diagnose.model.http import Upgrade


@check(severity=Severity.WARNING, needs=[Upgrade])
def idle_timeout(evidence: Evidence) -> Iterator[Claim]:
    paths: dict[str, list[Upgrade]] = {}
    for one in evidence.of(Upgrade):
        if one.through == "front" and one.accepted and one.idle_s is not None:
            paths.setdefault(one.path, []).append(one)
    for path, cut in paths.items():
        subjects = tuple(Subject(address=one.address, port=one.port, path=path) for one in cut)
        yield Claim(
            about=together(subjects),
            covers=subjects,
            because=tuple(cut),
            confidence=Confidence.LIKELY,
            facts={
                "url": cut[0].url,
                "path": path,
                "seconds": min(one.idle_s for one in cut if one.idle_s is not None),
            },
            fix=Fix((Manual("longer", Where.SERVER),), Applicability.MANUAL),
        )
