"""Prints what the kernel does with the SYNs to a port that have a certain MSS: which it drops, in
which function, and why.

Arguments: the port, the MSS, and for how many seconds at most. It is sent after kernel_events.py,
of which the import below is left out. It needs CAP_PERFMON (Linux 5.8) or CAP_SYS_ADMIN,
CAP_NET_RAW, and a tracefs that is mounted already. Tracepoints are read through perf_event_open(2),
SYNs through a packet socket (packet(7)). Nothing is changed, and both end with the process.
"""

import collections
import ctypes
import errno
import mmap
import os
import platform
import select
import socket
import struct
import sys
import time

from diagnose.probes.inside.shell.kernel_events import (
    COPY,
    DROPPED,
    MAX_FORMAT,
    PASSED,
    RECEIVED,
    RESET,
    UNCLEAR,
    WORK,
    Event,
    Fate,
    Format,
    Syn,
    fate,
    read_events,
    read_syn,
)

#: Maximum of bytes of events looked through for a SYN, of SYNs, and of processors.
MAX_BYTES, MAX_SYNS, MAX_CPUS = 4 * 1024 * 1024, 64, 512
#: Pages for the events of a processor: a power of two, 256 KiB.
PAGES = max(262144 // mmap.PAGESIZE, 1)
#: Seconds: for events that belong to a SYN to come in, until old events are forgotten, and after
#: the first drop.
SETTLE, KEPT, LINGER = 0.02, 0.1, 0.1
TRACEPOINTS = {
    RECEIVED: "net/netif_receive_skb",
    DROPPED: "skb/kfree_skb",
    RESET: "tcp/tcp_send_reset",
}
#: Only what was IPv4 or IPv6 is of interest (perf_event_open(2), PERF_EVENT_IOC_SET_FILTER).
CONDITIONS = {DROPPED: "protocol == 2048 || protocol == 34525"}
#: The number of perf_event_open(2); 241 elsewhere.
CALLS = {"x86_64": 298, "ppc64le": 319, "s390x": 331}
LIBC = ctypes.CDLL(None, use_errno=True)


class Tap:
    """The tracepoints of every processor, open."""

    def __init__(self, formats: dict[str, Format]) -> None:
        self.formats = formats
        self.rings: list[tuple[mmap.mmap, collections.deque[tuple[int, bytes]]]] = []
        self.descriptors: list[int] = []
        for cpu in processors():
            first = -1
            for kind, layout in formats.items():
                descriptor = perf_event_open(layout.id, cpu)
                self.descriptors.append(descriptor)
                if first == -1:
                    first = descriptor
                    ring = mmap.mmap(descriptor, (1 + PAGES) * mmap.PAGESIZE)
                    self.rings.append((ring, collections.deque()))
                else:
                    ioctl(descriptor, 0x2405, first)  # PERF_EVENT_IOC_SET_OUTPUT
                if kind in CONDITIONS:  # PERF_EVENT_IOC_SET_FILTER
                    ioctl(descriptor, 0x40082406, ctypes.c_char_p(CONDITIONS[kind].encode()))
        for descriptor in self.descriptors:
            ioctl(descriptor, 0x2400, 0)  # PERF_EVENT_IOC_ENABLE

    def drain(self) -> None:
        """Copy what has happened out of the rings, so that they do not overflow. It is read only
        where there is a SYN to explain."""
        size, base = PAGES * mmap.PAGESIZE, mmap.PAGESIZE
        for ring, chunks in self.rings:
            head, tail = struct.unpack_from("=QQ", ring, 1024)
            start, length = tail % size, min(head - tail, size)
            data = ring[base + start : base + min(start + length, size)]
            data += ring[base : base + max(start + length - size, 0)]
            struct.pack_into("=Q", ring, 1032, head)
            chunks.append((monotonic(), data))
            while chunks[0][0] < monotonic() - KEPT * 10**9:
                chunks.popleft()

    def events(self, first: int, last: int) -> "list[list[Event]] | None":
        """Return the events of each processor between two times; None if some were lost."""
        sockets = []
        for _, chunks in self.rings:
            data, before = b"", 0
            for drained, chunk in chunks:
                if drained >= first and before <= last:
                    data += chunk
                before = drained
            events, lost = read_events(data[:MAX_BYTES], self.formats, first, last)
            if lost or len(data) > MAX_BYTES:
                return None
            sockets.append(events)
        return sockets

    def close(self) -> None:
        for ring, _ in self.rings:
            ring.close()
        for descriptor in self.descriptors:
            os.close(descriptor)


class Syns:
    """A packet socket with a ring (packet_mmap in the kernel's documentation, TPACKET_V2), which
    says when a packet was copied. A filter lets only SYNs to the port in (socket(7),
    SO_ATTACH_FILTER)."""

    FRAME, COUNT = 256, 256

    def __init__(self, port: int) -> None:
        self.socket = socket.socket(17, socket.SOCK_DGRAM, 0)
        program = port_filter(port)
        instructions = ctypes.create_string_buffer(
            b"".join(struct.pack("=HBBI", *instruction) for instruction in program)
        )
        header = struct.pack("@HP", len(program), ctypes.addressof(instructions))
        self.socket.setsockopt(socket.SOL_SOCKET, 26, header)  # SO_ATTACH_FILTER
        self.socket.setsockopt(263, 10, struct.pack("=i", 1))  # PACKET_VERSION: TPACKET_V2
        size = self.FRAME * self.COUNT
        request = struct.pack("=IIII", size, 1, self.FRAME, self.COUNT)
        self.socket.setsockopt(263, 5, request)  # PACKET_RX_RING
        self.ring, self.next = mmap.mmap(self.socket.fileno(), size), 0
        # Every interface, every protocol: socket.bind() takes the name of one.
        address = struct.pack("=HHiHBB8x", 17, socket.htons(3), 0, 0, 0, 0)
        checked(LIBC.bind(self.socket.fileno(), address, len(address)))
        self.ahead = clock_difference()

    def drain(self) -> "list[Syn]":
        """Return the SYNs that have come."""
        syns = []
        for _ in range(self.COUNT):
            start = self.next * self.FRAME
            status, size, captured, offset, _, seconds, nanoseconds = struct.unpack_from(
                "=IIIHHII", self.ring, start
            )
            if not status & 1:
                break
            interface, _, direction = struct.unpack_from("=iHB", self.ring, start + 36)
            parts = read_syn(self.ring[start + offset : start + min(offset + captured, self.FRAME)])
            if parts and direction != 4:  # PACKET_OUTGOING
                at = seconds * 10**9 + nanoseconds - self.ahead
                # TP_STATUS_TS_SOFTWARE: another program wants time stamps, so it was stamped early.
                is_exact = not status & 1 << 29
                syns.append(Syn(at, is_exact, size, interface_name(interface), *parts))
            struct.pack_into("=I", self.ring, start, 0)
            self.next = (self.next + 1) % self.COUNT
        return syns

    def close(self) -> None:
        self.ring.close()
        self.socket.close()


def port_filter(port: int) -> "tuple[tuple[int, int, int, int], ...]":
    """Return a program (code, jump if true, jump if false, value) that lets SYNs to a port in: over
    IPv4 without fragments, over IPv6 without extension headers."""
    return (
        (0x30, 0, 0, 0), (0x54, 0, 0, 0xF0), (0x15, 0, 9, 0x40),
        (0x30, 0, 0, 9), (0x15, 0, 15, 6), (0x28, 0, 0, 6), (0x45, 13, 0, 0x1FFF),
        (0xB1, 0, 0, 0), (0x48, 0, 0, 2), (0x15, 0, 10, port), (0x50, 0, 0, 13), (0x05, 0, 0, 6),
        (0x15, 0, 7, 0x60), (0x30, 0, 0, 6), (0x15, 0, 5, 6), (0x28, 0, 0, 42),
        (0x15, 0, 3, port), (0x30, 0, 0, 53),
        (0x54, 0, 0, 0x12), (0x15, 1, 0, 2), (0x06, 0, 0, 0), (0x06, 0, 0, 256),
    )  # fmt: skip


def monotonic() -> int:
    return time.clock_gettime_ns(time.CLOCK_MONOTONIC)


def clock_difference() -> int:
    """Return by how many nanoseconds the wall clock is ahead of CLOCK_MONOTONIC, which the events
    use: from the quickest of many readings."""
    best = (10**9, 0)
    for _ in range(200):
        before = monotonic()
        wall = time.clock_gettime_ns(time.CLOCK_REALTIME)
        after = monotonic()
        best = min(best, (after - before, wall - (before + after) // 2))
    return best[1]


def interface_name(number: int) -> str:
    try:
        return socket.if_indextoname(number)
    except OSError:
        return ""


def processors() -> "list[int]":
    with open("/sys/devices/system/cpu/online") as file:
        text = file.read(4096)
    numbers: list[int] = []
    for part in text.strip().split(","):
        first, _, last = part.partition("-")
        numbers += range(int(first), int(last or first) + 1)
    if len(numbers) > MAX_CPUS:
        raise OSError(errno.E2BIG, "too many processors")
    return numbers


def perf_event_open(tracepoint: int, cpu: int) -> int:
    """Open a tracepoint on a processor, for all processes. A sample holds time and raw event; the
    clock is CLOCK_MONOTONIC; poll(2) wakes when a quarter of the ring is full."""
    flags = 1 | 1 << 14 | 1 << 25  # disabled, watermark, use_clockid
    attributes = struct.pack(
        "=IIQQQQQIIQQQQIi16x", 2, 112, tracepoint, 1, 1 << 2 | 1 << 10, 0, flags,
        PAGES * mmap.PAGESIZE // 4, 0, 0, 0, 0, 0, 0, time.CLOCK_MONOTONIC,
    )  # fmt: skip
    number = CALLS.get(platform.machine(), 241)
    return checked(LIBC.syscall(number, attributes, -1, cpu, -1, 8))  # PERF_FLAG_FD_CLOEXEC


def ioctl(descriptor: int, request: int, argument: object) -> None:
    checked(LIBC.ioctl(descriptor, ctypes.c_ulong(request), argument))


def checked(result: int) -> int:
    if result < 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    return result


def tracefs() -> str:
    """Return where tracefs is mounted. It is never mounted by us."""
    with open("/proc/self/mounts") as mounts:
        for line in mounts:
            fields = line.split()
            if len(fields) > 2 and fields[2] == "tracefs":
                return fields[1]
    raise FileNotFoundError(errno.ENOENT, "tracefs is not mounted")


def read_formats() -> "dict[str, Format]":
    formats, folder = {}, tracefs()
    for kind, name in TRACEPOINTS.items():
        with open(folder + "/events/" + name + "/format") as file:
            formats[kind] = Format(file.read(MAX_FORMAT))
    if "reason" not in formats[DROPPED].fields:
        raise OSError(errno.ENOSYS, "this kernel gives no reason for a drop (Linux 5.17 does)")
    return formats


def fates(
    tap: Tap, syns: Syns, mss: int, deadline: float
) -> "collections.abc.Iterator[tuple[Syn, Fate]]":
    """Yield each SYN with this MSS and what became of it, until the deadline of CLOCK_MONOTONIC
    or until nobody reads the output any more."""
    waiting: list[tuple[int, Syn]] = []
    no_reason = tap.formats[DROPPED].no_reason
    poll = select.poll()
    poll.register(syns.socket, select.POLLIN)
    poll.register(1, select.POLLERR)
    for descriptor in tap.descriptors:
        poll.register(descriptor, select.POLLIN)
    while time.monotonic() < deadline:
        wait = SETTLE / 2 if waiting else deadline - time.monotonic()
        if (1, select.POLLERR) in poll.poll(max(wait * 1000, 1)):
            return
        fresh, now = syns.drain(), monotonic()
        tap.drain()
        waiting += [(now, syn) for syn in fresh if syn.mss == mss][:MAX_SYNS]
        settled = [pair for pair in waiting if now - pair[0] > SETTLE * 10**9]
        for arrival, syn in settled:
            events = tap.events(syn.at - COPY, arrival + WORK)
            yield syn, UNCLEAR if events is None else fate(events, syn, arrival, no_reason)
        waiting = waiting[len(settled) :]


def watch(
    formats: "dict[str, Format]", port: int, mss: int, seconds: float
) -> "list[tuple[Syn, Fate]]":
    """Return the SYNs and their fates: until the first one is dropped for a reason, and a little
    longer."""
    syns, tap = Syns(port), Tap(formats)
    judged, no_reason = [], formats[DROPPED].no_reason
    try:
        print("ready", flush=True)
        for pair in fates(tap, syns, mss, time.monotonic() + seconds):
            judged.append(pair)
            is_known = pair[1] not in (PASSED, UNCLEAR) and pair[1].reason != no_reason
            if is_known or len(judged) >= MAX_SYNS:
                break
        judged += fates(tap, syns, mss, time.monotonic() + LINGER)
    finally:
        tap.close()
        syns.close()
    return judged


def symbols(locations: "set[int]") -> "dict[int, str]":
    """Return the kernel's function at each address, "-" if they are kept secret (kptr_restrict)."""
    nearest = {location: (0, "-") for location in locations if location}
    with open("/proc/kallsyms") as lines:
        for line in lines if nearest else ():
            start = int(line[:16].split(" ")[0], 16)
            for location, (before, _) in nearest.items():
                if before < start <= location:
                    nearest[location] = (start, line.split()[2])
    return {location: name for location, (_, name) in nearest.items()}


def main(port: int, mss: int, seconds: float) -> None:
    try:
        formats = read_formats()
        judged = watch(formats, port, mss, seconds)
    except OSError as error:
        is_denied = error.errno in (errno.EPERM, errno.EACCES)
        print("cannot:", "not permitted, it needs root" if is_denied else error.strerror)
        return
    functions = symbols({outcome.location for _, outcome in judged})
    for syn, outcome in judged:
        reason = formats[DROPPED].names.get(outcome.reason, outcome.reason)
        words = (reason, functions[outcome.location]) if outcome.location else ("-", "-")
        is_reset = "reset" if outcome.reset else "-"
        print(
            "syn", syn.source, syn.port, syn.address, syn.interface, outcome.name, *words, is_reset
        )


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3]))
