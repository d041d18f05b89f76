"""The name leads another place (`--vantage`) to an address that this machine does not know, and
there it gets no answer, while the site works at the address that is known here."""

from collections.abc import Iterator

from checks.tcp._vantages import remote_visits
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
    Vantage,
    Where,
    endpoints,
)
from diagnose.model.dns import Resolution, resolved_addresses
from diagnose.model.http import Exchange
from diagnose.model.vantages import VantageVisit


@check(severity=Severity.WARNING, needs=[Resolution, Exchange, VantageVisit])
def other_address_outside(evidence: Evidence) -> Iterator[Claim]:
    resolved = resolved_addresses(evidence)
    answers = tuple(
        page
        for page in evidence.of(Exchange)
        if page.purpose == "target" and page.status and page.vantage is Vantage.HERE
    )
    dead = tuple(
        group
        for group in remote_visits(evidence)
        if group.address not in resolved
        and group.best.status is None
        and group.best.failure
        and not group.best.is_unroutable
    )
    if not resolved or not answers or not dead:
        return
    addresses = tuple(dict.fromkeys(group.address for group in dead))
    yield Claim(
        about=Subject(name=evidence.target.host),
        covers=endpoints(addresses, evidence.target.port),
        because=(*(visit for group in dead for visit in group.visits), *answers[:1]),
        confidence=Confidence.LIKELY,
        facts={
            "name": evidence.target.host,
            "places": tuple(dict.fromkeys(group.place for group in dead)),
            "addresses": addresses,
            "known": resolved,
            "reason": next(group.best.failure.message for group in dead if group.best.failure),
        },
        fix=Fix((Manual("records", Where.DNS_PROVIDER),), Applicability.MANUAL),
    )
