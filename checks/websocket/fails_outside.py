"""The WebSocket opens from here, and another place (`--vantage`) that gets the page is answered its
handshake with something else than 101 (RFC 6455 section 4.1): something on its way does not pass
the upgrade on."""

from collections.abc import Iterator

from checks.tcp._vantages import is_server_here, remote_visits
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
)
from diagnose.model.http import Upgrade
from diagnose.model.vantages import VantageVisit, visit_place

#: The status of an accepted handshake.
_SWITCHING = 101


@check(severity=Severity.WARNING, needs=[Upgrade, VantageVisit])
def fails_outside(evidence: Evidence) -> Iterator[Claim]:
    groups = remote_visits(evidence)
    for visit in evidence.of(VantageVisit):
        own = _own_upgrade(evidence, visit)
        if visit.purpose != "websocket" or visit.status == _SWITCHING or own is None:
            continue
        pages = tuple(
            group.best
            for group in groups
            if group.place == visit_place(visit)
            and group.address == visit.address
            and group.best.status is not None
        )
        if not pages:
            continue
        yield Claim(
            about=Subject(address=visit.address, port=visit.port, path=visit.path),
            because=(visit, own, *pages),
            severity=Severity.ERROR if is_server_here(evidence) else Severity.WARNING,
            confidence=Confidence.LIKELY,
            facts={
                "place": visit_place(visit),
                "path": visit.path,
                "address": visit.address,
                "status": visit.status or "",
                "reason": visit.failure.message if visit.failure else "",
            },
            fix=Fix((Manual("on-the-way", Where.CLIENT),), Applicability.MANUAL),
        )


def _own_upgrade(evidence: Evidence, visit: VantageVisit) -> Upgrade | None:
    """Return an opening of the same path from here, without anything that only the user sends."""
    return next(
        (
            upgrade
            for upgrade in evidence.good(Upgrade)
            if upgrade.path == visit.path
            and upgrade.variant == "normal"
            and upgrade.through == "front"
            and upgrade.accepted
            and not upgrade.offered
            and not upgrade.authenticated
            and upgrade.vantage is Vantage.HERE
        ),
        None,
    )
