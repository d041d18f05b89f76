"""A rule of the packet filter decides about visitors' packets, and by what no list of rules shows:
by the contents of a packet, by the user of the program that sends, in a program that reads a queue.

Where a connection failed, it may be the cause: what the rule can do fits, and it has counted
packets or counts none. Where the run saw the server only, the site is not called healthy: the
connections of a server to itself go over loopback, which such rules often leave out.
"""

from collections.abc import Iterator

from checks.firewall._blockages import EXPLAINS
from checks.firewall._kernel_drops import drop_text, netfilter_drops
from checks.firewall._netfilter import NetfilterView, decide, netfilter_view
from checks.firewall._visitors import external_connections
from diagnose.checking.registry import check
from diagnose.model import (
    Applicability,
    Claim,
    Confidence,
    Evidence,
    Fix,
    Manual,
    Observation,
    Severity,
    Subject,
    Where,
)
from diagnose.model.frozen import frozen
from diagnose.model.http import Exchange
from diagnose.model.netfilter import Ruleset
from diagnose.model.tcp import Connection
from diagnose.model.tls import Handshake
from diagnose.parsers.netfilter import Decision
from diagnose.parsers.netfilter.ruleset import RulePosition

#: How a connection ends whose packets a rule stops.
_ENDS = {"timeout", "refused", "unreachable", "reset", "closed"}


@frozen(eq=False)
class _Doubt:
    """A decision that the rules alone do not tell. `place` is None if no single rule is why."""

    address: str
    decision: Decision
    place: RulePosition | None


@check(
    severity=Severity.ERROR,
    needs=[Ruleset],
    explains=[*EXPLAINS, "tcp.path-mtu"],
    unanswered=True,
)
def rule_unjudged(evidence: Evidence) -> Iterator[Claim]:
    view, port = netfilter_view(evidence), evidence.target.port
    if view.blockages(port):
        return
    doubts = tuple(_doubts(view, port))
    failures = _failures(evidence, port)
    if doubts and failures:
        yield _claim(view, port, doubts, failures)
    elif doubts and not external_connections(evidence, port):
        yield _claim(view, port, doubts, ())


def _doubts(view: NetfilterView, port: int) -> Iterator[_Doubt]:
    for address, packet in view.packets(port):
        decision = decide(view.ruleset.rules, packet)
        if decision.verdict != "unknown" or not decision.unknown or decision.either == ("accept",):
            continue
        place = view.ruleset.position_of(decision)
        has_met_nobody = place is not None and place.rule is not None and place.rule.packets == 0
        if not has_met_nobody:
            yield _Doubt(address, decision, place)


def _failures(evidence: Evidence, port: int) -> tuple[Observation, ...]:
    attempts: tuple[Connection | Handshake | Exchange, ...] = (
        *evidence.of(Connection),
        *evidence.of(Handshake),
        *(page for page in evidence.of(Exchange) if page.purpose == "target"),
    )
    return tuple(
        attempt
        for attempt in attempts
        if attempt.port == port and attempt.failure and attempt.failure.kind in _ENDS
    )


def _claim(
    view: NetfilterView, port: int, doubts: tuple[_Doubt, ...], failures: tuple[Observation, ...]
) -> Claim:
    place = doubts[0].place
    drops = netfilter_drops(view.evidence, (port,))
    packets = place.rule.packets if place and place.rule else None
    subjects = {Subject(address=doubt.address or None, port=port) for doubt in doubts}
    return Claim(
        about=Subject(port=port, text=f"{place.text if place else 'rules'}, {port}/tcp"),
        covers=tuple(sorted(subjects, key=str)),
        because=(*view.because, *failures, *drops),
        severity=None if failures else Severity.NOTE,
        confidence=Confidence.LIKELY if failures and (packets or drops) else Confidence.POSSIBLE,
        facts={
            "port": f"{port}/tcp",
            "failed": bool(failures),
            "rule": place.text if place else "",
            "chain": place.chain.name if place else "",
            "program": place.program if place else "",
            "doubts": tuple(
                dict.fromkeys(doubt for outcome in doubts for doubt in outcome.decision.unknown)
            ),
            "user": any(
                text.startswith(("meta skuid", "meta skgid", "owner"))
                for doubt in doubts
                for text in doubt.decision.unknown
            ),
            "packets": packets,
            "kernel": drop_text(drops),
        },
        fix=Fix((Manual("look", Where.SERVER),), Applicability.MANUAL),
    )
