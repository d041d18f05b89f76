"""The table in which netfilter keeps every connection is full: of what is new the packets are
dropped, "nf_conntrack: table full, dropping packet" (nf_conntrack-sysctl in the kernel's
documentation, nf_conntrack_max). A table that is well filled is no fault."""

from collections.abc import Iterator

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
    Subject,
    Where,
)
from diagnose.model.kernel import Counters, Kernel, moved
from diagnose.model.tcp import Connection

MAX = "net.netfilter.nf_conntrack_max"

#: Of the table, above which dropped packets are its doing. The kernel's count is not exact.
_NEARLY = 0.95

#: What fits a server of today: an entry takes about 400 bytes.
_AT_LEAST = 262_144


@check(
    severity=Severity.ERROR,
    needs=[Kernel, Counters],
    explains=[
        "tcp.timeout",
        "tcp.unstable",
        "http.port-closed",
        "dns.resolver-unreachable",
        "dns.servfail",
        "dns.dead-address",
        "dns.dead-ipv6",
    ],
)
def conntrack_full(evidence: Evidence) -> Iterator[Claim]:
    kernel = next(iter(evidence.good(Kernel)), None)
    held = [one.tracked for one in evidence.good(Counters) if one.tracked is not None]
    if kernel is None or not kernel.trackable or not held:
        return
    most, tracked = kernel.trackable, max(held)
    dropped = moved(evidence, "conntrack drop")
    if tracked < most and not (dropped and tracked >= most * _NEARLY):
        return
    tries = [one for one in evidence.of(Connection) if one.purpose in {"target", "again"}]
    fails = any(one.failure for one in tries)
    wanted = max(2 * most, _AT_LEAST)
    yield Claim(
        about=Subject(text="nf_conntrack"),
        covers=(Subject(),),
        because=(kernel, *evidence.good(Counters)),
        confidence=Confidence.CERTAIN if tracked >= most else Confidence.LIKELY,
        severity=Severity.WARNING if tries and not fails else None,
        facts={
            "tracked": tracked,
            "most": most,
            "dropped": dropped,
            "fails": fails,
            "wanted": wanted,
        },
        fix=Fix(
            (
                Command(
                    ("sysctl", "-w", f"{MAX}={wanted}"), undo=("sysctl", "-w", f"{MAX}={most}")
                ),
                Manual("keep", Where.SERVER),
            ),
            Applicability.REVIEW,
        ),
    )
