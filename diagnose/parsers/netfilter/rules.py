"""Data model of netfilter rules, common to nftables and iptables.

A table has chains. A base chain is registered at a hook with a priority and has a policy. A rule is
a row of steps that run in order until one does not match or one decides. Numbers are spans: an
address, a port or a mark is `(low, high)`, inclusive. nft(8), iptables(8), iptables-extensions(8).
"""

import ipaddress
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import field
from typing import Literal, TypeAlias, overload

from diagnose.model.frozen import frozen

#: One value of one key: a span of numbers, or a name such as `eth0`; `eth*` matches the prefix.
Span: TypeAlias = tuple[int, int] | str
#: One value per key of a match (several in a concatenation). An empty element matches everything.
Element: TypeAlias = tuple[Span, ...]
#: How values are compared. `in`: any of these bits is set; `!`: none of them is set.
Op: TypeAlias = Literal["==", "!=", "<", "<=", ">", ">=", "in", "!"]

#: `ct state` and `ct status`: the kernel's bits (nf_conntrack_common.h).
STATES = {"invalid": 1, "established": 2, "related": 4, "new": 8, "untracked": 64}
STATUS = {
    "expected": 1, "seen-reply": 2, "assured": 4, "confirmed": 8, "snat": 16, "dnat": 32,
    "dying": 512,
}  # fmt: skip
#: RFC 9293, section 3.1; RFC 3168, section 6.1.
#: nft's names of ICMPv6 types (RFC 4443, RFC 4861, RFC 2710), and of the ICMP types of errors.
ICMPV6_TYPES = {
    "destination-unreachable": 1, "packet-too-big": 2, "time-exceeded": 3, "parameter-problem": 4,
    "echo-request": 128, "echo-reply": 129, "mld-listener-query": 130, "mld-listener-report": 131,
    "mld-listener-done": 132, "mld-listener-reduction": 132, "nd-router-solicit": 133,
    "nd-router-advert": 134, "nd-neighbor-solicit": 135, "nd-neighbor-advert": 136,
    "nd-redirect": 137, "router-renumbering": 138, "ind-neighbor-solicit": 141,
    "ind-neighbor-advert": 142, "mld2-listener-report": 143,
}  # fmt: skip
#: nft's names of code points (RFC 2474, RFC 2597, RFC 3246, RFC 5865, RFC 8622).
DSCP = {
    **{f"cs{number}": number * 8 for number in range(8)},
    **{f"af{high}{low}": high * 8 + low * 2 for high in range(1, 5) for low in range(1, 4)},
    "ef": 46, "va": 44, "le": 1, "df": 0, "be": 0,
}  # fmt: skip
ECN = {"not-ect": 0, "ect1": 1, "ect0": 2, "ce": 3}
ICMP_TYPES = {
    "echo-reply": 0, "destination-unreachable": 3, "source-quench": 4, "redirect": 5,
    "echo-request": 8, "router-advertisement": 9, "router-solicitation": 10, "time-exceeded": 11,
    "parameter-problem": 12, "timestamp-request": 13, "timestamp-reply": 14,
}  # fmt: skip
ICMP_CODES = {
    "net-unreachable": 0, "host-unreachable": 1, "prot-unreachable": 2, "port-unreachable": 3,
    "frag-needed": 4, "net-prohibited": 9, "host-prohibited": 10, "admin-prohibited": 13,
}  # fmt: skip
FLAGS = {"fin": 1, "syn": 2, "rst": 4, "psh": 8, "ack": 16, "urg": 32, "ecn": 64, "cwr": 128}
PROTOCOLS = {
    "icmp": 1, "igmp": 2, "tcp": 6, "udp": 17, "dccp": 33, "gre": 47, "esp": 50, "ah": 51,
    "ipv6-icmp": 58, "icmpv6": 58, "sctp": 132, "udplite": 136,
}  # fmt: skip


@frozen
class Match:
    """Match the packet against these values.

    Keys use nft's names: `ip saddr`, `ip6 daddr`, `tcp dport`, `tcp flags`, `meta iifname`,
    `meta oifname`, `meta l4proto`, `meta mark`, `ct state`, `ct status`, `fib daddr type` (values
    are names: `local`, `unicast` …), `fib saddr . iif oif` … A key that the evaluator does not
    know makes the match unknown. `values` may be the name of a set of the same table. `mask` is
    applied to the key's value before the comparison.
    """

    keys: tuple[str, ...]
    op: Op
    values: "tuple[Element, ...] | str"
    mask: int | None = None


@frozen
class Verdict:
    kind: Literal["accept", "drop", "return", "continue", "jump", "goto"]
    chain: str = ""


@frozen
class VerdictMap:
    """Apply the verdict of the value. The rule does not match if the map lacks the value."""

    keys: tuple[str, ...]
    entries: "tuple[tuple[Element, Verdict], ...] | str"


@frozen
class Reject:
    """`icmp`, `icmpv6` or `icmpx` with nft's code name (`host-prohibited`), or `tcp reset`."""

    kind: Literal["icmp", "icmpv6", "icmpx", "tcp reset"]
    code: str = ""


@frozen
class DataMap:
    """A map from packet values to data: `tcp dport map { 80 : 10.0.0.1 . 8080 }`."""

    keys: tuple[str, ...]
    entries: "tuple[tuple[Element, Element], ...] | str"


@frozen
class Nat:
    """An address translation. None keeps the address or the port. A map of addresses may include
    ports. If `family` is set, only packets of this family are translated."""

    kind: Literal["dnat", "redirect", "snat", "masquerade"]
    address: tuple[int, int] | DataMap | None = None
    port: tuple[int, int] | DataMap | None = None
    family: Literal["", "ip", "ip6"] = ""


@frozen
class Assign:
    """key = (source & keep) ^ flip; without source: key = flip; `flip` None: unknown value."""

    key: str
    flip: int | None
    source: str | DataMap | None = None
    keep: int = 0xFFFFFFFF


@frozen
class Limit:
    """A rate, a quota or a number of connections. It is assumed not to be exceeded: the step
    matches, unless `over` is True (a match for packets above the limit)."""

    text: str
    over: bool = False


@frozen
class ObjectMap:
    """A map that selects a named limit, quota or counter by a packet value. If the map lacks the
    value, the rule ends there (nft_objref_map_eval in net/netfilter/nft_objref.c). `over` holds the
    names of the objects that match above their limit; `limits` is False for counters."""

    text: str
    keys: tuple[str, ...]
    entries: "tuple[tuple[Element, str], ...] | str"
    over: frozenset[str] = frozenset()
    limits: bool = True


@frozen
class Add:
    """Add the packet's values to a set."""

    keys: tuple[str, ...]
    set: str


@frozen
class Untrack:
    """`notrack`: conntrack skips the packet."""


@frozen
class Unknown:
    """A match that cannot be evaluated: both results are followed."""

    text: str


@frozen
class Opaque:
    """A statement with an unknown effect (a queue, a proxy): the packet's outcome is unknown. If
    `leaving`, it affects only what leaves the machine."""

    text: str
    leaving: bool = False


Step: TypeAlias = (
    Match
    | Verdict
    | VerdictMap
    | Reject
    | Nat
    | Assign
    | Limit
    | ObjectMap
    | Add
    | Untrack
    | Unknown
    | Opaque
)


@frozen(eq=False)
class Rule:
    """One rule. `text_source` is the text or a function that builds it, because only the deciding
    rule's text is needed. `exact` tells whether the rule's tool would recreate the same rule."""

    steps: tuple[Step, ...]
    text_source: str | Callable[[], str] = ""
    handle: int | None = None
    comment: str = ""
    exact: Callable[[], bool] = lambda: True
    #: The number of its line in what its tool printed, where rules have no handles (iptables).
    line: int = 0
    #: Packets that it has counted; None if it does not count.
    packets: int | None = None

    @property
    def text(self) -> str:
        return self.text_source if isinstance(self.text_source, str) else self.text_source()


@frozen
class Base:
    """Where a base chain is registered: hook, priority, policy, and for device hooks devices."""

    type: Literal["filter", "nat", "route"]
    hook: Literal["ingress", "prerouting", "input", "forward", "output", "postrouting", "egress"]
    priority: int
    policy: Literal["accept", "drop"] = "accept"
    devices: tuple[str, ...] = ()


@frozen(eq=False)
class Chain:
    name: str
    rules: Sequence[Rule] = ()
    base: Base | None = None


class LazyRules(Sequence[Rule]):
    """Rules that are parsed on first use, because a packet visits few of the chains."""

    def __init__(self, load: Callable[[], Sequence[Rule]]) -> None:
        self._load: Callable[[], Sequence[Rule]] | None = load
        self._rules: Sequence[Rule] = ()

    def _all(self) -> Sequence[Rule]:
        if self._load:
            self._rules, self._load = self._load(), None
        return self._rules

    @overload
    def __getitem__(self, index: int) -> Rule: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[Rule]: ...
    def __getitem__(self, index: int | slice) -> Rule | Sequence[Rule]:
        return self._all()[index]

    def __len__(self) -> int:
        return len(self._all())


class Set:
    """A named set or map whose elements are parsed on first use, as there may be thousands.

    In a set they are elements, in a map `(element, Verdict or element)`. `readable` becomes False
    if they cannot be parsed.
    """

    def __init__(self, name: str, load: Callable[[], tuple[object, ...]]) -> None:
        self.name, self.readable = name, True
        self._load: Callable[[], tuple[object, ...]] | None = load
        self._elements: tuple[object, ...] = ()

    @property
    def elements(self) -> tuple[object, ...]:
        if self._load:
            load, self._load = self._load, None
            try:
                self._elements = load()
            except (AttributeError, LookupError, TypeError, ValueError):
                self.readable = False
        return self._elements


@frozen(eq=False)
class Table:
    """One table. `family`: ip, ip6, inet, netdev … (iptables' tables are ip and ip6). `legacy`:
    the table belongs to iptables-legacy and nft does not show it."""

    family: str
    name: str
    chains: Mapping[str, Chain]
    sets: Mapping[str, Set] = field(default_factory=dict)
    legacy: bool = False


@frozen(eq=False)
class Rules:
    """All tables, in the order of their registration.

    If two chains have the same hook and priority, the kernel runs the one registered last first
    (nf_hook_entries_grow in net/netfilter/core.c).
    """

    tables: tuple[Table, ...] = ()


def address_span(text: str) -> tuple[int, int]:
    """Return the span of `192.0.2.1`, `192.0.2.0/24` or `192.0.2.1-192.0.2.9`; also for IPv6."""
    low, dash, high = text.partition("-")
    if dash:
        return int(ipaddress.ip_address(low)), int(ipaddress.ip_address(high))
    if "/" in text:
        network = ipaddress.ip_network(text, strict=False)
        return int(network.network_address), int(network.broadcast_address)
    single = int(ipaddress.ip_address(text))
    return single, single


def single_key_elements(spans: Iterable[Span]) -> tuple[Element, ...]:
    """Return the elements of a set with a single key."""
    return tuple((span,) for span in spans)
