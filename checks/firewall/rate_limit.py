"""A rule limits new connections per time, or concurrent connections, and blocks the rest.

A browser opens up to six connections at once, a page with images causes more, and a whole office
may share one address. A limit far above that stops attacks; a limit below it stops visitors.
"""

import re
import shlex
from collections.abc import Iterator
from dataclasses import replace

from checks.firewall._blockages import EXPLAINS, blocking_places
from checks.firewall._netfilter import Blockage, NetfilterView, decide, netfilter_view
from checks.firewall._netfilter_claims import claim
from checks.firewall._netfilter_fixes import opening_fix, replacement_steps
from checks.firewall._visitors import relevant_ports
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
from diagnose.parsers.netfilter.ruleset import limited_rules

#: Limits below these affect visitors: new connections per minute of one address, new connections
#: per minute of all addresses, concurrent connections of one address.
MIN_RATE_PER_ADDRESS, MIN_TOTAL_RATE, MIN_CONCURRENT = 60.0, 600.0, 10

#: A time in seconds for which a list of addresses may be a limit of a visitor's connections.
MAX_LIMIT_SECONDS = 60

_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400}


@check(severity=Severity.WARNING, needs=[Ruleset], explains=EXPLAINS)
def rate_limit(evidence: Evidence) -> Iterator[Claim]:
    view = netfilter_view(evidence)
    groups: dict[tuple[object, ...], list[Blockage]] = {}
    for port in relevant_ports(evidence):
        some_fail = _some_attempts_fail(evidence, port)
        for blockage in _limit_blockages(view, port):
            if some_fail or is_tight(blockage.place.text):
                groups.setdefault((blockage.owner, blockage.place.program), []).append(blockage)
    for group in groups.values():
        blockages = tuple(group)
        open_fix, wider_steps = opening_fix(view, blockages), _wider_steps(view, blockages)
        fix = Fix(wider_steps or open_fix.steps, Applicability.REVIEW)
        open_command = next((step for step in open_fix.steps if isinstance(step, Command)), None)
        base_claim = claim(
            view,
            blockages,
            fix,
            limit=blockages[0].place.text,
            wider=bool(wider_steps),
            without=shlex.join(open_command.argv) if open_command and wider_steps else "",
        )
        yield replace(base_claim, severity=Severity.WARNING, confidence=Confidence.LIKELY)


def _limit_blockages(view: NetfilterView, port: int) -> Iterator[Blockage]:
    """Yield the rules that block only a visitor who exceeds their limit."""
    for address, packet in view.packets(port):
        decision = decide(view.ruleset.rules, packet)
        if decision.verdict != "accept" or decision.forwarded:
            continue
        for place in view.ruleset.positions_of(limited_rules(view.ruleset.rules, decision.limits)):
            exceeded_decision = decide(view.ruleset.with_limit_exceeded(place), packet)
            if exceeded_decision.verdict in {"reject", "drop"}:
                owner = view.owner(place)
                if owner != "firewalld":
                    yield Blockage(address, packet, "", exceeded_decision, place, owner)


def _some_attempts_fail(evidence: Evidence, port: int) -> bool:
    """Return whether some attempts failed and others succeeded."""
    attempts = [connection for connection in evidence.of(Connection) if connection.port == port]
    return len({(connection.address, connection.failure is None) for connection in attempts}) > len(
        {connection.address for connection in attempts}
    )


def _wider_steps(view: NetfilterView, blockages: tuple[Blockage, ...]) -> tuple[Step, ...]:
    """Replace the rules by the same rules with a higher limit.

    Empty if a program made one of them, or if a limit is written in an unknown form.
    """
    steps: list[Step] = []
    for place in blocking_places(blockages):
        text = raise_limit(place.text)
        if text == place.text or any(blockage.owner != "hand" for blockage in blockages):
            return ()
        place_steps = replacement_steps(place, text, view.files)
        if not place_steps:
            return ()
        steps += place_steps
    return tuple(steps)


def raise_limit(rule: str) -> str:
    """Return the rule with a limit above normal use; unchanged if its form is unknown."""
    rule = re.sub(r"(--connlimit-(?:above|upto)|\bct count(?: over)?) \d+", r"\1 100", rule)
    rate = "100" if _is_per_address(rule) else "1000"
    nft_rate = rf"\g<1>{rate}/second"
    rule = re.sub(r"(\blimit rate (?:over )?)\d+/(?:second|minute|hour|day)\b", nft_rate, rule)
    iptables_rate = r"((?<=\s)--(?:limit|hashlimit(?:-above|-upto)?) )\d+/\w+"
    return re.sub(iptables_rate, rf"\g<1>{rate}/sec", rule)


def _is_per_address(rule: str) -> bool:
    """Return whether the rule counts each address separately."""
    return "saddr" in rule or bool(re.search(r"--hashlimit-mode \S*srcip|\brecent\b", rule))


def _is_list_of_others(rule_text: str) -> bool:
    """Return whether a rule keeps out who did something else before, such as a scan of ports: it
    looks at a list of addresses, counts nothing, and goes back for long (iptables-extensions(8),
    recent)."""
    seconds = re.search(r"--seconds (\d{1,9})", rule_text)
    is_lookup = re.search(r"-m recent .*--(?:rcheck|update)\b", rule_text) is not None
    is_short = seconds is not None and int(seconds[1]) <= MAX_LIMIT_SECONDS
    return is_lookup and "--hitcount" not in rule_text and not is_short


def is_tight(rule: str) -> bool:
    """Return whether normal visitors exceed the limit of this rule."""
    if _is_list_of_others(rule):
        return False
    if match := re.search(r"--connlimit-(?:above|upto) (\d+)|\bct count (?:over )?(\d+)", rule):
        return int(match[1] or match[2]) < MIN_CONCURRENT
    rate = _connections_per_minute(rule)
    return rate is not None and rate < (
        MIN_RATE_PER_ADDRESS if _is_per_address(rule) else MIN_TOTAL_RATE
    )


def _connections_per_minute(rule: str) -> float | None:
    """Return the rule's limit in new connections per minute, or None if it limits something else,
    such as bytes."""
    recent_match = re.search(r"--seconds (\d+)(?:.*--hitcount (\d+))?", rule)
    if recent_match:
        return 60.0 * int(recent_match[2] or 1) / max(int(recent_match[1]), 1)
    pattern = r"(?:limit rate (?:over )?|--limit |--hashlimit(?:-above|-upto)? )(\d+)/(s|m|h|d)"
    match = re.search(pattern, rule)
    return 60.0 * int(match[1]) / _SECONDS[match[2]] if match else None
