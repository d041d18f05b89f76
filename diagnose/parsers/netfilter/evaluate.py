"""Decide what the rules do with a packet: follow all its paths and combine their outcomes."""

import ipaddress
from collections.abc import Iterable
from dataclasses import replace
from functools import lru_cache

from diagnose.parsers.netfilter.actions import follow
from diagnose.parsers.netfilter.address_sets import (
    Region,
    address_count,
    intersection,
    networks,
    region,
)
from diagnose.parsers.netfilter.hooks import initial_state
from diagnose.parsers.netfilter.packet import Decision, Others, Packet
from diagnose.parsers.netfilter.rules import Rules
from diagnose.parsers.netfilter.topology import Topology
from diagnose.parsers.netfilter.traversal import Outcome, PacketState

#: Most paths that are followed.
MAX_PATHS = 100_000
#: Largest depth of forks because of something unknown.
MAX_UNKNOWN = 10
MAX_NETWORKS = 16


def decide(rules: Rules, packet: Packet) -> Decision:
    """Return what the rules do with a connection. Raises ValueError for an invalid address."""
    topology = Topology(rules, packet)
    source = packet.source
    if source is None and packet.interface == "lo":
        source = packet.destination
    if source is None:
        return _stranger_decision(*_stranger_outcomes(rules, packet))
    address = ipaddress.ip_address(source)
    if address.version != topology.version:
        raise ValueError(f"{source} cannot connect to {packet.destination}")
    return _Search().outcomes(initial_state(topology, ((int(address), int(address)),)))[0].decision


def blocked_sources(rules: Rules, packet: Packet) -> tuple[Others, ...]:
    """Return the sources that rules drop or reject, one entry per rule, except the decision that
    most addresses share. Raises ValueError for an invalid address."""
    topology, outcomes = _stranger_outcomes(rules, packet)
    common_key = _decision_key(_stranger_decision(topology, outcomes))
    groups: dict[tuple[str | int | bool | None, ...], list[Outcome]] = {}
    for outcome in outcomes:
        decision = outcome.decision
        if decision.verdict in {"drop", "reject"} and _decision_key(decision) != common_key:
            rule = (
                decision.family,
                decision.table,
                decision.chain,
                decision.handle,
                decision.rule,
                decision.policy,
            )
            groups.setdefault(rule, []).append(outcome)
    return tuple(_other_sources(topology, group) for group in groups.values())


@lru_cache(maxsize=4)
def _stranger_outcomes(rules: Rules, packet: Packet) -> tuple[Topology, list[Outcome]]:
    """Return every outcome of a packet from any address. Cached: two questions may need it, and
    with thousands of banned addresses it takes a while."""
    topology = Topology(rules, packet)
    return topology, _Search().outcomes(initial_state(topology, topology.stranger_addresses()))


class _Search:
    def __init__(self) -> None:
        self.paths_left = MAX_PATHS

    def outcomes(self, state: PacketState | Outcome, depth: int = 0) -> list[Outcome]:
        pending: list[PacketState | Outcome] = [state]
        outcomes: list[Outcome] = []
        while pending:
            branch = pending.pop()
            if isinstance(branch, PacketState):
                self.paths_left -= 1
                if self.paths_left < 0:
                    outcomes.append(_given_up(branch, "too many ways"))
                    continue
                result = follow(branch)
            else:
                result = branch
            if isinstance(result, Outcome):
                outcomes.append(result)
            elif not result.text:
                pending.extend(result.parts)
            elif depth == MAX_UNKNOWN:
                outcomes.append(_given_up(branch, result.text))
            else:
                branches = [self.outcomes(part, depth + 1) for part in result.parts]
                outcomes.extend(_merge_outcomes(branches[0], branches[1], result.text))
        return outcomes


def _given_up(state: PacketState | Outcome, text: str) -> Outcome:
    return Outcome(state.region, Decision(verdict="unknown", unknown=(text,)))


def _merge_outcomes(
    yes_outcomes: list[Outcome], no_outcomes: list[Outcome], text: str
) -> Iterable[Outcome]:
    """Combine two branches. If they have the same outcome, the unknown does not matter."""
    for yes in yes_outcomes:
        for no in no_outcomes:
            if sources := intersection(yes.region, no.region):
                yield Outcome(sources, _merge_decisions(yes.decision, no.decision, text))


def _merge_decisions(yes: Decision, no: Decision, text: str) -> Decision:
    if _decision_key(yes) == _decision_key(no) and yes.verdict != "unknown":
        return no
    unknown_texts = (*(yes.unknown or ()), *(no.unknown or ()))
    verdicts = {*yes.either, *no.either} | {decision.verdict for decision in (yes, no)} - {
        "unknown"
    }
    decision = no if no.verdict != "accept" else yes
    return replace(
        decision, verdict="unknown", how="", unknown=tuple(dict.fromkeys((text, *unknown_texts))),
        either=tuple(sorted(verdicts)),
    )  # fmt: skip


def _decision_key(decision: Decision) -> tuple[str | bool, ...]:
    return decision.verdict, decision.how, decision.packet, decision.to, decision.lost


def _stranger_decision(topology: Topology, outcomes: list[Outcome]) -> Decision:
    """Return the decision that most addresses get, with the others attached."""
    groups: dict[tuple[str | bool, ...], list[Outcome]] = {}
    for outcome in outcomes:
        groups.setdefault(_decision_key(outcome.decision), []).append(outcome)
    ordered = sorted(groups.values(), key=_group_size, reverse=True)
    return replace(
        _largest(ordered[0]), others=tuple(_other_sources(topology, group) for group in ordered[1:])
    )


def _group_size(group: list[Outcome]) -> int:
    return sum(address_count(outcome.region) for outcome in group)


def _largest(group: list[Outcome]) -> Decision:
    return max(group, key=lambda outcome: address_count(outcome.region)).decision


def _other_sources(topology: Topology, group: list[Outcome]) -> Others:
    sources: Region = region(span for outcome in group for span in outcome.region)
    prefixes, omitted = networks(sources, topology.version, MAX_NETWORKS)
    return Others(sources=tuple(prefixes), omitted=omitted, decision=_largest(group))
