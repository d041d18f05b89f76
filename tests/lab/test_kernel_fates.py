"""The kernel's own word against the evaluator: the same rulesets, one marked SYN from each address,
and what the tap says of it. `make test` takes a sample, DIAGNOSE_ALL=1 all; `-s` prints counts.

Where they differ, `firewall.kernel-disagrees` would be wrong on somebody's server.
"""

import itertools
import socket
import subprocess
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest

from checks.firewall.kernel_disagrees import kernel_disagrees
from diagnose.model import Evidence, Vantage
from diagnose.model.kernel import KernelDrop
from diagnose.parsers.netfilter import Decision, Packet, decide
from diagnose.parsers.netfilter.ruleset import LoadedRuleset
from diagnose.probes.inside.shell import kernel_tap
from diagnose.probes.inside.shell.kernel_events import DROPPED, Fate, Format
from tests.support.check_evidence import NOW, SHOP
from tests.support.effort import ALL
from tests.support.kernel_features import no_drop_reasons

from . import real_rulesets
from .kernel import HOST, SERVER, SOURCES4, SOURCES6, Pair, Try
from .lab import missing
from .test_netfilter import generated
from .test_visitor_rules import server

RULESETS = 240 if ALL else 40
PORTS, MSS = (443, 80), 1111
#: Seconds for the SYNs of a ruleset to be explained, on a machine that is busy too.
PATIENCE = 8.0
FILTERS = {"NETFILTER_DROP", "NETFILTER_INGRESS"}

pytestmark = [
    pytest.mark.lab,
    pytest.mark.skipif(bool(missing()), reason="needs root and the laboratory's programs"),
    pytest.mark.skipif(bool(no_drop_reasons()), reason=no_drop_reasons() or "can"),
]


@pytest.fixture(scope="module")
def formats() -> dict[str, Format]:
    """The tracepoints of this kernel, read where tracefs is mounted for that alone."""
    texts = {}
    for kind, name in kernel_tap.TRACEPOINTS.items():
        script = f"mount -t tracefs t /mnt && cat /mnt/events/{name}/format"
        argv = ["unshare", "-m", "sh", "-c", script]
        texts[kind] = subprocess.run(argv, capture_output=True, text=True, check=True).stdout
    return {kind: Format(text) for kind, text in texts.items()}


@pytest.fixture(scope="module")
def ports() -> Iterator[int]:
    return itertools.cycle(range(20000, 60999))


@dataclass
class Score:
    counts: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        return ", ".join(f"{name} {count}" for name, count in self.counts.items())


@dataclass
class Attempt:
    """A SYN of a ruleset: what the rules decide, and what the kernel said."""

    one: Try
    decision: Decision
    fate: str = "unseen"
    reason: str = ""

    @property
    def is_filtered(self) -> bool:
        return self.fate != "passed" and self.reason in FILTERS


def differs(attempt: Attempt) -> bool:
    """Whether kernel and rules contradict each other. A reply from a container comes back as a
    packet of its own."""
    decision = attempt.decision
    if decision.verdict == "unknown":
        return False
    stopped_here = decision.packet == "syn" or (
        decision.packet == "reply" and not decision.forwarded
    )
    is_blocked = decision.verdict in {"drop", "reject"} and stopped_here
    return attempt.is_filtered != is_blocked


def connect(pair: Pair, one: Try, source_port: int) -> None:
    """Send a SYN with our mark. It is closed with a reset."""
    with pair.client.inside():
        family = socket.AF_INET6 if ":" in one.to else socket.AF_INET
        made = socket.socket(family, socket.SOCK_STREAM | socket.SOCK_NONBLOCK)
    made.setsockopt(socket.IPPROTO_TCP, socket.TCP_MAXSEG, MSS)
    made.bind((one.source, source_port))
    made.connect_ex((one.to, one.port))
    one.made, one.source_port = made, source_port


def watch(
    pair: Pair, attempts: list[Attempt], formats: dict[str, Format], ports: Iterator[int]
) -> None:
    """Send the SYNs of one port while the tap is open, and note what the kernel says."""
    waiting = {attempt.one.source: attempt for attempt in attempts}
    with pair.server.inside():
        syns = kernel_tap.Syns(attempts[0].one.port)
    tap = kernel_tap.Tap(formats)
    try:
        for attempt in attempts:
            connect(pair, attempt.one, next(ports))
        with pair.server.inside():  # its interfaces have names there
            told = kernel_tap.fates(tap, syns, MSS, time.monotonic() + PATIENCE)
            for syn, fate in told:
                if syn.source in waiting:  # a repeated SYN is another packet
                    note(waiting.pop(syn.source), fate, formats)
                if not waiting:
                    break
    finally:
        tap.close()
        syns.close()
        end(pair, attempts)


def note(attempt: Attempt, fate: Fate, formats: dict[str, Format]) -> None:
    attempt.fate = fate.name
    attempt.reason = formats[DROPPED].names.get(fate.reason, "") if fate.location else ""


def end(pair: Pair, attempts: list[Attempt]) -> None:
    pair.accept()
    for accepted in pair.accepted:
        accepted.close()
    pair.accepted.clear()
    for attempt in attempts:
        if attempt.one.made:
            attempt.one.made.close()


def play(
    pair: Pair,
    texts: dict[str, str],
    formats: dict[str, Format],
    ports: Iterator[int],
    score: Score,
    text: str,
) -> None:
    rules = LoadedRuleset(texts).rules
    for port in PORTS:
        attempts = []
        for source in (*SOURCES4, *SOURCES6):
            to = SERVER[2 if ":" in source else 0]
            decision = decide(rules, Packet(source, to, port, "eth0", None, HOST))
            attempts.append(Attempt(Try(source, to, port), decision))
        watch(pair, attempts, formats, ports)
        again = [
            attempt
            for attempt in attempts
            if attempt.fate in {"unseen", "unclear"} or differs(attempt)
        ]
        if again:  # a busy machine loses events, and a limit may have been met
            watch(pair, again, formats, ports)
        for attempt in attempts:
            count(attempt, texts, score, text)


def count(attempt: Attempt, texts: dict[str, str], score: Score, text: str) -> None:
    score.counts["SYNs"] += 1
    score.counts[f"{attempt.fate} {attempt.reason}".strip()] += 1
    score.counts["not decided by the rules"] += attempt.decision.verdict == "unknown"
    if attempt.fate in {"unseen", "unclear"}:
        return
    if differs(attempt) or complains(attempt, texts):
        score.counts["wrong"] += 1
        score.wrong.append(f"{text}\n{attempt.one}: {attempt.fate} {attempt.reason}, "
                           f"evaluator {attempt.decision}")  # fmt: skip


def complains(attempt: Attempt, texts: dict[str, str]) -> bool:
    """Whether the check says that rules and kernel disagree."""
    if attempt.fate == "passed":
        return False
    one = attempt.one
    drop = KernelDrop(
        vantage=Vantage.SERVER,
        address=one.to,
        port=one.port,
        source=one.source,
        interface="eth0",
        packet="reply" if attempt.fate == "reply-dropped" else "syn",
        reason=attempt.reason,
    )
    observations = server(one.source, tuple(texts.items())).observations
    evidence = Evidence(SHOP, NOW, (*observations, drop))
    return bool(list(kernel_disagrees.judge(evidence)))


def agrees(score: Score) -> None:
    print(f"\n{score}")
    assert not score.wrong, f"{score}\n" + "\n".join(score.wrong[:3])
    # A busy machine loses events, so some may be unclear.
    unexplained = score.counts["unseen"] + score.counts["unclear"]
    assert unexplained < 0.5 * score.counts["SYNs"], score


def test_generated_rulesets(formats: dict[str, Format], ports: Iterator[int]) -> None:
    score, pair = Score(), Pair().up()
    try:
        for text in generated(RULESETS):
            if not pair.server.accepts(["nft", "-f", "-"], f"flush ruleset\n{text}"):
                score.counts["rulesets"] += 1
                listed = pair.server.run("nft", "-j", "list", "ruleset")
                play(pair, {"nft": listed}, formats, ports, score, text)
    finally:
        pair.close()
    agrees(score)


def test_rulesets_that_tools_write(formats: dict[str, Format], ports: Iterator[int]) -> None:
    score = Score()
    for script in real_rulesets.available():
        pair = Pair().up()
        try:
            real_rulesets.load(pair.server, script)
            score.counts["rulesets"] += 1
            play(pair, real_rulesets.texts(pair.server), formats, ports, score, script)
        finally:
            pair.close()
    agrees(score)
