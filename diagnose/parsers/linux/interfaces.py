"""Parse network interfaces and the name of the operating system. No I/O."""

import contextlib
import ipaddress
import re
from dataclasses import replace

from diagnose.model.frozen import frozen
from diagnose.parsers.sanitize import clean


def os_name(text: str) -> str:
    """Return the system's display name: PRETTY_NAME of os-release(5), or ""."""
    match = re.search(r"^PRETTY_NAME=[\"']?([^\"'\n]*)", text, re.MULTILINE)
    return clean(match[1], 100) if match else ""


#: Maximum number of routes that are kept: a router of the Internet has a million.
MAX_NETWORKS = 400


@frozen
class Nic:
    """A network interface. `default` holds the families (4, 6) whose default route uses it,
    `networks` the networks whose routes use it ("172.17.0.0/16"), a container's bridge among them.
    A `tunnel` has no link layer: WireGuard's, or a TUN device."""

    name: str
    up: bool
    addresses: tuple[str, ...] = ()
    default: tuple[int, ...] = ()
    networks: tuple[str, ...] = ()
    carrier: bool = True
    xdp: bool = False
    tunnel: bool = False


def interfaces(addresses: str, routes: str = "", routes6: str = "") -> tuple[Nic, ...]:
    """Parse the output of `ip addr`, `ip route` and `ip -6 route`."""
    nics: list[Nic] = []
    for line in addresses.splitlines():
        if head := re.match(r"\d+: ([^:@\s]+)(?:@\S+)?: <([^>]*)>", line):
            flags = head[2].split(",")
            carrier = "NO-CARRIER" not in flags
            # "xdp", "xdpgeneric/id:5": the program's mode, before "qdisc".
            xdp = re.search(r" xdp\w{0,12}(/id:\d+)? ", line) is not None
            nics.append(Nic(clean(head[1], 32), "UP" in flags, carrier=carrier, xdp=xdp))
        elif nics and line.strip() == "link/none":
            nics[-1] = replace(nics[-1], tunnel=True)
        elif nics and (address := re.match(r"\s+inet6? ([0-9a-fA-F.:]+)", line)):
            nics[-1] = replace(nics[-1], addresses=(*nics[-1].addresses, address[1]))
    ipv4_devices, ipv6_devices = _default_devices(routes), _default_devices(routes6)
    networks = _networks(f"{routes}\n{routes6}")
    return tuple(
        replace(
            nic,
            default=(4,) * (nic.name in ipv4_devices) + (6,) * (nic.name in ipv6_devices),
            networks=tuple(networks.get(nic.name, ())),
        )
        for nic in nics
    )


def _networks(routes: str) -> dict[str, list[str]]:
    """Return the networks of the routes with one next hop, by interface. Lines that begin with a
    type (unreachable, blackhole, default) name no network that is reached."""
    networks: dict[str, list[str]] = {}
    for line in routes.splitlines()[:MAX_NETWORKS]:
        match = re.match(
            r"([0-9a-fA-F.:]{2,45}(?:/\d{1,3})?) (?:[^\n]{0,200}? )?dev (\S{1,32})", line
        )
        if match and not re.search(r"\b(?:dead|linkdown)\b", line):
            with contextlib.suppress(ValueError):
                network = str(ipaddress.ip_network(match[1], strict=False))
                networks.setdefault(clean(match[2], 32), []).append(network)
    return networks


def _default_devices(routes: str) -> set[str]:
    """Return the interfaces of the default route with the lowest metric. A route with several next
    hops lists them on the following lines; dead next hops are not used (ip-route(8))."""
    devices = []
    rank: int | None = None
    for line in routes.splitlines():
        if line.startswith("default"):
            metric = re.search(r"\bmetric (\d+)", line)
            rank = int(metric[1]) if metric else 0
        elif not re.match(r"\s+nexthop ", line):
            rank = None
        device = re.search(r"\bdev (\S+)", line)
        if rank is not None and device and not re.search(r"\bdead\b", line):
            devices.append((rank, device[1]))
    lowest = min((metric for metric, _ in devices), default=0)
    return {device for metric, device in devices if metric == lowest}
