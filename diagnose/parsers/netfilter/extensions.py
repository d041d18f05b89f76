"""What a rule of iptables asks of a packet: its plain options and its extensions `-m …`
(iptables(8), iptables-extensions(8), "Match Extensions"). Pure."""

from collections.abc import Callable, Mapping

from diagnose.model.frozen import frozen
from diagnose.parsers.netfilter.ipset import Known
from diagnose.parsers.netfilter.rules import (
    FLAGS,
    PROTOCOLS,
    STATES,
    STATUS,
    Element,
    Limit,
    Match,
    Span,
    Step,
    Unknown,
    address,
    names,
)

plain = {"-p", "-s", "-d", "-i", "-o", "-f"}

Steps = tuple[Step, ...]

#: What no packet is, and so never matches.
NEVER: Steps = (Match(("meta l4proto",), "==", ()),)
ALWAYS: Steps = ()


@frozen
class Alternatives:
    """One row of steps or another: a rule for each."""

    ways: tuple[Steps, ...]


@frozen
class Given:
    """What an extension's meaning depends on: "ip" or "ip6", and the sets of ipset."""

    family: str
    sets: Mapping[str, Known]


@frozen
class Option:
    """`! --dports 80,443`: the name without dashes, the words after it."""

    name: str
    values: tuple[str, ...] = ()
    negated: bool = False

    @property
    def value(self) -> str:
        return self.values[0] if self.values else ""


def read_extension(name: str, words: tuple[str, ...], given: Given) -> Steps | Alternatives:
    """The steps of one part of a rule; `name` "plain" are the options of iptables itself."""
    text = " ".join(words if name == "plain" else (name, *words))
    reader = _READERS.get(name)
    if reader is None:
        return (Unknown(text),)
    try:
        return reader(_options(words), given, text)
    except (ValueError, KeyError, IndexError):
        return (Unknown(text),)


def _options(words: tuple[str, ...]) -> tuple[Option, ...]:
    found: list[Option] = []
    negated = False
    for word in words:
        if word == "!":
            negated = True
        elif word.startswith("-") and not word[1:2].isdigit():
            found.append(Option(word.lstrip("-"), negated=negated))
            negated = False
        elif found:
            last = found[-1]
            # Older versions write the exclamation mark behind the option.
            found[-1] = Option(last.name, (*last.values, word), last.negated or negated)
            negated = False
    return tuple(found)


def _is(keys: tuple[str, ...], option: Option, spans: list[Span]) -> Match:
    return Match(keys, "!=" if option.negated else "==", names(spans))


def _span(text: str) -> Span:
    low, colon, high = text.partition(":")
    return int(low or 0), int(high or 65535) if colon else int(low)


# ---- readers


def _plain(options: tuple[Option, ...], given: Given, text: str) -> Steps:
    (option,) = options
    value = option.value
    match option.name:
        case "p":
            if value in {"all", "0"}:
                return ALWAYS
            number = PROTOCOLS.get(value, int(value) if value.isdigit() else -1)
            # A protocol that is not known by name here is none of TCP.
            return (_is(("meta l4proto",), option, [(number, number)]),)
        case "s" | "d":
            key = f"{given.family} {'saddr' if option.name == 's' else 'daddr'}"
            return (_is((key,), option, [address(one) for one in value.split(",")]),)
        case "i" | "o":
            key = "meta iifname" if option.name == "i" else "meta oifname"
            name = f"{value[:-1]}*" if value.endswith("+") else value
            return (_is((key,), option, [name]),)
        case "f":
            # Second and further fragments: no packet of a handshake is one.
            return ALWAYS if option.negated else NEVER
    return (Unknown(text),)


def _tcp(options: tuple[Option, ...], given: Given, text: str) -> Steps:
    return tuple(_tcp_step(option, text) for option in options)


def _tcp_step(option: Option, text: str) -> Step:
    match option.name:
        case "sport" | "source-port" | "dport" | "destination-port":
            key = "tcp sport" if option.name.startswith("s") else "tcp dport"
            return _is((key,), option, [_span(option.value)])
        case "syn":
            return _flags("FIN,SYN,RST,ACK", "SYN", option.negated)
        case "tcp-flags":
            return _flags(option.values[0], option.values[1], option.negated)
    return Unknown(text)


def _flags(mask: str, wanted: str, negated: bool) -> Match:
    bits = _bits(wanted)
    return Match(("tcp flags",), "!=" if negated else "==", (((bits, bits),),), _bits(mask))


def _bits(text: str) -> int:
    if text == "ALL":
        return 63
    return sum(FLAGS[one.lower()] for one in text.split(",") if one not in {"NONE", ""})


def _multiport(options: tuple[Option, ...], given: Given, text: str) -> Steps | Alternatives:
    (option,) = options
    spans: list[Span] = [_span(one) for one in option.value.split(",")]
    source, target = _is(("tcp sport",), option, spans), _is(("tcp dport",), option, spans)
    match option.name:
        case "dports" | "destination-ports":
            return (target,)
        case "sports" | "source-ports":
            return (source,)
    return (source, target) if option.negated else Alternatives(((target,), (source,)))


def _conntrack(options: tuple[Option, ...], given: Given, text: str) -> Steps | Alternatives:
    ways: tuple[Steps, ...] = ((),)
    for option in options:
        found = _tracked(option, given.family, text)
        ways = tuple((*way, *one) for way in ways for one in found)
    return ways[0] if len(ways) == 1 else Alternatives(ways)


def _tracked(option: Option, family: str, text: str) -> tuple[Steps, ...]:
    """Alternatives, mostly one."""
    value = option.value
    match option.name:
        case "ctstate" | "state":
            return _states(value.lower().split(","), option.negated)
        case "ctstatus":
            bits = sum(STATUS[one.lower().replace("_", "-")] for one in value.split(","))
            return ((_any_bit("ct status", bits, option.negated),),)
        case "ctdir":
            return ((_is(("ct direction",), option, [value.lower()]),),)
        case "ctorigdstport" | "ctorigsrcport":
            key = "proto-dst" if "dst" in option.name else "proto-src"
            return ((_is((f"ct original {key}",), option, [_span(value)]),),)
        case "ctorigdst" | "ctorigsrc":
            key = "daddr" if "dst" in option.name else "saddr"
            return ((_is((f"ct original {family} {key}",), option, [address(value)]),),)
        case "ctproto":
            number = PROTOCOLS.get(value, int(value) if value.isdigit() else -1)
            return ((_is(("meta l4proto",), option, [(number, number)]),),)
    return ((Unknown(text),),)


def _states(states: list[str], negated: bool) -> tuple[Steps, ...]:
    """SNAT and DNAT are states to iptables, and a status to the kernel."""
    bits = sum(STATES[one] for one in states if one in STATES)
    nat = sum(STATUS[one] for one in states if one in {"snat", "dnat"})
    found: list[Step] = []
    if bits:
        found.append(_any_bit("ct state", bits, negated))
    if nat:
        found.append(_any_bit("ct status", nat, negated))
    return (tuple(found),) if negated else tuple((one,) for one in found)


def _any_bit(key: str, bits: int, negated: bool) -> Match:
    return Match((key,), "!" if negated else "in", (((bits, bits),),))


def _limit(options: tuple[Option, ...], given: Given, text: str) -> Steps:
    """Limits: those that match what exceeds them, and those that match what does not."""
    above = any(
        one.name in {"hashlimit-above", "connlimit-above"} and not one.negated for one in options
    ) or any(one.name == "connlimit-upto" and one.negated for one in options)
    return (Limit(text, over=above),)


def _recent(options: tuple[Option, ...], given: Given, text: str) -> Steps:
    """A list of addresses that were seen lately. A stranger is in none, or not often enough."""
    asks = [one for one in options if one.name in {"rcheck", "update", "remove"}]
    if not asks:
        return ALWAYS
    return ALWAYS if asks[0].negated else (Limit(text, over=True),)


def _set(options: tuple[Option, ...], given: Given, text: str) -> Steps:
    (option,) = (one for one in options if one.name in {"match-set", "set"})
    name, sides = option.values[0], option.values[1].split(",")
    known = given.sets.get(name)
    if known is None or any(one.name not in {"match-set", "set"} for one in options):
        return (Unknown(text),)
    keys = known.keys(given.family, sides)
    if keys is None:
        return (Unknown(text),)
    if known.family != given.family:
        return ALWAYS if option.negated else NEVER
    return (Match(keys, "!=" if option.negated else "==", name),)


def _addrtype(options: tuple[Option, ...], given: Given, text: str) -> Steps:
    here = {"limit-iface-in": " . iif", "limit-iface-out": " . oif"}
    by = next((here[one.name] for one in options if one.name in here), "")
    found = []
    for option in options:
        if option.name in {"src-type", "dst-type"}:
            side = "saddr" if option.name == "src-type" else "daddr"
            kinds: list[Span] = [one.lower() for one in option.value.split(",")]
            found.append(_is((f"fib {side}{by} type",), option, kinds))
    return tuple(found)


def _iprange(options: tuple[Option, ...], given: Given, text: str) -> Steps:
    return tuple(
        _is(
            (f"{given.family} {'saddr' if option.name == 'src-range' else 'daddr'}",),
            option,
            [_in_order(address(option.value))],
        )
        for option in options
    )


def _in_order(span: tuple[int, int]) -> tuple[int, int]:
    """Masked evidence may have the ends the other way round."""
    return min(span), max(span)


def _mark(key: str) -> "Callable[[tuple[Option, ...], Given, str], Steps]":
    def read(options: tuple[Option, ...], given: Given, text: str) -> Steps:
        (option,) = options
        value, _, mask = option.value.partition("/")
        number = int(value, 0)
        element: Element = ((number, number),)
        op = "!=" if option.negated else "=="
        return (Match((key,), op, (element,), int(mask, 0) if mask else None),)  # type: ignore[arg-type]

    return read


def _physdev(options: tuple[Option, ...], given: Given, text: str) -> Steps:
    """Ports of a bridge: a packet that a bridge passes on is none that is routed or taken in."""
    if [one.name for one in options] == ["physdev-is-bridged"]:
        return ALWAYS if options[0].negated else NEVER
    return (Unknown(text),)


def _pkttype(options: tuple[Option, ...], given: Given, text: str) -> Steps:
    (option,) = options
    return ALWAYS if (option.value == "unicast") is not option.negated else NEVER


def _rpfilter(options: tuple[Option, ...], given: Given, text: str) -> Steps:
    """Whether there is a way back by the same interface; taken for granted."""
    return NEVER if any(one.name == "invert" for one in options) else ALWAYS


def _policy(options: tuple[Option, ...], given: Given, text: str) -> Steps:
    """IPsec: a visitor's packet comes in the clear."""
    (option,) = (one for one in options if one.name == "pol")
    return ALWAYS if (option.value == "none") is not option.negated else NEVER


def _other_protocol(options: tuple[Option, ...], given: Given, text: str) -> Steps:
    """Of another protocol than TCP, which `-p` before it names."""
    return ALWAYS


def _extension_header(options: tuple[Option, ...], given: Given, text: str) -> Steps:
    """Of IPv6: a connection's packets have none."""
    return NEVER


_READERS: dict[str, Callable[[tuple[Option, ...], Given, str], Steps | Alternatives]] = {
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
    "physdev": _physdev,
    "pkttype": _pkttype,
    "rpfilter": _rpfilter,
    "policy": _policy,
    **dict.fromkeys(("rt", "frag", "hbh", "dst", "mh"), _extension_header),
    **dict.fromkeys(
        ("udp", "udplite", "icmp", "icmp6", "sctp", "dccp", "ah", "esp"), _other_protocol
    ),
}
