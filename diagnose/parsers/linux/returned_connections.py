"""Where a connection to a router came back to this server, by the list of its sockets (ss(8)). No
I/O."""

import ipaddress

from diagnose.model.addresses import is_loopback

#: Most lines that are read.
MAX_LINES = 20_000


def returned_socket(text: str, address: str, port: int) -> tuple[str, int] | None:
    """Return the own socket at which the connection to `address` and `port` arrived, in the output
    of `ss -Htn state established`: another socket has the peer's port from which it was opened.
    None if none has. Several connections to the address arrive at the same socket. No router
    forwards to 127.0.0.1 or ::1, whose connections may have the same port."""
    pairs = _pairs(text)
    sources = {own[1] for own, peer in pairs if peer == (address, port)}
    returned = {
        own
        for own, peer in pairs
        if peer[1] in sources and peer != (address, port) and not is_loopback(own[0])
    }
    return returned.pop() if len(returned) == 1 else None


def sections(text: str) -> tuple[str, str, str]:
    """Return the three lists in the output of returned_connections.sh."""
    earlier, _, rest = text.partition("@ open\n")
    open_now, _, later = rest.partition("@ later\n")
    return earlier, open_now, later


def front_sockets(
    earlier: str, later: str, address: str, opened: int
) -> dict[str, tuple[int, ...]]:
    """Return the own ports, by the own address, at which as many connections from `address` came as
    were `opened` to it between the two lists. Fewer may be a balancer's health checks. A connection
    that this machine opened itself has the lower port at the other end."""
    before = set(_pairs(earlier))
    ports: dict[str, dict[int, int]] = {}
    for own, peer in set(_pairs(later)) - before:
        if peer[0] == address and own[1] < peer[1] and not is_loopback(own[0]):
            counts = ports.setdefault(own[0], {})
            counts[own[1]] = counts.get(own[1], 0) + 1
    passed = {
        own: tuple(sorted(port for port, number in counts.items() if number >= opened))
        for own, counts in ports.items()
    }
    return {own: numbers for own, numbers in passed.items() if numbers}


def _pairs(text: str) -> list[tuple[tuple[str, int], tuple[str, int]]]:
    """Return both ends of each connection, this machine's first; a list of several states has the
    state as the first word."""
    pairs = []
    for line in text.splitlines()[:MAX_LINES]:
        sockets = [socket for word in line.split()[2:5] if (socket := _socket(word))]
        if len(sockets) == 2:
            pairs.append((sockets[0], sockets[1]))
    return pairs


def _socket(word: str) -> tuple[str, int] | None:
    """Return the address and the port of a socket as ss prints it; an IPv4-mapped address becomes
    the IPv4 address."""
    host, _, port = word.rpartition(":")
    try:
        address = ipaddress.ip_address(host.strip("[]").partition("%")[0])
    except ValueError:
        return None
    is_port = port.isascii() and port.isdigit() and len(port) < 6
    mapped = getattr(address, "ipv4_mapped", None)
    return (str(mapped or address), int(port)) if is_port else None
