"""Evaluate whether a packet has the values that a rule matches."""

from collections.abc import Sequence
from typing import Any, Literal

from diagnose.parsers.netfilter.address_sets import (
    LINEAR_THRESHOLD,
    Interval,
    difference,
    intersection,
    region,
)
from diagnose.parsers.netfilter.headers import CLIENT_PORTS
from diagnose.parsers.netfilter.packet_fields import (
    ABSENT,
    OTHER_PROTOCOLS,
    SOURCE,
    UNKNOWN,
    Answer,
    Value,
    compare,
    matching_sources,
    simplify_answer,
)
from diagnose.parsers.netfilter.rules import STATES, DataMap, Element, Op
from diagnose.parsers.netfilter.traversal import PacketState

#: So many of a client's ports do not concern most visitors.
MAX_FEW_PORTS = 512


def set_elements(state: PacketState, name: str) -> Any:
    """Return the elements of a named set or map; None if it is missing or cannot be read."""
    named_set = state.table.sets.get(name) if state.table else None
    elements = named_set.elements if named_set else None
    return elements if named_set and named_set.readable else None


def evaluate_match(
    state: PacketState,
    keys: tuple[str, ...],
    op: Op,
    values: Sequence[Element],
    mask: int | None = None,
) -> Answer:
    """Return whether the packet matches: the field `keys`, or their concatenation, compared with
    `values`. None if that is not known, and the addresses for which it does if the visitor's own is
    open."""
    if len(keys) > 1:
        return _concatenated(state, keys, op, values)
    key = keys[0]
    value = state.fields.get(key)
    if value is None:
        if key.startswith("fib "):
            return _fib(state, key, op, values)
        if key == "meta skuid" and _is_of_the_user(state):
            return compare(_user(state, values), op, values, mask)
        value = _derived_value(state, key)
    if value is SOURCE:
        return _matching_sources(state, op, values, mask)
    answer = compare(value, op, values, mask)
    if answer is None and value == CLIENT_PORTS and op in ("==", "!=") and _are_few(values):
        return op == "!="
    return answer


def _is_of_the_user(state: PacketState) -> bool:
    """Return whether a program of this machine sends the packet, and its user is known."""
    is_client = state.stage in ("syn", "ack", "request") and state.topology.packet.interface == "lo"
    is_sent = state.hook in ("output", "postrouting")
    return is_client and is_sent and state.topology.packet.user is not None


def _user(state: PacketState, values: Sequence[Element]) -> Value:
    """Return the user in the form in which the rule names it: nft writes the name."""
    packet = state.topology.packet
    is_named = any(isinstance(element[0], str) for element in values if element)
    name = packet.user_name if is_named else ""
    return name or (UNKNOWN if is_named or packet.user is None else packet.user)


def _are_few(values: Sequence[Element]) -> bool:
    """Return whether these are so few ports that a visitor's connection hardly comes from one: its
    system chooses one of thousands for each (RFC 6056)."""
    spans = [element[0] if element else CLIENT_PORTS for element in values]
    intervals = [span for span in spans if not isinstance(span, str)]
    count = sum(high - low + 1 for low, high in intervals)
    return len(intervals) == len(spans) and count <= MAX_FEW_PORTS


def _matching_sources(
    state: PacketState, op: Op, values: Sequence[Element], mask: int | None
) -> Answer:
    if op == "==" and mask is None and len(values) < LINEAR_THRESHOLD:
        spans = [element[0] for element in values if element]
        intervals = [span for span in spans if not isinstance(span, str)]
        if len(intervals) == len(values):
            part = state.part_within(region(intervals))
            if part is not None:
                return part or False
    return matching_sources(state.region, op, values, mask, state.topology.width)


def value_of(state: PacketState, key: str) -> Value:
    value = state.fields.get(key)
    return _derived_value(state, key) if value is None else value


def _concatenated(
    state: PacketState, keys: tuple[str, ...], op: Op, elements: Sequence[Element]
) -> Answer:
    """Evaluate a concatenation, which is always compared with a set of concatenations."""
    if any(value_of(state, key) is ABSENT for key in keys):
        return False
    spans: list[Interval] = []
    unsure = False
    for element in elements:
        answer = matches_element(state, keys, element)
        if isinstance(answer, tuple):
            spans.extend(answer)
        elif answer:
            return op == "=="
        unsure |= answer is None
    if unsure:
        return None
    all_sources, sources = state.region, region(spans)
    return simplify_answer(
        all_sources,
        intersection(all_sources, sources) if op == "==" else difference(all_sources, sources),
    )


def matches_element(state: PacketState, keys: tuple[str, ...], element: Element) -> Answer:
    """Return whether each key has its value in this element."""
    result: Answer = True
    if not element:
        return not any(value_of(state, key) is ABSENT for key in keys)
    if len(element) != len(keys):
        return None
    for key, span in zip(keys, element, strict=True):
        answer = evaluate_match(state, (key,), "==", ((span,),))
        if answer is False:
            return False
        if answer is None or result is None:
            result = None
        elif isinstance(answer, tuple):
            result = intersection(result, answer) if isinstance(result, tuple) else answer
    return result if result != () else False


def map_lookup(state: PacketState, data_map: DataMap) -> tuple[Value, ...] | Literal[False] | None:
    """Return the map's data for this packet: False if there is none, None if unknown."""
    entries = (
        data_map.entries
        if isinstance(data_map.entries, tuple)
        else set_elements(state, data_map.entries)
    )
    for element, data in entries or ():
        answer = matches_element(state, data_map.keys, element)
        if answer is True:
            return tuple(span_value(span) for span in data)
        if answer is not False:
            return None
    return False if entries is not None else None


def span_value(span: Any) -> Value:
    """Return the single value of a span, or its two ends."""
    if isinstance(span, str):
        return UNKNOWN
    low, high = span
    return int(low) if low == high else (int(low), int(high))


def _derived_value(state: PacketState, key: str) -> Value:
    """Return the value of a field that not every packet has."""
    head, _, name = key.partition(" ")
    if head in OTHER_PROTOCOLS:
        return ABSENT
    if head in ("ip", "ip6") and head != state.topology.ip:
        return ABSENT
    if head == "tcp" and state.fields["tcp flags"] is ABSENT:
        return ABSENT
    if name.startswith("option") and head == "ip":
        return 0 if len(name.split()) == 2 else ABSENT
    if head == "exthdr":
        return 0 if state.topology.version == 6 and " " not in name else ABSENT
    if head == "ct":
        if key == "ct state":
            return STATES["invalid"]
        is_other_family = f" {'ip6' if state.topology.version == 4 else 'ip'} " in key
        return UNKNOWN if state.tracking == "tracked" and not is_other_family else ABSENT
    if key in ("meta ipsec", "meta secpath"):
        return 0
    if key in ("meta skuid", "meta skgid"):
        # A packet of the server has one until it has left; another gets one early (ip_rcv_finish).
        is_sent = state.hook in ("output", "postrouting", "egress") and not (
            state.connection.forwarded
        )
        has_socket = is_sent or (state.hook == "input" and state.stage in ("ack", "request"))
        return UNKNOWN if has_socket else ABSENT
    return ABSENT if head == "ether" and state.hook in ("output", "postrouting") else UNKNOWN


# Routes


def _fib(state: PacketState, key: str, op: Op, values: Sequence[Element]) -> Answer:
    """Evaluate `fib daddr type` or `fib saddr . iif oif exists` from addresses and routes."""
    words = key.split()
    side, flags, result_type = words[1], words[3:-1:2], words[-1]
    if result_type == "exists":
        return _reverse_path(state, words[3:-2:2], op, values)
    address = state.header.get(side)
    if result_type != "type" or address is None:
        return None
    device = value_of(state, "meta iif") if "iif" in flags else ""
    local = (
        state.topology.addresses_on(device)
        if device and isinstance(device, str)
        else state.topology.local
    )
    span = state.region if address is SOURCE else ((address, address),)
    if isinstance(address, tuple):
        span = (address,)
    elif address is not SOURCE and not isinstance(address, int):
        return None
    own = simplify_answer(span, intersection(span, local))  # type: ignore[arg-type]
    if not isinstance(own, bool):
        return None
    return compare("local" if own else "unicast", op, values, None)


def _reverse_path(
    state: PacketState, flags: list[str], op: Op, values: Sequence[Element]
) -> Answer:
    """Evaluate whether a route leads back to the source by the incoming interface.

    Assume so if the routes are not known; otherwise no packet would ever get a reply.
    """
    device = value_of(state, "meta iif")
    if not isinstance(device, str) or not device:
        return None
    reachable = state.topology.reachable_by(device) if "iif" in flags and device != "lo" else None
    if reachable is None:
        if device != "lo" and (assumption := "fib saddr oif") not in state.assumed:
            state.assumed = (*state.assumed, assumption)
        return compare(1, op, values, None)
    if state.header["saddr"] is not SOURCE:
        address = state.header["saddr"]
        is_reachable = isinstance(address, int) and bool(
            intersection(((address, address),), reachable)
        )
        return compare(int(is_reachable), op, values, None) if isinstance(address, int) else None
    answer = simplify_answer(state.region, intersection(state.region, reachable))
    if isinstance(answer, bool):
        return compare(int(answer), op, values, None)
    sources = answer or ()
    return sources if compare(1, op, values, None) else difference(state.region, sources)
