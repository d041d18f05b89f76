"""The two sides of a site behind a CDN or a balancer: what its name answers (the edge), and what
the server behind it answers (`--origin-address`)."""

from diagnose.model import Evidence, Observation, Vantage
from diagnose.model.frozen import frozen
from diagnose.model.http import Exchange
from diagnose.model.origin import OriginVisit, origin_visits
from diagnose.model.tcp import Connection
from diagnose.model.tls import Handshake


@frozen
class EdgeAnswer:
    """What a visitor gets at the name's own addresses: a status, or why there is none."""

    observations: tuple[Observation, ...]
    status: int | None = None
    reason: str = ""

    @property
    def is_error(self) -> bool:
        return self.status is None or self.status >= 400


def edge_answer(evidence: Evidence) -> EdgeAnswer | None:
    """Return the worst answer of all addresses; None if nothing was tried."""
    pages = tuple(
        page
        for page in evidence.of(Exchange)
        if page.purpose == "target"
        and page.vantage is Vantage.HERE
        and page.redirected_from is None
    )
    if pages:
        worst = max(pages, key=lambda page: page.status or 999)
        reason = worst.failure.message if worst.failure else ""
        return EdgeAnswer((worst,), worst.status, reason)
    attempts: tuple[Handshake | Connection, ...] = (
        *evidence.of(Handshake),
        *evidence.of(Connection),
    )
    failed = tuple(
        attempt
        for attempt in attempts
        if attempt.failure
        and attempt.port == evidence.target.port
        and attempt.vantage is Vantage.HERE
        and _is_visit(attempt)
    )
    if not failed or failed[0].failure is None:
        return None
    return EdgeAnswer(failed[:2], None, failed[0].failure.message)


def _is_visit(attempt: Handshake | Connection) -> bool:
    if isinstance(attempt, Handshake):
        return attempt.is_browser_like and bool(
            attempt.failure and attempt.failure.kind != "certificate"
        )
    return attempt.is_to_target


def origin_answer(evidence: Evidence) -> tuple[OriginVisit, ...]:
    """Return the visits to the origin if they all ended alike; () if they differ, or were none."""
    visits = origin_visits(evidence)
    return visits if len({visit.status for visit in visits}) == 1 else ()
