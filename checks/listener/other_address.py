"""The bare name of a site stands for https on port 443, and the server has nothing for that: no
listener, no certificate, no redirect to https. The run judges the address at which the server has
the site. That may be meant."""

from collections.abc import Iterator

from checks.listener import listeners_on
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
from diagnose.model.server import Listeners, UnservedAddress

#: The port of https.
_HTTPS = 443


@check(severity=Severity.NOTE, needs=[UnservedAddress, Listeners])
def other_address(evidence: Evidence) -> Iterator[Claim]:
    (unserved, *_) = evidence.of(UnservedAddress)
    if listeners_on(evidence, _HTTPS) or not evidence.good(Listeners):
        return
    target = evidence.target
    yield Claim(
        about=Subject(port=_HTTPS),
        because=(unserved, *evidence.good(Listeners)),
        facts={
            "name": target.host,
            "there": target.url,
            "asked": unserved.url,
            "port": _HTTPS,
            "tls": target.uses_tls,
            "unnamed": not unserved.is_named,
        },
        confidence=Confidence.CERTAIN if unserved.is_named else Confidence.LIKELY,
        fix=Fix((Manual("https", Where.SERVER),), Applicability.MANUAL),
    )
