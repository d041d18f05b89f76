"""firewall-cmd commands that let in what firewalld refuses, in the running and the permanent
configuration."""

import re
from collections.abc import Iterable
from dataclasses import replace

from checks.firewall._firewalld import FirewalldView, VisitorOutcome
from checks.firewall._refusals import Refusal
from diagnose.model import Command, Fix, Risk, firewall_commands
from diagnose.model.firewall import Policy, Zone
from diagnose.parsers.firewalld.rich_rules import rich_rule
from diagnose.parsers.whole_numbers import whole_number

_SERVICES = {80: "http", 443: "https"}
#: The lowest priority, which comes before all others (firewalld.richlanguage(5)).
LOWEST = -32768


def opening_fix(firewalld: FirewalldView, refusal: Refusal) -> Fix:
    """Open the ports in the zone that receives the traffic, now and permanently.

    The fix uses a reload if that has no side effects; otherwise it changes both configurations
    directly.
    """
    zone = refusal.zone.name
    reload_zone = refusal.after_reload.zone_match.zone.name if refusal.after_reload else zone
    permanent = _open_command(firewalld, "--permanent", f"--zone={reload_zone}", refusal.ports)
    runtime = _open_command(firewalld, "", f"--zone={zone}", refusal.ports)
    if reload_zone != zone or firewalld.reload_has_side_effects(refusal.ports):
        return Fix((runtime, permanent))
    return Fix((permanent, firewall_commands.reload_firewalld(runtime.undo)))


def permanent_opening_fix(
    firewalld: FirewalldView, scope_option: str, ports: tuple[int, ...]
) -> Fix:
    """Open the ports in the permanent configuration only. `scope_option` is "--zone=…" or
    "--policy=…"."""
    return Fix((_open_command(firewalld, "--permanent", scope_option, ports),))


def opening_commands(
    firewalld: FirewalldView, scope_option: str, ports: tuple[int, ...]
) -> tuple[Command, ...]:
    return tuple(
        _open_command(firewalld, mode, scope_option, ports) for mode in ("", "--permanent")
    )


def port_option(firewalld: FirewalldView, port: int, action: str = "add") -> str:
    """Return firewall-cmd's option for a port.

    It names the service, unless the service is defined differently or opens more ports.
    """
    service = _SERVICES.get(port, "")
    definitions = (
        firewalld.runtime.services.get(service, ()),
        firewalld.permanent.services.get(service, ()),
    )
    is_port_only = all(
        (port_range.low, port_range.high) == (port, port)
        for port_ranges in definitions
        for port_range in port_ranges
    )
    if is_port_only and any(port_range.protocol == "tcp" for port_range in definitions[0]):
        return f"--{action}-service={service}"
    return f"--{action}-port={port}/tcp"


def _open_command(
    firewalld: FirewalldView, mode: str, scope_option: str, ports: tuple[int, ...]
) -> Command:
    add, remove = (
        tuple(port_option(firewalld, port, action) for port in ports)
        for action in ("add", "remove")
    )
    return firewall_cmd(mode, scope_option, add, remove)


def firewall_cmd(
    mode: str,
    scope_option: str,
    options: tuple[str, ...],
    undo_options: tuple[str, ...],
    risk: Risk = Risk.OPENS_TO_ALL,
) -> Command:
    """Build a firewall-cmd command with its undo. `mode` is "--permanent" or ""."""
    words = (*[mode] * bool(mode), scope_option)
    return firewall_commands.firewall_cmd((*words, *options), (*words, *undo_options), risk)


def removal_commands(firewalld: FirewalldView, outcome: VisitorOutcome) -> tuple[Command, ...]:
    """Remove the rich rule or the forward that decides, now and permanently, and open the port if
    it is still closed after that."""
    decision = outcome.runtime
    zone_option = f"--zone={decision.zone_match.zone.name}"
    permanent: Zone | Policy | None = firewalld.permanent.zones.get(decision.zone_match.zone.name)
    scope_option = zone_option
    if decision.policy:
        scope_option = f"--policy={decision.policy.name}"
        permanent = next(
            (
                policy
                for policy in firewalld.permanent.policies
                if policy.name == decision.policy.name
            ),
            None,
        )
    commands = [_rule_command("", scope_option, decision.rule, "remove")]
    permanent_rules = (*permanent.rich_rules, *permanent.forward_ports) if permanent else ()
    if rule := _matching_rule(decision.rule, permanent_rules):
        commands.append(permanent_rule_command(scope_option, rule, "remove"))
    if not firewalld.decision_without_rule(outcome).admits:
        commands += opening_commands(firewalld, zone_option, (outcome.port,))
    return tuple(commands)


def allow_commands(outcomes: Iterable[VisitorOutcome], visitor: str) -> tuple[Command, ...]:
    """Let in one address or network only, by a rich rule that comes before the rule that refuses.

    The client's own address is used instead of `visitor` if it is known. Rules that refuse have
    priority 0 or lower (firewalld.richlanguage(5)), so the new rule gets a lower one.
    """
    steps: dict[Command, None] = {}
    for outcome in outcomes:
        source = outcome.packet.source or visitor
        for decision, mode in (
            (outcome.runtime, ""),
            (outcome.after_reload or outcome.runtime, "--permanent"),
        ):
            scope_option = f"--zone={decision.zone_match.zone.name}"
            if decision.policy:
                scope_option = f"--policy={decision.policy.name}"
            priority = min(rich_rule(decision.rule).priority, 0) - 1 if decision.rule else -1
            text = (
                f'rule priority="{max(priority, LOWEST)}" family="ipv{outcome.family}" '
                f'source address="{source}" port port="{outcome.port}" protocol="tcp" accept'
            )
            steps[_rule_command(mode, scope_option, text, "add")] = None
    return tuple(sorted(steps, key=lambda command: "--permanent" in command.argv))


def exception_commands(outcome: VisitorOutcome) -> tuple[Command, ...]:
    """Let the port in before a rich rule that refuses more than this port. That rule stays."""
    decisions = [(outcome.runtime, "")]
    if outcome.after_reload and not outcome.after_reload.admits:
        decisions.append((outcome.after_reload, "--permanent"))
    steps = []
    for decision, mode in decisions:
        scope_option = f"--zone={decision.zone_match.zone.name}"
        if decision.policy:
            scope_option = f"--policy={decision.policy.name}"
        priority = min(rich_rule(decision.rule).priority, 0) - 1 if decision.rule else -1
        port = f'port port="{outcome.port}" protocol="tcp"'
        text = f'rule priority="{max(priority, LOWEST)}" {port} accept'
        steps.append(_rule_command(mode, scope_option, text, "add"))
    return tuple(steps)


def is_about_only(rule: str, ports: tuple[int, ...], firewalld: FirewalldView) -> bool:
    """Return whether a rich rule or a forward concerns only these TCP ports, so that removing it
    opens nothing else."""
    if rule.startswith("port="):
        number, _, options = rule.removeprefix("port=").partition(":")
        return whole_number(number) in ports and options.startswith("proto=tcp:")
    parsed_rule = rich_rule(rule)
    if parsed_rule.element in {"port", "forward-port"}:
        number = parsed_rule.value("port")
        return parsed_rule.value("protocol") == "tcp" and whole_number(number) in ports
    if parsed_rule.element == "service":
        port_ranges = firewalld.runtime.opens(parsed_rule.value("name"))
        return bool(port_ranges) and all(
            port_range.low == port_range.high and port_range.low in ports
            for port_range in port_ranges
        )
    return False


def has_priorities(firewalld: FirewalldView) -> bool:
    """Return whether rich rules have priorities in this version (since 0.7)."""
    version = firewalld.daemon.version if firewalld.daemon else ""
    match = re.match(r"(\d+)\.(\d+)", version)
    return not match or (int(match[1]), int(match[2])) >= (0, 7)


def permanent_rule_command(scope_option: str, rule: str, action: str) -> Command:
    """Add or remove a rich rule or a forward in the permanent configuration."""
    return _rule_command("--permanent", scope_option, rule, action)


def _rule_command(mode: str, scope_option: str, rule: str, action: str) -> Command:
    kind, risk = "rich-rule", Risk.OPENS_TO_ALL
    if rule.startswith("port="):
        # firewall-cmd lists empty fields, but does not accept them as input.
        kind, rule = "forward-port", rule.removesuffix(":toaddr=").replace(":toport=:", ":")
        risk = Risk.OPENS_TO_ALL if action == "add" else Risk.CHANGES_SYSTEM
    elif rich_rule(rule).source:
        risk = Risk.OPENS_TO_SOME
    opposite_action = {"add": "remove", "remove": "add"}[action]
    return firewall_cmd(
        mode,
        scope_option,
        (f"--{action}-{kind}={rule}",),
        (f"--{opposite_action}-{kind}={rule}",),
        risk,
    )


def _matching_rule(rule: str, rules: Iterable[str]) -> str:
    """Return the same rule as it is written among `rules`; "" if it is not there."""
    expected = replace(rich_rule(rule), text="")
    matching_rules = (
        candidate
        for candidate in rules
        if candidate == rule or replace(rich_rule(candidate), text="") == expected
    )
    return next(matching_rules, "")
