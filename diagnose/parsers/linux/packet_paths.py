"""Parse what decides about packets besides the packet filter's rules: /proc/net/netfilter,
`ip xfrm policy`, arp_ignore. No I/O."""

import re

from diagnose.model.packet_paths import IpsecPolicy
from diagnose.parsers.sanitize import clean

#: Most lines of one output that are read, and most policies that are kept.
MAX_LINES, MAX_POLICIES = 20_000, 200

_ARP = re.compile(r"/proc/sys/net/ipv4/conf/([^/]{1,64})/arp_ignore:([1-8])")
_SELECTOR = re.compile(r"src (\S{1,60}) dst (\S{1,60})((?: \S{1,60})*) *")
_DIRECTION = re.compile(r"\tdir (in|out)\b(.*)")


def queue_readers(text: str) -> tuple[int, ...]:
    """Return the numbers of the queues in /proc/net/netfilter/nfnetlink_queue, which lists those
    that a program is bound to: number, port, and counters."""
    numbers = []
    for line in text.splitlines()[:MAX_LINES]:
        first, *further_fields = line.split()[:2] or [""]
        if further_fields and re.fullmatch(r"\d{1,5}", first):
            numbers.append(int(first))
    return tuple(sorted(set(numbers)))


def arp_ignore(text: str) -> tuple[tuple[str, int], ...]:
    """Return the settings in lines of `grep -H`."""
    matches = (_ARP.fullmatch(line.strip()) for line in text.splitlines()[:MAX_LINES])
    return tuple((clean(match[1], 64), int(match[2])) for match in matches if match)


def ipsec_policies(text: str) -> tuple[IpsecPolicy, ...]:
    """Parse `ip xfrm policy` (ip-xfrm(8)).

    A policy of one socket, for forwarded packets, or for marked packets or one interface alone is
    left out.
    """
    policies: list[IpsecPolicy] = []
    for block in re.split(r"\n(?=\S)", text)[:MAX_LINES]:
        if (policy := _policy(block)) and len(policies) < MAX_POLICIES:
            policies.append(policy)
    return tuple(sorted(policies, key=lambda policy: policy.priority))


def _policy(block: str) -> IpsecPolicy | None:
    lines = block.splitlines()
    selector = _SELECTOR.fullmatch(lines[0]) if lines else None
    direction = _DIRECTION.match(lines[1]) if len(lines) > 1 else None
    if selector is None or direction is None or re.search(r"\b(?:mark|if_id|dev) ", block):
        return None
    words = selector[3].split()
    options = dict(zip(words[::2], words[1::2], strict=False))
    priority = re.search(r"\bpriority (\d{1,10})", direction[2])
    templates = re.split(r"^\ttmpl ", block, flags=re.MULTILINE)[1:]
    return IpsecPolicy(
        direction="in" if direction[1] == "in" else "out",
        source=clean(selector[1], 60),
        destination=clean(selector[2], 60),
        protocol=clean(options.get("proto", ""), 20),
        source_port=_port(options.get("sport", "")),
        destination_port=_port(options.get("dport", "")),
        priority=int(priority[1]) if priority else 0,
        blocks=re.search(r"\baction block\b", direction[2]) is not None,
        protected=any("level use" not in template for template in templates),
        text=clean(" ".join(" ".join(lines[:2]).split()), 200),
    )


def _port(text: str) -> int:
    return int(text) if re.fullmatch(r"\d{1,5}", text) else 0
