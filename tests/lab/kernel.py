"""Bare network namespaces in which the kernel itself says what a ruleset does.

Each pair is a client and a server on a cable, and a container behind the server. A namespace is
held by a file descriptor and nothing else: it ends with it. Sockets are made in a namespace by
this process, so that thousands of connections cost no process.

    client 203.0.113.50 -- eth0 203.0.113.10 server 172.17.0.1 docker0 -- 172.17.0.2 container
"""

import contextlib
import ctypes
import errno
import os
import select
import socket
import struct
import subprocess
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from diagnose.parsers.netfilter import Host

from .hosts import environment

SERVER = ("203.0.113.10", "203.0.113.11", "2001:db8:2::10", "2001:db8:2::11")
SOURCES4 = ("203.0.113.50", "198.51.100.7", "192.0.2.8", "10.1.2.3")
SOURCES6 = ("2001:db8:2::50", "2001:db8:9::7", "fd00:1::3")
CONTAINER = ("172.17.0.2", "fd00:17::2")
BRIDGE = ("172.17.0.1", "fd00:17::1")
PORTS = (22, 80, 443, 5000, 8080)
HOST = Host(
    addresses=(
        ("lo", "127.0.0.1/8"), ("lo", "::1/128"),
        ("eth0", f"{SERVER[0]}/24"), ("eth0", f"{SERVER[1]}/24"),
        ("eth0", f"{SERVER[2]}/64"), ("eth0", f"{SERVER[3]}/64"),
        ("docker0", f"{BRIDGE[0]}/16"), ("docker0", f"{BRIDGE[1]}/64"),
    ),
    routes=(
        ("0.0.0.0/0", "eth0"), ("203.0.113.0/24", "eth0"), ("172.17.0.0/16", "docker0"),
        ("::/0", "eth0"), ("2001:db8:2::/64", "eth0"), ("fd00:17::/64", "docker0"),
    ),
)  # fmt: skip

_NEW_NETWORK = 0x40000000  # CLONE_NEWNET
_RECVERR = {socket.AF_INET: (0, 11), socket.AF_INET6: (41, 25)}
_ORIGIN_ICMP = (2, 3)
_ESTABLISHED = 1
_SYSCTL = """
ipv4/conf/all/rp_filter 0
ipv4/conf/default/rp_filter 0
ipv4/ip_forward 1
ipv4/icmp_ratelimit 0
ipv4/icmp_msgs_per_sec 1000000
ipv4/icmp_msgs_burst 100000
ipv6/conf/all/forwarding 1
ipv6/conf/all/accept_dad 0
ipv6/conf/default/accept_dad 0
ipv6/icmp/ratelimit 0
ipv4/ip_local_port_range 20000 60999
"""
_libc = ctypes.CDLL(None, use_errno=True)


def _do(result: int) -> None:
    if result:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))


class Namespace:
    def __init__(self) -> None:
        home = os.open("/proc/thread-self/ns/net", os.O_RDONLY)
        try:
            _do(_libc.unshare(_NEW_NETWORK))
            try:
                self.fd = os.open("/proc/thread-self/ns/net", os.O_RDONLY)
                for line in _SYSCTL.split("\n"):
                    if line:
                        name, _, value = line.partition(" ")
                        Path("/proc/sys/net", name).write_text(value)
            finally:
                _do(_libc.setns(home, _NEW_NETWORK))
        finally:
            os.close(home)

    def close(self) -> None:
        os.close(self.fd)

    @contextlib.contextmanager
    def inside(self) -> Iterator[None]:
        """What this thread does meanwhile, and the processes that it starts, are there."""
        home = os.open("/proc/thread-self/ns/net", os.O_RDONLY)
        try:
            _do(_libc.setns(self.fd, _NEW_NETWORK))
            yield
        finally:
            _do(_libc.setns(home, _NEW_NETWORK))
            os.close(home)

    def run(self, *argv: str, input: str = "", check: bool = True) -> str:
        with self.inside():
            done = subprocess.run(
                argv, input=input, text=True, capture_output=True, env=environment(), check=False
            )
        if check and done.returncode:
            raise RuntimeError(f"{argv}: {done.stderr}")
        return done.stdout

    def accepts(self, argv: Sequence[str], input: str) -> str:
        """Why it does not, or nothing."""
        with self.inside():
            done = subprocess.run(
                argv, input=input, text=True, capture_output=True, env=environment(), check=False
            )
        return (done.stderr or "refused") if done.returncode else ""


@dataclass
class Try:
    """One connection; `seen` is what became of it."""

    source: str
    to: str
    port: int
    interface: str = "eth0"
    made: socket.socket | None = None
    source_port: int = 0
    seen: str = ""
    icmp: str = ""
    connected: bool = False


@dataclass
class Pair:
    client: Namespace = field(default_factory=Namespace)
    server: Namespace = field(default_factory=Namespace)
    container: Namespace = field(default_factory=Namespace)
    listeners: list[socket.socket] = field(default_factory=list)
    accepted: list[socket.socket] = field(default_factory=list)
    ports: Iterator[int] = field(default_factory=lambda: iter(()))

    def close(self) -> None:
        for one in (*self.listeners, *self.accepted):
            one.close()
        for namespace in (self.client, self.server, self.container):
            namespace.close()

    def up(self) -> "Pair":
        self._cable(self.client, self.server, "eth0", "1")
        self._cable(self.container, self.server, "docker0", "2")
        for address in (*SOURCES4, *SOURCES6):
            self._address(self.client, "eth0", address)
        for address in SERVER:
            self._address(self.server, "eth0", address)
        for address, other in zip(BRIDGE, CONTAINER, strict=True):
            self._address(self.server, "docker0", address)
            self._address(self.container, "eth0", other)
        self._routes(self.client, "eth0", SERVER, "02:00:00:00:01:02")
        self._routes(self.server, "eth0", (SOURCES4[0], SOURCES6[0]), "02:00:00:00:01:01")
        self._routes(self.container, "eth0", BRIDGE, "02:00:00:00:02:02")
        for address in CONTAINER:
            self._neighbour(self.server, "docker0", address, "02:00:00:00:02:01")
        for address in (SERVER[1], SERVER[3]):
            self._neighbour(self.client, "eth0", address, "02:00:00:00:01:02")
        self._listen(self.server, PORTS)
        self._listen(self.container, PORTS)
        return self

    def _cable(self, near: Namespace, far: Namespace, there: str, number: str) -> None:
        mac, netns = f"02:00:00:00:0{number}:0", f"/proc/{os.getpid()}/fd/{far.fd}"
        near.run(
            "ip", "link", "add", "eth0", "address", f"{mac}1", "type", "veth",
            "peer", "name", there, "address", f"{mac}2", "netns", netns,
        )  # fmt: skip
        for namespace, name in ((near, "eth0"), (far, there)):
            namespace.run("ip", "link", "set", "lo", "up")
            namespace.run("ip", "link", "set", name, "up")

    def _address(self, of: Namespace, device: str, address: str) -> None:
        length = "64" if ":" in address else "24"
        if address.startswith(("172.17.", "fd00:17")):
            length = "64" if ":" in address else "16"
        elif address in (*SOURCES4[1:], *SOURCES6[1:]):
            length = "128" if ":" in address else "32"
        nodad = ["nodad"] if ":" in address else []
        of.run("ip", "addr", "add", f"{address}/{length}", "dev", device, *nodad)

    def _routes(self, of: Namespace, device: str, to: Sequence[str], mac: str) -> None:
        for address in to:
            self._neighbour(of, device, address, mac)
        if of is not self.client:
            for address in to:
                of.run("ip", "route", "add", "default", "via", address)

    def _neighbour(self, of: Namespace, device: str, address: str, mac: str) -> None:
        """Fixed: neighbour discovery would have to pass the rules too."""
        of.run("ip", "neigh", "replace", address, "lladdr", mac, "dev", device, "nud", "permanent")

    def _listen(self, on: Namespace, ports: Sequence[int]) -> None:
        with on.inside():
            for port in ports:
                one = socket.socket(socket.AF_INET6, socket.SOCK_STREAM | socket.SOCK_NONBLOCK)
                one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                one.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
                one.bind(("::", port))
                one.listen(512)
                self.listeners.append(one)

    # Connections

    def start(self, one: Try, source_port: int) -> None:
        local = one.interface == "lo"
        family = socket.AF_INET6 if ":" in one.to else socket.AF_INET
        with (self.server if local else self.client).inside():
            made = socket.socket(family, socket.SOCK_STREAM | socket.SOCK_NONBLOCK)
        one.made, one.source_port = made, source_port
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        made.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        made.setsockopt(*_RECVERR[family], 1)
        made.bind((one.source, source_port))
        failed = made.connect_ex((one.to, one.port))
        if failed != errno.EINPROGRESS:
            one.seen = errno.errorcode.get(failed, str(failed)) if failed else ""
            one.connected = not failed

    def accept(self) -> set[int]:
        """The ports of the clients that came through."""
        found = set()
        for listener in self.listeners:
            with contextlib.suppress(BlockingIOError):
                while True:
                    came, peer = listener.accept()
                    came.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                    self.accepted.append(came)
                    found.add(peer[1])
        return found


def play(pairs: Sequence[tuple[Pair, Sequence[Try]]], ports: Iterator[int], wait: float) -> None:
    """All these connections at once; what becomes of them within that time."""
    waiting: dict[int, Try] = {}
    poll = select.poll()
    for pair, tries in pairs:
        for one in tries:
            pair.start(one, next(ports))
            if one.made and not one.seen:
                waiting[one.made.fileno()] = one
                poll.register(one.made, select.POLLOUT | select.POLLERR)
    deadline = time.monotonic() + wait
    while waiting and (left := deadline - time.monotonic()) > 0:
        for fd, events in poll.poll(left * 1000):
            one = waiting[fd]
            _look(one, events)
            if one.seen:
                poll.unregister(fd)
                del waiting[fd]
            elif one.connected:
                poll.modify(fd, select.POLLERR | select.POLLIN)
    for pair, tries in pairs:
        came = pair.accept()
        for one in tries:
            _conclude(one, came)
        for accepted in pair.accepted:
            accepted.close()
        pair.accepted.clear()


def _look(one: Try, events: int) -> None:
    made = one.made
    assert made
    state = made.getsockopt(socket.IPPROTO_TCP, 11, 1)[0]  # TCP_INFO
    if state == _ESTABLISHED:
        one.connected = True
    if not events & (select.POLLERR | select.POLLHUP | select.POLLIN):
        return
    one.icmp = one.icmp or _icmp(made)
    failed = made.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
    if failed == errno.ECONNRESET:
        one.connected = True
    if failed or one.icmp:
        one.seen = one.icmp or {errno.ECONNREFUSED: "reset", errno.ECONNRESET: "reset"}.get(
            failed, errno.errorcode.get(failed, str(failed))
        )


def _icmp(made: socket.socket) -> str:
    try:
        _, ancillary, _, _ = made.recvmsg(512, 512, socket.MSG_ERRQUEUE)
    except BlockingIOError:
        return ""
    for _, _, data in ancillary:
        _, origin, kind, code = struct.unpack_from("IBBB", data)
        if origin in _ORIGIN_ICMP:
            return f"icmp{'v6' if origin == 3 else ''} {kind}/{code}"
    return ""


def _conclude(one: Try, came: set[int]) -> None:
    if one.made:
        one.made.close()
    through = one.source_port in came
    if one.connected:
        one.seen = "open" if through else f"half {one.seen or 'silent'}"
    else:
        one.seen = one.seen or "silent"
