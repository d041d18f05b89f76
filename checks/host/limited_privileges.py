"""Some evidence needs root and was not collected. The note says so, so that nobody takes it as
healthy."""

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
    Unseen,
    Where,
)


@check(severity=Severity.NOTE, needs=[Unseen])
def limited_privileges(evidence: Evidence) -> Iterator[Claim]:
    not_observed = [
        observation for observation in evidence.of(Unseen) if observation.why == "needs root"
    ]
    if not not_observed:
        return
    labels = {
        observation.what: f"{observation.what} (`{observation.enable}`)"
        if observation.enable
        else observation.what
        for observation in not_observed
    }
    yield Claim(
        about=Subject(text=", ".join(labels)),
        because=tuple(not_observed),
        facts={
            "count": len(labels),
            "unseen": tuple(labels.values()),
            "url": evidence.target.url,
        },
        fix=Fix((Manual("as-root", Where.SERVER),), Applicability.MANUAL),
    )
