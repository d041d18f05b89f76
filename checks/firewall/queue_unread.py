"""A rule sends visitors' packets to a queue (NFQUEUE) that no program reads. The kernel drops them
then, unless the rule says `bypass` (nf_queue.c; iptables-extensions(8), --queue-bypass): Suricata,
Snort or fwknop was stopped, or does not start."""

import re
from collections.abc import Iterator

from checks.firewall._blockages import EXPLAINS
from checks.firewall._netfilter import NetfilterView, decide, netfilter_view
from checks.firewall._visitors import external_connections
from diagnose.checking.registry import check
from diagnose.model import Applicability, Claim, Evidence, Fix, Manual, Severity, Subject, Where
from diagnose.model.netfilter import Ruleset
from diagnose.model.packet_paths import QueueReaders
from diagnose.parsers.netfilter.ruleset import RulePosition

#: The numbers in a rule of iptables (without one it is 0) and of nft, alone or as a span.
_NUMBERS = re.compile(
    r"--queue-(?:num|balance) (\d{1,5})(?::(\d{1,5}))?|\bqueue (?:flags \S+ )?(?:to |num )?"
    r"(\d{1,5})(?:-(\d{1,5}))?"
)
_QUEUE = re.compile(r"-j NFQUEUE|\bqueue\b")


@check(
    severity=Severity.ERROR,
    needs=[Ruleset, QueueReaders],
    explains=[
        *EXPLAINS, "firewall.rule-unjudged", "dns.resolver-unreachable", "dns.servfail",
        "upstream.unreachable", "upstream.timeout", "http.server-error",
    ],
)  # fmt: skip
def queue_unread(evidence: Evidence) -> Iterator[Claim]:
    view, port = netfilter_view(evidence), evidence.target.port
    readers = evidence.good(QueueReaders)[-1]
    if view.blockages(port) or external_connections(evidence, port):
        return
    for place in _queueing_rules(view, port):
        numbers = _numbers(place.text)
        unread = [number for number in numbers if number not in readers.numbers]
        if len(unread) == len(numbers):
            yield Claim(
                about=Subject(port=port, text=f"{place.text}, {port}/tcp"),
                covers=(Subject(),),
                because=(*view.because, readers),
                facts={
                    "port": f"{port}/tcp",
                    "rule": place.text,
                    "chain": place.chain.name,
                    "program": place.program,
                    "queues": tuple(map(str, unread)),
                    "read": tuple(map(str, readers.numbers)),
                },
                fix=Fix((Manual("start-the-reader", Where.SERVER),), Applicability.MANUAL),
            )
            return


def _queueing_rules(view: NetfilterView, port: int) -> Iterator[RulePosition]:
    """Yield the rules that send the packets of a visitor to a queue, whatever came before."""
    for _, packet in view.packets(port):
        decision = decide(view.ruleset.rules, packet)
        place = view.ruleset.position_of(decision) if decision.verdict == "unknown" else None
        if place is not None and _QUEUE.search(place.text) and "bypass" not in place.text:
            yield place


def _numbers(rule: str) -> range:
    match = _NUMBERS.search(rule)
    if match is None:
        return range(1)
    first = int(match[1] or match[3])
    last = int(match[2] or match[4] or first)
    return range(first, min(last, first + 64) + 1)
