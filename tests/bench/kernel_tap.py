"""How often the tap names the wrong cause beside other traffic: 1,000 SYNs of four kinds to a
server in a network namespace, beside 20,000 other packets a second.

    unshare -m sh -c 'mount -t tracefs t /sys/kernel/tracing; python -m tests.bench.kernel_tap'

A third of the other packets is as long as the SYNs, comes by the same interface and is dropped for
other reasons.
"""

import itertools
import multiprocessing
import os
import socket
import struct
import sys
import time
from collections import Counter
from collections.abc import Iterator
from multiprocessing.sharedctypes import Synchronized

from diagnose.probes.inside.shell import kernel_tap
from diagnose.probes.inside.shell.kernel_events import DROPPED
from tests.lab.kernel import Namespace

CLIENT, SERVER = "203.0.113.50", "203.0.113.10"
MSS, RATE = 1111, 20000
RULES = """
table inet bench {
  chain input { type filter hook input priority 0; tcp dport { 9001, 7001 } drop; }
  chain output { type filter hook output priority 0; tcp sport 9004 drop; }
  chain early { type filter hook prerouting priority -300; tcp dport 7003 drop; }
}
"""
#: What becomes of a SYN to each port.
EXPECTED = {
    9001: ("dropped", "NETFILTER_DROP"),
    9002: ("dropped", "NO_SOCKET"),
    9003: ("passed", ""),
    9004: ("reply-dropped", "NETFILTER_DROP"),
}


def namespaces() -> tuple[Namespace, Namespace]:
    client, server = Namespace(), Namespace()
    peer = f"/proc/{os.getpid()}/fd/{server.fd}"
    client.run("sh", "-c", f"ip link add eth0 type veth peer name eth0 netns {peer}")
    for namespace, address in ((client, CLIENT), (server, SERVER)):
        namespace.run("ip", "addr", "add", f"{address}/24", "dev", "eth0")
        namespace.run("ip", "link", "set", "eth0", "up")
        namespace.run("ip", "link", "set", "lo", "up")
    server.run("nft", "-f", "-", input=RULES)
    return client, server


def checksum(data: bytes) -> int:
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    total = (total & 0xFFFF) + (total >> 16)
    return int(~(total + (total >> 16)) & 0xFFFF)


def raw_syn(port: int, source_port: int, mss: int = 1460) -> bytes:
    """A SYN of 60 bytes with the options of Linux."""
    addresses = socket.inet_aton(CLIENT) + socket.inet_aton(SERVER)
    options = struct.pack("!BBH", 2, 4, mss) + bytes((4, 2, 8, 10)) + bytes(8) + bytes((1, 3, 3, 7))
    tcp = struct.pack("!HHIIBBHHH", source_port, port, 7, 0, 0xA0, 2, 64240, 0, 0) + options
    pseudo = addresses + struct.pack("!HH", 6, len(tcp))
    tcp = tcp[:16] + struct.pack("!H", checksum(pseudo + tcp)) + tcp[18:]
    return struct.pack("!BBHHHBBH", 0x45, 0, 60, 0, 0, 64, 6, 0) + addresses + tcp


def flood(namespace: Namespace, rate: int, sent: "Synchronized[int]") -> None:
    """Send other packets, paced in bursts of two milliseconds."""
    with namespace.inside():
        raw = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_RAW)
        datagrams = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    syns = [raw_syn(port, 30000 + port) for port in (7001, 7002, 7003)]
    sizes, burst = (32, 200, 1000, 1372), rate // 500
    begun, bursts, number = time.monotonic(), 0, 0
    while True:
        for _ in range(burst):
            number += 1
            if number % 4 == 0:
                raw.sendto(syns[number // 4 % 3], (SERVER, 0))
            else:
                datagrams.sendto(bytes(sizes[number % 4]), (SERVER, 5353))
        sent.value = number
        bursts += 1
        time.sleep(max(begun + bursts * 0.002 - time.monotonic(), 0))


def knock(namespace: Namespace) -> None:
    """Send a marked SYN to each port in turn, every few milliseconds."""
    with namespace.inside():
        raw = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_RAW)
    for number, port in enumerate(itertools.cycle(EXPECTED)):
        raw.sendto(raw_syn(port, 10000 + number % 20000, MSS), (SERVER, 0))
        time.sleep(0.003)


def attributions(server: Namespace, port: int, count: int) -> Iterator[tuple[str, str]]:
    """Yield fate and reason of SYNs to a port."""
    layouts = kernel_tap.read_formats()
    with server.inside():
        tap, syns = kernel_tap.Tap(layouts), kernel_tap.Syns(port)
        found = kernel_tap.fates(tap, syns, MSS, time.monotonic() + 60)
        for _, fate in itertools.islice(found, count):
            names = layouts[DROPPED].names
            yield fate.name, names.get(fate.reason, "") if fate.location else ""
    tap.close()


def main(count: int = 1000, rate: int = RATE, stamped: int = 0) -> int:
    """Print how many are right, unclear and wrong; return how many are wrong. `stamped`: another
    program wants time stamps, so that the kernel makes them early (socket(7), SO_TIMESTAMP)."""
    stamps = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    stamps.setsockopt(socket.SOL_SOCKET, 29, stamped)  # SO_TIMESTAMP
    client, server = namespaces()
    with server.inside():
        listeners = [socket.create_server((SERVER, port), backlog=4096) for port in (9003, 9004)]
    context = multiprocessing.get_context("fork")
    sent = context.Value("Q", 0)
    others = [
        context.Process(target=flood, args=(client, rate, sent), daemon=True),
        context.Process(target=knock, args=(client,), daemon=True),
    ]
    for process in others:
        process.start()
    begun, before, cpu = time.monotonic(), sent.value, time.process_time()
    tally = Counter[tuple[int, str, str]]()
    for port in EXPECTED:
        for name, reason in attributions(server, port, count // len(EXPECTED)):
            tally[port, name, reason] += 1
    seconds = time.monotonic() - begun
    for process in others:
        process.terminate()
        process.join()
    for sock in (*listeners, stamps):
        sock.close()
    right = sum(tally[port, *fate] for port, fate in EXPECTED.items())
    unclear = sum(tally[port, "unclear", ""] for port in EXPECTED)
    wrong = tally.total() - right - unclear
    print(f"{(sent.value - before) / seconds:.0f} other packets a second, {seconds:.1f} s")
    print(f"processor {(time.process_time() - cpu) / seconds:.0%}")
    print(f"{tally.total()} SYNs: {right} right, {unclear} unclear, {wrong} wrong")
    for (port, name, reason), number in sorted(tally.items()):
        print(f"  {port}: {number} {name} {reason}")
    return wrong or tally.total() < count


if __name__ == "__main__":
    sys.exit(main(*map(int, sys.argv[1:])))
