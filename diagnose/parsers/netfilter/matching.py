"""Whether a packet on its way has the values that a rule asks for."""

from collections.abc import Sequence
from typing import Any, Literal

from diagnose.parsers.netfilter.address_sets import Region, inside, outside, region
from diagnose.parsers.netfilter.packet_fields import (
    ABSENT,
    OTHER_PROTOCOLS,
    SOURCE,
    UNKNOWN,
    Answer,
    Value,
    compare,
    of_source,
    whole,
)
from diagnose.parsers.netfilter.rules import STATES, DataMap, Element, Op
from diagnose.parsers.netfilter.traversal import Walk


def listed(walk: Walk, name: str) -> Any:
    """The elements of a named set or map; None: there is none, or it cannot be read."""
    found = walk.table.sets.get(name) if walk.table else None
    elements = found.elements if found else None
    return elements if found and found.readable else None


def judge(
    walk: Walk, keys: tuple[str, ...], op: Op, values: Sequence[Element], mask: int | None = None
) -> Answer:
    if len(keys) > 1:
        return _concatenated(walk, keys, op, values)
    key = keys[0]
    value = walk.fields.get(key)
    if value is None:
        if key.startswith("fib "):
            return _fib(walk, key, op, values)
        value = _other(walk, key)
    if value is SOURCE:
        return of_source(walk.region, op, values, mask, walk.plan.width)
    return compare(value, op, values, mask)


def value_of(walk: Walk, key: str) -> Value:
    found = walk.fields.get(key)
    return _other(walk, key) if found is None else found


def _concatenated(walk: Walk, keys: tuple[str, ...], op: Op, elements: Sequence[Element]) -> Answer:
    """A concatenation is only ever compared with a set of them."""
    if any(value_of(walk, key) is ABSENT for key in keys):
        return False
    found: Region = ()
    unsure = False
    for one in elements:
        answer = fits_all(walk, keys, one)
        if isinstance(answer, tuple):
            found = region((*found, *answer))
        elif answer:
            return op == "=="
        unsure |= answer is None
    if unsure:
        return None
    of = walk.region
    return whole(of, inside(of, found) if op == "==" else outside(of, found))


def fits_all(walk: Walk, keys: tuple[str, ...], one: Element) -> Answer:
    """Does each key have its value of this element?"""
    found: Answer = True
    if not one:
        return not any(value_of(walk, key) is ABSENT for key in keys)
    if len(one) != len(keys):
        return None
    for key, span in zip(keys, one, strict=True):
        answer = judge(walk, (key,), "==", ((span,),))
        if answer is False:
            return False
        if answer is None or found is None:
            found = None
        elif isinstance(answer, tuple):
            found = inside(found, answer) if isinstance(found, tuple) else answer
    return found if found != () else False


def mapped(walk: Walk, by: DataMap) -> tuple[Value, ...] | Literal[False] | None:
    """What the map has for this packet: False for nothing, None where nobody knows."""
    entries = by.entries if isinstance(by.entries, tuple) else listed(walk, by.entries)
    for one, data in entries or ():
        answer = fits_all(walk, by.keys, one)
        if answer is True:
            return tuple(plain(span) for span in data)
        if answer is not False:
            return None
    return False if entries is not None else None


def plain(span: Any) -> Value:
    """One value of this span."""
    if isinstance(span, str):
        return UNKNOWN
    low, high = span
    return int(low) if low == high else (int(low), int(high))


def _other(walk: Walk, key: str) -> Value:
    """A field that is not among those of every packet."""
    head, _, rest = key.partition(" ")
    if head in OTHER_PROTOCOLS:
        return ABSENT
    if head in ("ip", "ip6") and head != walk.plan.ip:
        return ABSENT
    if head == "tcp" and walk.fields["tcp flags"] is ABSENT:
        return ABSENT
    if rest.startswith("option") and head == "ip":
        return 0 if len(rest.split()) == 2 else ABSENT
    if head == "exthdr":
        return 0 if walk.plan.version == 6 and " " not in rest else ABSENT
    if head == "ct":
        if key == "ct state":
            return STATES["invalid"]
        other = f" {'ip6' if walk.plan.version == 4 else 'ip'} " in key
        return UNKNOWN if walk.tracking == "tracked" and not other else ABSENT
    if key in ("meta ipsec", "meta secpath"):
        return 0
    if key in ("meta skuid", "meta skgid"):
        known = walk.hook == "output" or (walk.hook, walk.stage) == ("input", "ack")
        return UNKNOWN if known else ABSENT
    return ABSENT if head == "ether" and walk.hook in ("output", "postrouting") else UNKNOWN


# Routes


def _fib(walk: Walk, key: str, op: Op, values: Sequence[Element]) -> Answer:
    """`fib daddr type`, `fib saddr . iif oif exists`: what the routes say of an address."""
    words = key.split()
    which, flags, asked = words[1], words[3:-1:2], words[-1]
    if asked == "exists":
        return _reverse(walk, words[3:-2:2], op, values)
    address = walk.header.get(which)
    if asked != "type" or address is None:
        return None
    device = value_of(walk, "meta iif") if "iif" in flags else ""
    local = walk.plan.on(device) if device and isinstance(device, str) else walk.plan.local
    span = walk.region if address is SOURCE else ((address, address),)
    if isinstance(address, tuple):
        span = (address,)
    elif address is not SOURCE and not isinstance(address, int):
        return None
    own = whole(span, inside(span, local))  # type: ignore[arg-type]
    if not isinstance(own, bool):
        return None
    return compare("local" if own else "unicast", op, values, None)


def _reverse(walk: Walk, flags: list[str], op: Op, values: Sequence[Element]) -> Answer:
    """Is there a route back to the source, by the interface that it came from?

    Unless the routes are known, there is one: without, nothing would ever be answered.
    """
    device = value_of(walk, "meta iif")
    if not isinstance(device, str) or not device:
        return None
    by = walk.plan.reachable_by(device) if "iif" in flags and device != "lo" else None
    if by is None:
        if device != "lo" and (told := "fib saddr oif") not in walk.assumed:
            walk.assumed = (*walk.assumed, told)
        return compare(1, op, values, None)
    if walk.header["saddr"] is not SOURCE:
        address = walk.header["saddr"]
        there = isinstance(address, int) and bool(inside(((address, address),), by))
        return compare(int(there), op, values, None) if isinstance(address, int) else None
    yes = whole(walk.region, inside(walk.region, by))
    if isinstance(yes, bool):
        return compare(int(yes), op, values, None)
    wanted = yes or ()
    return wanted if compare(1, op, values, None) else outside(walk.region, wanted)
