"""Packets that are redirected into a container or to another machine pass the forward chains, not
the input chains. A port that is open on the server itself may still be closed there (ufw(8),
"route"; Docker's chain DOCKER-USER)."""

from collections.abc import Iterator

from checks.firewall import EXPLAINS, _restricted_ports
from checks.firewall._firewalld import firewalld_view
from checks.firewall._firewalld_fixes import firewall_cmd
from checks.firewall._nat import DnatTarget, dnat_targets
from checks.firewall._netfilter import NetfilterView, netfilter_view
from diagnose.checking.registry import check
from diagnose.model import (
    Applicability,
    Claim,
    Command,
    Evidence,
    Fix,
    Manual,
    Risk,
    Severity,
    Subject,
    Where,
    commands,
    endpoints,
)
from diagnose.model.addresses import family_of
from diagnose.model.netfilter import Ruleset
from diagnose.parsers.netfilter import owners, remedies
from diagnose.parsers.netfilter.owners import Owner
from diagnose.parsers.netfilter.remedies import Opening
from diagnose.parsers.netfilter.ruleset import RulePosition


@check(
    severity=Severity.ERROR,
    needs=[Ruleset],
    explains=(*EXPLAINS, "listener.missing", "tls.stalled"),
)
def forward_blocks(evidence: Evidence) -> Iterator[Claim]:
    view = netfilter_view(evidence)
    groups: dict[tuple[object, ...], list[tuple[DnatTarget, RulePosition]]] = {}
    for dnat_target in dnat_targets(evidence, evidence.target.port):
        is_blocked = (
            dnat_target.decision.verdict in {"reject", "drop"}
            and dnat_target.decision.packet == "syn"
        )
        place = (
            view.ruleset.position_of(dnat_target.decision)
            if is_blocked and dnat_target.decision.forwarded
            else None
        )
        judged_source = view.decide_for_visitor(view.ruleset.rules, dnat_target.packet)[1].source
        if place is not None and not judged_source:
            groups.setdefault((place.key, dnat_target.destination), []).append((dnat_target, place))
    for group in groups.values():
        yield _claim(evidence, view, group)


def _claim(
    evidence: Evidence, view: NetfilterView, group: list[tuple[DnatTarget, RulePosition]]
) -> Claim:
    dnat_target, place = group[0]
    port, owner = evidence.target.port, owners.owner(place)
    source_rules = _restricted_ports.restrictions(evidence, (port, dnat_target.destination[1]))
    fix = _fix(view, dnat_target, place, owner)
    if source_rules and _restricted_ports.is_automatic(fix):
        narrow_fix = _fix(view, dnat_target, place, owner, _restricted_ports.PLACEHOLDER)
        fix = _restricted_ports.question(narrow_fix.steps, fix)
    chain_text = f"{place.table.family} {place.table.name} {place.chain.name}"
    return Claim(
        about=Subject(port=port, text=f"{place.program} {chain_text}, {port}/tcp"),
        covers=endpoints((dnat_target.address for dnat_target, _ in group), port),
        because=view.because,
        facts={
            "port": f"{port}/tcp",
            "to": dnat_target.decision.to,
            "where": chain_text,
            "rule": place.text,
            "program": place.program,
            "drops": dnat_target.decision.verdict == "drop",
            "owner": "" if owner == "hand" else owner,
            "file": view.rules_file_path(place),
            "strict": owner == "firewalld",
            "files": tuple(filter(None, [view.rules_file_path(place)])),
            "restricted": _restricted_ports.quoted_rules(source_rules),
        },
        fix=fix,
    )


def _fix(
    view: NetfilterView,
    dnat_target: DnatTarget,
    place: RulePosition,
    owner: Owner,
    visitor: str = "",
) -> Fix:
    """Open the port with the program that made the rule.

    In the forward chain the packet already has the inner address and port. The same port of other
    machines behind this one stays closed.
    """
    address, target_port = dnat_target.destination
    if owner == "ufw":
        source = visitor or "any"
        rule = ("allow", "proto", "tcp", "from", source, "to", address, "port", str(target_port))
        risk = Risk.OPENS_TO_SOME if visitor else Risk.OPENS_TO_ALL
        return Fix((commands.ufw(("route", *rule), ("route", "delete", *rule), risk),))
    if owner == "hand" or place.chain.name == "DOCKER-USER":
        family = family_of(address)
        opening = Opening((target_port,), visitor=visitor, server=address, family=family)
        return Fix(remedies.opening_steps(place, opening, {} if visitor else view.files))
    if owner == "firewalld" and (steps := _forward_port_commands(view.evidence, dnat_target)):
        # The rule does not block what the server itself sends, so a test from the server proves
        # nothing.
        return Fix(steps, Applicability.REVIEW)
    step = "strict" if owner == "firewalld" else "in-its-own-settings"
    return Fix((Manual(step, Where.SERVER),), Applicability.MANUAL)


def _forward_port_commands(evidence: Evidence, dnat_target: DnatTarget) -> tuple[Command, ...]:
    """Let firewalld forward this port; all others stay closed. firewalld accepts what it forwards
    itself (firewalld.conf(5), StrictForwardPorts)."""
    firewalld, port = firewalld_view(evidence), evidence.target.port
    zone = firewalld.entry_zone(port, dnat_target.address)
    if not zone or ":" in dnat_target.destination[0]:
        return ()
    address, to_port = dnat_target.destination
    forward = f"port={port}:proto=tcp:toport={to_port}:toaddr={address}"
    return tuple(
        firewall_cmd(
            mode,
            f"--zone={zone}",
            (f"--add-forward-port={forward}",),
            (f"--remove-forward-port={forward}",),
        )
        for mode in ("", "--permanent")
    )
