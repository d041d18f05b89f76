"""The name resolves on this machine, and the resolver of another place (`--vantage`) knows no
address: the name is published only for some, or not at all."""

from collections.abc import Iterator

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
from diagnose.model.dns import Resolution, published_addresses
from diagnose.model.vantages import VantageResolution, visit_place


@check(severity=Severity.ERROR, needs=[Resolution, VantageResolution])
def unknown_outside(evidence: Evidence) -> Iterator[Claim]:
    resolved = tuple(
        resolution
        for resolution in evidence.good(Resolution)
        if resolution.via in {"system", "dns"} and resolution.addresses
    )
    lookups = evidence.of(VantageResolution)
    unknown = tuple(
        lookup for lookup in lookups if lookup.failure and lookup.failure.kind == "resolution"
    )
    answered_lookups = tuple(
        lookup for lookup in lookups if lookup.failure is None and lookup.addresses
    )
    if not resolved or not unknown:
        return
    published = tuple(
        address for family in (4, 6) for address in published_addresses(evidence, family) or ()
    )
    yield Claim(
        about=Subject(name=evidence.target.host),
        because=(*unknown, *resolved, *answered_lookups),
        severity=Severity.WARNING if published or answered_lookups else Severity.ERROR,
        confidence=Confidence.CERTAIN if len(unknown) > 1 else Confidence.LIKELY,
        facts={
            "name": evidence.target.host,
            "places": tuple(map(visit_place, unknown)),
            "others": tuple(map(visit_place, answered_lookups)),
            "addresses": tuple(address for item in resolved for address in item.addresses),
            "published": bool(published),
        },
        fix=Fix((Manual("publish", Where.DNS_PROVIDER),), Applicability.MANUAL),
    )
