"""Commands that open ports past firewalld's direct rules (firewalld.direct(5)).

firewalld passes direct rules to iptables unchanged and writes them again at every reload. So they
are changed with firewall-cmd, not with iptables.
"""

from collections.abc import Iterable

from checks.firewall._firewalld import firewalld_view
from checks.firewall._netfilter import Blockage
from diagnose.model import Command, Evidence, Risk, firewall_commands
from diagnose.parsers.netfilter.iptables import split_words
from diagnose.parsers.netfilter.ruleset import RulePosition


def opening_commands(
    evidence: Evidence, blockages: tuple[Blockage, ...], visitor: str = ""
) -> tuple[Command, ...]:
    """Return the commands that open the ports if direct rules block them, in the running and the
    permanent configuration.

    They open the ports to everybody, or to `visitor` only. Empty if another kind of rule blocks.
    """
    daemon = firewalld_view(evidence).daemon
    if daemon is None:
        return ()
    rules_by_mode = (("", daemon.direct), ("--permanent", daemon.permanent_direct))
    steps: dict[Command, None] = {}
    for blockage in blockages:
        direct_rule = _direct_rule_of(blockage.place, (*daemon.direct, *daemon.permanent_direct))
        if not direct_rule:
            return ()
        commands = [
            _rule_command(mode, direct_rule, blockage.port, visitor)
            for mode, rules in rules_by_mode
            if direct_rule in rules
        ]
        steps |= dict.fromkeys(commands)
    return tuple(steps)


def _direct_rule_of(place: RulePosition, direct_rules: tuple[str, ...]) -> str:
    """Return the direct rule from which this rule was made; "" if there is none."""
    family = {"iptables": "ipv4", "ip6tables": "ipv6"}.get(place.program.removesuffix("-legacy"))
    if place.chain.name not in {"INPUT", "INPUT_direct"} or not family or not place.rule:
        return ""
    expected = _normalize_arguments(split_words(place.text)[2:])
    for rule in direct_rules:
        rule_family, _, _, _, *arguments = rule.split() + [""] * 4
        if (
            rule_family == family
            and _normalize_arguments([argument for argument in arguments if argument]) == expected
        ):
            return rule
    return ""


def _normalize_arguments(arguments: list[str] | tuple[str, ...]) -> list[str]:
    """Return the arguments without what iptables-save adds or writes differently."""
    text = " ".join(arguments).replace("-m tcp ", "").replace("/32", "").replace("/128", "")
    return sorted(text.replace("--jump ", "-j ").replace("--protocol ", "-p ").split())


def _rule_command(mode: str, rule: str, port: int, visitor: str = "") -> Command:
    """Remove a rule about this port only; put an exception before a rule about more ports."""
    family, table, chain, priority, *arguments = rule.split()
    head = (*[mode] * bool(mode), "--direct")
    chain_path = (family, table, chain)
    if not visitor and f" --dport {port} " in f" {' '.join(arguments)} ":
        rule_arguments = (*chain_path, priority, *arguments)
        return firewall_commands.firewall_cmd(
            (*head, "--remove-rule", *rule_arguments),
            undo=(*head, "--add-rule", *rule_arguments),
            risk=_risk(arguments),
        )
    source = ("-s", visitor) if visitor else ()
    exception_rule = (
        *chain_path,
        str(int(priority) - 1),
        *source,
        "-p",
        "tcp",
        "--dport",
        str(port),
        "-j",
        "ACCEPT",
    )
    return firewall_commands.firewall_cmd(
        (*head, "--add-rule", *exception_rule),
        undo=(*head, "--remove-rule", *exception_rule),
        risk=_risk(exception_rule),
    )


def _risk(rule: Iterable[str]) -> Risk:
    """Return whom the removal or the addition of a rule lets in: everybody unless it names a
    source (iptables(8), iptables-extensions(8) "set")."""
    names_source = not {"-s", "--match-set"}.isdisjoint(rule)
    return Risk.OPENS_TO_SOME if names_source else Risk.OPENS_TO_ALL
