"""Parse listening TCP sockets from the output of a server's own tools. No I/O.

Reads ss(8) of any version, netstat(8) of net-tools and busybox, and /proc/net/tcp and tcp6
(proc(5)). The format is recognized from the text.
"""

import re
import struct
from collections.abc import Iterator
from dataclasses import replace

from diagnose.model.frozen import frozen
from diagnose.parsers.lazy_pattern import lazy_pattern
from diagnose.parsers.sanitize import clean

#: The begin of an IPv4 address in the table of IPv6 (RFC 4291 section 2.5.5.2).
_MAPPED = "0000000000000000FFFF0000"
#: Most lines that are read; no real server has more sockets.
MAX_SOCKETS = 20_000

_USERS = lazy_pattern(r'\("([^"]{0,64})",(?:pid=)?(\d{1,10}),')
_PROGRAM = lazy_pattern(r"(?:^|\s)(\d{1,10})/(\S[^/]*?):?(?:\s|$)")


@frozen
class Socket:
    """A listening TCP socket as the machine lists it.

    `address` is "0.0.0.0", "::" or one address. `dual` is True if a "::" socket accepts IPv4 too
    (ipv6(7), IPV6_V6ONLY). `pid` and `process` are None if they may not be read.
    """

    address: str
    port: int
    family: int
    dual: bool = False
    pid: int | None = None
    process: str | None = None


def listening_sockets(text: str) -> tuple[Socket, ...]:
    """Return every listening TCP socket in the output of one of the tools; unreadable lines are
    ignored."""
    lines = text.splitlines()[:MAX_SOCKETS]
    if any("local_address" in line for line in lines[:3]):
        return _with_dual(list(_from_proc(lines)))
    if any(line.startswith(("tcp ", "tcp6 ")) and "LISTEN" in line for line in lines) and not any(
        line.startswith("Netid") for line in lines[:1]
    ):
        return _with_dual(list(_from_netstat(lines)))
    return _from_ss(lines)


def _from_ss(lines: list[str]) -> tuple[Socket, ...]:
    sockets: list[Socket] = []
    undetermined = set()
    rows = [row for line in lines if (row := _ss_row(line))]
    # Old versions print IPv6 without brackets and "*" for IPv4; new ones print "*" for a
    # socket of both families.
    old_format = any(re.match(r"(:::|[0-9a-f]*:[0-9a-f:]*:\d+$)", local) for local, _ in rows)
    for local, details in rows:
        endpoint = _address(local, old_format)
        if endpoint is None:
            continue
        address, port, family, dual = endpoint
        if v6only := re.search(r"\bv6only:([01])", details):
            dual = v6only[1] == "0"
        elif old_format and address == "::":
            undetermined.add(len(sockets))
        pid, process = _ss_process(details)
        sockets.append(Socket(address, port, family, dual, pid, process))
    completed = _with_dual(sockets)
    return tuple(
        completed[index] if index in undetermined else socket
        for index, socket in enumerate(sockets)
    )


def _ss_row(line: str) -> tuple[str, str] | None:
    """Return the local address and the remaining fields of a line about a listening TCP socket."""
    fields = line.split(None, 6)
    fields = fields[1:] if fields[:1] == ["tcp"] else line.split(None, 5)
    if len(fields) < 5 or fields[0] != "LISTEN":
        return None
    return fields[3], fields[5] if len(fields) > 5 else ""


def _ss_process(details: str) -> tuple[int | None, str | None]:
    """Return the process with the lowest pid that holds the socket: a master, not its workers."""
    users = [(int(pid), clean(name, 64)) for name, pid in _USERS.findall(details)]
    return min(users, default=(None, None))


def _from_netstat(lines: list[str]) -> Iterator[Socket]:
    for line in lines:
        fields = line.split()
        if not fields or fields[0] not in {"tcp", "tcp6"} or "LISTEN" not in fields:
            continue
        endpoint = _address(fields[3], old_format=True) if len(fields) > 3 else None
        if endpoint is None:
            continue
        address, port, _, _ = endpoint
        family = 6 if fields[0] == "tcp6" or ":" in address else 4
        if family == 6 and address == "0.0.0.0":
            address = "::"
        program = _PROGRAM.search(line[line.index("LISTEN") + 6 :])
        pid = int(program[1]) if program else None
        process = clean(program[2], 64) if program else None
        yield Socket(address, port, family, False, pid, process)


def _from_proc(lines: list[str]) -> Iterator[Socket]:
    for line in lines:
        fields = line.split()
        if len(fields) < 4 or fields[3] != "0A" or ":" not in fields[1]:
            continue
        digits, _, port = fields[1].partition(":")
        try:
            address = _hex_address(digits)
            yield Socket(address, int(port, 16), 6 if len(digits) == 32 else 4)
        except (ValueError, struct.error):
            continue


def peers(text: str) -> frozenset[tuple[int, str]]:
    """Return the port here and the other address of each connection that came in from another
    machine, by the text of /proc/net/tcp or tcp6: one whose port here is listened on."""
    lines = text.splitlines()[:MAX_SOCKETS]
    ports = {socket.port for socket in _from_proc(lines)}
    return frozenset(peer for peer in _proc_peers(lines) if peer[0] in ports)


def _proc_peers(lines: list[str]) -> Iterator[tuple[int, str]]:
    for line in lines:
        fields = line.split()
        if len(fields) < 4 or fields[3] == "0A" or fields[1].count(":") != 1:
            continue
        try:
            own, port = fields[1].split(":")
            other = fields[2].partition(":")[0]
            if len(other) == 32 and other.startswith(_MAPPED):
                other = other[len(_MAPPED) :]
            address, number = _hex_address(other), int(port, 16)
        except (ValueError, struct.error):
            continue
        if own != other:
            yield number, address


def _hex_address(digits: str) -> str:
    """Decode an address of /proc: words in the machine's byte order, which is almost always
    little-endian."""
    import ipaddress

    words = [int(digits[i : i + 8], 16) for i in range(0, len(digits), 8)]
    return str(ipaddress.ip_address(struct.pack(f"<{len(words)}I", *words)))


def _address(text: str, old_format: bool) -> tuple[str, int, int, bool] | None:
    """Split a printed address:port into address, port, family, and True if it is certainly dual."""
    host, _, port = text.rpartition(":")
    if not port.isdecimal() or int(port) > 65535:
        return None
    host = re.sub(r"%[\w.-]+", "", host).strip("[]")
    if host == "*":
        return ("0.0.0.0", int(port), 4, False) if old_format else ("::", int(port), 6, True)
    if not re.fullmatch(r"[0-9a-fA-F:.]{2,}", host):
        return None
    return host, int(port), 6 if ":" in host else 4, False


def _with_dual(sockets: list[Socket]) -> tuple[Socket, ...]:
    """Set `dual` if the tool does not show it: a "::" socket accepts IPv4 too unless another socket
    has the port on 0.0.0.0. Linux does not allow both, and IPV6_V6ONLY is off by default."""
    four = {socket.port for socket in sockets if socket.address == "0.0.0.0"}
    return tuple(
        replace(socket, dual=True) if socket.address == "::" and socket.port not in four else socket
        for socket in sockets
    )
