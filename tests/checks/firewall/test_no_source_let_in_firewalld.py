"""firewalld: no remedy called automatic opens anything to a source that its settings single out,
nor any other port or zone: over generated settings, with the evaluator as the oracle."""

import random
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import TypeVar

from diagnose.model import Applicability, Claim, Command, Manual, Observation, Vantage
from diagnose.model.firewall import Policy, PortRange, Zone
from diagnose.parsers.firewalld.evaluator import Settings, decide
from diagnose.parsers.firewalld.rich_rules import Packet, RichRule, rich_rule
from tests.support.check_evidence import judge
from tests.support.firewall_rules import (
    ADDRESS,
    HTTP,
    HTTPS,
    SSH,
    STOCK,
    connected,
    firewalld,
    host,
    listening,
    nic,
)

SETTINGS = 250
CHECKS = tuple(
    f"firewall.{name}"
    for name in (
        "port-closed", "wrong-zone", "source-zone", "source-restricted", "rich-rule", "policy",
        "not-reloaded", "not-permanent",
    )
)  # fmt: skip
SIX = "2001:db8::10"
PORTS = (22, 80, 443, 445, 8443)
OFFICE, BANNED, STRANGER = "192.0.2.7", "198.51.100.66", "203.0.113.200"
SOURCES = {4: ("", OFFICE, BANNED, STRANGER), 6: ("", "2001:db8:9::7")}
RANGE = PortRange(440, 450, "tcp")

Both = dict[bool, Settings]
#: Whether a visitor is let in, by whether the settings are the permanent ones, the family, the
#: source, the interface and the port.
Fates = dict[tuple[bool, int, str, str, int], bool]
Place = TypeVar("Place", Zone, Policy)


def generated(seed: int) -> Both:
    """By whether it is the permanent one."""
    rng = random.Random(seed)
    now = _settings(rng)
    later = _settings(rng) if rng.random() < 0.25 else now
    return {False: now, True: replace(later, zones=_permanent(later.zones))}


def _permanent(zones: "dict[str, Zone] | object") -> dict[str, Zone]:
    assert isinstance(zones, dict)
    return {name: replace(zone, permanent=True) for name, zone in zones.items()}


def _settings(rng: random.Random) -> Settings:
    zones = {
        name: Zone(
            vantage=Vantage.SERVER,
            name=name,
            permanent=False,
            active=True,
            default=name == "public",
            target=rng.choice(("default", "default", "DROP")),
            interfaces=interfaces,
            sources=rng.choice(sources),
            opens=tuple(one for one in (SSH, HTTP, HTTPS, RANGE) if rng.random() < 0.35),
            rich_rules=tuple(_rich(rng) for _ in range(rng.choice((0, 0, 0, 1, 2)))),
        )
        for name, interfaces, sources in (
            ("public", ("eth0",), [()]),
            ("dmz", ("eth1",), [()]),
            ("office", (), [(), (), ("192.0.2.0/24",), ("2001:db8:9::/48",)]),
            ("drop", (), [(), (), (), ("198.51.100.0/24",), ("0.0.0.0/0",)]),
        )
        if name == "public" or rng.random() < 0.5
    }
    policies = (
        Policy(
            vantage=Vantage.SERVER,
            name="guard",
            permanent=False,
            priority=rng.choice((-5, 5)),
            target=rng.choice(("CONTINUE", "REJECT", "DROP")),
            ingress=rng.choice((("ANY",), ("public",))),
            egress=("HOST",),
            rich_rules=tuple(_rich(rng) for _ in range(rng.choice((0, 0, 1)))),
        ),
    )
    some = policies if rng.random() < 0.2 else ()
    return Settings(zones=zones, default="public", policies=some, services=dict(STOCK))


def _rich(rng: random.Random) -> str:
    priority = rng.choice(("", "", ' priority="-3"', ' priority="20"'))
    source = rng.choice(
        (
            *("",) * 4, ' family="ipv4" source address="192.0.2.0/24"', ' family="ipv6"',
            ' family="ipv4" source address="198.51.100.66"',
            ' family="ipv4" source NOT address="192.0.2.0/24"',
        )
    )  # fmt: skip
    about = rng.choice(
        (
            ' service name="https"', ' port port="443" protocol="tcp"',
            ' port port="440-450" protocol="tcp"', "" if source else ' service name="http"',
        )
    )  # fmt: skip
    return f"rule{priority}{source}{about} {rng.choice(('accept', 'reject', 'drop'))}"


def evidence(both: Both) -> tuple[Observation, ...]:
    there = (nic("eth0", ADDRESS, SIX), nic("eth1", "10.0.0.1", default=()))
    observations: list[Observation] = [*both[False].zones.values(), *both[True].zones.values()]
    observations += both[False].policies
    observations += [replace(policy, permanent=True) for policy in both[True].policies]
    tries = (connected(), connected(SIX))
    return (host(), firewalld(), *there, listening(80, 443), *tries, *observations)


# What a remedy does


def played(both: Both, commands: Sequence[Command]) -> Both:
    now = dict(both)
    for command in commands:
        words = command.argv[1:]
        if words == ("--reload",):
            zones = {name: replace(zone, permanent=False) for name, zone in now[True].zones.items()}
            now[False] = replace(now[True], zones=zones)
            continue
        permanent = words[0] == "--permanent"
        place, *options = words[1:] if permanent else words
        for option in options:
            now[permanent] = _changed(now[permanent], place, option)
    return now


def _changed(settings: Settings, place: str, option: str) -> Settings:
    kind, _, name = place.partition("=")
    verb, _, value = option.partition("=")
    if kind == "--policy":
        old = next(policy for policy in settings.policies if policy.name == name)
        others = tuple(policy for policy in settings.policies if policy is not old)
        return replace(settings, policies=(*others, _listing(settings, old, verb, value)))
    new = _listing(settings, settings.zones[name], verb, value)
    return replace(settings, zones={**settings.zones, name: new})


def _listing(settings: Settings, place: "Place", verb: str, value: str) -> "Place":
    match verb:
        case "--add-service":
            return replace(place, opens=(*place.opens, *settings.opens(value)))
        case "--add-port":
            number = int(value.partition("/")[0])
            return replace(place, opens=(*place.opens, PortRange(number, number, "tcp")))
        case "--add-rich-rule":
            return replace(place, rich_rules=(*place.rich_rules, value))
        case "--remove-rich-rule":
            kept = tuple(
                rich_rule for rich_rule in place.rich_rules if _parts(rich_rule) != _parts(value)
            )
            return replace(place, rich_rules=kept)
    raise AssertionError(verb)


def _parts(rule: str) -> RichRule:
    return replace(rich_rule(rule), text="")


def fates(both: Both) -> Fates:
    return {
        (permanent, family, source, nic, port): bool(
            (one := decide(settings, Packet(port, family, source, "", nic))) and one.admits
        )
        for permanent, settings in both.items()
        for family, sources in SOURCES.items()
        for source in sources
        for nic in ("eth0", "eth1")
        for port in PORTS
    }


def entered(settings: Settings, family: int, source: str, nic: str) -> str:
    decision = decide(settings, Packet(443, family, source, "", nic))
    return decision.zone_match.zone.name if decision else ""


def elsewhere(both: Both, key: tuple[bool, int, str, str, int]) -> bool:
    """Whether this visitor comes in by another zone than those at the site's interface do."""
    permanent, family, source, nic, _ = key
    settings = both[permanent]
    return entered(settings, family, source, nic) != entered(settings, family, source, "eth0")


def is_singled_out(before: Fates, port: int) -> bool:
    """Whether the evaluator lets any source in where it keeps others of its family out."""
    return any(
        len({before[permanent, family, source, "eth0", port] for source in sources}) > 1
        for permanent in (False, True)
        for family, sources in SOURCES.items()
    )


def claims() -> Iterator[tuple[Both, Fates, Claim]]:
    for seed in range(SETTINGS):
        both = generated(seed)
        before, seen = fates(both), evidence(both)
        for check in CHECKS:
            for claim in judge(check, *seen):
                yield both, before, claim


def test_what_is_automatic_opens_its_port_at_its_interface_and_to_nobody_singled_out() -> None:
    count: Counter[str] = Counter()
    for both, before, claim in claims():
        if claim.fix is None:
            continue
        count[str(claim.fix.applicability)] += 1
        ports = {int(fact.partition("/")[0]) for fact in claim.facts["ports"]}  # type: ignore[attr-defined]
        first = claim.fix.steps[0]
        if claim.fix.applicability is Applicability.AUTOMATIC:
            commands = [step for step in claim.fix.steps if isinstance(step, Command)]
            after = fates(played(both, commands))
            opened = {key for key in before if after[key] and not before[key]}
            assert {port for *_, port in opened} <= ports, (both, claim, opened)
            assert not any(elsewhere(both, key) for key in opened), (both, claim, opened)
            assert not any(is_singled_out(before, port) for port in ports), (both, claim)
            count["opened"] += bool(opened)
        elif isinstance(first, Manual) and first.step == "open-to-one":
            lines = [
                _to_stranger(command) for command in first.commands if isinstance(command, Command)
            ]
            after = fates(played(both, [line for line in lines if line]))
            changed = {key for key in before if before[key] is not after[key]}
            assert {source for _, _, source, *_ in changed} <= {STRANGER}, (both, claim, changed)
            assert {port for *_, port in changed} <= ports, (both, claim, changed)
            count["to one"] += 1
    assert count["automatic"] > 40, count
    assert count["opened"] > 30, count
    assert count["to one"] > 40, count


def _to_stranger(command: Command) -> Command | None:
    words = tuple(word.replace("ADDRESS", STRANGER) for word in command.argv)
    return None if any('family="ipv6"' in word for word in words) else replace(command, argv=words)
