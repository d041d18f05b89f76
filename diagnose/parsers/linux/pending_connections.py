"""Parse the connections that programs open in vain. No I/O."""

import re

from diagnose.model.frozen import frozen
from diagnose.parsers.sanitize import clean

#: Most lines that are read.
MAX_LINES = 20

_LINE = re.compile(
    r"(?P<kind>tcp|dns) \[?(?P<address>[0-9A-Fa-f:.]{2,45})(?:%[\w.-]{1,15})?\]?:(?P<port>\d{1,5}) "
    r"(?P<pid>\d{1,10}) (?P<name>.{1,64})"
)


@frozen
class Pending:
    """A connection of a program, or a question to a name server (`is_dns`), without a reply."""

    address: str
    port: int
    pid: int
    process: str
    is_dns: bool


def parse_pending(text: str) -> tuple[Pending, ...]:
    """Return them from lines "KIND ADDRESS:PORT PID NAME"; an IPv6 address is in brackets."""
    connections = []
    for line in text.splitlines()[:MAX_LINES]:
        if match := _LINE.fullmatch(line):
            address = match["address"].removeprefix("::ffff:")
            process = clean(match["name"], 64)
            connections.append(
                Pending(
                    address, int(match["port"]), int(match["pid"]), process, match["kind"] == "dns"
                )
            )
    return tuple(connections)
