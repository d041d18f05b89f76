"""Visits as a browser makes them to which no HTTP/2 was offered (RFC 7301, "h2")."""

from collections.abc import Sequence

from diagnose.model import Claim, Confidence, Evidence, Fix, endpoints, merge_subjects
from diagnose.model.http import BrowserVisit


def visits_without_http2(evidence: Evidence) -> tuple[BrowserVisit, ...]:
    return tuple(visit for visit in evidence.good(BrowserVisit) if visit.alpn != "h2")


def missing_http2(evidence: Evidence, visits: Sequence[BrowserVisit], fix: Fix) -> Claim:
    """Return the claim that a message tells of what needs HTTP/2, which these visits lacked."""
    subjects = endpoints((visit.address for visit in visits), visits[0].port)
    return Claim(
        about=merge_subjects(subjects),
        covers=subjects,
        because=tuple(visits),
        confidence=Confidence.LIKELY,
        facts={
            "name": evidence.target.host,
            "port": evidence.target.port,
            "addresses": tuple(subject.address for subject in subjects),
        },
        fix=fix,
    )
