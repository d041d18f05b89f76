"""A packet whose answer would leave by another interface than it came in by is dropped where the
filter is strict (RFC 3704 section 2.2; ip-sysctl, rp_filter; for IPv6 a rule of firewalld's,
firewalld.conf(5), IPv6_rpfilter). The kernel itself was asked what it would do with a visitor's
packet, by all its rules and tables; whether any was dropped, its counter tells."""

from collections.abc import Iterator

from diagnose.checking.registry import check
from diagnose.model import (
    Applicability,
    Claim,
    Command,
    Confidence,
    Edit,
    Evidence,
    Fix,
    Host,
    Manual,
    Severity,
    Subject,
    Vantage,
    Where,
)
from diagnose.model.dns import is_private, reached
from diagnose.model.frozen import frozen
from diagnose.model.kernel import Arrival, Counters, Kernel, moved, total
from diagnose.model.server import Firewalld, Interface
from diagnose.model.tcp import Connection
from diagnose.parsers.nginx.edits import diff

COUNTER = "IPReversePathFilter"


@frozen
class _Dropped:
    """A published address of the server at which packets are dropped, and what says so."""

    arrival: Arrival
    confidence: Confidence


@check(
    severity=Severity.ERROR,
    needs=[Kernel, Arrival],
    explains=["tcp.timeout", "http.port-closed", "dns.dead-address", "dns.dead-ipv6"],
)
def reverse_path_filter(evidence: Evidence) -> Iterator[Claim]:
    found = [one for seen in evidence.of(Arrival) if (one := _dropped(evidence, seen))]
    addresses = tuple(dict.fromkeys(one.arrival.address for one in found))
    if not found:
        return
    first = found[0].arrival
    others = tuple(one for one in reached(evidence) if one not in addresses)
    family = 6 if ":" in first.address else 4
    subjects = tuple(Subject(address=one) for one in addresses)
    yield Claim(
        about=Subject(address=first.address, text=", ".join(addresses)),
        covers=subjects,
        because=(
            *(one.arrival for one in found),
            *evidence.good(Kernel),
            *(evidence.good(Counters)[-2:] if family == 4 else evidence.good(Firewalld)),
            *(one for one in evidence.of(Connection) if one.failure and one.address in addresses),
        ),
        confidence=found[0].confidence,
        # A visitor's program turns to the address that works (RFC 8305).
        severity=Severity.WARNING if others else None,
        facts={
            "addresses": addresses,
            "device": first.device,
            "sources": tuple(dict.fromkeys(one.arrival.source for one in found)),
            "said": first.failure.message if first.failure else "",
            "asked": first.equivalent,
            "back": _way_back(evidence, family, first.device),
            "six": family == 6,
            "dropped": total(evidence, COUNTER) if family == 4 else "",
            "others": others,
        },
        ruled_out=("tcp.no-return-route",),
        fix=_fix(evidence, found, family),
    )


def _dropped(evidence: Evidence, seen: Arrival) -> _Dropped | None:
    family = 6 if ":" in seen.address else 4
    if seen.failure is None or not _way_back(evidence, family, seen.device):
        return None
    failed = any(_silent(one) and one.address == seen.address for one in evidence.of(Connection))
    held = seen.address in reached(evidence)
    if not held and not (failed := _behind(evidence, seen)):
        return None
    if _answers(evidence, seen) or not _concerned(evidence, seen, failed):
        return None
    if family == 6:
        if not any(one.running for one in evidence.good(Firewalld)):
            return None
        return _Dropped(seen, Confidence.LIKELY)
    if moved(evidence, COUNTER) and failed:
        return _Dropped(seen, Confidence.CERTAIN)
    # A counter at nought: nobody's packet was ever dropped.
    return _Dropped(seen, Confidence.LIKELY) if total(evidence, COUNTER) else None


def _concerned(evidence: Evidence, seen: Arrival, failed: bool) -> bool:
    """A visitor far away, or the machine that looks, and then only if its own try failed."""
    clients = {one.client for one in evidence.good(Kernel)}
    return seen.source not in clients or failed


def _silent(seen: Connection) -> bool:
    return seen.failure is not None and seen.failure.kind == "timeout"


def _behind(evidence: Evidence, seen: Arrival) -> bool:
    """Whether a published address that says nothing may be translated to this one, because the
    server holds no public one and packets were dropped while it was tried."""
    held = [address for one in evidence.good(Interface) for address in one.addresses]
    four = [address for address in held if ":" not in address]
    silent = [one for one in evidence.of(Connection) if _silent(one) and ":" not in one.address]
    return (
        ":" not in seen.address
        and all(map(is_private, four))
        and bool(silent)
        and bool(moved(evidence, COUNTER))
    )


def _answers(evidence: Evidence, seen: Arrival) -> bool:
    """Whether another machine got an answer there. The server's own packets to itself never come
    in by an interface."""
    inside = [one for one in evidence.of(Host) if one.vantage is Vantage.SERVER]
    if any(one.via == "local" for one in inside):
        return False
    return any(one.address == seen.address for one in evidence.good(Connection))


def _way_back(evidence: Evidence, family: int, device: str) -> str:
    """By which other interface answers would leave; "" where there is no way back at all, which is
    `tcp.no-return-route`."""
    nics = [one for one in evidence.good(Interface) if family in one.default]
    return next((one.name for one in nics if one.name != device), "")


def _fix(evidence: Evidence, found: list[_Dropped], family: int) -> Fix:
    """Loosely on these interfaces and no others: for more than one way out RFC 3704 asks for it
    (section 2.4). It still drops what no way leads back to."""
    if family == 6:
        return Fix((Manual("route-back", Where.SERVER),), Applicability.MANUAL)
    four = [one.arrival.device for one in found if ":" not in one.arrival.address]
    before = dict(next((one.reverse_path for one in evidence.good(Kernel)), ()))
    steps: list[Command | Edit] = []
    for device in dict.fromkeys(four):
        # sysctl(8): a dot in an interface's name is written as a slash.
        name = f"net.ipv4.conf.{device.replace('.', '/')}.rp_filter"
        undo = ("sysctl", "-w", f"{name}={before.get(device, 1)}")
        steps.append(Command(("sysctl", "-w", f"{name}=2"), undo=undo))
        # The last of the files wins (sysctl.d(5)), and of "all" and this the larger value.
        path = f"/etc/sysctl.d/99-zz-rp-filter-{device}.conf"
        steps.append(Edit(path, diff(path, "", f"{name} = 2\n")))
    return Fix(tuple(steps))
