"""netfilter's connection table is full, and packets of new connections are dropped: "nf_conntrack:
table full, dropping packet" (nf_conntrack-sysctl in the kernel's documentation, nf_conntrack_max).
A table that is only well filled is no fault."""

from collections.abc import Iterator

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
    Where,
    network_commands,
)
from diagnose.model.kernel import Counters, Kernel, counter_growth
from diagnose.model.tcp import Connection

MAX_SYSCTL = "net.netfilter.nf_conntrack_max"

#: The share of the table above which it causes dropped packets. The kernel's count is not exact.
_NEARLY_FULL = 0.95

#: Entries. It suits a current server: an entry takes about 400 bytes.
_MIN_LIMIT = 262_144


@check(
    severity=Severity.ERROR,
    needs=[Kernel, Counters],
    explains=[
        "tcp.timeout",
        "tcp.closed-outside",
        "tcp.open-elsewhere",
        "tcp.unstable",
        "http.port-closed",
        "dns.resolver-unreachable",
        "dns.servfail",
        "dns.dead-address",
        "dns.dead-ipv6",
        "firewall.kernel-disagrees",
    ],
)
def conntrack_full(evidence: Evidence) -> Iterator[Claim]:
    kernel = next(iter(evidence.good(Kernel)), None)
    tracked_counts = [
        counters.tracked for counters in evidence.good(Counters) if counters.tracked is not None
    ]
    if kernel is None or not kernel.trackable or not tracked_counts:
        return
    limit, tracked = kernel.trackable, max(tracked_counts)
    dropped = counter_growth(evidence, "conntrack drop")
    if tracked < limit and not (dropped and tracked >= limit * _NEARLY_FULL):
        return
    attempts = [attempt for attempt in evidence.of(Connection) if attempt.is_to_target]
    has_failures = any(attempt.failure for attempt in attempts)
    new_limit = max(2 * limit, _MIN_LIMIT)
    yield Claim(
        about=Subject(text="nf_conntrack"),
        covers=(Subject(),),
        because=(kernel, *evidence.good(Counters)),
        confidence=Confidence.CERTAIN if tracked >= limit else Confidence.LIKELY,
        severity=Severity.WARNING if attempts and not has_failures else None,
        facts={
            "tracked": tracked,
            "most": limit,
            "dropped": dropped,
            "fails": has_failures,
            "wanted": new_limit,
        },
        fix=Fix(
            (
                network_commands.set_sysctl(MAX_SYSCTL, new_limit, before=limit),
                Manual("keep", Where.SERVER),
            ),
            Applicability.REVIEW,
        ),
    )
