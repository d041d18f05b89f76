"""Another place (`--vantage`) connects and gets no TLS, or a certificate of another name, at an
address where the handshake from here succeeds: something on the way of that place answers, or cuts
the handshake."""

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
from diagnose.model.tls import Certificate, Handshake
from diagnose.model.vantages import VantageVisit
from diagnose.parsers.hostnames import covers


@check(severity=Severity.ERROR, needs=[Handshake, VantageVisit])
def fails_outside(evidence: Evidence) -> Iterator[Claim]:
    groups = remote_visits(evidence)
    for group in groups:
        own = _own_handshake(evidence, group.address)
        if own is None or not group.is_connected:
            continue
        foreign = _foreign_certificate(evidence, own, group)
        if group.best.secured is not False and foreign is None:
            continue
        working = tuple(
            other_group
            for other_group in groups
            if other_group.address == group.address
            and other_group.best.secured
            and _foreign_certificate(evidence, own, other_group) is None
        )
        yield _claim(evidence, group, own, foreign, working)


def _claim(
    evidence: Evidence,
    group: RemoteVisits,
    own: Handshake,
    foreign: Certificate | None,
    working: tuple[RemoteVisits, ...],
) -> Claim:
    (subject,) = endpoints([group.address], evidence.target.port)
    failure = group.best.failure
    is_partial = bool(working) or not is_server_here(evidence)
    return Claim(
        about=subject,
        covers=(subject, Subject(address=group.address)),
        because=(*group.visits, own, *(working_group.best for working_group in working)),
        severity=Severity.WARNING if is_partial else Severity.ERROR,
        confidence=Confidence.CERTAIN if foreign or len(group.visits) > 1 else Confidence.LIKELY,
        facts={
            "place": group.place,
            "address": group.address,
            "port": evidence.target.port,
            "name": evidence.target.host,
            "reason": failure.message if failure and not group.best.secured else "",
            "foreign": foreign is not None,
            "foreign_names": foreign.dns_names[:3] if foreign else (),
            "others": tuple(working_group.place for working_group in working),
        },
        fix=Fix((Manual("on-the-way", Where.CLIENT),), Applicability.MANUAL),
    )


def _own_handshake(evidence: Evidence, address: str) -> Handshake | None:
    """Return a visitor's handshake from here that succeeded at the address."""
    return next(
        (
            handshake
            for handshake in evidence.good(Handshake)
            if handshake.address == address
            and handshake.port == evidence.target.port
            and handshake.is_browser_like
            and handshake.vantage is Vantage.HERE
        ),
        None,
    )


def _foreign_certificate(
    evidence: Evidence, own: Handshake, group: RemoteVisits
) -> Certificate | None:
    """Return the certificate of that place if it is not for this name, and the one here is."""
    leaf = next((visit.chain[0] for visit in group.visits if visit.chain), None)
    host = evidence.target.host
    if leaf is None or not own.chain or leaf.sha256 == own.chain[0].sha256:
        return None
    is_ours_right = covers(host, own.chain[0].dns_names, own.chain[0].addresses)
    is_theirs_right = covers(host, leaf.dns_names, leaf.addresses)
    return leaf if is_ours_right and not is_theirs_right else None
