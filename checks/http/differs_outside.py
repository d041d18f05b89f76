"""Another place (`--vantage`) gets an error, or no answer, for the page that this machine gets. It
asked twice, or another place got the same. A status below 500 that both get is no fault."""

from collections.abc import Iterator

from checks.tcp._vantages import RemoteVisits, is_server_here, remote_visits
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
from diagnose.model.http import Exchange
from diagnose.model.vantages import VantageVisit


@check(severity=Severity.ERROR, needs=[Exchange, VantageVisit])
def differs_outside(evidence: Evidence) -> Iterator[Claim]:
    groups = remote_visits(evidence)
    if evidence.target.is_websocket:
        return
    for group in (group for group in groups if not group.best.anonymous):
        own = _own_page(evidence, group.address)
        if (
            own is not None
            and own.status
            and own.status < 400
            and _is_error(evidence, groups, group)
        ):
            yield _claim(evidence, groups, group, own)


def _is_error(evidence: Evidence, groups: tuple[RemoteVisits, ...], group: RemoteVisits) -> bool:
    """Return whether the place was answered with the same error, or with nothing, each time: twice,
    or like another place."""
    status = group.best.status
    equal_groups = tuple(
        visit
        for other_group in groups
        for visit in other_group.visits
        if other_group.address == group.address and visit.status == status
    )
    reached = all(
        visit.connected and (visit.secured is not False or not evidence.target.uses_tls)
        for visit in group.visits
    )
    is_steady = all(visit.status == status for visit in group.visits) and len(equal_groups) > 1
    return reached and is_steady and (status or 599) >= 400


def _claim(
    evidence: Evidence, groups: tuple[RemoteVisits, ...], group: RemoteVisits, own: Exchange
) -> Claim:
    (subject,) = endpoints([group.address], evidence.target.port)
    status, failure = group.best.status, group.best.failure
    working = tuple(
        other_group
        for other_group in groups
        if other_group.address == group.address
        and other_group.best.status
        and other_group.best.status < 400
    )
    is_total = is_server_here(evidence) and not working and (status is None or status >= 500)
    return Claim(
        about=subject,
        covers=(subject, Subject(address=group.address)),
        because=(*group.visits, own, *(other_group.best for other_group in working)),
        severity=Severity.ERROR if is_total else Severity.WARNING,
        confidence=Confidence.LIKELY,
        facts={
            "place": group.place,
            "address": group.address,
            "own_address": own.address if own.address != group.address else "",
            "status": status or "",
            "reason": failure.message if failure and status is None else "",
            "own_status": own.status or "",
            "others": tuple(other_group.place for other_group in working),
            "limit": status == 429,
            "refused": status is not None and status < 500,
        },
        fix=Fix((Manual("rules", Where.SERVER),), Applicability.MANUAL),
    )


def _own_page(evidence: Evidence, address: str) -> Exchange | None:
    """Return the page from the same address; if this machine was led to other addresses, as by a
    CDN, the worst of its pages."""
    pages = [
        page
        for page in evidence.of(Exchange)
        if page.purpose == "target"
        and page.redirected_from is None
        and page.vantage is Vantage.HERE
        and page.method == "GET"
    ]
    pages_at_address = [page for page in pages if page.address == address]
    return next(
        iter(pages_at_address), max(pages, key=lambda page: page.status or 999, default=None)
    )
