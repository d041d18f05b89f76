"""How what firewalld refuses is let in: firewall-cmd's words, for now and for good."""

from collections.abc import Iterable
from dataclasses import replace

from checks.firewall import Closed
from checks.firewalld import Fate, Rules
from diagnose.model import Command, Fix
from diagnose.model.firewall import Policy, Zone
from diagnose.wire.firewalld.rich import rich_rule

_SERVICES = {80: "http", 443: "https"}


def opening(rules: Rules, found: Closed) -> Fix:
    """Open the ports where the traffic enters, for now and for good: by a reload where that takes
    nothing else away, else without one."""
    zone = found.zone.name
    later = found.later.entered.zone.name if found.later else zone
    permanent = _open(rules, "--permanent", f"--zone={later}", found.ports)
    now = _open(rules, "", f"--zone={zone}", found.ports)
    if rules.only_now() or later != zone:
        return Fix((now, permanent))
    return Fix((permanent, Command(("firewall-cmd", "--reload"), undo=now.undo)))


def opening_for_good(rules: Rules, place: str, ports: tuple[int, ...]) -> Fix:
    """`place` is "--zone=…" or "--policy=…"."""
    return Fix((_open(rules, "--permanent", place, ports),))


def opening_place(rules: Rules, place: str, ports: tuple[int, ...]) -> tuple[Command, ...]:
    return tuple(_open(rules, mode, place, ports) for mode in ("", "--permanent"))


def option(rules: Rules, port: int, action: str = "add") -> str:
    """firewall-cmd's option for a port: by its service, unless that is defined otherwise."""
    service = _SERVICES.get(port, "")
    opens = rules.now.services.get(service, ())
    if any(port in one and one.protocol == "tcp" for one in opens):
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
