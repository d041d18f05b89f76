"""What netfilter will do, in one form for nftables and iptables.

A table has chains; a base chain hangs on a hook, at a priority, and has a policy. A rule is a row
of steps, taken in order until one does not match or one decides. Numbers are spans: an address,
a port or a mark is `(low, high)`, both included. nft(8), iptables(8), iptables-extensions(8).
"""

import ipaddress
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import field
from typing import Literal, TypeAlias, overload

from diagnose.model.frozen import frozen

#: One value of one key: a span of numbers, or a name such as `eth0`, where `eth*` means all those.
Span: TypeAlias = tuple[int, int] | str
#: A value for each key of a match: one, or several in a concatenation. An empty one fits all.
Element: TypeAlias = tuple[Span, ...]
#: How the values are compared. `in`: any of these bits is set; `!`: none of them is.
Op: TypeAlias = Literal["==", "!=", "<", "<=", ">", ">=", "in", "!"]

#: `ct state` and `ct status`: the kernel's bits (nf_conntrack_common.h).
STATES = {"invalid": 1, "established": 2, "related": 4, "new": 8, "untracked": 64}
STATUS = {
    "expected": 1, "seen-reply": 2, "assured": 4, "confirmed": 8, "snat": 16, "dnat": 32,
    "dying": 512,
}  # fmt: skip
#: RFC 9293, section 3.1; RFC 3168, section 6.1.
FLAGS = {"fin": 1, "syn": 2, "rst": 4, "psh": 8, "ack": 16, "urg": 32, "ecn": 64, "cwr": 128}
PROTOCOLS = {
    "icmp": 1, "igmp": 2, "tcp": 6, "udp": 17, "dccp": 33, "gre": 47, "esp": 50, "ah": 51,
    "ipv6-icmp": 58, "icmpv6": 58, "sctp": 132, "udplite": 136,
}  # fmt: skip


@frozen
class Match:
    """Does the packet have one of these values?

    Keys are named as nft names them: `ip saddr`, `ip6 daddr`, `tcp dport`, `tcp flags`,
    `meta iifname`, `meta oifname`, `meta l4proto`, `meta mark`, `ct state`, `ct status`,
    `fib daddr type` (a name: `local`, `unicast` …), `fib saddr . iif oif` … One that the
    evaluator does not know makes the match unknown. `values` may be the name of a set of the same
    table. With a mask, the key's value is masked before it is compared.
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
    """The verdict that belongs to the value; no such value: the rule does not match."""

    keys: tuple[str, ...]
    entries: "tuple[tuple[Element, Verdict], ...] | str"


@frozen
class Reject:
    """`icmp`, `icmpv6`, `icmpx` with nft's name of the code (`host-prohibited`), or `tcp reset`."""

    kind: Literal["icmp", "icmpv6", "icmpx", "tcp reset"]
    code: str = ""


@frozen
class DataMap:
    """What belongs to a value of the packet: `tcp dport map { 80 : 10.0.0.1 . 8080 }`."""

    keys: tuple[str, ...]
    entries: "tuple[tuple[Element, Element], ...] | str"


@frozen
class Nat:
    """A change of address. None leaves an address, or a port, as it is. A map of addresses may
    hold ports too. With a family, only for packets of this family."""

    kind: Literal["dnat", "redirect", "snat", "masquerade"]
    address: tuple[int, int] | DataMap | None = None
    port: tuple[int, int] | DataMap | None = None
    family: Literal["", "ip", "ip6"] = ""


@frozen
class Assign:
    """key = (source & keep) ^ flip; no source: key = flip; `flip` None: nobody knows."""

    key: str
    flip: int | None
    source: str | DataMap | None = None
    keep: int = 0xFFFFFFFF


@frozen
class Limit:
    """A rate, a quota, a number of connections. It is taken as not exceeded: with `over` the
    step does not match, without it does."""

    text: str
    over: bool = False


@frozen
class ObjectMap:
    """A named limit, quota or counter that a map picks by a value of the packet. Where the map has
    none for it the rule ends there (nft_objref_map_eval in net/netfilter/nft_objref.c). `over` are
    the names of those that match what exceeds them; `limits` that these are limits at all."""

    text: str
    keys: tuple[str, ...]
    entries: "tuple[tuple[Element, str], ...] | str"
    over: frozenset[str] = frozenset()
    limits: bool = True


@frozen
class Add:
    """The packet's values go into a set."""

    keys: tuple[str, ...]
    set: str


@frozen
class Untrack:
    """`notrack`: conntrack is not to see the packet."""


@frozen
class Unknown:
    """A match that cannot be judged: both answers are followed."""

    text: str


@frozen
class Opaque:
    """A statement whose effect cannot be known (a queue, a proxy): the packet's fate is unknown."""

    text: str


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
    """`said` is the text or makes it: only the deciding rule's is ever needed. `exact` says
    whether its tool makes the same rule of it."""

    steps: tuple[Step, ...]
    text_source: str | Callable[[], str] = ""
    handle: int | None = None
    comment: str = ""
    exact: Callable[[], bool] = lambda: True
    #: The number of its line in what its tool printed, where rules have no handles (iptables).
    line: int = 0

    @property
    def text(self) -> str:
        return self.text_source if isinstance(self.text_source, str) else self.text_source()


@frozen
class Base:
    """Where a base chain hangs. An `accept` policy is the default."""

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
    """Rules that are read when they are first asked for: a packet meets few chains of many."""

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
    """A named set or map. Its elements are read when they are first asked for: there may be
    thousands. In a set each is an element; in a map each is `(element, Verdict or element)`.
    Of a set that is `readable` no longer nothing is known: it has a form that nobody knows."""

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
    """`family`: ip, ip6, inet, netdev … iptables' tables are of the families ip and ip6.

    `legacy`: it is one of iptables-legacy, which nft never shows.
    """

    family: str
    name: str
    chains: Mapping[str, Chain]
    sets: Mapping[str, Set] = field(default_factory=dict)
    legacy: bool = False


@frozen(eq=False)
class Rules:
    """All tables, in the order of their registration.

    Of two chains at one hook and priority the kernel asks the one first that came last
    (nf_hook_entries_grow in net/netfilter/core.c).
    """

    tables: tuple[Table, ...] = ()


def address_span(text: str) -> tuple[int, int]:
    """`192.0.2.1`, `192.0.2.0/24`, `192.0.2.1-192.0.2.9`, and the same for IPv6."""
    low, dash, high = text.partition("-")
    if dash:
        return int(ipaddress.ip_address(low)), int(ipaddress.ip_address(high))
    if "/" in text:
        network = ipaddress.ip_network(text, strict=False)
        return int(network.network_address), int(network.broadcast_address)
    single = int(ipaddress.ip_address(text))
    return single, single


def single_key_elements(spans: Iterable[Span]) -> tuple[Element, ...]:
    """The elements of a set with one key."""
    return tuple((span,) for span in spans)
