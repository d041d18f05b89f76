"""The answer: every way that a packet may take, and what they come to."""

import ipaddress
from collections.abc import Iterable
from dataclasses import replace
from functools import lru_cache

from diagnose.parsers.netfilter.actions import follow
from diagnose.parsers.netfilter.address_sets import Region, inside, networks, region, size
from diagnose.parsers.netfilter.hooks import begin
from diagnose.parsers.netfilter.packet import Decision, Others, Packet
from diagnose.parsers.netfilter.rules import Rules
from diagnose.parsers.netfilter.topology import Plan
from diagnose.parsers.netfilter.traversal import Ended, Walk

#: More ways than these are not followed.
MOST_WAYS = 20_000
#: So deep may ways part because of what is unknown.
MOST_UNKNOWN = 10
MOST_NETWORKS = 16


def decide(rules: Rules, packet: Packet) -> Decision:
    """What the rules do with this connection. ValueError: an address is none."""
    plan = Plan(rules, packet)
    source = packet.source
    if source is None and packet.interface == "lo":
        source = packet.destination
    if source is None:
        return _of_all(*_anybody(rules, packet))
    one = ipaddress.ip_address(source)
    if one.version != plan.version:
        raise ValueError(f"{source} cannot connect to {packet.destination}")
    return _Search().ways(begin(plan, ((int(one), int(one)),)))[0].decision


def shut_out(rules: Rules, packet: Packet) -> tuple[Others, ...]:
    """Of a packet from anybody: the sources that a rule drops or rejects, rule by rule; those that
    most addresses share are not among them. ValueError: an address is none."""
    plan, ways = _anybody(rules, packet)
    most = _answer(_of_all(plan, ways))
    groups: dict[tuple[str | int | bool | None, ...], list[Ended]] = {}
    for way in ways:
        one = way.decision
        if one.verdict in {"drop", "reject"} and _answer(one) != most:
            rule = (one.family, one.table, one.chain, one.handle, one.rule, one.policy)
            groups.setdefault(rule, []).append(way)
    return tuple(_others(plan, group) for group in groups.values())


@lru_cache(maxsize=4)
def _anybody(rules: Rules, packet: Packet) -> tuple[Plan, list[Ended]]:
    """Every way of a packet from anybody. Of the same one two things may be asked, and with
    thousands of banned addresses it takes a while."""
    plan = Plan(rules, packet)
    return plan, _Search().ways(begin(plan, plan.strangers()))


class _Search:
    def __init__(self) -> None:
        self.left = MOST_WAYS

    def ways(self, walk: Walk | Ended, depth: int = 0) -> list[Ended]:
        todo: list[Walk | Ended] = [walk]
        found: list[Ended] = []
        while todo:
            one = todo.pop()
            if isinstance(one, Walk):
                self.left -= 1
                if self.left < 0:
                    found.append(_given_up(one, "too many ways"))
                    continue
                result = follow(one)
            else:
                result = one
            if isinstance(result, Ended):
                found.append(result)
            elif not result.text:
                todo.extend(result.parts)
            elif depth == MOST_UNKNOWN:
                found.append(_given_up(one, result.text))
            else:
                both = [self.ways(part, depth + 1) for part in result.parts]
                found.extend(_agreed(both[0], both[1], result.text))
        return found


def _given_up(walk: Walk | Ended, text: str) -> Ended:
    return Ended(walk.region, Decision(verdict="unknown", unknown=(text,)))


def _agreed(one: list[Ended], other: list[Ended], text: str) -> Iterable[Ended]:
    """Where both come to the same, what is unknown does not matter."""
    for yes in one:
        for no in other:
            if of := inside(yes.region, no.region):
                yield Ended(of, _both(yes.decision, no.decision, text))


def _both(yes: Decision, no: Decision, text: str) -> Decision:
    if _answer(yes) == _answer(no) and yes.verdict != "unknown":
        return no
    known = (*(yes.unknown or ()), *(no.unknown or ()))
    either = {*yes.either, *no.either} | {one.verdict for one in (yes, no)} - {"unknown"}
    said = no if no.verdict != "accept" else yes
    return replace(
        said, verdict="unknown", how="", unknown=tuple(dict.fromkeys((text, *known))),
        either=tuple(sorted(either)),
    )  # fmt: skip


def _answer(one: Decision) -> tuple[str | bool, ...]:
    return one.verdict, one.how, one.packet, one.to, one.lost


def _of_all(plan: Plan, ways: list[Ended]) -> Decision:
    """A stranger's answer is the one that most addresses get."""
    groups: dict[tuple[str | bool, ...], list[Ended]] = {}
    for way in ways:
        groups.setdefault(_answer(way.decision), []).append(way)
    ordered = sorted(groups.values(), key=_size, reverse=True)
    return replace(_largest(ordered[0]), others=tuple(_others(plan, one) for one in ordered[1:]))


def _size(group: list[Ended]) -> int:
    return sum(size(way.region) for way in group)


def _largest(group: list[Ended]) -> Decision:
    return max(group, key=lambda way: size(way.region)).decision


def _others(plan: Plan, group: list[Ended]) -> Others:
    whole: Region = region(span for way in group for span in way.region)
    listed, more = networks(whole, plan.version, MOST_NETWORKS)
    return Others(sources=tuple(listed), more=more, decision=_largest(group))
