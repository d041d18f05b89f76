"""`--from` against the kernel: generated rulesets, two visitors each, real packets from their
addresses. What the whole program says of the visitor, out of the evidence that it would have, is
compared with what becomes of the connection. `make test` takes a sample, DIAGNOSE_ALL=1 all."""

import itertools
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from random import Random
from typing import cast

import pytest

from diagnose.checking.conclusion import conclude
from diagnose.model import Evidence, Host, Observation, Report, Severity, Vantage
from diagnose.model.dns import Resolution
from diagnose.model.netfilter import Ruleset, RulesTool
from diagnose.model.server import Interface, Listener, Listeners
from diagnose.model.visitor import Visitor
from tests.support.check_evidence import NOW, SHOP
from tests.support.effort import ALL

from . import real_rulesets
from .kernel import BRIDGE, PORTS, SERVER, SOURCES4, SOURCES6, Pair, Try, play
from .lab import missing
from .test_netfilter import AT_ONCE, PATIENT, WAIT, batches, generated

RULESETS = 200 if ALL else 40

pytestmark = [
    pytest.mark.lab,
    pytest.mark.skipif(bool(missing()), reason="needs root and the laboratory's programs"),
]


def server(visitor: str, texts: Sequence[tuple[str, str]]) -> Evidence:
    """What is seen inside the server of `kernel.Pair`, with the site at its first addresses."""
    on = Vantage.SERVER
    sockets = tuple(
        Listener(vantage=on, address="::", port=port, family=6, dual=True) for port in PORTS
    )
    observations: tuple[Observation, ...] = (
        Visitor(address=visitor),
        Resolution(name=SHOP.host, family=4, addresses=(SERVER[0],)),
        Resolution(name=SHOP.host, family=6, addresses=(SERVER[2],)),
        Host(vantage=on, hostname="server", role="server", privileged=True),
        Interface(vantage=on, name="lo", up=True, addresses=("127.0.0.1", "::1")),
        Interface(vantage=on, name="eth0", up=True, addresses=SERVER, default=(4, 6)),
        Interface(vantage=on, name="docker0", up=True, addresses=BRIDGE),
        Listeners(vantage=on, sockets=sockets),
        *(Ruleset(vantage=on, tool=cast(RulesTool, tool), text=text) for tool, text in texts),
    )
    return Evidence(SHOP, NOW, observations)


def said(report: Report) -> str:
    """Whether the visitor gets in, in a word. Where the port is led to is another question."""
    assert not report.crashes, report.crashes
    found = {finding.check.id for finding in report.findings}
    errors = {finding.check.id for finding in report.findings if finding.severity is Severity.ERROR}
    if errors - {"firewall.forward-port"}:
        return "stopped"
    return "unknown" if "host.visitor-unjudged" in found else "open"


@dataclass
class Score:
    counts: Counter[str] = field(default_factory=Counter)
    named: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)

    def add(self, text: str, one: Try, report: Report) -> None:
        word, real = said(report), "open" if one.seen == "open" else "stopped"
        self.counts["visitors"] += 1
        self.counts[real] += 1
        self.counts["unknown" if word == "unknown" else "agreed" if word == real else "wrong"] += 1
        self.named.update(cause.check.id for cause in report.causes)
        if word not in {"unknown", real}:
            found = [(finding.check.id, str(finding.severity)) for finding in report.findings]
            self.wrong.append(f"{text}{one.source}: kernel {one.seen!r}, said {word}: {found}\n")


@pytest.fixture(scope="module")
def ports() -> Iterator[int]:
    return itertools.cycle(range(20000, 60999))


#: As programs and people shut out: each names some of the visitors' addresses.
BANS = (
    "set bans {{ type ipv4_addr; flags timeout; timeout 1h; elements = {{ {some} }}\n }}\n"
    "chain c {{ type filter hook input priority -1;\n"
    " tcp dport {{ 80, 443 }} ip saddr @bans reject\n }}",
    "set bans {{ type ipv4_addr; flags interval; elements = {{ {wide} }}\n }}\n"
    "chain c {{ type filter hook prerouting priority -300; ip saddr @bans drop\n }}",
    "map bans {{ type ipv4_addr : verdict; flags interval; elements = {{ {wide} : drop }}\n }}\n"
    "chain c {{ type filter hook input priority 5; ct state new ip saddr vmap @bans\n }}",
    "set bans {{ type ipv4_addr . inet_service; elements = {{ {some} . 443 }}\n }}\n"
    "chain c {{ type filter hook input priority 0;\n"
    " ip saddr . tcp dport @bans reject with tcp reset\n }}",
    "chain f2b-web {{ ip saddr {some} reject\n return\n }}\n"
    "chain c {{ type filter hook input priority 0; tcp dport 443 jump f2b-web\n }}",
    "set bans {{ type ipv6_addr; flags interval; elements = {{ {six} }}\n }}\n"
    "chain c {{ type filter hook input priority -10; ip6 saddr @bans tcp dport 443 drop\n }}",
    "chain c {{ type filter hook output priority 0; ip daddr {some} tcp sport 443 drop\n }}",
    "set may {{ type ipv4_addr; flags interval; elements = {{ {wide} }}\n }}\n"
    "chain c {{ type filter hook input priority 0; ip saddr @may accept\n"
    " meta nfproto ipv4 tcp dport 443 drop\n }}",
)


def with_bans(text: str, seed: int) -> str:
    """The ruleset with a table that shuts some visitors out, or lets only them in."""
    rng = Random(seed)
    some, six = rng.choice(SOURCES4), rng.choice(SOURCES6)
    wide = rng.choice(
        (f"{some}/{rng.choice((24, 28, 30))}", f"{some}-{some.rpartition('.')[0]}.254")
    )
    banning = BANS[seed % len(BANS)].format(
        some=some, wide=wide, six=f"{six}/{rng.choice((64, 127))}"
    )
    return f"{text}table inet bans {{\n{banning}\n}}\n" if seed % 3 else text


def visitors(seed: int) -> list[Try]:
    """Two: one of IPv4, and one of either family, from the addresses that the rules tell apart."""
    first = SOURCES4[seed % 4]
    second = SOURCES6[seed % 3] if seed % 2 else SOURCES4[(seed + 1 + seed // 4 % 3) % 4]
    return [Try(one, SERVER[2 if ":" in one else 0], 443) for one in (first, second)]


@dataclass
class Case:
    pair: Pair
    text: str
    texts: tuple[tuple[str, str], ...]
    tries: list[Try]


def compare(cases: Sequence[Case], ports: Iterator[int], score: Score) -> None:
    play([(case.pair, case.tries) for case in cases], ports, WAIT)
    for case in cases:
        reports = [conclude(server(one.source, case.texts)) for one in case.tries]
        doubted = [
            at
            for at, (one, report) in enumerate(zip(case.tries, reports, strict=True))
            if (one.seen == "open") != (said(report) == "open")
        ]
        if doubted:  # a busy machine may have been too slow
            again = [Try(case.tries[at].source, case.tries[at].to, 443) for at in doubted]
            play([(case.pair, again)], ports, PATIENT)
            for at, one in zip(doubted, again, strict=True):
                case.tries[at] = one
        for one, report in zip(case.tries, reports, strict=True):
            score.add(case.text, one, report)


def test_generated_rulesets(ports: Iterator[int]) -> None:
    score, pairs = Score(), [Pair().up() for _ in range(AT_ONCE)]
    try:
        # Some are the same, and some nft does not take.
        for batch in batches(generated(RULESETS * 5 // 4)[:RULESETS], AT_ONCE):
            cases = []
            for pair, (seed, given) in zip(pairs, batch, strict=False):
                text = with_bans(given, seed)
                score.counts["rulesets"] += 1
                if not pair.server.accepts(["nft", "-f", "-"], f"flush ruleset\n{text}"):
                    listed = pair.server.run("nft", "-j", "list", "ruleset")
                    cases.append(Case(pair, text, (("nft", listed),), visitors(seed)))
            compare(cases, ports, score)
    finally:
        for pair in pairs:
            pair.close()
    print(f"\n{dict(score.counts)}\n{score.named.most_common()}")
    assert not score.wrong, "\n".join(score.wrong[:3])
    assert score.counts["unknown"] < 0.1 * score.counts["visitors"]


def test_rulesets_that_tools_write(ports: Iterator[int]) -> None:
    """fail2ban's, ufw's, Docker's …: each in a namespace of its own."""
    score, scripts = Score(), real_rulesets.available()
    fresh = [Pair().up() for _ in scripts]
    try:
        cases = []
        for seed, (pair, script) in enumerate(zip(fresh, scripts, strict=True)):
            real_rulesets.load(pair.server, script)
            texts = tuple(real_rulesets.texts(pair.server).items())
            cases.append(Case(pair, script, texts, visitors(seed)))
        compare(cases, ports, score)
    finally:
        for pair in fresh:
            pair.close()
    print(f"\n{dict(score.counts)}\n{score.named.most_common()}")
    assert not score.wrong, "\n".join(score.wrong[:3])
