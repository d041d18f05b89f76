"""HSTS (RFC 6797 section 8.4: no way for the user to proceed): a browser that has been there
before lets nobody click past a certificate error. The certificate is the cause."""

from collections.abc import Iterator

from checks.http import addresses, pages, places
from diagnose.checking.registry import check
from diagnose.model import Applicability, Claim, Evidence, Fix, Manual, Severity, Where, together
from diagnose.model.http import Exchange
from diagnose.parsers.http import strict_transport


@check(severity=Severity.ERROR, needs=[Exchange])
def hsts_traps_visitors(evidence: Evidence) -> Iterator[Claim]:
    seen = [
        one
        for one in pages(evidence, "target")
        if not one.verified and strict_transport(one.headers)
    ]
    if not seen:
        return
    subjects = places(seen)
    yield Claim(
        about=together(subjects),
        covers=subjects,
        because=tuple(seen),
        facts={
            "name": evidence.target.host,
            "addresses": addresses(seen),
            "header": seen[0].header("Strict-Transport-Security"),
            "days": int(strict_transport(seen[0].headers)["max-age"][:18]) // 86400,
        },
        fix=Fix((Manual("certificate", Where.SERVER),), Applicability.MANUAL),
    )
