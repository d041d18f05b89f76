"""What was closed on purpose stays closed, by the kernel's own word: the remedies of generated
rulesets that are called automatic are typed, and the first answers to the others; connections from
several sources to several ports are tried before and after."""

import itertools
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import cast

import pytest

from diagnose.model import Applicability, Claim, Command, Manual, Vantage
from diagnose.model.netfilter import Ruleset, RulesTool
from tests.checks.firewall import test_no_source_let_in as generator
from tests.support.check_evidence import judge
from tests.support.firewall_rules import connected, host, listening, nic

from . import real_rulesets
from .kernel import PORTS, SERVER, SOURCES4, SOURCES6, Pair, Try, play
from .lab import missing
from .test_netfilter import generated

pytestmark = [
    pytest.mark.lab,
    pytest.mark.skipif(bool(missing()), reason="needs root and the laboratory's programs"),
]

#: So many of each generator's rulesets, how long a connection is waited for, in seconds, and how
#: many are waited for at once.
EACH, WAIT, AT_ONCE = 30, 0.8, 4
VISITOR = SOURCES4[1]
#: A connection: source, port; whether it is open.
Open = dict[tuple[str, int], bool]


@pytest.fixture(scope="module")
def ports() -> Iterator[int]:
    return itertools.cycle(range(20000, 60999))


@pytest.fixture(scope="module")
def pairs() -> Iterator[list[Pair]]:
    made = [Pair().up() for _ in range(AT_ONCE)]
    yield made
    for one in made:
        one.close()


def tried(pair: Pair, ports: Iterator[int]) -> Open:
    ways = [Try(source, SERVER[0], port) for source in SOURCES4 for port in PORTS]
    ways += [Try(source, SERVER[2], port) for source in SOURCES6 for port in PORTS]
    play([(pair, ways)], ports, WAIT)
    return {(way.source, way.port): way.seen == "open" for way in ways}


def claims(pair: Pair) -> list[Claim]:
    seen = [
        Ruleset(vantage=Vantage.SERVER, tool=cast(RulesTool, tool), text=text)
        for tool, text in real_rulesets.texts(pair.server).items()
        if text.strip()
    ]
    there = (connected(SERVER[0]), connected(SERVER[2]))
    around = (host(), nic("eth0", *SERVER), listening(*PORTS), *there)
    # A stand-in lies in none of the networks that the generated rules name.
    return [one for check in generator.CHECKS for one in judge(check, *around, *seen, masked=False)]


def load(pair: Pair, texts: dict[str, str]) -> bool:
    """False where the kernel does not take them."""
    pair.server.run("nft", "flush", "ruleset")
    for tool, text in texts.items():
        argv = {"nft": ["nft", "-f", "-"], "json": ["nft", "-j", "-f", "-"]}.get(tool)
        if pair.server.accepts(argv or [f"{tool}-restore"], text):
            return False
    return True


def sample() -> list[dict[str, str]]:
    odd = [{"nft": text} for text in generated()[:EACH]]
    plain = [generator.generated(seed) for seed in range(EACH)]
    return [*odd, *({"json": one["nft"]} if "nft" in one else one for one in plain)]


def typed(pair: Pair, commands: Sequence[Command]) -> None:
    for command in commands:
        pair.server.run(*(word.replace("ADDRESS", VISITOR) for word in command.argv))


def four(commands: Sequence[object]) -> list[Command]:
    """Those that take an address of IPv4."""
    found = [command for command in commands if isinstance(command, Command)]
    return [one for one in found if "ip6" not in one.argv and "ip6tables" not in one.argv[0]]


def is_mixed(before: Open, port: int) -> bool:
    """Whether some get in and others of the same family do not."""
    return any(len({before[one, port] for one in some}) > 1 for some in (SOURCES4, SOURCES6))


def test_the_kernel_says_so_too(pairs: list[Pair], ports: Iterator[int]) -> None:
    rulesets = sample()
    with ThreadPoolExecutor(AT_ONCE) as pool:
        parts = [
            pool.submit(count_opened, pair, ports, rulesets[number::AT_ONCE])
            for number, pair in enumerate(pairs)
        ]
    count = sum((part.result() for part in parts), Counter[str]())
    assert count["automatic"] >= 3, count
    assert count["to one"] >= 10, count
    assert count["opened"] >= 10, count


def count_opened(
    pair: Pair, ports: Iterator[int], rulesets: Sequence[dict[str, str]]
) -> Counter[str]:
    """Type the remedies of each ruleset; return how many there were of each kind, and how many
    opened something."""
    count: Counter[str] = Counter()
    for texts in rulesets:
        if not load(pair, texts):
            count["refused"] += 1
            continue
        before: Open = {}
        for claim in claims(pair):
            assert claim.fix
            automatic = claim.fix.applicability is Applicability.AUTOMATIC
            first = claim.fix.steps[0]
            one = isinstance(first, Manual) and first.step == "open-to-one"
            if not automatic and not one:
                continue
            before = before or tried(pair, ports)
            commands = four(first.commands) if isinstance(first, Manual) else claim.fix.steps
            typed(pair, [command for command in commands if isinstance(command, Command)])
            after = tried(pair, ports)
            changed = {key for key in before if before[key] is not after[key]}
            its = generator.ports_of(claim)
            assert {port for _, port in changed} <= its, (texts, claim, changed)
            if automatic:
                assert not any(is_mixed(before, port) for port in its), (texts, claim, before)
            else:
                assert {source for source, _ in changed} <= {VISITOR}, (texts, claim, changed)
            count["automatic" if automatic else "to one"] += 1
            count["opened"] += bool(changed)
            assert load(pair, texts)
            break  # the handles of its other remedies are no longer theirs
    return count
