"""The site uses HSTS (RFC 6797 section 8.4: no way for the user to proceed), so a browser that
visited it before lets nobody click past a certificate error. The certificate is the cause."""

from collections.abc import Iterator

from checks.http import addresses, endpoint_subjects, exchanges_by_purpose
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
from diagnose.parsers.http import strict_transport


@check(severity=Severity.ERROR, needs=[Exchange])
def hsts_traps_visitors(evidence: Evidence) -> Iterator[Claim]:
    exchanges = [
        exchange
        for exchange in exchanges_by_purpose(evidence, "target")
        if not exchange.verified and strict_transport(exchange.headers)
    ]
    if not exchanges:
        return
    subjects = endpoint_subjects(exchanges)
    yield Claim(
        about=merge_subjects(subjects),
        covers=subjects,
        because=tuple(exchanges),
        facts={
            "name": evidence.target.host,
            "addresses": addresses(exchanges),
            "header": exchanges[0].header("Strict-Transport-Security"),
            "days": int(strict_transport(exchanges[0].headers)["max-age"][:18]) // 86400,
        },
        fix=Fix((Manual("certificate", Where.SERVER),), Applicability.MANUAL),
    )
