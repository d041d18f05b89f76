"""Socket.IO: a session that one worker opened is unknown to the next (Engine.IO error 1). Clients
begin by polling and upgrade then, so that both requests must come to the same worker."""

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
from diagnose.wire.http import unknown_session


@check(severity=Severity.WARNING, needs=[Upgrade])
def not_sticky(evidence: Evidence) -> Iterator[Claim]:
    front = [one for one in evidence.of(Upgrade) if one.through == "front"]
    for path in dict.fromkeys(one.path for one in front):
        lost = [one for one in front if one.path == path and unknown_session(one)]
        if not lost:
            continue
        opened = [one for one in lost if one.variant == "session"]
        subjects = tuple(
            dict.fromkeys(Subject(address=one.address, port=one.port, path=path) for one in lost)
        )
        yield Claim(
            about=together(subjects),
            covers=subjects,
            because=tuple(lost),
            # A session that this run opened itself was lost; one in the path may be an old one.
            confidence=Confidence.LIKELY if opened else Confidence.POSSIBLE,
            facts={
                "url": lost[0].url.partition("?")[0],
                "path": path,
                "lost": len(opened),
                "tried": sum(one.variant == "session" for one in front if one.path == path),
            },
            fix=Fix((Manual("sticky", Where.SERVER),), Applicability.MANUAL),
        )
