"""Visits as a browser makes them to which no HTTP/2 was offered (RFC 7301, "h2")."""

from collections.abc import Sequence

from checks.nginx import Nginx
from checks.nginx._commands import reload_steps
from checks.nginx._http2_edits import http2_edit
from diagnose.model import (
    Applicability,
    Claim,
    Confidence,
    Evidence,
    Fix,
    Manual,
    Where,
    endpoints,
    merge_subjects,
)
from diagnose.model.http import BrowserVisit


def visits_without_http2(evidence: Evidence) -> tuple[BrowserVisit, ...]:
    return tuple(visit for visit in evidence.good(BrowserVisit) if visit.alpn != "h2")


def missing_http2(evidence: Evidence, visits: Sequence[BrowserVisit]) -> Claim:
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
        fix=_fix(Nginx.of(evidence)),
    )


def _fix(nginx: Nginx) -> Fix:
    """Return the edit of the block that serves the site, if it is known."""
    selected = next(iter(nginx.selected_servers()), None)
    edit = http2_edit(nginx, selected.server) if selected else None
    if edit is None:
        return Fix((Manual("offer-http2", Where.SERVER),), Applicability.MANUAL)
    return Fix((edit, *reload_steps(nginx)), Applicability.REVIEW)
