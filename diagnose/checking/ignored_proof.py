"""Which missing proof the user accepts, because what is in the way is ignored. No I/O.

Somebody who ignores that a port is refused has a target without a connection, and without all that
would come after it. That is accepted where the ignored finding rests on the failed attempts, and
nowhere else: what fails for another reason is still missing.
"""

from collections.abc import Iterable, Sequence

from diagnose.checking.target_proof import MissingProof
from diagnose.model import Finding, Observation, Severity, Subject

#: The steps whose places are endpoints, as `Subject` writes them.
_ENDPOINT_STEPS = {"connection", "handshake", "verification", "answer"}


def without_ignored(
    missing: Iterable[MissingProof], findings: Sequence[Finding]
) -> list[MissingProof]:
    """Return the missing proof that no ignored finding accounts for. `missing` is in the order of
    the layers."""
    ignored = [
        finding
        for finding in findings
        if finding.suppressed_by and finding.severity is not Severity.NOTE
    ]
    blocked: set[str] = set()
    remaining = []
    for item in missing:
        accepted = {place for place in item.places if _is_accepted(item, place, ignored, blocked)}
        blocked |= accepted
        places = tuple(place for place in item.places if place not in accepted)
        if places or not item.places:
            remaining.append(MissingProof(item.step, item.layer, places, item.attempts))
    return remaining


def _is_accepted(
    item: MissingProof, place: str, ignored: Sequence[Finding], blocked: set[str]
) -> bool:
    """Return whether an ignored finding accounts for it, or an earlier step at the same place did
    and nothing was tried since."""
    attempts = [attempt for attempt in item.attempts if _is_at(attempt, item, place)]
    if place in blocked and not attempts:
        return True
    return any(_accounts_for(finding, item, place, attempts) for finding in ignored)


def _accounts_for(
    finding: Finding, item: MissingProof, place: str, attempts: Sequence[Observation]
) -> bool:
    """Return whether the finding rests on an attempt, or is an error of this layer at this
    place."""
    because = finding.claim.because
    if any(observation is attempt for observation in because for attempt in attempts):
        return True
    is_error_of_layer = (finding.check.layer, finding.severity) == (item.layer, Severity.ERROR)
    is_here = item.step == "addresses" or any(
        _is_at(observation, item, place) for observation in because
    )
    return is_error_of_layer and is_here


def _is_at(observation: Observation, item: MissingProof, place: str) -> bool:
    """Return whether something was observed at a place of a missing step: an endpoint, a path with
    or without an IP version, or any other name."""
    if item.step in _ENDPOINT_STEPS:
        address, port = (getattr(observation, name, None) for name in ("address", "port"))
        return str(Subject(address=address, port=port)) == place
    if item.step == "websocket":
        return getattr(observation, "path", "") == place.partition(" (")[0]
    return True
