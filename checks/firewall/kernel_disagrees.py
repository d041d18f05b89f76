"""The rules, as they were read, accept this run's packet, and the kernel dropped it in netfilter;
or they block it, and the kernel took it in. Then something decides that no list of rules shows.

Both were observed: every list of rules was read and evaluated, and the kernel named the reason for
which it dropped the packet (tracepoint skb:kfree_skb).
"""

from collections.abc import Iterator
from typing import Literal

from checks.firewall._blockages import EXPLAINS
from checks.firewall._netfilter import NetfilterView, decide, netfilter_view
from diagnose.checking.registry import check
from diagnose.model import (
    Applicability,
    Claim,
    Confidence,
    Evidence,
    Fix,
    Manual,
    Severity,
    Subject,
    Unseen,
    Where,
)
from diagnose.model.kernel import KernelDrop
from diagnose.model.netfilter import Ruleset
from diagnose.model.server import Interface
from diagnose.parsers.netfilter import Packet

Disagreement = Literal["dropped", "let-in"]


@check(severity=Severity.ERROR, needs=[KernelDrop, Ruleset], explains=EXPLAINS)
def kernel_disagrees(evidence: Evidence) -> Iterator[Claim]:
    view = netfilter_view(evidence)
    if not _are_all_rules_known(evidence):
        return
    groups: dict[Disagreement, list[KernelDrop]] = {}
    for drop in evidence.good(KernelDrop):
        disagreement = _disagreement(view, drop)
        if disagreement is not None:
            groups.setdefault(disagreement, []).append(drop)
    for disagreement, drops in groups.items():
        yield _claim(view, disagreement, drops)


def _are_all_rules_known(evidence: Evidence) -> bool:
    """Return whether no list of rules was left unread: one that needs a tool that is missing, or is
    too long."""
    unread = any(
        unseen.what == "the packet filter's rules" or unseen.what.startswith("the rules of ")
        for unseen in evidence.of(Unseen)
    )
    return not unread and not any(ruleset.failure for ruleset in evidence.of(Ruleset))


def _disagreement(view: NetfilterView, drop: KernelDrop) -> Disagreement | None:
    """Return in which way rules and kernel disagree about a packet; None if they agree, or if the
    rules do not decide alone: something in them is unknown, or a limit was reached."""
    packet = Packet(drop.source, drop.address, drop.port, drop.interface, host=view.host)
    decision = decide(view.ruleset.rules, packet)
    if drop.by_netfilter and decision.verdict == "accept" and not decision.limits:
        return "dropped"
    # A packet that finds no socket has passed the input hook.
    is_let_in = drop.reason == "NO_SOCKET" and drop.packet == "syn"
    is_blocked = decision.verdict in {"drop", "reject"} and decision.packet == "syn"
    return "let-in" if is_let_in and is_blocked and not decision.forwarded else None


def _claim(view: NetfilterView, disagreement: Disagreement, drops: list[KernelDrop]) -> Claim:
    first, is_dropped = drops[0], disagreement == "dropped"
    subjects = {Subject(address=drop.address, port=drop.port) for drop in drops}
    interfaces = view.evidence.good(Interface)
    return Claim(
        about=Subject(port=first.port, text=f"kernel, {first.port}/tcp on {first.interface}"),
        covers=(Subject(port=first.port), *sorted(subjects, key=str)),
        because=(*drops, *view.because, *interfaces),
        facts={
            "port": first.port,
            "kernel": first.text,
            "interface": first.interface,
            "sources": tuple(dict.fromkeys(drop.source for drop in drops)),
            "dropped": is_dropped,
            "replies": first.packet == "reply",
            "count": sum(drop.count for drop in drops),
            "command": first.equivalent,
            "target": view.evidence.target.url,
        },
        confidence=Confidence.LIKELY,
        severity=None if is_dropped else Severity.NOTE,
        fix=Fix((Manual("look", Where.SERVER),), Applicability.MANUAL),
    )
