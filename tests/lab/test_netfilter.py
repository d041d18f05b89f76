"""The evaluator against the kernel: the same rulesets, the same packets, the same answers.

With `-s` it prints how many were tried. What a packet's fate is said to be in advance is compared
with what becomes of a real connection between namespaces.
"""

import itertools
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import TypeVar

import pytest
from hypothesis import Phase, given, settings

from diagnose.parsers.netfilter import Decision, Packet, Rules, decide, nft
from diagnose.parsers.netfilter.ruleset import LoadedRuleset
from tests.support.effort import ALL, sample

from . import real_rulesets
from .firewalld_rulesets import CHANGES
from .kernel import HOST, PORTS, SERVER, SOURCES4, SOURCES6, Namespace, Pair, Try, play
from .lab import PUBLIC, Lab, missing
from .rewritten_rules import loaded, rewritten
from .rulesets import rulesets

RULESETS = 240 if ALL else 80
AT_ONCE = 8
WAIT, PATIENT = 0.3, 2.0

pytestmark = [
    pytest.mark.lab,
    pytest.mark.skipif(bool(missing()), reason="needs root and the laboratory's programs"),
]


@dataclass
class Score:
    counts: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    causes: Counter[str] = field(default_factory=Counter)

    def __str__(self) -> str:
        names = ("rulesets", "refused", "tried", "agreed", "unknown", "wrong")
        return "  ".join(f"{name} {self.counts[name]}" for name in names)


@pytest.fixture(scope="module")
def pairs() -> Iterator[list[Pair]]:
    made = [Pair().up() for _ in range(AT_ONCE)]
    yield made
    for pair in made:
        pair.close()


@pytest.fixture
def alone() -> Iterator[Namespace]:
    made = Namespace()
    yield made
    made.close()


@pytest.fixture(scope="module")
def ports() -> Iterator[int]:
    """A port of its own for each connection: nothing left over from another one meets it."""
    return itertools.cycle(range(20000, 60999))


def expected(decision: Decision) -> str:
    """What the client sees of the handshake. It sends no data here."""
    if decision.verdict == "accept" or decision.packet in {"request", "answer"}:
        return "open"
    dropped = decision.verdict == "drop" or decision.lost
    if decision.packet == "reply" or (dropped and decision.packet == "syn"):
        return "silent"
    if decision.packet == "ack":
        return "half reset" if decision.how == "tcp reset" and not dropped else "half"
    return "reset" if decision.how == "tcp reset" else decision.how


def alike(decision: Decision, seen: str) -> bool:
    """An ICMP error about the last packet of a handshake may be lost on the client."""
    said = expected(decision)
    return seen.startswith("half") if said == "half" else seen == said


def tries(seed: int) -> list[Try]:
    """From each address, to several ports, and on the machine itself."""
    some = (443, 80, 8080, 5000, 22)
    found = []
    for at, (source, port) in enumerate(itertools.product(SOURCES4, (443, 80, some[seed % 5]))):
        found.append(Try(source, SERVER[(at + seed) % 4 == 0], port))
    for at, (source, port) in enumerate(itertools.product(SOURCES6, (443, some[seed % 5]))):
        found.append(Try(source, SERVER[2 + ((at + seed) % 4 == 0)], port))
    found += [Try("127.0.0.1", "127.0.0.1", 443, "lo"), Try("::1", "::1", 80, "lo")]
    return [*found, Try(SERVER[0], SERVER[0], 443, "lo"), Try(SERVER[2], SERVER[2], 443, "lo")]


def judged(rules: Rules, one: Try) -> Decision:
    port = one.source_port if one.port != 443 else None
    return decide(rules, Packet(one.source, one.to, one.port, one.interface, port, HOST))


@dataclass
class Case:
    pair: Pair
    text: str
    rules: Rules
    tries: list[Try]


def compare(cases: Sequence[Case], ports: Iterator[int], score: Score) -> None:
    play([(case.pair, case.tries) for case in cases], ports, WAIT)
    for case in cases:
        decisions = [judged(case.rules, one) for one in case.tries]
        again = [
            (at, Try(one.source, one.to, one.port, one.interface))
            for at, (one, said) in enumerate(zip(case.tries, decisions, strict=True))
            if said.verdict != "unknown" and not alike(said, one.seen)
        ]
        if again:  # a busy machine may have been too slow
            play([(case.pair, [one for _, one in again])], ports, PATIENT)
            for at, one in again:
                case.tries[at], decisions[at] = one, judged(case.rules, one)
        for one, said in zip(case.tries, decisions, strict=True):
            _count(case.text, one, said, score)


def _count(text: str, one: Try, said: Decision, score: Score) -> None:
    score.counts["tried"] += 1
    if said.verdict == "unknown":
        score.counts["unknown"] += 1
        score.causes[", ".join(said.unknown)] += 1
    elif alike(said, one.seen):
        score.counts["agreed"] += 1
    else:
        score.counts["wrong"] += 1
        way = f"{one.source} -> {one.to} {one.port} ({one.interface})"
        score.wrong.append(f"{text}{way}: kernel {one.seen!r}, evaluator {said}\n")


def load(pair: Pair, text: str, score: Score, seed: int) -> Case | None:
    score.counts["rulesets"] += 1
    if why := pair.server.accepts(["nft", "-f", "-"], f"flush ruleset\n{text}"):
        score.counts["refused"] += 1
        score.refused.append(f"{why}\n{text}")
        return None
    listed = pair.server.run("nft", "-j", "list", "ruleset")
    return Case(pair, text, nft.parse_ruleset(listed), tries(seed))


@cache
def generated(most: int = RULESETS) -> tuple[str, ...]:
    found: dict[str, None] = {}

    # The same rulesets each time: they are what the numbers of a run are about.
    @settings(max_examples=most, derandomize=True, database=None, phases=[Phase.generate])
    @given(rulesets())
    def collect(text: str) -> None:
        found[text] = None

    collect()
    return tuple(found)


T = TypeVar("T")


def batches(things: Iterable[T], size: int) -> Iterator[list[tuple[int, T]]]:
    numbered = iter(enumerate(things))
    while batch := list(itertools.islice(numbered, size)):
        yield batch


def test_the_evaluator_agrees_with_the_kernel(pairs: list[Pair], ports: Iterator[int]) -> None:
    score = Score()
    for batch in batches(generated(), AT_ONCE):
        cases = [
            load(pair, text, score, seed) for pair, (seed, text) in zip(pairs, batch, strict=False)
        ]
        compare([case for case in cases if case], ports, score)
    print(f"\n{score}")
    print(f"not judged: {score.causes.most_common(8)}")
    agrees(score)
    assert score.counts["unknown"] < 0.03 * score.counts["tried"], score.causes
    assert score.counts["refused"] < 0.1 * score.counts["rulesets"], score.refused[:3]


def agrees(score: Score) -> None:
    assert not score.wrong, f"{score}\n" + "\n".join(score.wrong[:3])


def test_the_rulesets_that_tools_write(ports: Iterator[int]) -> None:
    """Each in a namespace of its own: iptables-legacy leaves its tables behind."""
    score = Score()
    scripts = real_rulesets.available()
    fresh = [Pair().up() for _ in scripts]
    try:
        cases = []
        for seed, (pair, script) in enumerate(zip(fresh, scripts, strict=True)):
            real_rulesets.load(pair.server, script)
            rules = LoadedRuleset(real_rulesets.texts(pair.server)).rules
            cases.append(Case(pair, script, rules, every(seed)))
        score.counts["rulesets"] += len(cases)
        compare(cases, ports, score)
    finally:
        for pair in fresh:
            pair.close()
    print(f"\n{score}")
    agrees(score)
    assert score.counts["unknown"] == 0, score.causes


def test_firewalld_in_full(
    lab: Lab, pairs: list[Pair], alone: Namespace, ports: Iterator[int]
) -> None:
    """The laboratory's firewalld writes the rules; the bare namespaces try them, and each rule that
    is written out makes the same rule once more."""
    score = Score()
    chosen = [CHANGES[name] for name in sample(CHANGES, 2 * AT_ONCE)]
    for batch in batches(chosen, AT_ONCE):
        texts = [firewalld(lab, changes) for _, changes in batch]
        for text in texts:
            assert rewritten(loaded(alone, text)) == {}
        cases = [
            load(pair, text, score, seed)
            for pair, (seed, _), text in zip(pairs, batch, texts, strict=False)
        ]
        for case in cases:
            assert case, score.refused
            case.tries = every(0)
        compare([case for case in cases if case], ports, score)
    print(f"\n{score}")
    agrees(score)
    assert score.counts["unknown"] == 0, score.causes


def firewalld(lab: Lab, changes: Sequence[Sequence[str]]) -> str:
    """The rules that these changes of a fresh firewalld come to."""
    lab.server.sh("rm -f /etc/firewalld/zones/* /etc/firewalld/policies/*")
    lab.server.write("/etc/firewalld/zones/public.xml", PUBLIC)
    lab.server.run(["firewall-cmd", "--reload"], check=True)
    for change in changes:
        lab.server.run(["firewall-cmd", "--permanent", *change], check=True)
    lab.server.run(["firewall-cmd", "--reload"], check=True)
    text = lab.server.run(["nft", "list", "ruleset"], check=True).stdout
    return text.replace("flags owner,persist", "")  # it would end with the nft that loads it


def every(seed: int) -> list[Try]:
    """All sources, all ports."""
    found = [Try(source, SERVER[seed % 2], port) for source in SOURCES4 for port in PORTS]
    found += [Try(source, SERVER[2], port) for source in SOURCES6 for port in PORTS]
    return [*found, *(one for one in tries(seed) if one.interface == "lo")]
