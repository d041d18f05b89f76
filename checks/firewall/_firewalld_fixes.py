"""How what firewalld refuses is let in: firewall-cmd's words, for now and for good."""

import re
from collections.abc import Iterable
from dataclasses import replace

from checks.firewall import Closed
from checks.firewall._firewalld import Fate, Rules
from diagnose.model import Command, Fix
from diagnose.model.firewall import Policy, Zone
from diagnose.parsers.firewalld.rich_rules import rich_rule

_SERVICES = {80: "http", 443: "https"}
#: The priority that comes before all others (firewalld.richlanguage(5)).
LOWEST = -32768


def opening(rules: Rules, found: Closed) -> Fix:
    """Open the ports where the traffic enters, for now and for good: by a reload where that takes
    nothing else away, else without one."""
    zone = found.zone.name
    later = found.later.entered.zone.name if found.later else zone
    permanent = _open(rules, "--permanent", f"--zone={later}", found.ports)
    now = _open(rules, "", f"--zone={zone}", found.ports)
    if later != zone or rules.reload_changes(found.ports):
        return Fix((now, permanent))
    return Fix((permanent, Command(("firewall-cmd", "--reload"), undo=now.undo)))


def opening_for_good(rules: Rules, place: str, ports: tuple[int, ...]) -> Fix:
    """`place` is "--zone=…" or "--policy=…"."""
    return Fix((_open(rules, "--permanent", place, ports),))


def opening_place(rules: Rules, place: str, ports: tuple[int, ...]) -> tuple[Command, ...]:
    return tuple(_open(rules, mode, place, ports) for mode in ("", "--permanent"))


def option(rules: Rules, port: int, action: str = "add") -> str:
    """firewall-cmd's option for a port: by its service, unless that is defined otherwise or opens
    more."""
    service = _SERVICES.get(port, "")
    defined = (rules.now.services.get(service, ()), rules.later.services.get(service, ()))
    alone = all((one.low, one.high) == (port, port) for opens in defined for one in opens)
    if alone and any(one.protocol == "tcp" for one in defined[0]):
        return f"--{action}-service={service}"
    return f"--{action}-port={port}/tcp"


def _open(rules: Rules, mode: str, place: str, ports: tuple[int, ...]) -> Command:
    add, remove = (tuple(option(rules, port, act) for port in ports) for act in ("add", "remove"))
    return changed(mode, place, add, remove)


def changed(mode: str, place: str, options: tuple[str, ...], undone: tuple[str, ...]) -> Command:
    """`mode` is "--permanent" or ""."""
    words = ("firewall-cmd", *[mode] * bool(mode), place)
    return Command((*words, *options), undo=(*words, *undone))


def removing(rules: Rules, fate: Fate) -> tuple[Command, ...]:
    """Take away the rich rule or the forward that decides, for now and for good. What then is
    still closed has to be opened."""
    now = fate.now
    zone = f"--zone={now.entered.zone.name}"
    kept: Zone | Policy | None = rules.later.zones.get(now.entered.zone.name)
    place = zone
    if now.policy:
        place = f"--policy={now.policy.name}"
        kept = next((one for one in rules.later.policies if one.name == now.policy.name), None)
    found = [_rule("", place, now.rule, "remove")]
    written = (*kept.rich_rules, *kept.forward_ports) if kept else ()
    if rule := _same_rule(now.rule, written):
        found.append(permanently(place, rule, "remove"))
    if not rules.without(fate).admits:
        found += opening_place(rules, zone, (fate.port,))
    return tuple(found)


def letting_in(rules: Rules, fates: Iterable[Fate], visitor: str) -> tuple[Command, ...]:
    """Let in this address or network only, or the client itself where it is known, before what
    refuses it. The rich rule stands before
    those that refuse, which have the priority 0 or a lower one (firewalld.richlanguage(5))."""
    steps: dict[Command, None] = {}
    for fate in fates:
        source = fate.packet.source or visitor
        for decision, mode in ((fate.now, ""), (fate.later or fate.now, "--permanent")):
            place = f"--zone={decision.entered.zone.name}"
            if decision.policy:
                place = f"--policy={decision.policy.name}"
            first = min(rich_rule(decision.rule).priority, 0) - 1 if decision.rule else -1
            text = (
                f'rule priority="{max(first, LOWEST)}" family="ipv{fate.family}" '
                f'source address="{source}" port port="{fate.port}" protocol="tcp" accept'
            )
            steps[_rule(mode, place, text, "add")] = None
    return tuple(sorted(steps, key=lambda one: "--permanent" in one.argv))


def excepting(rules: Rules, fate: Fate) -> tuple[Command, ...]:
    """Let the port in before a rich rule that refuses more than it, which stays."""
    places = [(fate.now, "")]
    if fate.later and not fate.later.admits:
        places.append((fate.later, "--permanent"))
    steps = []
    for decision, mode in places:
        place = f"--zone={decision.entered.zone.name}"
        if decision.policy:
            place = f"--policy={decision.policy.name}"
        first = min(rich_rule(decision.rule).priority, 0) - 1 if decision.rule else -1
        text = f'rule priority="{max(first, LOWEST)}" port port="{fate.port}" protocol="tcp" accept'
        steps.append(_rule(mode, place, text, "add"))
    return tuple(steps)


def is_about_only(rule: str, ports: tuple[int, ...], rules: Rules) -> bool:
    """Whether a rich rule or a forward is about nothing but these ports of TCP, so that it can
    go without opening anything else."""
    if rule.startswith("port="):
        number, _, rest = rule.removeprefix("port=").partition(":")
        return number.isdigit() and int(number) in ports and rest.startswith("proto=tcp:")
    parts = rich_rule(rule)
    if parts.element in {"port", "forward-port"}:
        number = parts.value("port")
        return parts.value("protocol") == "tcp" and number.isdigit() and int(number) in ports
    if parts.element == "service":
        opens = rules.now.opens(parts.value("name"))
        return bool(opens) and all(one.low == one.high and one.low in ports for one in opens)
    return False


def has_priorities(rules: Rules) -> bool:
    """Whether its rich rules have an order of their own: since 0.7."""
    version = rules.daemon.version if rules.daemon else ""
    found = re.match(r"(\d+)\.(\d+)", version)
    return not found or (int(found[1]), int(found[2])) >= (0, 7)


def permanently(place: str, rule: str, action: str) -> Command:
    """Add or remove a rich rule or a forward in the permanent configuration."""
    return _rule("--permanent", place, rule, action)


def _rule(mode: str, place: str, rule: str, action: str) -> Command:
    kind = "rich-rule"
    if rule.startswith("port="):
        # firewall-cmd lists what is empty, and does not take it back.
        kind, rule = "forward-port", rule.removesuffix(":toaddr=").replace(":toport=:", ":")
    other = {"add": "remove", "remove": "add"}[action]
    return changed(mode, place, (f"--{action}-{kind}={rule}",), (f"--{other}-{kind}={rule}",))


def _same_rule(rule: str, among: Iterable[str]) -> str:
    """The same rule as it is written elsewhere."""
    wanted = replace(rich_rule(rule), text="")
    alike = (one for one in among if one == rule or replace(rich_rule(one), text="") == wanted)
    return next(alike, "")
