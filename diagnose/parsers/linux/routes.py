"""Parse the output of `ip route get` (ip-route(8)) and `ip rule` (ip-rule(8)). No I/O."""

import re

from diagnose.model import Failure
from diagnose.model.frozen import frozen
from diagnose.parsers.sanitize import clean

#: The kernel's error for each kind of route: none at all, unreachable, prohibit, blackhole.
_NO_ROUTE = {
    "Network is unreachable": (101, "ENETUNREACH"),
    "No route to host": (113, "EHOSTUNREACH"),
    "Permission denied": (13, "EACCES"),
    "Invalid argument": (22, "EINVAL"),
}

#: The tables that the kernel's own rules look up.
_OWN_TABLES = {"0": "local", "32766": "main", "32767": "default"}
MAX_RULES = 16


@frozen
class Route:
    """A route: its gateway ("" for none) and its outgoing interface."""

    gateway: str
    device: str


def parse_route(out: str, err: str) -> Route | Failure | None:
    """Return the route, or a failure if there is none; None if the tool could not tell."""
    line = out.partition("\n")[0]
    if device := re.search(r"\bdev (\S+)", line):
        if line.startswith(("unreachable ", "prohibit ", "blackhole ")):
            return Failure("unreachable", *_route_error("Network is unreachable"))
        gateway = re.search(r"\bvia (?:inet6? )?([0-9a-fA-F:.]+)", line)
        return Route(gateway[1] if gateway else "", clean(device[1], 32))
    answer = re.search(r"RTNETLINK answers: (.+)", err)
    if answer and answer[1].strip() in _NO_ROUTE:
        return Failure("unreachable", *_route_error(answer[1].strip()))
    return None


def default_gateways(text: str) -> tuple[Route, ...]:
    """Return the default routes in the output of `ip route`, those with the lowest metric. A route
    without a gateway is left out."""
    routes: list[tuple[int, Route]] = []
    for line in text.splitlines()[:1000]:
        match = re.match(r"default via (?:inet6? )?([0-9a-fA-F:.]+) dev (\S+)", line)
        if match and not re.search(r"\b(?:dead|linkdown)\b", line):
            metric = re.search(r"\bmetric (\d{1,10})", line)
            route = Route(match[1], clean(match[2], 32))
            routes.append((int(metric[1]) if metric else 0, route))
    lowest = min((metric for metric, _ in routes), default=0)
    return tuple(route for metric, route in routes if metric == lowest)


_NEIGHBOUR = re.compile(
    r"([0-9a-fA-F:.]+) dev (\S+) .*?\b(FAILED|INCOMPLETE|PERMANENT)\b", re.ASCII
)


def silent_neighbours(text: str) -> dict[tuple[str, str], str]:
    """Return the state of each neighbour without a link-layer address ("FAILED", "INCOMPLETE"), or
    with an address that was set by hand ("PERMANENT"), in the output of `ip neigh`
    (ip-neighbour(8)), by address and interface."""
    states: dict[tuple[str, str], str] = {}
    for line in text.splitlines()[:1000]:
        if match := _NEIGHBOUR.match(f"{line} "):
            states[match[1], clean(match[2], 32)] = match[3]
    return states


def policy_rules(text: str) -> tuple[str, ...]:
    """Return the rules in the output of `ip rule`, without the three that the kernel makes at boot:
    at most MAX_RULES, the first ones first."""
    rules = (" ".join(line.split()) for line in text.splitlines()[:1000])
    return tuple(
        clean(rule, 200)
        for rule in rules
        if re.match(r"\d+: ", rule) and not _is_own_rule(*rule.split(": ", 1))
    )[:MAX_RULES]


def _is_own_rule(priority: str, rule: str) -> bool:
    return priority in _OWN_TABLES and rule == f"from all lookup {_OWN_TABLES[priority]}"


def _route_error(message: str) -> tuple[str, int, str]:
    code, name = _NO_ROUTE[message]
    return message, code, name
