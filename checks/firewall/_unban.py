"""Fixes that let in one blocked address, with the tool that blocked it and as narrowly as possible.

A person decides whether the address is to be let in.
"""

import ipaddress
from collections.abc import Iterable

from checks.firewall._netfilter import Blockage, NetfilterView
from diagnose.model import Applicability, Command, Fix, Manual, Risk, Step, Where, firewall_commands
from diagnose.model.visitor import Jails
from diagnose.parsers.linux.bans import network_contains
from diagnose.parsers.netfilter import owners, remedies, ufw
from diagnose.parsers.netfilter.rules import Match
from diagnose.parsers.netfilter.ruleset import RulePosition

#: Programs that write their rules again and again: only they can let an address in permanently.
_RULE_MANAGERS = {"docker", "podman", "kubernetes", "libvirt", "firewalld"}


def unban_fix(view: NetfilterView, blockages: Iterable[Blockage]) -> Fix:
    """Return the fix for one address and all the rules that block it."""
    steps: dict[Step, None] = {}
    for blockage in blockages:
        blockage_steps = _unban_steps(view, blockage)
        if not blockage_steps:
            return Fix((Manual("let-it-in", Where.SERVER),), Applicability.MANUAL)
        steps |= dict.fromkeys(blockage_steps)
    return Fix(tuple(steps), Applicability.REVIEW)


def _unban_steps(view: NetfilterView, blockage: Blockage) -> tuple[Step, ...]:
    match blockage.owner:
        case "fail2ban" if jails := banning_jails(view, blockage):
            return tuple(firewall_commands.unban(jail, blockage.source) for jail in jails)
        case "crowdsec":
            return _cscli_steps(blockage)
        case "csf":
            return (firewall_commands.csf_unban(blockage.source),)
        case "ufw":
            return _ufw_steps(view, blockage)
        case owner if owner in _RULE_MANAGERS and blockage.place.chain.name != "DOCKER-USER":
            return ()
    if element := _set_element_command(blockage):
        return (element,)
    if blockage.place.exact and _names_only_source(blockage):
        return remedies.removal_steps(blockage.place, view.files)
    return (_exception_command(blockage),)


# fail2ban


def banning_jails(view: NetfilterView, blockage: Blockage) -> tuple[str, ...]:
    """Return the jails that have banned the address, as fail2ban reports them, or else by the
    rule's name.

    If fail2ban runs and does not list the ban, the rule is a leftover and belongs to no jail.
    """
    rule_jail = owners.jail(blockage.place)
    jail_lists = view.evidence.good(Jails)
    holding_jails = tuple(
        jail for jail_list in jail_lists for jail in jail_list.banning(blockage.source)
    )
    if rule_jail in holding_jails or (rule_jail and not jail_lists):
        return (rule_jail,)
    return holding_jails


# Others


def _cscli_steps(blockage: Blockage) -> tuple[Step, ...]:
    selector = ("--ip", blockage.source)
    if (network := _set_entry(blockage)) and "/" in network:
        selector = ("--range", network)
    return (firewall_commands.delete_decisions(selector),)


def _ufw_steps(view: NetfilterView, blockage: Blockage) -> tuple[Step, ...]:
    """Delete every ufw rule that blocks only this address. Before a rule that blocks more, allow
    the address."""
    rules = () if view.ufw is None else view.ufw.rules6 if blockage.family == 6 else view.ufw.rules
    steps: list[Step] = []
    for position, rule in enumerate(rules, 1):
        if rule.source in ufw.ANY or not rule.concerns(blockage.port):
            continue
        if rule.action in {"deny", "reject"} and network_contains(rule.source, blockage.source):
            if not _is_single_address(rule.source):
                allow = ("allow", "proto", "tcp", "from", blockage.source, "to", "any", "port")
                words = (*allow, str(blockage.port))
                insert, delete = ("insert", str(position), *words), ("delete", *words)
                return (*steps, firewall_commands.ufw(insert, delete, Risk.OPENS_TO_SOME))
            rule_words = rule.arguments()
            undo = ("insert", str(position), *rule_words)
            steps.append(firewall_commands.ufw(("delete", *rule_words), undo, Risk.OPENS_TO_SOME))
    return tuple(steps)


def _set_element_command(blockage: Blockage) -> Command | None:
    """Remove the address from the set that the rule uses, if the set holds it as a single
    address."""
    step, place = _set_match(blockage.place), blockage.place
    if step is None or not _is_single_address(_set_entry(blockage)):
        return None
    set_name = str(step.values)
    if place.program != "nft":
        return firewall_commands.delete_from_ipset(set_name, blockage.source)
    table = place.table
    return firewall_commands.delete_nft_element(table.family, table.name, set_name, blockage.source)


def _set_match(place: RulePosition) -> Match | None:
    """Return the match of the rule that looks up the source address in a named set."""
    for step in place.rule.steps if place.rule else ():
        if not isinstance(step, Match) or not isinstance(step.values, str) or step.op != "==":
            continue
        if len(step.keys) == 1 and step.keys[0].endswith("saddr"):
            return step
    return None


def _set_entry(blockage: Blockage) -> str:
    """Return the entry of the rule's set that contains the address: the address itself or a
    network; "" if there is none."""
    step = _set_match(blockage.place)
    address_set = blockage.place.table.sets.get(str(step.values)) if step else None
    elements = (address_set.elements or ()) if address_set and address_set.readable else ()
    number = int(ipaddress.ip_address(blockage.source))
    kind = ipaddress.IPv6Address if blockage.family == 6 else ipaddress.IPv4Address
    for element in elements:
        span = element[0] if isinstance(element, tuple) and len(element) == 1 else None
        if isinstance(span, tuple) and len(span) == 2 and span[0] <= number <= span[1]:
            networks = ipaddress.summarize_address_range(kind(span[0]), kind(span[1]))
            network_texts = [str(network) for network in networks]
            network_text = (
                network_texts[0] if len(network_texts) == 1 else f"{kind(span[0])}-{kind(span[1])}"
            )
            return blockage.source if span[0] == span[1] else network_text
    return ""


def _is_single_address(text: str) -> bool:
    try:
        return ipaddress.ip_network(text).num_addresses == 1
    except ValueError:
        return False


def _names_only_source(blockage: Blockage) -> bool:
    """Return whether the rule names this one address and no other."""
    number = int(ipaddress.ip_address(blockage.source))
    steps = [
        step
        for step in (blockage.place.rule.steps if blockage.place.rule else ())
        if isinstance(step, Match) and step.keys[0].endswith("saddr")
    ]
    return bool(steps) and all(
        step.op == "==" and step.mask is None and step.values == (((number, number),),)
        for step in steps
    )


def _exception_command(blockage: Blockage) -> Command:
    """Add a rule before it that accepts this address at this port, for now only. The rule still
    blocks everything else."""
    place, port = blockage.place, str(blockage.packet.port)
    if place.program == "nft":
        family = "ip6" if blockage.family == 6 else "ip"
        rule = (family, "saddr", blockage.source, "tcp", "dport", port, "accept")
        chain_path = (place.table.family, place.table.name, place.chain.name)
        if place.rule is None:
            return firewall_commands.add_nft_rule(("add", "rule", *chain_path), rule)
        handle = ("handle", str(place.rule.handle))
        return firewall_commands.add_nft_rule(("insert", "rule", *chain_path, *handle), rule)
    iptables_command = (
        place.program,
        *(() if place.table.name == "filter" else ("-t", place.table.name)),
    )
    words = (place.chain.name, "-s", blockage.source, "-p", "tcp", "--dport", port, "-j", "ACCEPT")
    chain, *rule_words = words
    insert_words = ("-I", chain, str(place.index + 1)) if place.rule else ("-A", chain)
    return firewall_commands.iptables(
        (*iptables_command, *insert_words, *rule_words), undo=(*iptables_command, "-D", *words)
    )
