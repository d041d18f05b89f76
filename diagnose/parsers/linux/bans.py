"""Parse the output of fail2ban and iproute2 about blocked addresses. No I/O."""

import ipaddress
import re
from collections.abc import Iterator
from itertools import pairwise
from typing import Literal, get_args

from diagnose.model.visitor import ClosedRoute, Jail, RouteRefusal

#: Most addresses and most routes that are kept; the others are only counted.
MOST_BANNED = 20_000
MOST_ROUTES = 5_000

_JAIL = re.compile(r"'([^'\n]{1,200})': \[([^\]]*)\]")
_QUOTED = re.compile(r"'([^'\s]{1,60})'")
_KINDS: dict[str, RouteRefusal] = {kind: kind for kind in get_args(RouteRefusal)}
#: Errors of `ip route get` for forbidden routes (fib_props in the kernel's fib_semantics.c).
_REFUSALS: dict[str, RouteRefusal] = {
    "Invalid argument": "blackhole",
    "No route to host": "unreachable",
    "Permission denied": "prohibit",
}


def jails(text: str) -> tuple[tuple[Jail, ...], int]:
    """Parse the output of `fail2ban-client banned`, `[{'sshd': ['192.0.2.66']}, …]`. Return the
    jails, and the number of addresses left out."""
    remaining, omitted = MOST_BANNED, 0
    jail_list = []
    for name, listed in _JAIL.findall(text):
        banned = tuple(address for address in _QUOTED.findall(listed) if network(address))
        jail_list.append(Jail(name, banned[:remaining]))
        omitted += max(len(banned) - remaining, 0)
        remaining -= len(jail_list[-1].banned)
    return tuple(jail_list), omitted


def closed_routes(text: str) -> tuple[tuple[ClosedRoute, ...], int]:
    """Return the routes that reject or discard packets in the output of `ip route show table all`,
    and the number of routes left out. The kernel's own routes are ignored."""
    routes = tuple(dict.fromkeys(_closed_routes(text)))
    return routes[:MOST_ROUTES], max(len(routes) - MOST_ROUTES, 0)


def _closed_routes(text: str) -> Iterator[ClosedRoute]:
    for line in text.splitlines():
        kind, *fields = line.split() or [""]
        if kind not in _KINDS or not fields or "proto kernel" in line:
            continue
        destination = {"default": "::/0" if " pref " in line else "0.0.0.0/0"}.get(
            fields[0], fields[0]
        )
        if network(destination):
            attributes = dict(pairwise(fields[1:]))
            yield ClosedRoute(_KINDS[kind], destination, attributes.get("table", ""))


def refusal(text: str) -> Literal[""] | RouteRefusal | None:
    """Return the result of `ip route get`: "" if there is a route, the kind of route or rule that
    forbids it, None for anything else."""
    for line in text.splitlines():
        if "answers: " in line:
            return _REFUSALS.get(line.partition("answers: ")[2].strip())
        kind, *fields = line.split() or [""]
        if kind in _KINDS:
            return _KINDS[kind]
        if " from " in line or "dev" in fields:
            return ""
    return None


def is_nobody(text: str) -> bool:
    """Return whether `ip neigh show` says that the kernel asked for an address in vain: a machine
    that is there answers within milliseconds."""
    return any(line.split()[-1:] in (["FAILED"], ["INCOMPLETE"]) for line in text.splitlines())


def narrowest(text: str) -> str:
    """Return the most specific network of the routes in the output of `ip route show`."""
    networks = [line.split()[0] for line in text.splitlines() if line.strip()]
    parsed = [(net.prefixlen, word) for word in networks if (net := network(word))]
    return max(parsed, default=(0, ""))[1]


def engine_network(text: str, device: str) -> tuple[str, str]:
    """Return the name and the compose project of the engine's network that has made a bridge: its
    name has the first digits of the network's id."""
    for line in text.splitlines():
        identity, name, project, *_ = (*line.split(), "", "", "")
        is_default = device == "docker0" and name == "bridge"
        if name and (is_default or (device[:3] == "br-" and identity[:12] == device[3:])):
            return name, project
    return "", ""


def network(text: str) -> ipaddress.IPv4Network | ipaddress.IPv6Network | None:
    """Parse an address or a network; None for other text."""
    try:
        return ipaddress.ip_network(text, strict=False)
    except ValueError:
        return None


def network_contains(text: str, address: str) -> bool:
    """Return whether an address is in a network or equals it; False for invalid text."""
    subnet, host = network(text), network(address)
    if subnet is None or host is None or host.num_addresses != 1 or subnet.version != host.version:
        return False
    return host.network_address in subnet
