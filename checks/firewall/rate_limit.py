"""A rule lets in so many new connections in a time, or so many at a time, and stops the others. A
browser opens up to six at once, a page with its pictures more, and behind one address there may
be an office: a limit far above that stops attacks, one below it stops visitors."""

import re
import shlex
from collections.abc import Iterator
from dataclasses import replace

from checks.firewall._firewalld import ports_that_matter
from checks.firewall._netfilter import EXPLAINS, Blocked, Seen, decide, places, seen_of
from checks.firewall._netfilter_claims import claim
from checks.firewall._netfilter_fixes import opening, replaced
from diagnose.checking.registry import check
from diagnose.model import (
    Applicability,
    Claim,
    Command,
    Confidence,
    Evidence,
    Fix,
    Severity,
    Step,
)
from diagnose.model.netfilter import Ruleset
from diagnose.model.tcp import Connection
from diagnose.parsers.netfilter.ruleset import limits

#: New connections a minute of one address, and of all together, and connections of one address
#: at a time, below which visitors meet the limit.
ONE_ADDRESS, ALL, AT_A_TIME = 60.0, 600.0, 10

_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400}


@check(severity=Severity.WARNING, needs=[Ruleset], explains=EXPLAINS)
def rate_limit(evidence: Evidence) -> Iterator[Claim]:
    seen = seen_of(evidence)
    found: dict[tuple[object, ...], list[Blocked]] = {}
    for port in ports_that_matter(evidence):
        lost = _some_lost(evidence, port)
        for one in _limited(seen, port):
            if lost or is_tight(one.place.text):
                found.setdefault((one.owner, one.place.program), []).append(one)
    for some in found.values():
        limited = tuple(some)
        opened, wider = opening(seen, limited), _wider(seen, limited)
        fix = Fix(wider or opened.steps, Applicability.REVIEW)
        other = next((one for one in opened.steps if isinstance(one, Command)), None)
        made = claim(
            seen,
            limited,
            fix,
            limit=limited[0].place.text,
            wider=bool(wider),
            without=" ".join(map(shlex.quote, other.argv)) if other and wider else "",
        )
        yield replace(made, severity=Severity.WARNING, confidence=Confidence.LIKELY)


def _limited(seen: Seen, port: int) -> Iterator[Blocked]:
    """The rules that stop a visitor who has exceeded their limit, and him only."""
    for address, packet in seen.packets(port):
        decision = decide(seen.filter.rules, packet)
        if decision.verdict != "accept" or decision.forwarded:
            continue
        for place in seen.filter.placed(limits(seen.filter.rules, decision.limits)):
            then = decide(seen.filter.exceeded(place), packet)
            if then.verdict in {"reject", "drop"}:
                owner = seen.owner(place)
                if owner != "firewalld":
                    yield Blocked(address, packet, "", then, place, owner)


def _some_lost(evidence: Evidence, port: int) -> bool:
    """Whether some attempts failed where others did not."""
    tried = [one for one in evidence.of(Connection) if one.port == port]
    return len({(one.address, one.failure is None) for one in tried}) > len(
        {one.address for one in tried}
    )


def _wider(seen: Seen, limited: tuple[Blocked, ...]) -> tuple[Step, ...]:
    """The same rules with a limit that stops attacks and no visitors; () where one of them is
    not of hand, or names its limit in a way of its own."""
    steps: list[Step] = []
    for place in places(limited):
        text = raised(place.text)
        if text == place.text or any(one.owner != "hand" for one in limited):
            return ()
        made = replaced(place, text, seen.files)
        if not made:
            return ()
        steps += made
    return tuple(steps)


def raised(rule: str) -> str:
    """The rule with a limit above what visitors do; as it was where that is not known how."""
    rule = re.sub(r"(--connlimit-(?:above|upto)|\bct count(?: over)?) \d+", r"\1 100", rule)
    rate = "100" if _of_each(rule) else "1000"
    nft = rf"\g<1>{rate}/second"
    rule = re.sub(r"(\blimit rate (?:over )?)\d+/(?:second|minute|hour|day)\b", nft, rule)
    iptables = r"((?<=\s)--(?:limit|hashlimit(?:-above|-upto)?) )\d+/\w+"
    return re.sub(iptables, rf"\g<1>{rate}/sec", rule)


def _of_each(rule: str) -> bool:
    """Whether it counts each address by itself."""
    return "saddr" in rule or bool(re.search(r"--hashlimit-mode \S*srcip|\brecent\b", rule))


def is_tight(rule: str) -> bool:
    """Whether visitors meet the limit that a rule names."""
    if found := re.search(r"--connlimit-(?:above|upto) (\d+)|\bct count (?:over )?(\d+)", rule):
        return int(found[1] or found[2]) < AT_A_TIME
    rate = _a_minute(rule)
    return rate is not None and rate < (ONE_ADDRESS if _of_each(rule) else ALL)


def _a_minute(rule: str) -> float | None:
    """New connections a minute; None where it is something else, as bytes."""
    recent = re.search(r"--seconds (\d+)(?:.*--hitcount (\d+))?", rule)
    if recent:
        return 60.0 * int(recent[2] or 1) / max(int(recent[1]), 1)
    said = r"(?:limit rate (?:over )?|--limit |--hashlimit(?:-above|-upto)? )(\d+)/(s|m|h|d)"
    found = re.search(said, rule)
    return 60.0 * int(found[1]) / _SECONDS[found[2]] if found else None
