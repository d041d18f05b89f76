"""A strict reverse path filter drops a packet if the reply would leave by another interface (RFC
3704 section 2.2; ip-sysctl, rp_filter; for IPv6 a rule of firewalld, firewalld.conf(5),
IPv6_rpfilter).

The kernel itself was asked what it would do with a visitor's packet, with all its rules and tables.
Its counter tells whether it dropped any.
"""

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
    network_commands,
)
from diagnose.model.addresses import family_of, is_private
from diagnose.model.dns import resolved_addresses
from diagnose.model.firewall import Firewalld
from diagnose.model.frozen import frozen
from diagnose.model.kernel import (
    Arrival,
    Counters,
    Kernel,
    KernelDrop,
    counter_growth,
    counter_value,
)
from diagnose.model.server import Interface
from diagnose.model.tcp import Connection
from diagnose.parsers.nginx.edits import diff

COUNTER = "IPReversePathFilter"


@frozen
class _DroppedAddress:
    """A published address of the server at which packets are dropped, with the evidence."""

    lookup: Arrival
    confidence: Confidence


@check(
    severity=Severity.ERROR,
    needs=[Kernel, Arrival],
    explains=[
        "tcp.timeout",
        "tcp.closed-outside",
        "tcp.open-elsewhere",
        "tcp.replies-leave-elsewhere",
        "http.port-closed",
        "dns.dead-address",
        "dns.dead-ipv6",
    ],
)
def reverse_path_filter(evidence: Evidence) -> Iterator[Claim]:
    dropped_addresses = [
        dropped_address
        for lookup in evidence.of(Arrival)
        if (dropped_address := _dropped_address(evidence, lookup))
    ]
    addresses = tuple(
        dict.fromkeys(dropped_address.lookup.address for dropped_address in dropped_addresses)
    )
    if not dropped_addresses:
        return
    first = dropped_addresses[0].lookup
    other_addresses = tuple(
        address for address in resolved_addresses(evidence) if address not in addresses
    )
    family = family_of(first.address)
    drops = _kernel_drops(evidence, first)
    subjects = tuple(Subject(address=address) for address in addresses)
    yield Claim(
        about=Subject(address=first.address, text=", ".join(addresses)),
        covers=subjects,
        because=(
            *(dropped_address.lookup for dropped_address in dropped_addresses),
            *evidence.good(Kernel),
            *(evidence.good(Counters)[-2:] if family == 4 else evidence.good(Firewalld)),
            *drops,
            *(
                connection
                for connection in evidence.of(Connection)
                if connection.failure and connection.address in addresses
            ),
        ),
        confidence=dropped_addresses[0].confidence,
        # Clients fall back to the address that works (RFC 8305).
        severity=Severity.WARNING if other_addresses else None,
        facts={
            "addresses": addresses,
            "device": first.device,
            "sources": tuple(
                dict.fromkeys(
                    dropped_address.lookup.source for dropped_address in dropped_addresses
                )
            ),
            "said": first.failure.message if first.failure else "",
            "asked": first.equivalent,
            "back": _return_interface(evidence, family, first.device),
            "six": family == 6,
            "kernel": drops[0].text if drops else "",
            "dropped": counter_value(evidence, COUNTER) if family == 4 else "",
            "others": other_addresses,
        },
        ruled_out=("tcp.no-return-route",),
        fix=_fix(evidence, dropped_addresses, family),
    )


def _dropped_address(evidence: Evidence, lookup: Arrival) -> _DroppedAddress | None:
    family = family_of(lookup.address)
    if lookup.failure is None or not _return_interface(evidence, family, lookup.device):
        return None
    has_timeout = any(
        _is_silent(connection) and connection.address == lookup.address
        for connection in evidence.of(Connection)
    )
    is_published = lookup.address in resolved_addresses(evidence)
    if not is_published and not (has_timeout := _may_be_translated(evidence, lookup)):
        return None
    if _is_answered(evidence, lookup) or not _is_concerned(evidence, lookup, has_timeout):
        return None
    if family == 6:
        if not any(firewalld.running for firewalld in evidence.good(Firewalld)):
            return None
        return _DroppedAddress(lookup, Confidence.LIKELY)
    if (counter_growth(evidence, COUNTER) or _kernel_drops(evidence, lookup)) and has_timeout:
        return _DroppedAddress(lookup, Confidence.CERTAIN)
    # If the counter is zero, no packet was ever dropped.
    return _DroppedAddress(lookup, Confidence.LIKELY) if counter_value(evidence, COUNTER) else None


def _kernel_drops(evidence: Evidence, lookup: Arrival) -> tuple[KernelDrop, ...]:
    """Return the drops of this run's own packets that the kernel says are the filter's."""
    return tuple(
        drop
        for drop in evidence.good(KernelDrop)
        if drop.reason == "IP_RPFILTER" and drop.interface == lookup.device
    )


def _is_concerned(evidence: Evidence, lookup: Arrival, has_timeout: bool) -> bool:
    """Return whether the lookup is about a distant visitor, or about the probing machine after a
    failed attempt."""
    clients = {kernel.client for kernel in evidence.good(Kernel)}
    return lookup.source not in clients or has_timeout


def _is_silent(connection: Connection) -> bool:
    return connection.failure is not None and connection.failure.kind == "timeout"


def _may_be_translated(evidence: Evidence, lookup: Arrival) -> bool:
    """Return whether a published address that does not reply may be translated to this one.

    That is so if the server holds no public address and packets were dropped during the attempt.
    """
    interface_addresses = [
        address for interface in evidence.good(Interface) for address in interface.addresses
    ]
    ipv4_addresses = [address for address in interface_addresses if ":" not in address]
    silent_connections = [
        connection
        for connection in evidence.of(Connection)
        if _is_silent(connection) and ":" not in connection.address
    ]
    return (
        ":" not in lookup.address
        and all(map(is_private, ipv4_addresses))
        and bool(silent_connections)
        and bool(counter_growth(evidence, COUNTER))
    )


def _is_answered(evidence: Evidence, lookup: Arrival) -> bool:
    """Return whether another machine got a reply there. The server's packets to itself enter by no
    interface."""
    server_hosts = [host for host in evidence.of(Host) if host.vantage is Vantage.SERVER]
    if any(host.via == "local" for host in server_hosts):
        return False
    return any(connection.address == lookup.address for connection in evidence.good(Connection))


def _return_interface(evidence: Evidence, family: int, device: str) -> str:
    """Return the other interface by which replies would leave; "" if there is no return route at
    all, which is `tcp.no-return-route`."""
    interfaces = [
        interface for interface in evidence.good(Interface) if family in interface.default
    ]
    return next((interface.name for interface in interfaces if interface.name != device), "")


def _fix(evidence: Evidence, dropped_addresses: list[_DroppedAddress], family: int) -> Fix:
    """Set the filter to loose on these interfaces only, as RFC 3704 section 2.4 recommends for
    several uplinks. It still drops packets that no route leads back to."""
    if family == 6:
        return Fix((Manual("route-back", Where.SERVER),), Applicability.MANUAL)
    devices = [
        dropped_address.lookup.device
        for dropped_address in dropped_addresses
        if ":" not in dropped_address.lookup.address
    ]
    previous_modes = dict(next((kernel.reverse_path for kernel in evidence.good(Kernel)), ()))
    steps: list[Command | Edit] = []
    for device in dict.fromkeys(devices):
        # sysctl(8): a dot in an interface name is written as a slash.
        name = f"net.ipv4.conf.{device.replace('.', '/')}.rp_filter"
        steps.append(network_commands.set_sysctl(name, 2, before=previous_modes.get(device, 1)))
        # The last file wins (sysctl.d(5)), and the kernel uses the larger value of "all" and this
        # one.
        path = f"/etc/sysctl.d/99-zz-rp-filter-{device}.conf"
        steps.append(Edit(path, diff(path, "", f"{name} = 2\n")))
    return Fix(tuple(steps))
