"""The name's IPv6 addresses do not answer, and IPv4 works. Browsers hide it by trying both (RFC
8305); monitors, mail servers and certificate authorities do not. Where this machine has no IPv6
at all, nothing is known."""

from collections.abc import Iterator

from checks.dns import UNREACHED
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
)
from diagnose.model.dns import DnsAnswer, Resolution, by_state, is_loopback_name
from diagnose.model.tcp import Connection


@check(
    severity=Severity.WARNING,
    needs=[Resolution, Connection],
    explains=["host.no-route", *UNREACHED, "http.port-closed"],
)
def dead_ipv6(evidence: Evidence) -> Iterator[Claim]:
    answers, dead, unknown = by_state(evidence, 6)
    ipv4, _, _ = by_state(evidence, 4)
    # Of localhost, ::1 is this machine's own affair and no record of anybody's.
    if not dead or answers or unknown or not ipv4 or is_loopback_name(evidence.target.host):
        return
    tried = tuple(
        one
        for one in evidence.of(Connection)
        if one.address in dead and one.purpose in {"target", "again"}
    )
    yield Claim(
        about=Subject(text=", ".join(f"[{address}]" for address in dead)),
        covers=tuple(Subject(address=address) for address in dead),
        because=tried,
        confidence=(Confidence.CERTAIN if _ipv6_works_here(evidence, tried) else Confidence.LIKELY),
        facts={
            "name": evidence.target.host,
            "dead": dead,
            "ipv4": ipv4,
            "port": evidence.target.port,
            "how": tuple(dict.fromkeys(one.failure.message for one in tried if one.failure)),
            "proven": _ipv6_works_here(evidence, tried),
            "refused": any(map(_is_refused, tried)),
        },
        fix=Fix((Manual("serve-or-remove", Where.DNS_PROVIDER),), Applicability.MANUAL),
    )


def _ipv6_works_here(evidence: Evidence, tried: tuple[Connection, ...]) -> bool:
    """Whether IPv6 has carried an answer to this machine: from an address tried, or a resolver."""
    answered = {"host", "router"}
    return any(_is_refused(one) or one.rejected_by in answered for one in tried) or any(
        ":" in one.server and not one.server.startswith(("fe80", "::1"))
        for one in evidence.good(DnsAnswer)
    )


def _is_refused(seen: Connection) -> bool:
    return seen.failure is not None and seen.failure.kind == "refused"
