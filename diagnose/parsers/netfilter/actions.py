"""Apply one step of a rule to a packet."""

from collections.abc import Callable
from typing import Any, TypeAlias

from diagnose.parsers.netfilter import nat
from diagnose.parsers.netfilter.address_sets import Region, difference, intersection, region
from diagnose.parsers.netfilter.hooks import advance, send_rejection
from diagnose.parsers.netfilter.matching import (
    evaluate_match,
    map_lookup,
    matches_element,
    set_elements,
    value_of,
)
from diagnose.parsers.netfilter.packet import SENT_BY_SERVER
from diagnose.parsers.netfilter.packet_fields import ABSENT, UNKNOWN, Answer, Value, simplify_answer
from diagnose.parsers.netfilter.rules import (
    Add,
    Assign,
    DataMap,
    Limit,
    Match,
    Nat,
    ObjectMap,
    Opaque,
    Reject,
    Rule,
    Unknown,
    Untrack,
    Verdict,
    VerdictMap,
)
from diagnose.parsers.netfilter.traversal import Fork, Outcome, PacketState

#: True: continue with the next step. False: with the next rule. None: at the state's new position.
Result: TypeAlias = bool | Outcome | Fork | None

#: nft's names of ICMP codes (RFC 792, RFC 1812 section 5.2.7.1; RFC 4443 section 3.1).
_ICMP = {
    "net-unreachable": 0, "host-unreachable": 1, "prot-unreachable": 2, "port-unreachable": 3,
    "net-prohibited": 9, "host-prohibited": 10, "admin-prohibited": 13,
}  # fmt: skip
_ICMPV6 = {
    "no-route": 0, "admin-prohibited": 1, "addr-unreachable": 3, "port-unreachable": 4,
    "policy-fail": 5, "reject-route": 6,
}  # fmt: skip
#: Names that stand for one code of each family: (IPv4, IPv6).
_ICMPX = {
    "no-route": (0, 0), "port-unreachable": (3, 4), "host-unreachable": (1, 3),
    "admin-prohibited": (13, 1),
}  # fmt: skip
#: Expressions that give a new random value for each packet.
_RANDOM = ("numgen", "meta random")


def follow(state: PacketState) -> Outcome | Fork:
    """Follow a packet to its outcome, or to a point where several paths are possible."""
    while True:
        if state.chain is None:
            result: Result = advance(state)
        elif state.rule_index < len(state.rules):
            state.effort.rules_left -= 1
            if state.effort.rules_left < 0:
                return state.finish("unknown", unknown=("too many rules",))
            result = _rule(state, state.rules[state.rule_index])
        else:
            result = state.leave_chain()
        if isinstance(result, Outcome | Fork):
            return result


def _rule(state: PacketState, rule: Rule) -> Result:
    steps = rule.steps
    while state.step_index < len(steps):
        step = steps[state.step_index]
        state.step_index += 1
        result = _ACTIONS[type(step)](state, step, rule)
        if result is False:
            break
        if result is not True:
            return result
    state.rule_index += 1
    state.step_index = 0
    return None


def _match(state: PacketState, step: Match, rule: Rule) -> Result:
    values: Any = step.values
    if isinstance(values, str):
        if _entry(state, values, step.keys) in state.added:
            return step.op == "=="
        values = set_elements(state, values)
        if values is None:
            return _fork_on_unknown(state, step, f"@{step.values}")
    answer = evaluate_match(state, step.keys, step.op, values, step.mask)
    if isinstance(answer, bool):
        return answer
    if answer is None:
        return _fork_on_unknown(state, step, " . ".join(step.keys))
    # Each fork follows all later rules: a thousand bans of another port would be a million steps.
    return False if _is_refuted(state, rule) else _fork_by_source(state, answer)


def _is_refuted(state: PacketState, rule: Rule) -> bool:
    """Return whether one of the matches that follow directly fails for every source."""
    for step in rule.steps[state.step_index :]:
        if not isinstance(step, Match) or isinstance(step.values, str):
            return False
        if evaluate_match(state, step.keys, step.op, step.values, step.mask) is False:
            return True
    return False


def _fork_by_source(state: PacketState, answer: Region) -> Fork:
    """Fork: the step matches for these sources and not for the others."""
    yes, no = state.copy(), state
    yes.region = answer
    no.exclude(answer)
    no.rule_index, no.step_index = state.rule_index + 1, 0
    return Fork((yes, no))


def _fork_on_unknown(state: PacketState, step: object, text: str) -> Result:
    """Fork into both results, or reuse the earlier answer to the same step."""
    if (earlier_answer := state.answers.get(id(step))) is not None:
        return earlier_answer
    yes, no = state.copy(), state
    if not text.startswith(_RANDOM):
        yes.answers[id(step)], no.answers[id(step)] = True, False
    no.rule_index, no.step_index = state.rule_index + 1, 0
    return Fork((yes, no), text)


def _verdict(state: PacketState, step: Verdict, rule: Rule) -> Result:
    return state.apply_verdict(step, rule)


def _vmap(state: PacketState, step: VerdictMap, rule: Rule) -> Result:
    """Apply each verdict to its sources; for the remaining sources the rule does not match."""
    entries = step.entries if isinstance(step.entries, tuple) else set_elements(state, step.entries)
    if entries is None:
        return state.finish("unknown", rule, unknown=(f"@{step.entries}",))
    parts: list[PacketState | Outcome] = []
    remaining = state.region
    for element, verdict in entries:
        answer = matches_element(state, step.keys, element)
        if answer is None:
            return state.finish("unknown", rule, unknown=(" . ".join(step.keys),))
        part = _matching_part(remaining, answer)
        if part == state.region:
            return state.apply_verdict(verdict, rule)
        if part:
            parts.append(_take_for_sources(state.copy(), part, verdict, rule))
            remaining = difference(remaining, part)
        if not remaining:
            break
    if not parts:
        return False
    if remaining:
        state.region, state.rule_index, state.step_index = remaining, state.rule_index + 1, 0
        parts.append(state)
    return Fork(tuple(parts))


def _matching_part(remaining: Region, answer: Answer) -> Region:
    if isinstance(answer, tuple):
        return intersection(remaining, answer)
    return remaining if answer else ()


def _take_for_sources(
    state: PacketState, sources: Region, verdict: Verdict, rule: Rule
) -> PacketState | Outcome:
    state.region = sources
    ended = state.apply_verdict(verdict, rule)
    return ended if isinstance(ended, Outcome) else state


def _reject(state: PacketState, step: Reject, rule: Rule) -> Result:
    version = state.topology.version
    if step.kind in ("icmp", "icmpv6") and (step.kind == "icmp") != (version == 4):
        return False
    if state.refused:  # no rejection is sent in answer to an error or a reset
        return state.finish("drop")
    decision = state.make_decision("reject", rule, how=_reject_code(step, version))
    if decision.packet in SENT_BY_SERVER:
        return Outcome(state.region, decision)
    send_rejection(state, decision)
    return None


def _reject_code(step: Reject, version: int) -> str:
    if step.kind == "tcp reset":
        return "tcp reset"
    if step.kind == "icmpx":
        codes = _ICMPX.get(step.code)
        code = codes and codes[version == 6]
    else:
        code = (_ICMP if version == 4 else _ICMPV6).get(step.code)
    return f"{'icmp 3' if version == 4 else 'icmpv6 1'}/{'?' if code is None else code}"


def _obscure(state: PacketState, step: Opaque, rule: Rule) -> Result:
    if step.leaving and state.hook in ("ingress", "prerouting", "input"):
        return True
    return state.finish("unknown", rule, unknown=(step.text,))


def _unknown(state: PacketState, step: Unknown, _: Rule) -> Result:
    return _fork_on_unknown(state, step, step.text)


def _limit(state: PacketState, step: Limit, rule: Rule) -> Result:
    _record_limit(state, rule.text or step.text)
    return not step.over


def _record_limit(state: PacketState, text: str) -> None:
    if text not in state.limits and not state.refused:
        state.limits = (*state.limits, text)


def _object(state: PacketState, step: ObjectMap, rule: Rule) -> Result:
    """Continue if the object's limit is not exceeded; the rule ends for packets without object."""
    entries = step.entries if isinstance(step.entries, tuple) else set_elements(state, step.entries)
    if entries is None:
        return _fork_on_unknown(state, step, f"@{step.entries}")
    remaining, passing = state.region, list[tuple[int, int]]()
    for element, name in entries:
        answer = matches_element(state, step.keys, element)
        if answer is None:
            return _fork_on_unknown(state, step, " . ".join(step.keys))
        part = _matching_part(remaining, answer)
        remaining = difference(remaining, part) if part else remaining
        if part and name not in step.over:
            passing += part
        if part and step.limits:
            _record_limit(state, rule.text or step.text)
        if not remaining:
            break
    answer = simplify_answer(state.region, region(passing))
    return answer if isinstance(answer, bool) else _fork_by_source(state, answer or ())


def _add(state: PacketState, step: Add, _: Rule) -> Result:
    if any(value_of(state, key) is ABSENT for key in step.keys):
        return False
    entry = _entry(state, step.set, step.keys)
    if UNKNOWN not in entry:
        state.added |= {entry}
    return True


def _entry(state: PacketState, name: str, keys: tuple[str, ...]) -> tuple[object, ...]:
    """Return a key for these values in this set."""
    return (id(state.table), name, *(value_of(state, key) for key in keys))


def _untrack(state: PacketState, _: Untrack, __: Rule) -> Result:
    state.untrack = True
    return True


def _assign(state: PacketState, step: Assign, _: Rule) -> Result:
    if step.key == "ct mark" and state.tracking != "tracked":
        return True
    value: Value = 0
    if isinstance(step.source, DataMap):
        data = map_lookup(state, step.source)
        if data is False:
            return False
        value = data[0] if data else UNKNOWN
    elif step.source:
        value = value_of(state, step.source)
    if value is ABSENT:
        return False
    new: Value = UNKNOWN
    if isinstance(value, int) and step.flip is not None:
        new = (value & step.keep) ^ step.flip
    state.fields[step.key] = new
    if step.key == "ct mark":
        state.connection.mark = new
    return True


def _nat(state: PacketState, step: Nat, rule: Rule) -> Result:
    return nat.translate(state, step, rule)


_ACTIONS: dict[type, Callable[[PacketState, Any, Rule], Result]] = {
    Match: _match,
    Verdict: _verdict,
    VerdictMap: _vmap,
    Reject: _reject,
    Opaque: _obscure,
    Unknown: _unknown,
    Limit: _limit,
    ObjectMap: _object,
    Add: _add,
    Untrack: _untrack,
    Assign: _assign,
    Nat: _nat,
}
