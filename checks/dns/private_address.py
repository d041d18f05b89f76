"""DNS gives the name an address that nobody on the Internet can reach. That is an error where the
address does not answer here either; an internal site that works is at most worth a note."""

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
from diagnose.model.dns import (
    NOWHERE,
    DnsAnswer,
    final_answers,
    is_guarded,
    is_local_name,
    is_private,
    is_within,
    own_addresses,
)
from diagnose.model.tcp import Connection
from diagnose.parsers import icmp

#: Domains that lead to loopback, or to the address in the name, on purpose.
FOR_DEVELOPERS = (".localtest.me", ".lvh.me", ".nip.io", ".sslip.io", ".traefik.me")


@check(
    severity=Severity.ERROR,
    needs=[DnsAnswer],
    explains=[
        "dns.dead-address",
        "dns.dead-ipv6",
        "host.no-route",
        *UNREACHED,
        "http.port-closed",
        "listener.missing",
    ],
)
def private_address(evidence: Evidence) -> Iterator[Claim]:
    answers = tuple(
        one for one in final_answers(evidence).values() if any(map(is_private, one.records))
    )
    addresses = tuple(record for one in answers for record in one.records if is_private(record))
    if not addresses:
        return
    tried = [one for one in evidence.of(Connection) if one.purpose in {"target", "again"}]
    ours = tuple(one for one in tried if one.address in addresses)
    others = tuple(one for one in tried if one.address not in addresses and not one.failure)
    name = evidence.target.host
    internal = is_local_name(name)
    step, where = "publish-public-address", Where.DNS_PROVIDER
    if internal:
        step, where = "enter-network", Where.CLIENT
    yield Claim(
        about=Subject(name=name, text=f"{name} -> {', '.join(addresses)}"),
        covers=tuple(Subject(address=address) for address in addresses),
        because=(*answers, *ours),
        severity=_severity(evidence, addresses, ours, others),
        confidence=Confidence.LIKELY,
        facts={
            "name": name,
            "addresses": addresses,
            "server": answers[0].server,
            "nowhere": all(is_within(address, NOWHERE) for address in addresses),
            "works": any(one.failure is None for one in ours),
            "others": tuple(dict.fromkeys(one.address for one in others)),
            "own": own_addresses(evidence),
            "internal": internal,
            "target": evidence.target.url,
        },
        fix=Fix((Manual(step, where),), Applicability.MANUAL),
    )


def _severity(
    evidence: Evidence,
    addresses: tuple[str, ...],
    ours: tuple[Connection, ...],
    others: tuple[Connection, ...],
) -> Severity | None:
    """An error only if the address was tried and nobody is there: an internal site that is out
    of order has another fault than its address. Or if it works just because we are on the server,
    which has a public address that DNS should name in the place of its loopback."""
    name = evidence.target.host
    if not ours and all(map(is_guarded, addresses)):
        # Not tried, and it is no visitor's address anywhere.
        return Severity.WARNING if others else None
    if not ours or name.endswith(FOR_DEVELOPERS):
        return Severity.NOTE
    if is_local_name(name):
        return None if _is_elsewhere(ours) else Severity.NOTE
    nowhere = all(is_within(address, NOWHERE) for address in addresses)
    lost = nowhere and bool(own_addresses(evidence))
    if any(map(_is_somebody, ours)) and not lost:
        return Severity.NOTE
    return Severity.WARNING if others else None


def _is_elsewhere(ours: tuple[Connection, ...]) -> bool:
    """Whether no way leads from here into the network that the addresses belong to: a router says
    so, or this machine itself. In that network, silence or a refusal is the site's own fault."""
    return all(seen.unroutable or _has_no_way(seen) for seen in ours)


def _has_no_way(seen: Connection) -> bool:
    error = seen.icmp
    if error is None or seen.rejected_by != "router":
        return False
    return icmp.meaning(error.version, error.type, error.code) in {"network", "host"}


def _is_somebody(seen: Connection) -> bool:
    """Whether a machine is at the address, one that may well be the site's. This machine's own
    loopback always answers, and proves nothing unless the port is open."""
    if seen.failure is None:
        return True
    if is_within(seen.address, NOWHERE):
        return False
    return seen.failure.kind == "refused" or seen.rejected_by == "host"
