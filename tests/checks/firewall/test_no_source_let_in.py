"""No remedy called automatic opens anything to a source that the rules had singled out, nor any
other port: over generated rulesets, with the evaluator as the oracle. The commands of a remedy are
played on the evidence. tests/lab/test_closed_on_purpose.py does the same with the kernel."""

import json
import random
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import cache
from typing import Any, cast

from diagnose.model import Applicability, Claim, Command, Manual, Observation, Vantage
from diagnose.model.netfilter import Ruleset, RulesTool
from diagnose.parsers.netfilter import Decision, Packet, decide
from diagnose.parsers.netfilter.ruleset import LoadedRuleset
from tests.support.check_evidence import judge
from tests.support.firewall_rules import ADDRESS, connected, host, listening, nic
from tests.support.packets import ACCEPT, DROP, dport, field, prefix, state

RULESETS = 160
CHECKS = (
    "firewall.ruleset-blocks",
    "firewall.source-restricted",
    "firewall.egress-blocks",
    "firewall.rate-limit",
)
SIX = "2001:db8::10"
PORTS = (22, 25, 80, 443, 444, 8443)
OFFICE, BANNED, STRANGER = "192.0.2.7", "198.51.100.66", "203.0.113.200"
SOURCES = {4: (OFFICE, BANNED, "198.51.100.9", STRANGER), 6: ("2001:db8:9::7", "2001:db8:66::1")}
REJECT = {"reject": {"type": "icmpx", "expr": "admin-prohibited"}}


def evidence(rulesets: Sequence[Observation]) -> tuple[Observation, ...]:
    there = (connected(), connected(SIX))
    return (host(), nic("eth0", ADDRESS, SIX), listening(80, 443), *there, *rulesets)


# What is generated


def addresses(rng: random.Random) -> list[Any]:
    """Where a rule of nft asks the source, and how."""
    op = rng.choice(("==", "==", "==", "!="))
    four = [prefix("192.0.2.0", 24), BANNED, {"set": [BANNED, prefix("192.0.2.0", 24)]},
            "@office", "@banned", prefix("0.0.0.0", 0)]  # fmt: skip
    six = [prefix("2001:db8:9::", 48), "2001:db8:66::1", prefix("::", 0)]
    if rng.random() < 0.7:
        return [field("ip", "saddr", rng.choice(four), op)]
    return [field("ip6", "saddr", rng.choice(six), op)]


def nft_rule(rng: random.Random, chains: Sequence[str]) -> list[Any]:
    ports = [443, 22, 80, {"set": [80, 443]}, {"range": [440, 450]}, {"set": [443, 8443]}]
    rule: list[Any] = []
    if rng.random() < 0.4:
        rule += addresses(rng)
    if rng.random() < 0.75:
        rule.append(dport(rng.choice(ports)))
    if rng.random() < 0.15:
        rule.append(state("new"))
    if rng.random() < 0.1:
        name = rng.choice(("eth0", "wg0"))
        rule.append({"match": {"op": "==", "left": {"meta": {"key": "iifname"}}, "right": name}})
    if rng.random() < 0.1:
        key = {"payload": {"protocol": "ip", "field": "saddr"}}
        return [*rule, {"vmap": {"key": key, "data": {"set": [[BANNED, DROP], [OFFICE, ACCEPT]]}}}]
    ends: list[Any] = [ACCEPT, ACCEPT, DROP, DROP, REJECT, {"return": None}]
    ends += [{"jump": {"target": name}} for name in chains]
    return [*rule, rng.choice(ends)]


def nft_text(rng: random.Random) -> str:
    """One or two tables, each with a base chain and a chain that it may jump to."""
    parts: list[dict[str, Any]] = []
    for name in ("filter", "other")[: rng.choice((1, 1, 2))]:
        at = {"family": "inet", "table": name}
        parts.append({"table": {"family": "inet", "name": name, "handle": 1}})
        for kind, elements in (("office", [prefix("192.0.2.0", 24)]), ("banned", [BANNED])):
            known = {"name": kind, "type": "ipv4_addr", "flags": ["interval"], "elem": elements}
            parts.append({"set": {**at, "handle": 90, **known}})
        hook = rng.choice(("input", "input", "input", "prerouting"))
        head = {"type": "filter", "hook": hook, "prio": rng.choice((-150, 0, 10))}
        policy = rng.choice(("accept", "drop", "drop")) if hook == "input" else "accept"
        parts.append({"chain": {**at, "name": "web", "handle": 2}})
        parts.append({"chain": {**at, "name": "base", "handle": 3, **head, "policy": policy}})
        handle = 10
        always = [[state("established", "related"), ACCEPT], [dport(22), ACCEPT]]
        for chain, first, targets in (("web", [], ()), ("base", always, ("web",))):
            rules = [*first, *(nft_rule(rng, targets) for _ in range(rng.randint(0, 4)))]
            for rule in rules:
                parts.append({"rule": {**at, "chain": chain, "handle": handle, "expr": rule}})
                handle += 1
    return json.dumps({"nftables": parts})


def iptables_text(rng: random.Random, six: bool) -> str:
    sources = (("-s 2001:db8:9::/48", "-s 2001:db8:66::1/128", "! -s 2001:db8:9::/48")
               if six else ("-s 192.0.2.0/24", f"-s {BANNED}/32", "! -s 192.0.2.0/24",
                            "-m iprange --src-range 192.0.2.1-192.0.2.99"))  # fmt: skip
    lines = ["-A INPUT -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT"]
    lines += ["-A INPUT -p tcp -m tcp --dport 22 -j ACCEPT"]
    for chain in ("INPUT", "INPUT", "INPUT", "f2b-web", "INPUT"):
        words = ["-A", chain]
        if rng.random() < 0.35 or chain == "f2b-web":
            words.append(rng.choice(sources))
        ports = ("--dport 443", "--dport 80", "--dports 80,443", "--dport 440:450", "")
        if port := rng.choice(ports):
            module = "multiport" if "dports" in port else "tcp"
            words.append(f"-p tcp -m {module} {port}")
        ends = ["ACCEPT", "DROP", "REJECT"] + ["f2b-web"] * (chain == "INPUT")
        words.append(f"-j {rng.choice(ends)}")
        if rng.random() < 0.8:
            lines.append(" ".join(words))
    policy = rng.choice(("ACCEPT", "DROP", "DROP"))
    lines.append("-A f2b-web -j RETURN")
    head = "# Generated by ip6tables-save v1.8.11 (nf_tables) on Tue Nov 24 17:56:45 2026"
    chains = f":INPUT {policy} [0:0]\n:FORWARD ACCEPT [0:0]\n:OUTPUT ACCEPT [0:0]\n:f2b-web - [0:0]"
    return "\n".join([head, "*filter", chains, *lines, "COMMIT", ""])


def generated(seed: int) -> dict[str, str]:
    """By tool, what it prints."""
    rng = random.Random(seed)
    if seed % 2:
        return {"nft": nft_text(rng)}
    return {"iptables": iptables_text(rng, False), "ip6tables": iptables_text(rng, True)}


# What a remedy does


def played(texts: dict[str, str], commands: Sequence[Command]) -> dict[str, str]:
    """The rules after these commands, which are those that a remedy is made of."""
    now = dict(texts)
    for command in commands:
        program, *words = command.argv
        if program == "nft":
            now["nft"] = _nft(now["nft"], words)
        else:
            now[program] = _iptables(now[program], words)
    return now


def _nft(text: str, words: list[str]) -> str:
    verb, kind, family, table, chain, *rest = words
    assert (kind, family) == ("rule", "inet"), words
    parts = json.loads(text)["nftables"]
    handle = int(rest[1]) if rest[:1] == ["handle"] else 0
    at = next((n for n, one in enumerate(parts) if _is_rule(one, table, chain, handle)), len(parts))
    if verb == "delete":
        del parts[at]
    else:
        expr = _expression(rest[2:] if handle else rest)
        rule = {"family": family, "table": table, "chain": chain, "handle": 500 + len(parts)}
        parts.insert(at, {"rule": {**rule, "expr": expr}})
    return json.dumps({"nftables": parts})


def _is_rule(one: dict[str, Any], table: str, chain: str, handle: int) -> bool:
    rule = one.get("rule", {})
    return (rule.get("table"), rule.get("chain"), rule.get("handle")) == (table, chain, handle)


def _expression(words: list[str]) -> list[Any]:
    """`[ip saddr A] tcp dport N [ct state established] accept`."""
    found: list[Any] = []
    left = list(words)
    if left[0] in ("ip", "ip6"):
        found.append(field(left[0], left[1], left[2]))
        left = left[3:]
    assert left[0] == "tcp", words
    assert left[-1] == "accept", words
    number = left[2]
    value = ({"set": [int(one) for one in number.strip("{ }").split(",")]}
             if number.startswith("{") else int(number))  # fmt: skip
    found.append(field("tcp", left[1], value))
    assert left[3:-1] in ([], ["ct", "state", "established"]), words
    if len(left) > 4:
        found.append(state("established"))
    return [*found, ACCEPT]


def _iptables(text: str, words: list[str]) -> str:
    verb, chain, *rest = words
    lines = text.splitlines()
    its = [n for n, line in enumerate(lines) if line.startswith(f"-A {chain} ")]
    if verb == "-D":
        del lines[its[int(rest[0]) - 1] if rest[0].isdigit() else
                  lines.index(" ".join(("-A", chain, *rest)))]  # fmt: skip
    elif verb == "-I":
        lines.insert(its[int(rest[0]) - 1], " ".join(("-A", chain, *rest[1:])))
    else:
        assert verb == "-A", words
        lines.insert(lines.index("COMMIT"), " ".join(("-A", chain, *rest)))
    return "\n".join([*lines, ""])


def fate(texts: dict[str, str], source: str | None, port: int, family: int) -> Decision:
    rules = LoadedRuleset(texts).rules
    return decide(rules, Packet(source, ADDRESS if family == 4 else SIX, port, "eth0"))


def fates(texts: dict[str, str]) -> dict[tuple[int, str, int], str]:
    rules = LoadedRuleset(texts).rules
    return {
        (family, source, port): decide(
            rules, Packet(source, ADDRESS if family == 4 else SIX, port, "eth0")
        ).verdict
        for family, sources in SOURCES.items()
        for source in sources
        for port in PORTS
    }


def singled_out(texts: dict[str, str], port: int) -> bool:
    """Whether the evaluator treats any source otherwise than a stranger, on either family."""
    return any(fate(texts, None, port, family).others for family in (4, 6))


def ports_of(claim: Claim) -> set[int]:
    return {int(str(fact).partition("/")[0]) for fact in claim.facts["ports"]}  # type: ignore[attr-defined]


def typed(claim: Claim) -> tuple[Command, ...]:
    steps = claim.fix.steps if claim.fix else ()
    return tuple(step for step in steps if isinstance(step, Command))


@cache
def all_claims() -> tuple[tuple[int, dict[str, str], tuple[Claim, ...]], ...]:
    """Of each ruleset, judged once for all tests."""
    texts = ((seed, generated(seed)) for seed in range(RULESETS))
    return tuple((seed, text, tuple(claims(text))) for seed, text in texts)


def claims(texts: dict[str, str]) -> Iterator[Claim]:
    seen = [
        Ruleset(vantage=Vantage.SERVER, tool=cast(RulesTool, tool), text=text)
        for tool, text in texts.items()
    ]
    for check in CHECKS:
        yield from judge(check, *evidence(seen))


def test_what_is_automatic_opens_its_port_and_nothing_to_those_who_are_singled_out() -> None:
    count: Counter[str] = Counter()
    for seed, texts, found in all_claims():
        before = fates(texts)
        for claim in found:
            assert claim.fix
            count[str(claim.fix.applicability)] += 1
            if claim.fix.applicability is not Applicability.AUTOMATIC:
                continue
            ports = ports_of(claim)
            assert not any(singled_out(texts, port) for port in ports), (seed, texts, claim)
            after = fates(played(texts, typed(claim)))
            changed = {key for key in before if before[key] != after[key]}
            assert {port for *_, port in changed} <= ports, (seed, texts, claim, changed)
            count["opened"] += bool(changed)
    # It is asked often enough, and often enough it is automatic: else this would prove nothing.
    assert count["automatic"] > 15, count
    assert count["opened"] > 15, count
    assert count["review"] > 60, count


def test_the_first_answer_lets_in_one_visitor_and_nobody_else() -> None:
    count: Counter[str] = Counter()
    for seed, texts, found in all_claims():
        before = fates(texts)
        for claim in found:
            assert claim.fix
            answer = claim.fix.steps[0]
            if not isinstance(answer, Manual) or answer.step != "open-to-one":
                continue
            count["asked"] += 1
            after = fates(played(texts, _to_stranger(answer.commands)))
            changed = {key for key in before if before[key] != after[key]}
            assert {source for _, source, _ in changed} <= {STRANGER}, (seed, texts, answer)
            assert {port for *_, port in changed} <= ports_of(claim), (seed, texts, answer)
    assert count["asked"] > 60, count


def _to_stranger(commands: Sequence[Any]) -> list[Command]:
    """The visitor's address in its place; those of the other family are left out."""
    found = []
    for command in commands:
        words = tuple(word.replace("ADDRESS", STRANGER) for word in command.argv)
        if "ip6" not in words and command.argv[0] != "ip6tables":
            found.append(replace(command, argv=words))
    return found
