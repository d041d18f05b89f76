"""A path that loses large packets, silently: TCP opens, the server's certificate never arrives,
and the same handshake in small segments comes through (RFC 2923 section 2.1). Only that last
trial decides it; a server that is merely slow or stuck fails there as well."""

from collections.abc import Iterator

from checks.tcp import ONE_PACKET
from diagnose.checking.registry import check
from diagnose.model import (
    Applicability,
    Claim,
    Command,
    Confidence,
    Evidence,
    Fix,
    Manual,
    Severity,
    Where,
    endpoints,
    together,
)
from diagnose.model.tls import Handshake

#: The maximum segment size that the trial in small segments asks for (bytes).
_SMALL = 536

_PROBING = "net.ipv4.tcp_mtu_probing"


@check(severity=Severity.ERROR, needs=[Handshake], explains=["tls.stalled"])
def path_mtu(evidence: Evidence) -> Iterator[Claim]:
    because = tuple(one for one in evidence.of(Handshake) if _lost(evidence, one))
    if not because:
        return
    subjects = endpoints((one.address for one in because), because[0].port)
    decided = any(one.variant == "small-hello" and one.failure for one in because)
    yield Claim(
        about=together(subjects),
        covers=subjects,
        because=because,
        confidence=Confidence.CERTAIN if decided else Confidence.LIKELY,
        facts={
            "addresses": tuple(str(subject.address) for subject in subjects),
            "port": because[0].port,
            "target": evidence.target.authority,
            "mss": _SMALL,
        },
        fix=Fix(
            (
                Command(
                    ("sysctl", "-w", f"{_PROBING}=1"),
                    undo=("sysctl", "-w", f"{_PROBING}=0"),
                ),
                Manual("keep", Where.SERVER),
            ),
            Applicability.REVIEW,
        ),
    )


def _lost(evidence: Evidence, seen: Handshake) -> bool:
    """Whether it belongs to an address where every visitor's handshake stalls, and none goes well
    but that in small segments, or one of which all that came back fits one small packet."""
    there = [one for one in evidence.of(Handshake) if one.address == seen.address]
    visits = [one for one in there if one.as_a_visitor]
    good = [one for one in there if one.failure is None and one.variant != "plain"]
    return (
        (seen in (*visits, *good) or seen.variant == "small-hello")
        and bool(visits)
        and all(one.failure and one.failure.kind == "timeout" for one in visits)
        and any(one.variant == "small-segments" for one in good)
        and all(
            one.variant == "small-segments" or 0 < one.bytes_received < ONE_PACKET for one in good
        )
    )
