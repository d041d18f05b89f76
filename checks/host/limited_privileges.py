"""What root alone may see was not looked at. That is said, so that nobody takes it for fine."""

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
    seen = [one for one in evidence.of(Unseen) if one.why == "needs root"]
    if not seen:
        return
    listed = {one.what: f"{one.what} (`{one.enable}`)" if one.enable else one.what for one in seen}
    yield Claim(
        about=Subject(text=", ".join(listed)),
        because=tuple(seen),
        facts={
            "count": len(listed),
            "unseen": tuple(listed.values()),
            "url": evidence.target.url,
        },
        fix=Fix((Manual("as-root", Where.SERVER),), Applicability.MANUAL),
    )
