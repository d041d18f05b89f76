"""What `ip route get` prints (ip-route(8)). Pure."""

import re

from diagnose.model import Failure
from diagnose.model.frozen import frozen
from diagnose.parsers.sanitize import clean

#: What the kernel says instead of a way, by the type of route that it met: none at all,
#: unreachable, prohibit, blackhole.
_NO_ROUTE = {
    "Network is unreachable": (101, "ENETUNREACH"),
    "No route to host": (113, "EHOSTUNREACH"),
    "Permission denied": (13, "EACCES"),
    "Invalid argument": (22, "EINVAL"),
}


@frozen
class Route:
    """Through which gateway, "" where there is none, and out of which interface."""

    gateway: str
    device: str


def parse_route(out: str, err: str) -> Route | Failure | None:
    """The way, or that there is none; None where the tool could not say."""
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


def _route_error(message: str) -> tuple[str, int, str]:
    code, name = _NO_ROUTE[message]
    return message, code, name
