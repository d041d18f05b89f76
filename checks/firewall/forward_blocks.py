"""Packets that are redirected into a container or to another machine pass the forward chains, not
the input chains. A port that is open on the server itself may still be closed there (ufw(8),
"route"; Docker's chain DOCKER-USER)."""

from collections.abc import Iterator
from dataclasses import replace

from checks.firewall import EXPLAINS, _restricted_ports
from checks.firewall._firewalld import firewalld_view
from checks.firewall._firewalld_fixes import firewall_cmd
from checks.firewall._inner_question import inner_question
from checks.firewall._nat import DnatTarget, dnat_targets
from checks.firewall._netfilter import NetfilterView, netfilter_view
from checks.firewall._netfilter_fixes import patched_files
from checks.listener._inner_ports import inner_port
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
    Step,
    Subject,
    Where,
    endpoints,
    firewall_commands,
)
from diagnose.model.addresses import family_of, is_within
from diagnose.model.netfilter import Ruleset
from diagnose.parsers.netfilter import decide, owners, remedies
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
    inner = inner_port(evidence, (port,))
    if (source_rules or inner) and _restricted_ports.is_automatic(fix):
        narrow_fix = _fix(view, dnat_target, place, owner, _restricted_ports.PLACEHOLDER)
        fix = inner_question(inner, _restricted_ports.question(narrow_fix.steps, fix))
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
            "strict": _is_strict(owner, place),
            "device": next(
                (
                    nic.name
                    for nic in view.nics
                    if is_within(dnat_target.destination[0], nic.networks)
                ),
                "",
            ),
            "files": tuple(filter(None, [view.rules_file_path(place)])),
            "restricted": _restricted_ports.quoted_rules(source_rules),
            **(inner.facts if inner else {}),
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
        return Fix((firewall_commands.ufw(("route", *rule), ("route", "delete", *rule), risk),))
    if owner == "hand" or place.chain.name == "DOCKER-USER":
        return Fix(_both_ways(view, dnat_target, place, visitor))
    is_strict = _is_strict(owner, place)
    if is_strict and (steps := _forward_port_commands(view.evidence, dnat_target)):
        # The rule does not block what the server itself sends, so a test from the server proves
        # nothing.
        return Fix(steps, Applicability.REVIEW)
    zone_step = "strict" if is_strict else "zone-of-the-bridge"
    step = zone_step if owner == "firewalld" else "in-its-own-settings"
    return Fix((Manual(step, Where.SERVER),), Applicability.MANUAL)


def _is_strict(owner: Owner, place: RulePosition) -> bool:
    """Whether StrictForwardPorts=yes rejects it: firewalld then has a chain of its own for what
    other programs forward. Older releases reject that in the chain for all traffic."""
    return owner == "firewalld" and place.chain.name.endswith("_dnat")


def _both_ways(
    view: NetfilterView, dnat_target: DnatTarget, place: RulePosition, visitor: str
) -> tuple[Step, ...]:
    """Open the port before the rule, and for the replies too where the same chain drops them: it
    may know no rule for established connections."""
    address, port = dnat_target.destination
    files = {} if visitor else view.files
    opening = Opening((port,), visitor=visitor, server=address, family=family_of(address))
    steps = remedies.opening_steps(place, opening, files)
    opened_decision = decide(view.ruleset.with_open_port(place, port), dnat_target.packet)
    is_same_chain = (opened_decision.family, opened_decision.table, opened_decision.chain) == (
        place.table.family, place.table.name, place.chain.name
    )  # fmt: skip
    if (
        opened_decision.packet != "reply"
        or opened_decision.verdict not in {"reject", "drop"}
        or not is_same_chain
    ):
        return steps
    patched = {**files, **patched_files(files, steps)}
    return steps + remedies.opening_steps(place, replace(opening, replies=True), patched)


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
