"""Fixes that open a port in netfilter's rules, with the tool that made the rules."""

import re
from collections.abc import Mapping

from checks.firewall import _direct_rules
from checks.firewall._blockages import blocking_places
from checks.firewall._netfilter import Blockage, NetfilterView
from checks.firewall._restricted_ports import PLACEHOLDER
from diagnose.model import (
    Applicability,
    Command,
    Edit,
    Fix,
    Manual,
    Risk,
    Step,
    Where,
    firewall_commands,
)
from diagnose.parsers.netfilter import iptables, nft_writer, persisted_rules, remedies, ufw
from diagnose.parsers.netfilter.remedies import Opening
from diagnose.parsers.netfilter.ruleset import RulePosition
from diagnose.parsers.nginx.edits import apply_patch, diff

#: Programs that write their rules again and again: a rule added among theirs does not last.
_RULE_MANAGERS = {
    "docker",
    "podman",
    "kubernetes",
    "libvirt",
    "crowdsec",
    "csf",
    "hestia",
    "vesta",
    "sshguard",
    "fail2ban",
}
#: csf's chain of what no rule let in.
_CSF_END = "LOGDROPIN"


def opening_fix(
    view: NetfilterView, blockages: tuple[Blockage, ...], *, replies: bool = False
) -> Fix:
    """Open the ports now with the tool that shows the rule, and permanently in the file that the
    rule comes from."""
    if not replies and (
        direct_commands := _direct_rules.opening_commands(view.evidence, blockages)
    ):
        return Fix(direct_commands)
    if blockages[0].owner == "ufw" and not replies:
        return _ufw_fix(view, blockages)
    if not replies and (own_commands := _own_commands(blockages)):
        return Fix(own_commands, Applicability.REVIEW)
    if blockages[0].owner in _RULE_MANAGERS:
        return Fix((Manual("in-its-own-settings", Where.SERVER),), Applicability.MANUAL)
    steps: list[Step] = []
    files = dict(view.files)
    for place in _in_edit_order(blocking_places(blockages)):
        place_blockages = tuple(
            blockage for blockage in blockages if blockage.place.key == place.key
        )
        ports = tuple(dict.fromkeys(blockage.port for blockage in place_blockages))
        key = "tcp sport" if replies else "tcp dport"
        remaining_rules = view.ruleset.without_rule(place)
        is_removable = place.exact and remedies.names_only(place, ports, key)
        if is_removable and all(
            view.unblocks(remaining_rules, blockage) for blockage in place_blockages
        ):
            place_steps = remedies.removal_steps(place, files)
        else:
            opening = Opening(ports, replies, remedies.is_early(place))
            place_steps = remedies.opening_steps(place, opening, files)
        files |= patched_files(files, place_steps)
        steps += place_steps
    return Fix(tuple(steps))


def _own_commands(blockages: tuple[Blockage, ...]) -> tuple[Command, ...]:
    """Return the commands of the program that made the rules, where its last rule or its policy
    blocks what no other one let in: csf, or a panel. A rule against some is another matter."""
    owner = blockages[0].owner
    is_last = all(
        blockage.place.chain.name == _CSF_END or blockage.place.rule is None
        for blockage in blockages
    )
    ports = dict.fromkeys((blockage.port, blockage.family) for blockage in blockages)
    if not is_last:
        return ()
    if owner == "csf":
        opened = [
            firewall_commands.open_in_csf("TCP6_IN" if family == 6 else "TCP_IN", port)
            for port, family in ports
        ]
        return (*opened, firewall_commands.reload_csf())
    if owner in {"hestia", "vesta"} and all(family == 4 for _, family in ports):
        return tuple(firewall_commands.open_in_panel(owner, port) for port, _ in ports)
    return ()


def allow_steps(
    view: NetfilterView, blockages: tuple[Blockage, ...], visitor: str, *, replies: bool = False
) -> tuple[Step, ...]:
    """Let in this address or network only, before the rule that blocks.

    With a placeholder for the address no file is edited: the line would be invalid and no rule of
    the file would load.
    """
    if blockages[0].owner in _RULE_MANAGERS:
        return ()
    if not replies and (
        direct_commands := _direct_rules.opening_commands(view.evidence, blockages, visitor)
    ):
        return direct_commands
    if blockages[0].owner == "ufw" and not replies:
        return _ufw_allow_from(view, blockages, visitor)
    files = dict(view.files) if visitor != PLACEHOLDER else {}
    steps: list[Step] = []
    for place in _in_edit_order(blocking_places(blockages)):
        place_blockages = tuple(
            blockage for blockage in blockages if blockage.place.key == place.key
        )
        for family in dict.fromkeys(blockage.family for blockage in place_blockages):
            ports = tuple(
                dict.fromkeys(
                    blockage.port for blockage in place_blockages if blockage.family == family
                )
            )
            is_early = remedies.is_early(place)
            opening = Opening(ports, replies, is_early, visitor=visitor, family=family)
            place_steps = remedies.opening_steps(place, opening, files)
            files |= patched_files(files, place_steps)
            steps += place_steps
    return tuple(steps)


def _ufw_allow_from(
    view: NetfilterView, blockages: tuple[Blockage, ...], visitor: str
) -> tuple[Step, ...]:
    """Allow the visitor with ufw, before a rule that denies if there is one."""
    steps: dict[Command, None] = {}
    for blockage in blockages:
        rules = (view.ufw.rules6 if blockage.family == 6 else view.ufw.rules) if view.ufw else ()
        rule = ufw.deciding_rule(rules, blockage.port)
        prepend = ("prepend",) if rule and rule.action in {"deny", "reject"} else ()
        allow = ("allow", "from", visitor, "to", "any", "port", str(blockage.port), "proto", "tcp")
        command = firewall_commands.ufw((*prepend, *allow), ("delete", *allow), Risk.OPENS_TO_SOME)
        steps[command] = None
    return tuple(steps)


def patched_files(files: Mapping[str, str], steps: tuple[Step, ...]) -> dict[str, str]:
    """Return the files that these edits change, with their new text."""
    return {
        step.path: text
        for step in steps
        if isinstance(step, Edit) and (text := apply_patch(files[step.path], step.diff)) is not None
    }


def _in_edit_order(places: tuple[RulePosition, ...]) -> list[RulePosition]:
    """Order the rules of each iptables chain bottom-up, so that rule numbers do not shift. nft uses
    handles, which do not change."""
    chains = list(dict.fromkeys(place.key[:3] for place in places))

    def edit_order(place: RulePosition) -> tuple[int, int]:
        return chains.index(place.key[:3]), place.index if place.program == "nft" else -place.index

    return sorted(places, key=edit_order)


def replacement_steps(place: RulePosition, text: str, files: Mapping[str, str]) -> tuple[Step, ...]:
    """Replace a rule now and in its file; empty if the rule was not understood completely."""
    if not place.exact:
        return ()
    chain = place.chain.name
    if place.program == "nft":
        handle = str(place.rule.handle) if place.rule else ""
        selector = (place.table.family, place.table.name, chain, "handle", handle)
        new, old = (nft_writer.split_rule(rule_text) for rule_text in (text, place.text))
        change = firewall_commands.replace_nft_rule(selector, new, old)
    else:
        table = () if place.table.name == "filter" else ("-t", place.table.name)
        words = (place.program, *table, "-R", chain, str(place.index + 1))
        new, old = (iptables.split_words(rule_text)[2:] for rule_text in (text, place.text))
        change = firewall_commands.iptables((*words, *new), undo=(*words, *old))
    persisted_rule = persisted_rules.find_persisted(place, files)
    if persisted_rule is None or not persisted_rule.exact:
        return (change,)
    before = files[persisted_rule.path]
    after = persisted_rule.with_lines_before(persisted_rule.without(before), [text])
    return (change, Edit(persisted_rule.path, diff(persisted_rule.path, before, after)))


def _ufw_fix(view: NetfilterView, blockages: tuple[Blockage, ...]) -> Fix:
    ports = tuple(dict.fromkeys(blockage.port for blockage in blockages))
    ufw_state = view.ufw
    if ufw_state is None:
        return Fix(tuple(map(_ufw_allow, ports)))
    if not ufw_state.ipv6 and any(blockage.family == 6 for blockage in blockages):
        # Turning on IPv6 also opens everything else that the file allows over IPv6.
        allows = (rule for rule in ufw_state.rules6 if rule.action in {"allow", "limit"})
        opens_more = any(rule.ports not in {str(port) for port in ports} for rule in allows)
        steps6 = (*_ipv6_steps(view.files.get(ufw.DEFAULTS, "")), *map(_ufw_allow, ports))
        return Fix(steps6, Applicability.REVIEW if opens_more else Applicability.AUTOMATIC)
    steps: dict[Command, None] = {}
    for blockage in blockages:
        rules = ufw_state.rules6 if blockage.family == 6 else ufw_state.rules
        steps |= dict.fromkeys(_ufw_allow_commands(rules, blockage.port, ports))
    return Fix(tuple(steps))


def _ipv6_steps(text: str) -> tuple[Step, ...]:
    """Make ufw manage IPv6 as well."""
    after = re.sub(r"^([ \t]*IPV6=)\S+", r"\1yes", text, flags=re.MULTILINE)
    reload = firewall_commands.reload_ufw()
    change = diff(ufw.DEFAULTS, text, after)
    return (Edit(ufw.DEFAULTS, change), reload) if change else ()


def _ufw_allow_commands(
    rules: tuple[ufw.UfwRule, ...], port: int, ports: tuple[int, ...]
) -> list[Command]:
    """Delete the rules that stop everybody, and allow the port if no later rule does.

    A rule that also stops other ports stays; the port is allowed before it.
    """
    steps = []
    remaining_rules = list(rules)
    while (rule := ufw.deciding_rule(remaining_rules, port)) and rule.action in {"deny", "reject"}:
        if not set(rule.ports.split(",")) <= {str(allowed_port) for allowed_port in ports}:
            return [_ufw_allow(port, "prepend")]
        position = str(rules.index(rule) + 1)
        words = rule.arguments()
        undo = ("insert", position, *words)
        steps.append(firewall_commands.ufw(("delete", *words), undo, _ufw_removal_risk(rule)))
        remaining_rules.remove(rule)
    if rule is None or rule.action == "limit":
        steps.append(_ufw_allow(port))
    return steps


def _ufw_allow(port: int, *position: str) -> Command:
    rule = ("allow", f"{port}/tcp")
    return firewall_commands.ufw((*position, *rule), ("delete", *rule), Risk.OPENS_TO_ALL)


def _ufw_removal_risk(rule: ufw.UfwRule) -> Risk:
    """Return whom the removal of a rule lets in."""
    return Risk.OPENS_TO_ALL if rule.source in ufw.ANY else Risk.OPENS_TO_SOME
