"""What one step of a rule does to a packet on its way."""

from collections.abc import Callable
from typing import Any, TypeAlias

from diagnose.parsers.netfilter import nat
from diagnose.parsers.netfilter.address_sets import Region, inside, outside, region
from diagnose.parsers.netfilter.hooks import ahead, refuse
from diagnose.parsers.netfilter.matching import fits_all, judge, listed, mapped, value_of
from diagnose.parsers.netfilter.packet_fields import ABSENT, UNKNOWN, Answer, Value, whole
from diagnose.parsers.netfilter.rules import (
    Add,
    Assign,
    DataMap,
    Limit,
    Match,
    Nat,
    ObjectMap,
    Obscure,
    Reject,
    Rule,
    Unknown,
    Untrack,
    Verdict,
    VerdictMap,
)
from diagnose.parsers.netfilter.traversal import Ended, Fork, Walk

#: True: on with the next step. False: on with the next rule. None: on from where the walk is now.
Result: TypeAlias = bool | Ended | Fork | None

#: nft's names of ICMP codes (RFC 792, RFC 1812 section 5.2.7.1; RFC 4443 section 3.1).
_ICMP = {
    "net-unreachable": 0, "host-unreachable": 1, "prot-unreachable": 2, "port-unreachable": 3,
    "net-prohibited": 9, "host-prohibited": 10, "admin-prohibited": 13,
}  # fmt: skip
_ICMPV6 = {
    "no-route": 0, "admin-prohibited": 1, "addr-unreachable": 3, "port-unreachable": 4,
    "policy-fail": 5, "reject-route": 6,
}  # fmt: skip
#: The names that stand for one of each family: (IPv4, IPv6).
_ICMPX = {
    "no-route": (0, 0), "port-unreachable": (3, 4), "host-unreachable": (1, 3),
    "admin-prohibited": (13, 1),
}  # fmt: skip
#: Each packet gets another answer.
_RANDOM = ("numgen", "meta random")


def follow(walk: Walk) -> Ended | Fork:
    """To the end, or to where ways part."""
    while True:
        if walk.chain is None:
            result: Result = ahead(walk)
        elif walk.at < len(walk.rules):
            result = _rule(walk, walk.rules[walk.at])
        else:
            result = walk.close()
        if isinstance(result, Ended | Fork):
            return result


def _rule(walk: Walk, rule: Rule) -> Result:
    steps = rule.steps
    while walk.step < len(steps):
        step = steps[walk.step]
        walk.step += 1
        result = _STEPS[type(step)](walk, step, rule)
        if result is False:
            break
        if result is not True:
            return result
    walk.at += 1
    walk.step = 0
    return None


def _match(walk: Walk, step: Match, _: Rule) -> Result:
    values: Any = step.values
    if isinstance(values, str):
        if _entry(walk, values, step.keys) in walk.added:
            return step.op == "=="
        values = listed(walk, values)
        if values is None:
            return _unsure(walk, step, f"@{step.values}")
    answer = judge(walk, step.keys, step.op, values, step.mask)
    if isinstance(answer, bool):
        return answer
    return _unsure(walk, step, " . ".join(step.keys)) if answer is None else _split(walk, answer)


def _split(walk: Walk, answer: Region) -> Fork:
    """It matches for these sources, for the others it does not."""
    yes, no = walk.copy(), walk
    yes.region, no.region = answer, outside(walk.region, answer)
    no.at, no.step = walk.at + 1, 0
    return Fork((yes, no))


def _unsure(walk: Walk, step: object, text: str) -> Result:
    """Both ways; the same question gets the same answer later on."""
    if (known := walk.answers.get(id(step))) is not None:
        return known
    yes, no = walk.copy(), walk
    if not text.startswith(_RANDOM):
        yes.answers[id(step)], no.answers[id(step)] = True, False
    no.at, no.step = walk.at + 1, 0
    return Fork((yes, no), text)


def _verdict(walk: Walk, step: Verdict, rule: Rule) -> Result:
    return walk.take(step, rule)


def _vmap(walk: Walk, step: VerdictMap, rule: Rule) -> Result:
    """Each verdict for the sources that it is for; for the rest the rule does not match."""
    entries = step.entries if isinstance(step.entries, tuple) else listed(walk, step.entries)
    if entries is None:
        return walk.end("unknown", rule, unknown=(f"@{step.entries}",))
    parts: list[Walk | Ended] = []
    left = walk.region
    for one, verdict in entries:
        answer = fits_all(walk, step.keys, one)
        if answer is None:
            return walk.end("unknown", rule, unknown=(" . ".join(step.keys),))
        mine = _mine(left, answer)
        if mine == walk.region:
            return walk.take(verdict, rule)
        if mine:
            parts.append(_sent(walk.copy(), mine, verdict, rule))
            left = outside(left, mine)
        if not left:
            break
    if not parts:
        return False
    if left:
        walk.region, walk.at, walk.step = left, walk.at + 1, 0
        parts.append(walk)
    return Fork(tuple(parts))


def _mine(left: Region, answer: Answer) -> Region:
    if isinstance(answer, tuple):
        return inside(left, answer)
    return left if answer else ()


def _sent(walk: Walk, of: Region, verdict: Verdict, rule: Rule) -> Walk | Ended:
    walk.region = of
    ended = walk.take(verdict, rule)
    return ended if isinstance(ended, Ended) else walk


def _reject(walk: Walk, step: Reject, rule: Rule) -> Result:
    version = walk.plan.version
    if step.kind in ("icmp", "icmpv6") and (step.kind == "icmp") != (version == 4):
        return False
    if walk.refused:  # nothing is sent in answer to an error or a reset
        return walk.end("drop")
    decision = walk.decided("reject", rule, how=_how(step, version))
    if decision.packet == "reply":
        return Ended(walk.region, decision)
    refuse(walk, decision)
    return None


def _how(step: Reject, version: int) -> str:
    if step.kind == "tcp reset":
        return "tcp reset"
    if step.kind == "icmpx":
        both = _ICMPX.get(step.code)
        code = both and both[version == 6]
    else:
        code = (_ICMP if version == 4 else _ICMPV6).get(step.code)
    return f"{'icmp 3' if version == 4 else 'icmpv6 1'}/{'?' if code is None else code}"


def _obscure(walk: Walk, step: Obscure, rule: Rule) -> Result:
    return walk.end("unknown", rule, unknown=(step.text,))


def _unknown(walk: Walk, step: Unknown, _: Rule) -> Result:
    return _unsure(walk, step, step.text)


def _limit(walk: Walk, step: Limit, rule: Rule) -> Result:
    _meets(walk, rule.text or step.text)
    return not step.over


def _meets(walk: Walk, text: str) -> None:
    if text not in walk.limits and not walk.refused:
        walk.limits = (*walk.limits, text)


def _object(walk: Walk, step: ObjectMap, rule: Rule) -> Result:
    """On for those whose object is not exceeded; for those who have none the rule ends."""
    entries = step.entries if isinstance(step.entries, tuple) else listed(walk, step.entries)
    if entries is None:
        return _unsure(walk, step, f"@{step.entries}")
    left, passing = walk.region, list[tuple[int, int]]()
    for one, name in entries:
        answer = fits_all(walk, step.keys, one)
        if answer is None:
            return _unsure(walk, step, " . ".join(step.keys))
        mine = _mine(left, answer)
        left = outside(left, mine) if mine else left
        if mine and name not in step.over:
            passing += mine
        if mine and step.limits:
            _meets(walk, rule.text or step.text)
        if not left:
            break
    answer = whole(walk.region, region(passing))
    return answer if isinstance(answer, bool) else _split(walk, answer or ())


def _add(walk: Walk, step: Add, _: Rule) -> Result:
    if any(value_of(walk, key) is ABSENT for key in step.keys):
        return False
    entry = _entry(walk, step.set, step.keys)
    if UNKNOWN not in entry:
        walk.added |= {entry}
    return True


def _entry(walk: Walk, name: str, keys: tuple[str, ...]) -> tuple[object, ...]:
    """These values in this set."""
    return (id(walk.table), name, *(value_of(walk, key) for key in keys))


def _untrack(walk: Walk, _: Untrack, __: Rule) -> Result:
    walk.untrack = True
    return True


def _assign(walk: Walk, step: Assign, _: Rule) -> Result:
    if step.key == "ct mark" and walk.tracking != "tracked":
        return True
    value: Value = 0
    if isinstance(step.source, DataMap):
        found = mapped(walk, step.source)
        if found is False:
            return False
        value = found[0] if found else UNKNOWN
    elif step.source:
        value = value_of(walk, step.source)
    if value is ABSENT:
        return False
    new: Value = UNKNOWN
    if isinstance(value, int) and step.flip is not None:
        new = (value & step.keep) ^ step.flip
    walk.fields[step.key] = new
    if step.key == "ct mark":
        walk.connection.mark = new
    return True


def _nat(walk: Walk, step: Nat, rule: Rule) -> Result:
    return nat.translate(walk, step, rule)


_STEPS: dict[type, Callable[[Walk, Any, Rule], Result]] = {
    Match: _match,
    Verdict: _verdict,
    VerdictMap: _vmap,
    Reject: _reject,
    Obscure: _obscure,
    Unknown: _unknown,
    Limit: _limit,
    ObjectMap: _object,
    Add: _add,
    Untrack: _untrack,
    Assign: _assign,
    Nat: _nat,
}
