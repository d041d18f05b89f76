"""Name resolution files of this machine: its resolver configuration and its hosts file.

The server's files are not read here, but through `diagnose.machine`.
"""

import ipaddress
from pathlib import Path

from diagnose.model.frozen import frozen

RESOLV_CONF = Path("/etc/resolv.conf")
HOSTS = Path("/etc/hosts")
INTERFACES_FOLDER = Path("/sys/class/net")

#: Maximum bytes of a file. Hosts files that block advertisements have a hundred thousand lines.
MAX_BYTES = 8 * 1024 * 1024

#: Maximum number of interfaces listed: a host of containers has hundreds.
MAX_LINKS = 8

#: Maximum number of name servers that the C library uses (resolv.conf(5), MAXNS).
MAX_SERVERS = 3


@frozen
class HostsLine:
    """A line of the hosts file.

    `number` counts from 1. `text` is the whole line without its line feed; `ended` is True if
    there was a line feed.
    """

    number: int
    text: str
    ended: bool
    address: str
    names: tuple[str, ...]


def read_text(path: Path) -> str:
    """Return a file's text, at most MAX_BYTES bytes, or "" if it cannot be read."""
    try:
        with path.open("rb") as file:
            return file.read(MAX_BYTES).decode("utf-8", "replace")
    except OSError:
        return ""


def name_servers(text: str) -> tuple[str, ...]:
    """Return the name servers in a resolv.conf(5), in the order in which they are queried.

    If none is listed, the caller must use the name server on this machine.
    """
    servers = []
    for line in text.splitlines():
        keyword, *values = line.split() or [""]
        # The C library accepts the keyword only in the first column.
        is_name_server = keyword == "nameserver" and line[0] == "n"
        if is_name_server and values and _is_address(values[0].partition("%")[0]):
            servers.append(values[0])
    return tuple(servers[:MAX_SERVERS])


def links() -> tuple[tuple[str, bool], ...]:
    """Return this machine's network interfaces except loopback, and whether each is up.

    Up means neither "down" nor without carrier (Documentation/ABI/testing/sysfs-class-net,
    operstate).
    """
    try:
        interfaces = sorted(INTERFACES_FOLDER.iterdir())
    except OSError:
        return ()
    states = (
        (interface.name, read_text(interface / "operstate").strip()) for interface in interfaces
    )
    return tuple(
        (name, state not in {"down", "notpresent", "lowerlayerdown"})
        for name, state in states
        if name != "lo"
    )[:MAX_LINKS]


def hosts_lines(text: str, name: str) -> tuple[HostsLine, ...]:
    """Return the lines of a hosts(5) file that contain a host name."""
    matching_lines = []
    hostname = name.rstrip(".").lower()
    lines = text.split("\n")
    for number, line in enumerate(lines, 1):
        # The cheap test first: the file may be long, and few lines contain the name.
        if hostname not in line.lower():
            continue
        address, *names = line.partition("#")[0].split() or [""]
        line_names = tuple(line_name.lower().rstrip(".") for line_name in names)
        if hostname in line_names and _is_address(address):
            matching_lines.append(HostsLine(number, line, number < len(lines), address, line_names))
    return tuple(matching_lines)


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True
