"""Whether firewalld or ufw keeps a UDP port closed, and the commands that open it."""

import re

from checks.firewall._firewalld import FirewalldView, firewalld_view
from checks.firewall._firewalld_fixes import firewall_cmd
from checks.firewall._netfilter import netfilter_view
from checks.firewall._visitors import target_addresses
from diagnose.model import Evidence, Risk, Step, firewall_commands
from diagnose.model.firewall import Policy, Zone
from diagnose.parsers.netfilter import ufw

#: Rules that say nothing of a UDP port.
_IS_OTHER_PROTOCOL = re.compile(
    r'icmp-|protocol="tcp"|proto=tcp|service name="(?:ssh|https?)"|masquerade'
)


def closing_rules(evidence: Evidence, port: int) -> tuple[str, tuple[Step, ...]] | None:
    """Return firewalld's zone that does not let the port in over UDP, "" if it is ufw, and the
    commands that open it. None if neither closes it."""
    return _zone(firewalld_view(evidence), port) or _ufw(evidence, port)


def _zone(firewalld: FirewalldView, port: int) -> tuple[str, tuple[Step, ...]] | None:
    """Return the zone that does not let the port in over UDP, and the commands that open it."""
    if firewalld.daemon is None or firewalld.daemon.panic:
        return None
    names = {
        firewalld.entry_zone(firewalld.evidence.target.port, address)
        for address in target_addresses(firewalld.evidence) or ("",)
    } - {""}
    zone = firewalld.runtime.zones.get(next(iter(names), "")) if len(names) == 1 else None
    if zone is None or zone.admits(port, "udp") or _has_other_rules(firewalld, zone):
        return None
    add, remove = (f"--{action}-port={port}/udp" for action in ("add", "remove"))
    scope = f"--zone={zone.name}"
    return zone.name, tuple(
        firewall_cmd(mode, scope, (add,), (remove,)) for mode in ("", "--permanent")
    )


def _has_other_rules(firewalld: FirewalldView, zone: Zone) -> bool:
    """Return whether a rule or a policy may let UDP in where the zone does not."""
    policies: list[Zone | Policy] = [
        policy
        for policy in firewalld.runtime.policies
        if {zone.name, "ANY"} & set(policy.ingress) and {"HOST", "ANY"} & set(policy.egress)
    ]
    return any(
        policy.opens or (isinstance(policy, Policy) and policy.target != "CONTINUE")
        for policy in policies
    ) or any(
        not _IS_OTHER_PROTOCOL.search(rule)
        for rules in (zone, *policies)
        for rule in (*rules.rich_rules, *rules.forward_ports)
    )


def _ufw(evidence: Evidence, port: int) -> tuple[str, tuple[Step, ...]] | None:
    """Return "" and the command that opens the port, if ufw does not let it in over UDP."""
    settings = netfilter_view(evidence).ufw
    if settings is None or not settings.enabled or settings.incoming == "accept":
        return None
    opens = [
        rule
        for rule in (*settings.rules, *settings.rules6)
        if rule.protocol in {"udp", "any"} and rule.names_port(port) and rule.direction == "in"
    ]
    served = ufw.deciding_rule(settings.rules, evidence.target.port)
    if opens or served is None or served.action != "allow":
        return None
    rule = ("allow", f"{port}/udp")
    return "", (firewall_commands.ufw(rule, ("delete", *rule), Risk.OPENS_TO_ALL),)
