"""Visits that got the error of a machine in front which cannot connect to this server."""

from checks.http import _fronts
from diagnose.model import Evidence, Vantage
from diagnose.model.http import Exchange

#: How a machine in front answers that cannot connect. Cloudflare's 525 and 526 say that it could.
_UNCONNECTED = frozenset({502, 503, 504, 521, 522, 523})


def unconnected_exchanges(evidence: Evidence) -> list[Exchange]:
    """Return this machine's visits of the page, if each of them got the error of a gateway that
    cannot connect."""
    visits = [
        exchange
        for exchange in evidence.good(Exchange)
        if exchange.purpose == "target" and exchange.vantage is Vantage.HERE
    ]
    return visits if all(visit.status in _UNCONNECTED for visit in visits) else []


def is_well_here(evidence: Evidence) -> bool:
    """Return whether the web server here, asked directly, answers the page without an error of the
    server: what it answers badly, it answers badly to the machine in front too."""
    page = _fronts.local_answer(evidence, "page")
    return page is not None and (page.status or 500) < 500
