"""Something on the path loses or cuts a ClientHello that needs two packets, such as one with a
post-quantum key share (X25519MLKEM768: 1.2 kB). A smaller one for the same name passes.

`tcp.path-mtu`, where large packets are also lost on the way back, must be excluded: by a failure
that is not a timeout, or by the size of what came back.
"""

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
)
from diagnose.model.tls import Handshake

_NO_REPLY = {"timeout", "reset", "closed"}


@check(
    severity=Severity.ERROR,
    needs=[Handshake],
    needs_fault=[Handshake],
    explains=["tls.stalled", "tls.reset", "tls.closed"],
)
def large_hello_lost(evidence: Evidence) -> Iterator[Claim]:
    handshakes = tuple(
        handshake for handshake in evidence.of(Handshake) if _is_lost(evidence, handshake)
    )
    if not handshakes:
        return
    subjects = endpoints((handshake.address for handshake in handshakes), handshakes[0].port)
    failures = (handshake.failure.message for handshake in handshakes if handshake.failure)
    yield Claim(
        about=merge_subjects(subjects),
        covers=subjects,
        because=handshakes,
        # A handshake that failed twice and then succeeded with a small hello may still be chance.
        confidence=Confidence.LIKELY,
        facts={
            "addresses": tuple(str(subject.address) for subject in subjects),
            "port": handshakes[0].port,
            "target": evidence.target.authority,
            "server": f"[{handshakes[0].address}]"
            if ":" in handshakes[0].address
            else handshakes[0].address,
            "failures": tuple(dict.fromkeys(failures)),
        },
        fix=Fix((Manual("path", Where.SERVER),), Applicability.MANUAL),
    )


def _is_lost(evidence: Evidence, handshake: Handshake) -> bool:
    """Return whether the address answers no hello of normal size, under any name, but answers the
    small one."""
    hellos = [hello for hello in evidence.of(Handshake) if hello.address == handshake.address]
    large = [
        hello
        for hello in hellos
        if hello.is_browser_like or hello.variant in {"no-sni", "other-sni"}
    ]
    small = [hello for hello in hellos if hello.variant == "small-hello"]
    return (
        handshake in (*large, *small)
        and any(hello.is_browser_like for hello in large)
        and all(hello.failure and hello.failure.kind in _NO_REPLY for hello in large)
        and bool(small)
        and not any(hello.failure for hello in small)
        and not _may_be_path_mtu(hellos, small)
    )


def _may_be_path_mtu(hellos: list[Handshake], small: list[Handshake]) -> bool:
    """Return whether the large hello passes in small segments and nothing large came back."""
    passes_in_segments = any(
        hello.variant == "small-segments" and hello.failure is None for hello in hellos
    )
    return passes_in_segments and all(0 < hello.bytes_received < ONE_PACKET for hello in small)
