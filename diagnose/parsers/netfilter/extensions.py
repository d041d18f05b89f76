"""Parse the matches of an iptables rule: its plain options and its extensions `-m …`
(iptables(8), iptables-extensions(8), "Match Extensions"). No I/O."""

from collections.abc import Callable, Mapping

from diagnose.model.frozen import frozen
from diagnose.parsers.netfilter.ipset import IpSet
from diagnose.parsers.netfilter.rule_options import Option, parse_options
from diagnose.parsers.netfilter.rules import (
    FLAGS,
    PROTOCOLS,
    STATES,
    STATUS,
    Element,
    Limit,
    Match,
    Op,
    Span,
    Step,
    Unknown,
    address_span,
    single_key_elements,
)

PLAIN_OPTIONS = {"-p", "-s", "-d", "-i", "-o", "-f"}

Steps = tuple[Step, ...]

#: A match that is true for no packet.
NEVER: Steps = (Match(("meta l4proto",), "==", ()),)
ALWAYS: Steps = ()


@frozen
class Alternatives:
    """Alternative rows of steps; each becomes a rule of its own."""

    branches: tuple[Steps, ...]


@frozen
class ExtensionContext:
    """The context of an extension: the family ("ip" or "ip6") and the sets of ipset."""

    family: str
    sets: Mapping[str, IpSet]


def parse_extension(
    name: str, words: tuple[str, ...], context: ExtensionContext
) -> Steps | Alternatives:
    """Return the steps of one part of a rule; `name` is "plain" for iptables' own options."""
    text = " ".join(words if name == "plain" else (name, *words))
    reader = _PARSERS.get(name)
    if reader is None:
        return (Unknown(text),)
    try:
        return reader(parse_options(words), context, text)
    except (ValueError, KeyError, IndexError):
        return (Unknown(text),)


def _match(keys: tuple[str, ...], option: Option, spans: list[Span]) -> Match:
    return Match(keys, "!=" if option.negated else "==", single_key_elements(spans))


def _span(text: str) -> Span:
    low, colon, high = text.partition(":")
    return int(low or 0), int(high or 65535) if colon else int(low)


_ORDERS: Mapping[str, Op] = {"eq": "==", "lt": "<", "gt": ">"}

# ---- parsers


def _plain(options: tuple[Option, ...], context: ExtensionContext, text: str) -> Steps:
    (option,) = options
    value = option.value
    match option.name:
        case "p":
            if value in {"all", "0"}:
                return ALWAYS
            number = PROTOCOLS.get(value, int(value) if value.isdigit() else -1)
            # A protocol name that is not known here cannot be TCP, so -1 never matches.
            return (_match(("meta l4proto",), option, [(number, number)]),)
        case "s" | "d":
            key = f"{context.family} {'saddr' if option.name == 's' else 'daddr'}"
            return (_match((key,), option, [address_span(host) for host in value.split(",")]),)
        case "i" | "o":
            key = "meta iifname" if option.name == "i" else "meta oifname"
            name = f"{value[:-1]}*" if value.endswith("+") else value
            return (_match((key,), option, [name]),)
        case "f":
            # Second and further fragments; handshake packets are not fragmented.
            return ALWAYS if option.negated else NEVER
    return (Unknown(text),)


def _tcp(options: tuple[Option, ...], context: ExtensionContext, text: str) -> Steps:
    return tuple(_tcp_step(option, text) for option in options)


def _tcp_step(option: Option, text: str) -> Step:
    match option.name:
        case "sport" | "source-port" | "dport" | "destination-port":
            key = "tcp sport" if option.name.startswith("s") else "tcp dport"
            return _match((key,), option, [_span(option.value)])
        case "syn":
            return _flags("FIN,SYN,RST,ACK", "SYN", option.negated)
        case "tcp-flags":
            return _flags(option.values[0], option.values[1], option.negated)
    return Unknown(text)


def _flags(mask: str, flags: str, negated: bool) -> Match:
    bits = _bits(flags)
    return Match(("tcp flags",), "!=" if negated else "==", (((bits, bits),),), _bits(mask))


def _bits(text: str) -> int:
    if text == "ALL":
        return 63
    return sum(FLAGS[flag.lower()] for flag in text.split(",") if flag not in {"NONE", ""})


def _multiport(
    options: tuple[Option, ...], context: ExtensionContext, text: str
) -> Steps | Alternatives:
    (option,) = options
    spans: list[Span] = [_span(port_range) for port_range in option.value.split(",")]
    source, target = _match(("tcp sport",), option, spans), _match(("tcp dport",), option, spans)
    match option.name:
        case "dports" | "destination-ports":
            return (target,)
        case "sports" | "source-ports":
            return (source,)
    return (source, target) if option.negated else Alternatives(((target,), (source,)))


def _conntrack(
    options: tuple[Option, ...], context: ExtensionContext, text: str
) -> Steps | Alternatives:
    branches: tuple[Steps, ...] = ((),)
    for option in options:
        choices = _conntrack_branches(option, context.family, text)
        branches = tuple((*branch, *steps) for branch in branches for steps in choices)
    return branches[0] if len(branches) == 1 else Alternatives(branches)


def _conntrack_branches(option: Option, family: str, text: str) -> tuple[Steps, ...]:
    """Return the alternatives of one conntrack option, usually one."""
    value = option.value
    match option.name:
        case "ctstate" | "state":
            return _states(value.lower().split(","), option.negated)
        case "ctstatus":
            bits = sum(STATUS[status.lower().replace("_", "-")] for status in value.split(","))
            return ((_any_bit("ct status", bits, option.negated),),)
        case "ctdir":
            return ((_match(("ct direction",), option, [value.lower()]),),)
        case "ctorigdstport" | "ctorigsrcport":
            key = "proto-dst" if "dst" in option.name else "proto-src"
            return ((_match((f"ct original {key}",), option, [_span(value)]),),)
        case "ctorigdst" | "ctorigsrc":
            key = "daddr" if "dst" in option.name else "saddr"
            return ((_match((f"ct original {family} {key}",), option, [address_span(value)]),),)
        case "ctproto":
            number = PROTOCOLS.get(value, int(value) if value.isdigit() else -1)
            return ((_match(("meta l4proto",), option, [(number, number)]),),)
    return ((Unknown(text),),)


def _states(states: list[str], negated: bool) -> tuple[Steps, ...]:
    """Return the alternatives. SNAT and DNAT are states in iptables but a status in the kernel."""
    bits = sum(STATES[state] for state in states if state in STATES)
    nat = sum(STATUS[state] for state in states if state in {"snat", "dnat"})
    steps: list[Step] = []
    if bits:
        steps.append(_any_bit("ct state", bits, negated))
    if nat:
        steps.append(_any_bit("ct status", nat, negated))
    return (tuple(steps),) if negated else tuple((step,) for step in steps)


def _any_bit(key: str, bits: int, negated: bool) -> Match:
    return Match((key,), "!" if negated else "in", (((bits, bits),),))


def _limit(options: tuple[Option, ...], context: ExtensionContext, text: str) -> Steps:
    """Parse a limit: `over` is set if it matches packets above the limit."""
    above = any(
        option.name in {"hashlimit-above", "connlimit-above"} and not option.negated
        for option in options
    ) or any(option.name in {"connlimit-upto", "quota"} and option.negated for option in options)
    return (Limit(text, over=above),)


def _recent(options: tuple[Option, ...], context: ExtensionContext, text: str) -> Steps:
    """Parse a list of recently seen addresses. A new visitor is not in it, or not often enough."""
    lookups = [option for option in options if option.name in {"rcheck", "update", "remove"}]
    if not lookups:
        return ALWAYS
    return ALWAYS if lookups[0].negated else (Limit(text, over=True),)


def _set(options: tuple[Option, ...], context: ExtensionContext, text: str) -> Steps:
    (option,) = (option for option in options if option.name in {"match-set", "set"})
    name, sides = option.values[0], option.values[1].split(",")
    ip_set = context.sets.get(name)
    if ip_set is None or any(option.name not in {"match-set", "set"} for option in options):
        return (Unknown(text),)
    keys = ip_set.keys(context.family, sides)
    if keys is None:
        return (Unknown(text),)
    if ip_set.family != context.family:
        return ALWAYS if option.negated else NEVER
    return (Match(keys, "!=" if option.negated else "==", name),)


def _addrtype(options: tuple[Option, ...], context: ExtensionContext, text: str) -> Steps:
    interface_limits = {"limit-iface-in": " . iif", "limit-iface-out": " . oif"}
    interface_part = next(
        (interface_limits[option.name] for option in options if option.name in interface_limits), ""
    )
    steps = []
    for option in options:
        if option.name in {"src-type", "dst-type"}:
            side = "saddr" if option.name == "src-type" else "daddr"
            address_types: list[Span] = [
                address_type.lower() for address_type in option.value.split(",")
            ]
            steps.append(_match((f"fib {side}{interface_part} type",), option, address_types))
    return tuple(steps)


def _iprange(options: tuple[Option, ...], context: ExtensionContext, text: str) -> Steps:
    return tuple(
        _match(
            (f"{context.family} {'saddr' if option.name == 'src-range' else 'daddr'}",),
            option,
            [_in_order(address_span(option.value))],
        )
        for option in options
    )


def _in_order(span: tuple[int, int]) -> tuple[int, int]:
    """Sort the ends of a span; in masked evidence they may be swapped."""
    return min(span), max(span)


def _mark(key: str) -> "Callable[[tuple[Option, ...], ExtensionContext, str], Steps]":
    def parse(options: tuple[Option, ...], context: ExtensionContext, text: str) -> Steps:
        (option,) = options
        value, _, mask = option.value.partition("/")
        number = int(value, 0)
        element: Element = ((number, number),)
        op = "!=" if option.negated else "=="
        return (Match((key,), op, (element,), int(mask, 0) if mask else None),)  # type: ignore[arg-type]

    return parse


def _length(options: tuple[Option, ...], context: ExtensionContext, text: str) -> Steps:
    (option,) = options
    return (_match(("meta length",), option, [_span(option.value)]),)


def _tcpmss(options: tuple[Option, ...], context: ExtensionContext, text: str) -> Steps:
    """Parse the maximum segment size that a packet announces."""
    (option,) = options
    return (_match(("tcpmss",), option, [_span(option.value)]),)


def _physdev(options: tuple[Option, ...], context: ExtensionContext, text: str) -> Steps:
    """Parse a match on bridge ports. Routed and local packets are not bridged."""
    if [option.name for option in options] == ["physdev-is-bridged"]:
        return ALWAYS if options[0].negated else NEVER
    return (Unknown(text),)


def _pkttype(options: tuple[Option, ...], context: ExtensionContext, text: str) -> Steps:
    (option,) = options
    return ALWAYS if (option.value == "unicast") is not option.negated else NEVER


def _rpfilter(options: tuple[Option, ...], context: ExtensionContext, text: str) -> Steps:
    """Parse a reverse path check. It is assumed that the route back uses the same interface."""
    return NEVER if any(option.name == "invert" for option in options) else ALWAYS


def _policy(options: tuple[Option, ...], context: ExtensionContext, text: str) -> Steps:
    """Parse an IPsec policy. A visitor's packets are not encrypted with IPsec."""
    (option,) = (option for option in options if option.name == "pol")
    return ALWAYS if (option.value == "none") is not option.negated else NEVER


def _other_protocol(options: tuple[Option, ...], context: ExtensionContext, text: str) -> Steps:
    """An extension of another protocol than TCP, which a preceding `-p` names."""
    return ALWAYS


def _life(options: tuple[Option, ...], context: ExtensionContext, text: str) -> Steps:
    """Parse how many routers a packet may still pass: `-m ttl` and `-m hl`."""
    key = "ip ttl" if context.family == "ip" else "ip6 hoplimit"
    steps: list[Step] = []
    for option in options:
        op = _ORDERS.get(option.name.rpartition("-")[2])
        number = int(option.value)
        if op is None or (option.negated and op != "=="):
            return (Unknown(text),)
        steps.append(Match((key,), "!=" if option.negated else op, (((number, number),),)))
    return tuple(steps)


def _icmp(options: tuple[Option, ...], context: ExtensionContext, text: str) -> Steps:
    """Parse `-m icmp --icmp-type 3/4` and `-m icmp6 --icmpv6-type 2`; iptables-save writes numbers,
    or "any"."""
    name = "icmp" if context.family == "ip" else "icmpv6"
    steps: list[Step] = []
    for option in options:
        number, _, code = option.value.partition("/")
        if option.value == "any" and not option.negated:
            continue
        if option.name != f"{name}-type" or not number.isdigit() or (code and option.negated):
            return (Unknown(text),)
        steps.append(_match((f"{name} type",), option, [(int(number), int(number))]))
        if code.isdigit():
            steps.append(_match((f"{name} code",), option, [(int(code), int(code))]))
    return tuple(steps)


def _extension_header(options: tuple[Option, ...], context: ExtensionContext, text: str) -> Steps:
    """An IPv6 extension header. Packets of a TCP connection have none."""
    return NEVER


def _owner(options: tuple[Option, ...], context: ExtensionContext, text: str) -> Steps:
    return tuple(_owner_step(option, text) for option in options)


def _owner_step(option: Option, text: str) -> Step:
    """iptables-save writes the numbers of users and groups, or "33-40"."""
    key = {"uid-owner": "meta skuid", "gid-owner": "meta skgid"}.get(option.name)
    low, _, high = option.value.partition("-")
    if key is None or not low.isdigit():
        return Unknown(text)
    return _match((key,), option, [(int(low), int(high or low))])


_PARSERS: dict[str, Callable[[tuple[Option, ...], ExtensionContext, str], Steps | Alternatives]] = {
    "plain": _plain,
    "tcp": _tcp,
    "multiport": _multiport,
    "conntrack": _conntrack,
    "state": _conntrack,
    "limit": _limit,
    "hashlimit": _limit,
    "connlimit": _limit,
    "quota": _limit,
    "recent": _recent,
    "set": _set,
    "addrtype": _addrtype,
    "iprange": _iprange,
    "mark": _mark("meta mark"),
    "connmark": _mark("ct mark"),
    "icmp": _icmp,
    "icmp6": _icmp,
    "length": _length,
    "tcpmss": _tcpmss,
    "ttl": _life,
    "hl": _life,
    "physdev": _physdev,
    "pkttype": _pkttype,
    "rpfilter": _rpfilter,
    "policy": _policy,
    "owner": _owner,
    **dict.fromkeys(("rt", "frag", "hbh", "dst", "mh"), _extension_header),
    **dict.fromkeys(("udp", "udplite", "sctp", "dccp", "ah", "esp"), _other_protocol),
}
