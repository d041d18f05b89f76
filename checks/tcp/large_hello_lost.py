"""Something on the path loses or cuts a ClientHello that needs two packets, as one with a
post-quantum key share does (X25519MLKEM768: 1.2 kB), while a smaller one for the same name
passes. That large packets are lost on the way back as well, which is `tcp.path-mtu`, must be
excluded: by a failure that is no silence, or by the size of what came back."""

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
    together,
)
from diagnose.model.tls import Handshake

_MUTE = {"timeout", "reset", "closed"}


@check(
    severity=Severity.ERROR,
    needs=[Handshake],
    explains=["tls.stalled", "tls.reset", "tls.closed"],
)
def large_hello_lost(evidence: Evidence) -> Iterator[Claim]:
    because = tuple(one for one in evidence.of(Handshake) if _lost(evidence, one))
    if not because:
        return
    subjects = endpoints((one.address for one in because), because[0].port)
    failures = (one.failure.message for one in because if one.failure)
    yield Claim(
        about=together(subjects),
        covers=subjects,
        because=because,
        # What failed twice and then went well without a large hello may still be chance.
        confidence=Confidence.LIKELY,
        facts={
            "addresses": tuple(str(subject.address) for subject in subjects),
            "port": because[0].port,
            "target": evidence.target.authority,
            "server": f"[{because[0].address}]"
            if ":" in because[0].address
            else because[0].address,
            "failures": tuple(dict.fromkeys(failures)),
        },
        fix=Fix((Manual("path", Where.SERVER),), Applicability.MANUAL),
    )


def _lost(evidence: Evidence, seen: Handshake) -> bool:
    """Whether it belongs to an address where no hello of a visitor's size is answered, under
    whatever name, and the small one is."""
    there = [one for one in evidence.of(Handshake) if one.address == seen.address]
    large = [one for one in there if one.as_a_visitor or one.variant in {"no-sni", "other-sni"}]
    small = [one for one in there if one.variant == "small-hello"]
    return (
        seen in (*large, *small)
        and any(one.as_a_visitor for one in large)
        and all(one.failure and one.failure.kind in _MUTE for one in large)
        and bool(small)
        and not any(one.failure for one in small)
        and not _may_be_path_mtu(there, small)
    )


def _may_be_path_mtu(there: list[Handshake], small: list[Handshake]) -> bool:
    """The large hello passes in small segments, and nothing large was seen to come back."""
    passes = any(one.variant == "small-segments" and one.failure is None for one in there)
    return passes and all(0 < one.bytes_received < ONE_PACKET for one in small)
