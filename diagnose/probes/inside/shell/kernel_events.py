"""Reads the kernel's tracepoints and says what became of a SYN. It is sent to the server with
kernel_tap.py, so it needs Python 3.7 and nothing else.

A tracepoint shows no ports. A SYN is joined to the event of its arrival by interface, length, time
and processor: a processor takes in one packet after the other, so what it drops before the next one
comes is that packet, or an answer to it. Where several events fit and differ, the fate is unclear.
"""

from __future__ import annotations

import bisect
import re
import socket
import struct
import sys
from typing import Dict, List, NamedTuple, Optional, Tuple, Union

#: Most bytes of a tracepoint's `format` that are read.
MAX_FORMAT = 65536
#: Nanoseconds: the error of the clocks, the time between the arrival of a packet and its copy to
#: the packet socket, and the time in which the kernel handles it. Later its memory holds another
#: packet.
CLOCK_ERROR, COPY, WORK = 200, 2000000, 500000
RECEIVED, DROPPED, RESET = "received", "dropped", "reset"
#: PERF_RECORD_LOST, PERF_RECORD_SAMPLE, TRACE_FLAG_SOFTIRQ.
LOST, SAMPLE, SOFTIRQ = 2, 9, 0x10


class Event(NamedTuple):
    """An event at a time of CLOCK_MONOTONIC (nanoseconds). `value` and `place` are length and
    interface, or reason and location. `context` is the same as long as one packet is handled."""

    at: int
    kind: str
    skb: int
    value: int
    place: Union[int, str]
    context: Tuple[int, int]


class Syn(NamedTuple):
    """A SYN as a packet socket got it. `exact`: the kernel stamped it when it was copied, and not
    before it was taken in."""

    at: int
    exact: bool
    size: int
    interface: str
    source: str
    port: int
    address: str
    mss: int


class Fate(NamedTuple):
    """What became of a SYN: "passed", "dropped", "reply-dropped" or "unclear". `at` is when."""

    name: str
    reason: int = 0
    location: int = 0
    reset: bool = False
    at: Optional[int] = None


PASSED, UNCLEAR = Fate("passed"), Fate("unclear")


class Format:
    """The layout of a tracepoint: its `format` file in tracefs. The numbers of reasons change from
    one kernel to the next, so their names are read there too."""

    def __init__(self, text: str) -> None:
        self.id = -1
        self.fields: Dict[str, Tuple[int, int]] = {}
        self.names: Dict[int, str] = {}
        for line in text[:MAX_FORMAT].splitlines():
            head, _, field_rest = line.strip().partition(";")
            place = re.match(r"\s*offset:(\d{1,4});\s*size:(\d{1,4});", field_rest)
            if re.match(r"ID: \d{1,9}$", line):
                self.id = int(line[4:])
            elif head.startswith("field:") and place:
                name = head.split(" ")[-1].partition("[")[0]
                self.fields[name] = (int(place.group(1)), int(place.group(2)))
            elif line.startswith("print fmt:"):
                symbols = line.partition("REC->reason,")[2]
                for number, name in re.findall(r'\{ (\d{1,9}), "(\w{1,64})" \}', symbols):
                    self.names.setdefault(int(number), name)

    @property
    def no_reason(self) -> int:
        """The number with which the kernel says that it has no reason to tell; -1 if none."""
        return next((number for number, name in self.names.items() if name == "NOT_SPECIFIED"), -1)

    def value(self, raw: bytes, name: str) -> int:
        """Return an unsigned field of an event; 0 if it has none."""
        offset, size = self.fields.get(name, (0, 0))
        if size not in (1, 2, 4, 8) or offset + size > len(raw):
            return 0
        return int.from_bytes(raw[offset : offset + size], sys.byteorder)

    def text(self, raw: bytes, name: str) -> str:
        """Return a text of variable length (__data_loc: its offset, and its length times 2^16)."""
        place = self.value(raw, name)
        data = raw[place & 0xFFFF : (place & 0xFFFF) + min(place >> 16, 64)]
        return data.partition(b"\0")[0].decode("ascii", "replace")


def read_events(
    data: bytes, formats: dict[str, Format], first: int, last: int
) -> tuple[list[Event], bool]:
    """Return the events between two times in records of perf_event_open(2), and whether some were
    lost. A sample holds the time and the raw event."""
    events: List[Event] = []
    lost, at = False, 0
    kinds = {layout.id: (kind, layout) for kind, layout in formats.items()}
    while at + 16 <= len(data):
        record, _, size, when = struct.unpack_from("=IHHQ", data, at)
        if size < 16 or at + size > len(data):
            break
        lost = lost or record == LOST
        if record == SAMPLE and first <= when <= last and size >= 24:
            length = int.from_bytes(data[at + 16 : at + 20], sys.byteorder)
            raw = data[at + 20 : at + min(20 + length, size)]
            kind = kinds.get(int.from_bytes(raw[:2], sys.byteorder))
            if kind is not None:
                events.append(_event(when, kind[0], kind[1], raw))
        at += size
    return events, lost


def _event(when: int, kind: str, layout: Format, raw: bytes) -> Event:
    context = layout.value(raw, "common_pid"), layout.value(raw, "common_flags") & SOFTIRQ
    skb = layout.value(raw, "skbaddr")
    if kind == RECEIVED:
        return Event(when, kind, skb, layout.value(raw, "len"), layout.text(raw, "name"), context)
    reason, location = layout.value(raw, "reason"), layout.value(raw, "location")
    return Event(when, kind, skb, reason, location, context)


def read_syn(packet: bytes) -> tuple[str, int, str, int] | None:
    """Return source, port, destination and MSS of a SYN, from its IP header on; None if it is none
    (RFC 791, RFC 8200, RFC 9293 section 3.1)."""
    version = packet[0] >> 4 if packet else 0
    if version == 4 and len(packet) >= 20:
        family, addresses, start = socket.AF_INET, packet[12:20], (packet[0] & 15) * 4
    elif version == 6 and len(packet) >= 40:
        family, addresses, start = socket.AF_INET6, packet[8:40], 40
    else:
        return None
    tcp, half = packet[start:], len(addresses) // 2
    if len(tcp) < 20 or tcp[13] & 0x12 != 2:
        return None
    source, address = (
        socket.inet_ntop(family, part) for part in (addresses[:half], addresses[half:])
    )
    port = int.from_bytes(tcp[:2], "big")
    return source, port, address, _mss(tcp[20 : (tcp[12] >> 4) * 4])


def _mss(options: bytes) -> int:
    at = 0
    while at + 1 < len(options) and options[at] != 0:
        length = 1 if options[at] == 1 else options[at + 1]
        if options[at] == 2 and length == 4:
            return int.from_bytes(options[at + 2 : at + 4], "big")
        at += max(length, 1)
    return 0


def fate(processors: list[list[Event]], syn: Syn, now: int, no_reason: int = -1) -> Fate:
    """Return what became of a SYN. `processors` are the events of each processor, in order; `now`
    is when its copy had come, in nanoseconds; `no_reason` is that of the format of drops."""
    possible: Dict[Fate, Fate] = {}
    for events in processors:
        for index in _arrivals(events, syn, now):
            outcome = _fate_of(events, index, no_reason)
            # What had been dropped before the copy was made is another packet.
            if outcome.at is None or not syn.exact or outcome.at > syn.at - CLOCK_ERROR:
                possible[outcome._replace(at=None)] = outcome
    return possible.popitem()[1] if len(possible) == 1 else UNCLEAR


def _arrivals(events: list[Event], syn: Syn, now: int) -> list[int]:
    """Return where the packet may have arrived among the events of a processor.

    If the copy was stamped when it was made, the arrival is the last one before. Otherwise it may
    be any from the stamp on."""
    first, last = syn.at - CLOCK_ERROR, now
    if syn.exact:
        first, last = syn.at - COPY, syn.at + CLOCK_ERROR
    times = [event.at for event in events]
    indexes = range(bisect.bisect_left(times, first), bisect.bisect_right(times, last))
    arrivals = [index for index in indexes if events[index].kind == RECEIVED]
    if syn.exact:
        arrivals = arrivals[-1:]
    syn_key = (syn.size, syn.interface)
    return [index for index in arrivals if (events[index].value, events[index].place) == syn_key]


def _fate_of(events: list[Event], index: int, no_reason: int) -> Fate:
    """Follow the packet on its processor until the next one comes, or something else begins.

    A SYN that comes again for a half-open connection is answered, and then freed without a reason:
    what became of the answer is what counts."""
    arrival, reply, was_reset = events[index], PASSED, False
    for event in events[index + 1 :]:
        is_late = event.at > arrival.at + WORK or event.context != arrival.context
        if is_late or event.kind == RECEIVED:
            break
        if event.kind == RESET:
            was_reset = was_reset or event.skb == arrival.skb
        elif event.skb == arrival.skb:
            if event.value == no_reason and reply is not PASSED:
                return reply
            return Fate(DROPPED, event.value, int(event.place), was_reset, event.at)
        elif reply is PASSED:
            reply = Fate("reply-dropped", event.value, int(event.place), False, event.at)
    return reply
