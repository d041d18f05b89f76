"""What the kernel of a server prints of itself, and small tools about it. Pure.

A script prints several things after one another, each after a line "@ name"; files come as
`grep -H .` prints them, their path before each line.
"""

import re
from ipaddress import ip_address

from diagnose.model.frozen import frozen
from diagnose.model.kernel import Counter, Holder, Queue
from diagnose.parsers.sanitize import clean

#: Counters that tell of lost connections (/proc/net/netstat; the kernel's snmp_counter.rst).
EXTENDED = (
    *("ListenOverflows", "ListenDrops", "TCPReqQFullDrop", "TCPReqQFullDoCookies"),
    "IPReversePathFilter",
)
#: Of /proc/net/stat/nf_conntrack, in hexadecimal, a line a processor.
TRACKING = ("insert_failed", "drop", "early_drop")

#: More lines than this of one thing are not read.
MOST = 20_000


def sections(text: str) -> dict[str, str]:
    """What stands after each line "@ name", up to the next."""
    parts = re.split(r"^@ ([\w-]+)\n", text, flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


def files(text: str) -> dict[str, list[str]]:
    """The lines of each file that `grep -H .` printed. Paths of /proc hold no colon."""
    found: dict[str, list[str]] = {}
    for line in text.splitlines()[:MOST]:
        path, colon, rest = line.partition(":")
        if colon and path.startswith("/"):
            found.setdefault(path, []).append(rest)
    return found


def number(lines: list[str] | None) -> int | None:
    """The one number that a file of /proc/sys holds."""
    word = lines[0].strip() if lines else ""
    return int(word) if word.isascii() and word.isdigit() else None


def counters(read: dict[str, list[str]]) -> tuple[Counter, ...]:
    extended = _pairs(read.get("/proc/net/netstat", []))
    found = [Counter(name, extended[name]) for name in EXTENDED if name in extended]
    tracking = _summed(read.get("/proc/net/stat/nf_conntrack", []))
    return (
        *found,
        *(Counter(f"conntrack {name}", tracking[name]) for name in TRACKING if name in tracking),
    )


def _pairs(lines: list[str]) -> dict[str, int]:
    """Lines of names and of values, in turn, each after the same word (proc_net(5))."""
    found = {}
    for names, values in zip(lines[::2], lines[1::2], strict=False):
        head, *keys = names.split()
        again, *numbers = values.split()
        if head == again:
            for key, value in zip(keys, numbers, strict=False):
                if value.isascii() and value.isdigit():
                    found[key] = int(value)
    return found


def _summed(lines: list[str]) -> dict[str, int]:
    names = lines[0].split() if lines else []
    sums = dict.fromkeys(names, 0)
    for line in lines[1:]:
        for name, word in zip(names, line.split(), strict=False):
            if re.fullmatch(r"[0-9a-f]{1,16}", word):
                sums[name] += int(word, 16)
    return sums


def reverse_path(read: dict[str, list[str]]) -> tuple[tuple[str, int], ...]:
    """rp_filter by interface."""
    found = []
    for path, lines in read.items():
        name = re.fullmatch(r"/proc/sys/net/ipv4/conf/([^/]+)/rp_filter", path)
        value = number(lines)
        if name and value is not None and value <= 2:
            found.append((clean(name[1], 32), value))
    return tuple(found)


# Accept queues


def queues(text: str) -> tuple[Queue, ...]:
    """Of `ss -ltn`, of any age; of /proc/net/tcp and tcp6, which do not tell the limit."""
    return tuple(found for line in text.splitlines()[:MOST] if (found := _queue(line)))


def _queue(line: str) -> Queue | None:
    fields = line.split()
    if fields[:1] == ["tcp"]:
        fields = fields[1:]
    if len(fields) >= 5 and fields[0] == "LISTEN" and fields[1].isdigit() and fields[2].isdigit():
        address, _, port = fields[3].rpartition(":")
        if port.isdigit():
            return Queue(_bare(address), int(port), int(fields[1]), int(fields[2]))
    if len(fields) > 4 and fields[3] == "0A" and re.fullmatch(r"[0-9A-F]+:[0-9A-F]{4}", fields[1]):
        waiting = fields[4].partition(":")[2]
        if re.fullmatch(r"[0-9A-F]{1,8}", waiting):
            address, _, port = fields[1].partition(":")
            return Queue(_unhexed(address), int(port, 16), int(waiting, 16))
    return None


def _bare(address: str) -> str:
    return clean(re.sub(r"%[\w.-]+", "", address).strip("[]"), 45)


def _unhexed(digits: str) -> str:
    """As in `diagnose.parsers.linux.sockets`: words in the byte order of nearly all machines."""
    if len(digits) not in {8, 32}:
        return ""
    raw = bytes.fromhex(digits)
    words = [raw[at : at + 4][::-1] for at in range(0, len(raw), 4)]
    return str(ip_address(b"".join(words)))


def holders(text: str) -> tuple[Holder, ...]:
    """The first words of /proc/PID/stat (proc_pid_stat(5))."""
    found = []
    for line in text.splitlines()[:100]:
        one = re.match(r"(\d{1,10}) \((.{0,64})\) ([A-Za-z])\b", line)
        if one:
            found.append(Holder(int(one[1]), clean(one[2], 64), one[3]))
    return tuple(found)


# Packets


@frozen
class Caught:
    """From which addresses SYNs came; `complete` False where not all of them were looked at."""

    sources: tuple[str, ...]
    complete: bool


def caught(text: str, most: int) -> Caught:
    """What tcpdump(1) -n printed of SYNs."""
    found = [one for line in text.splitlines() if (one := _syn_source(line))]
    complete = len(found) < most and "gave up" not in text
    return Caught(tuple(dict.fromkeys(found)), complete)


def clock(text: str) -> dict[str, float]:
    """What the server's clock showed, in seconds, at each of the moments that were named."""
    said = re.findall(r"^clock: (\w+) (\d+\.\d+)$", text, re.MULTILINE)
    return {name: float(seconds) for name, seconds in said}


def _syn_source(line: str) -> str | None:
    """Between "IP" or "IP6" and ">": address, dot, port. Since 4.99 the interface stands before."""
    said = re.search(r"\bIP6? ([0-9a-fA-F:.]+)\.\d{1,5} > \S+: Flags \[S", line)
    return _normal(said[1]) if said else None


def half_open(text: str) -> tuple[str, ...]:
    """The far addresses in what `ss -tn state syn-recv` prints."""
    found = []
    for line in text.splitlines()[:MOST]:
        fields = [word for word in line.split() if word not in {"tcp", "SYN-RECV"}]
        if len(fields) >= 4 and fields[0].isdigit():
            address = _normal(_bare(fields[3].rpartition(":")[0]))
            found += [address] if address else []
    return tuple(dict.fromkeys(found))


def _normal(address: str) -> str | None:
    """As Python writes it; an IPv4 address in IPv6's clothes is the IPv4 address."""
    try:
        found = ip_address(address)
    except ValueError:
        return None
    return str(getattr(found, "ipv4_mapped", None) or found)


def far_end(text: str) -> str:
    """The client's address in SSH_CONNECTION (ssh(1)), "" where there is none."""
    words = text.split()
    return (_normal(words[0].partition("%")[0]) or "") if len(words) >= 3 else ""


# Ways back


@frozen
class Taken:
    """How the kernel would take a packet in: the question, and its complaint, "" if it would."""

    source: str
    address: str
    device: str
    complaint: str = ""


def arrivals(text: str) -> tuple[Taken, ...]:
    """Each question, "? source address device", with what `ip route get` says after it."""
    found = []
    for part in re.split(r"^\? ", text, flags=re.MULTILINE)[1:33]:
        head, _, said = part.partition("\n")
        words = head.split()
        if len(words) == 3:
            source, address, device = words
            complaint = _complaint(said, device if ":" in address else "")
            if complaint is not None:
                found.append(Taken(source, address, clean(device, 32), complaint))
    return tuple(found)


def _complaint(said: str, wanted: str) -> str | None:
    """What stands against it, "" if nothing does, None where the tool cannot say. `wanted` is the
    interface by which the way back must be, "" where the tool itself judges."""
    if answer := re.search(r"RTNETLINK answers: (.+)", said):
        return clean(answer[1], 100)
    device = re.search(r"\bdev (\S+)", said)
    if device is None:
        return None
    return "" if not wanted or device[1] == wanted else f"dev {clean(device[1], 32)}"


# Clocks


def synchronized(text: str) -> bool | None:
    """Of `timedatectl show` ("NTPSynchronized=yes"), of `timedatectl` of an older age ("NTP
    synchronized: yes", "System clock synchronized: yes"), else of `chronyc tracking`."""
    said = re.search(r"(?:NTPSynchronized=|synchronized: )(yes|no)\b", text)
    if said:
        return said[1] == "yes"
    leap = re.search(r"^Leap status\s*: (.+)$", text, re.MULTILINE)
    return leap[1].strip() == "Normal" if leap else None
