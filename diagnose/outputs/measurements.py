"""The numbers of a run that monitoring keeps: durations of the target's own requests, the status
of its response, and when its certificates expire."""

from collections.abc import Iterable, Mapping
from datetime import datetime

from diagnose.model import Evidence, Observation
from diagnose.model.dns import Resolution
from diagnose.model.http import Exchange
from diagnose.model.tcp import Connection
from diagnose.model.tls import Handshake, served_certificates

_SECONDS_PER_DAY = 86400


def phase_durations(evidence: Evidence) -> Mapping[str, float]:
    """Return the seconds of each phase that succeeded, by the names of blackbox_exporter's phases:
    "resolve", "connect", "tls", "processing" (from the request to the response's header). Of
    several addresses the slowest counts."""
    phases: dict[str, Iterable[Observation]] = {
        "resolve": evidence.of(Resolution),
        "connect": (
            connection for connection in evidence.of(Connection) if connection.purpose == "target"
        ),
        "tls": (handshake for handshake in evidence.of(Handshake) if handshake.is_browser_like),
        "processing": _pages(evidence),
    }
    durations = {
        phase: [observation.took for observation in observations if observation.failure is None]
        for phase, observations in phases.items()
    }
    return {phase: max(values) for phase, values in durations.items() if values}


def page_status(evidence: Evidence) -> int | None:
    """Return the status code of the target's page; None if there was no response."""
    return next((page.status for page in _pages(evidence) if page.status is not None), None)


def earliest_expiry(evidence: Evidence) -> datetime | None:
    """Return when the first of the certificates that the server sends expires, verified or not."""
    expiries = [
        certificate.not_after
        for served in served_certificates(evidence)
        for certificate in served.chain
        if certificate.not_after is not None
    ]
    return min(expiries, default=None)


def certificate_days(evidence: Evidence) -> float | None:
    """Return the days until the first certificate expires, negative after it."""
    expiry = earliest_expiry(evidence)
    if expiry is None:
        return None
    return round((expiry - evidence.started_at).total_seconds() / _SECONDS_PER_DAY, 2)


def response_time(evidence: Evidence) -> float | None:
    """Return how long a visitor waits for the page's header, in seconds: the sum of the phases.
    None if no page came."""
    durations = phase_durations(evidence)
    return round(sum(durations.values()), 6) if "processing" in durations else None


def _pages(evidence: Evidence) -> list[Exchange]:
    return [exchange for exchange in evidence.of(Exchange) if exchange.purpose == "target"]
