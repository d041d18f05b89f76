"""Parse counters, queues, packets, routes and clocks as the kernel and small tools print them. No
I/O.

A script prints several outputs, each after a line "@ name". Files are printed by `grep -H .`, with
the path before each line.
"""

import re
from ipaddress import ip_address

from diagnose.model.frozen import frozen
from diagnose.model.kernel import SYN_MARKS, Counter, MarkedSyn, Queue
from diagnose.parsers.sanitize import clean

#: Counters that show lost connections (/proc/net/netstat; the kernel's snmp_counter.rst).
EXTENDED = (
    *("ListenOverflows", "ListenDrops", "TCPReqQFullDrop", "TCPReqQFullDoCookies"),
    "IPReversePathFilter",
)
#: Resets that the kernel itself sent (/proc/net/snmp, Tcp). A firewall's are not among them.
SEGMENTS = ("OutRsts",)
#: Counters in /proc/net/stat/nf_conntrack: hexadecimal, one line per processor.
TRACKING = ("insert_failed", "drop", "early_drop")

#: Most lines of one output that are read, and most marked SYNs.
MAX_LINES, MAX_MARKED = 20_000, 100


def split_sections(text: str) -> dict[str, str]:
    """Return the text after each line "@ name", up to the next such line."""
    parts = re.split(r"^@ ([\w-]+)\n", text, flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


def file_lines(text: str) -> dict[str, list[str]]:
    """Return the lines of each file that `grep -H .` printed. Paths in /proc contain no colon."""
    lines_by_path: dict[str, list[str]] = {}
    for line in text.splitlines()[:MAX_LINES]:
        path, colon, content = line.partition(":")
        if colon and path.startswith("/"):
            lines_by_path.setdefault(path, []).append(content)
    return lines_by_path


def parse_number(lines: list[str] | None) -> int | None:
    """Return the number in a file of /proc/sys, or None."""
    text = lines[0].strip() if lines else ""
    return int(text) if text.isascii() and text.isdigit() else None


def counters(proc_files: dict[str, list[str]]) -> tuple[Counter, ...]:
    extended = _pairs(proc_files.get("/proc/net/netstat", []))
    extended |= _pairs(proc_files.get("/proc/net/snmp", []))
    names = (*EXTENDED, *SEGMENTS)
    network_counters = [Counter(name, extended[name]) for name in names if name in extended]
    tracking = _column_sums(proc_files.get("/proc/net/stat/nf_conntrack", []))
    return (
        *network_counters,
        *(Counter(f"conntrack {name}", tracking[name]) for name in TRACKING if name in tracking),
    )


def _pairs(lines: list[str]) -> dict[str, int]:
    """Parse alternating lines of names and values; both start with the same word (proc_net(5))."""
    values_by_name = {}
    for names, values in zip(lines[::2], lines[1::2], strict=False):
        head, *keys = names.split()
        second_head, *numbers = values.split()
        if head == second_head:
            for key, value in zip(keys, numbers, strict=False):
                if value.isascii() and value.isdigit():
                    values_by_name[key] = int(value)
    return values_by_name


def _column_sums(lines: list[str]) -> dict[str, int]:
    names = lines[0].split() if lines else []
    sums = dict.fromkeys(names, 0)
    for line in lines[1:]:
        for name, value in zip(names, line.split(), strict=False):
            if re.fullmatch(r"[0-9a-f]{1,16}", value):
                sums[name] += int(value, 16)
    return sums


def reverse_path(proc_files: dict[str, list[str]]) -> tuple[tuple[str, int], ...]:
    """Return the value of rp_filter for each interface."""
    settings = []
    for path, lines in proc_files.items():
        name = re.fullmatch(r"/proc/sys/net/ipv4/conf/([^/]+)/rp_filter", path)
        value = parse_number(lines)
        if name and value is not None and value <= 2:
            settings.append((clean(name[1], 32), value))
    return tuple(settings)


def ipv6_off(proc_files: dict[str, list[str]]) -> tuple[str, ...]:
    """Return the interfaces on which IPv6 is turned off; ("*",) if the kernel has none."""
    if "/proc/sys/net/ipv6" in proc_files:
        return ("*",)
    names = []
    for path, lines in proc_files.items():
        name = re.fullmatch(r"/proc/sys/net/ipv6/conf/([^/]+)/disable_ipv6", path)
        if name and parse_number(lines) == 1:
            names.append(clean(name[1], 32))
    return tuple(names)


# Accept queues


def queues(text: str) -> tuple[Queue, ...]:
    """Parse accept queues from `ss -ltn` of any version, or from /proc/net/tcp and tcp6, which do
    not show the limit."""
    return tuple(queue for line in text.splitlines()[:MAX_LINES] if (queue := _queue(line)))


def _queue(line: str) -> Queue | None:
    fields = line.split()
    if fields[:1] == ["tcp"]:
        fields = fields[1:]
    if len(fields) >= 5 and fields[0] == "LISTEN" and fields[1].isdigit() and fields[2].isdigit():
        address, _, port = fields[3].rpartition(":")
        if port.isdigit():
            return Queue(_without_scope(address), int(port), int(fields[1]), int(fields[2]))
    if len(fields) > 4 and fields[3] == "0A" and re.fullmatch(r"[0-9A-F]+:[0-9A-F]{4}", fields[1]):
        waiting = fields[4].partition(":")[2]
        if re.fullmatch(r"[0-9A-F]{1,8}", waiting):
            address, _, port = fields[1].partition(":")
            return Queue(_address_from_hex(address), int(port, 16), int(waiting, 16))
    return None


def _without_scope(address: str) -> str:
    return clean(re.sub(r"%[\w.-]+", "", address).strip("[]"), 45)


def _address_from_hex(digits: str) -> str:
    """Decode like `diagnose.parsers.linux.sockets`: little-endian words."""
    if len(digits) not in {8, 32}:
        return ""
    raw = bytes.fromhex(digits)
    words = [raw[at : at + 4][::-1] for at in range(0, len(raw), 4)]
    return str(ip_address(b"".join(words)))


# Packets


@frozen
class CapturedPackets:
    """`sources` sent SYNs to the port. SYN-ACKs from it went to `answered`, resets to `reset`, ICMP
    errors to `rejected`. `marked` are SYNs to any port with a MSS of `SYN_MARKS`. `complete` is
    False if the capture did not see everything; `control` is True if it saw the SSH session."""

    sources: tuple[str, ...] = ()
    answered: tuple[str, ...] = ()
    reset: tuple[str, ...] = ()
    rejected: tuple[str, ...] = ()
    marked: tuple[MarkedSyn, ...] = ()
    complete: bool = True
    control: bool = False


def captured_packets(text: str, limit: int, port: int) -> CapturedPackets:
    """Parse the output of tcpdump(1) -n; `limit` is the number of packets captured at most."""
    addresses_by_kind: dict[str, dict[str, None]] = {
        name: {} for name in ("sources", "answered", "reset", "rejected")
    }
    marked: dict[MarkedSyn, None] = {}
    number = 0
    for line in text.splitlines():
        if packet := _TCP_LINE.search(line):
            number += 1
            _note_segment(packet, port, addresses_by_kind, marked)
        elif error := _ICMP_LINE.search(line):
            number += 1
            addresses_by_kind["rejected"] |= dict.fromkeys(
                filter(None, [_normalize_address(error[1])])
            )
    return CapturedPackets(
        **{name: tuple(addresses) for name, addresses in addresses_by_kind.items()},
        marked=tuple(marked),
        complete=number < limit and "gave up" not in text,
        control="control: ssh" in text,
    )


#: tcpdump prints the interface before "IP" since 4.99, and a dot between address and port.
_TCP_LINE = re.compile(
    r"\bIP6? ([0-9a-fA-F:.]{2,45})\.(\d{1,5}) > (\S{1,64})\.(\d{1,5}): Flags \[([A-Z.]{1,9})\]"
    r"(?:.{0,300}?\bmss (\d{1,5})\b)?"
)
_ICMP_LINE = re.compile(r"\bIP6? \S{2,64} > ([0-9a-fA-F:.]{2,45}): ICMP6?,? .{0,200}unreachable")


def _note_segment(
    packet: re.Match[str],
    port: int,
    addresses: dict[str, dict[str, None]],
    marked: dict[MarkedSyn, None],
) -> None:
    source, flags = _normalize_address(packet[1]), packet[5]
    if flags.startswith("S") and "." not in flags:
        mss = int(packet[6] or 0)
        if source and int(packet[4]) == port:
            addresses["sources"][source] = None
        if source and mss in SYN_MARKS and len(marked) < MAX_MARKED:
            marked[MarkedSyn(source, int(packet[4]), mss)] = None
    elif int(packet[2]) == port and ("S" in flags or "R" in flags):
        receiver = _normalize_address(packet[3])
        addresses["answered" if "S" in flags else "reset"] |= {receiver: None} if receiver else {}


def clock(text: str) -> dict[str, float]:
    """Return the server's clock, in seconds, at each named moment."""
    readings = re.findall(r"^clock: (\w+) (\d+\.\d+)$", text, re.MULTILINE)
    return {name: float(seconds) for name, seconds in readings}


@frozen
class SynFate:
    """What the kernel did with a SYN (`diagnose/probes/inside/shell/kernel_tap.py`): "passed",
    "dropped", "reply-dropped" or "unclear", and the kernel's words for it."""

    source: str
    address: str
    interface: str
    name: str
    reason: str = ""
    function: str = ""
    was_reset: bool = False


def syn_fates(text: str) -> tuple[SynFate, ...]:
    """Parse the lines "syn SOURCE PORT ADDRESS INTERFACE FATE REASON FUNCTION RESET"."""
    fates = []
    for line in text.splitlines()[:MAX_LINES]:
        fields = [clean(field, 64) for field in line.split(" ")]
        if len(fields) == 9 and fields[0] == "syn":
            source, address = _normalize_address(fields[1]), _normalize_address(fields[3])
            interface, name, reason, function, reset = ("" if f == "-" else f for f in fields[4:])
            if source and address:
                fates.append(
                    SynFate(source, address, interface, name, reason, function, reset == "reset")
                )
    return tuple(fates)


def half_open(text: str) -> tuple[str, ...]:
    """Return the remote addresses in the output of `ss -tn state syn-recv`."""
    addresses = []
    for line in text.splitlines()[:MAX_LINES]:
        fields = [field for field in line.split() if field not in {"tcp", "SYN-RECV"}]
        if len(fields) >= 4 and fields[0].isdigit():
            address = _normalize_address(_without_scope(fields[3].rpartition(":")[0]))
            addresses += [address] if address else []
    return tuple(dict.fromkeys(addresses))


def _normalize_address(address: str) -> str | None:
    """Return an address in Python's form; an IPv4-mapped address becomes the IPv4 address."""
    try:
        parsed = ip_address(address)
    except ValueError:
        return None
    return str(getattr(parsed, "ipv4_mapped", None) or parsed)


def ssh_client(text: str) -> str:
    """Return the client's address in SSH_CONNECTION (ssh(1)), or ""."""
    fields = text.split()
    return (_normalize_address(fields[0].partition("%")[0]) or "") if len(fields) >= 3 else ""


# Return routes


@frozen
class RouteReply:
    """A route lookup for an incoming packet; `complaint` is "" if the kernel would accept it."""

    source: str
    address: str
    device: str
    complaint: str = ""


def route_replies(text: str) -> tuple[RouteReply, ...]:
    """Parse questions, "? source address device", each with its `ip route get` output."""
    replies = []
    for part in re.split(r"^\? ", text, flags=re.MULTILINE)[1:33]:
        head, _, output = part.partition("\n")
        fields = head.split()
        if len(fields) == 3:
            source, address, device = fields
            complaint = _complaint(output, device if ":" in address else "")
            if complaint is not None:
                replies.append(RouteReply(source, address, clean(device, 32), complaint))
    return tuple(replies)


def _complaint(output: str, expected_device: str) -> str | None:
    """Return the objection to a route, "" if there is none, None if the tool cannot tell.
    `expected_device` is the interface that the return route must use; "" accepts any."""
    if answer := re.search(r"RTNETLINK answers: (.+)", output):
        return clean(answer[1], 100)
    device = re.search(r"\bdev (\S+)", output)
    if device is None:
        return None
    return (
        "" if not expected_device or device[1] == expected_device else f"dev {clean(device[1], 32)}"
    )


# Clocks


def synchronized(text: str) -> bool | None:
    """Return whether the clock is synchronized, or None if unknown. Parses `timedatectl show`
    ("NTPSynchronized=yes"), an older `timedatectl` ("NTP synchronized: yes", "System clock
    synchronized: yes"), or `chronyc tracking`."""
    match = re.search(r"(?:NTPSynchronized=|synchronized: )(yes|no)\b", text)
    if match:
        return match[1] == "yes"
    leap = re.search(r"^Leap status\s*: (.+)$", text, re.MULTILINE)
    return leap[1].strip() == "Normal" if leap else None
