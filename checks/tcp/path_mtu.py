"""The path silently loses large packets: TCP connects, the server's certificate never arrives, and
the same handshake in small segments succeeds (RFC 2923 section 2.1). Only that last attempt is
proof: a server that is stuck fails there as well, and one that is overloaded answers late if at
all."""

from collections.abc import Iterator

from checks.tcp import ONE_PACKET
from diagnose.checking.registry import check
from diagnose.model import (
    Applicability,
    Claim,
    Confidence,
    Evidence,
    Fix,
    Manual,
    Severity,
    Where,
    endpoints,
    merge_subjects,
    network_commands,
)
from diagnose.model.tcp import Connection
from diagnose.model.tls import Handshake

#: Bytes. The maximum segment size of the attempt in small segments.
_SMALL = 536

#: Seconds, beside four round trips, that the handshake in small segments may take. That of a server
#: which answers some and leaves others waiting takes longer.
_PROMPT = 1.0

_PROBING = "net.ipv4.tcp_mtu_probing"


@check(
    severity=Severity.ERROR, needs=[Handshake], needs_fault=[Handshake], explains=["tls.stalled"]
)
def path_mtu(evidence: Evidence) -> Iterator[Claim]:
    handshakes = tuple(
        handshake for handshake in evidence.of(Handshake) if _is_lost(evidence, handshake)
    )
    if not handshakes:
        return
    subjects = endpoints((handshake.address for handshake in handshakes), handshakes[0].port)
    decided = any(
        handshake.variant == "small-hello" and handshake.failure for handshake in handshakes
    )
    yield Claim(
        about=merge_subjects(subjects),
        covers=subjects,
        because=handshakes,
        confidence=Confidence.CERTAIN if decided else Confidence.LIKELY,
        facts={
            "addresses": tuple(str(subject.address) for subject in subjects),
            "port": handshakes[0].port,
            "target": evidence.target.authority,
            "mss": _SMALL,
            "setting": _PROBING,
        },
        fix=Fix(
            (
                # Without an undo: no probe reads the value that the server has now.
                network_commands.set_sysctl(_PROBING, 1, before=None),
                Manual("keep", Where.SERVER),
            ),
            Applicability.REVIEW,
        ),
    )


def _is_lost(evidence: Evidence, handshake: Handshake) -> bool:
    """Return whether the handshake belongs to an address where every normal handshake stalls.

    The handshake in small segments may succeed, and so may one whose response fits into one small
    packet.
    """
    handshakes = [
        other_handshake
        for other_handshake in evidence.of(Handshake)
        if other_handshake.address == handshake.address
    ]
    visits = [visit for visit in handshakes if visit.is_browser_like]
    good_handshakes = [
        good_handshake
        for good_handshake in handshakes
        if good_handshake.failure is None and good_handshake.variant != "plain"
    ]
    return (
        (handshake in (*visits, *good_handshakes) or handshake.variant == "small-hello")
        and bool(visits)
        and all(visit.failure and visit.failure.kind == "timeout" for visit in visits)
        and any(
            good_handshake.variant == "small-segments" and _is_prompt(evidence, good_handshake)
            for good_handshake in good_handshakes
        )
        and all(
            good_handshake.variant == "small-segments"
            or 0 < good_handshake.bytes_received < ONE_PACKET
            for good_handshake in good_handshakes
        )
    )


def _is_prompt(evidence: Evidence, handshake: Handshake) -> bool:
    """Return whether a handshake took no longer than its round trips, and a little."""
    round_trips = [
        connection.took
        for connection in evidence.good(Connection)
        if (connection.address, connection.port) == (handshake.address, handshake.port)
    ]
    return handshake.took < _PROMPT + 4 * min(round_trips, default=0.0)
