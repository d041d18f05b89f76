"""Claims of the netfilter checks: which rule blocks, which program made it, and which file it comes
from."""

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from checks.firewall import _restricted_ports
from checks.firewall._blockages import blocking_places, contradicting_connections
from checks.firewall._inner_question import inner_question
from checks.firewall._kernel_drops import drop_text, netfilter_drops
from checks.firewall._listening import NOTHING_LISTENS, nothing_listens
from checks.firewall._netfilter import Blockage, NetfilterView
from checks.firewall._netfilter_fixes import allow_steps
from checks.firewall._other_ways import has_other_way
from checks.firewall._visitors import endpoint_texts, failed_client
from checks.listener._inner_ports import inner_port
from diagnose.model import Applicability, Claim, Confidence, Fix, Observation, Severity, Subject
from diagnose.model.tcp import Connection
from diagnose.parsers.netfilter.ruleset import RulePosition, accepts


def claim(
    view: NetfilterView,
    blockages: tuple[Blockage, ...],
    fix: Fix | None,
    *,
    replies: bool = False,
    **extra_facts: object,
) -> Claim:
    """Make the claim that these rules block the ports. If rules name sources, the fix becomes a
    question."""
    contradictions = contradicting_connections(view, blockages)
    ports = tuple(dict.fromkeys(blockage.port for blockage in blockages))
    drops = netfilter_drops(view.evidence, ports)
    source_rules = _restricted_ports.restrictions(view.evidence, ports)
    inner = inner_port(view.evidence, ports)
    if _restricted_ports.is_automatic(fix) and nothing_listens(view.evidence, ports):
        fix = NOTHING_LISTENS
    elif fix and (source_rules or inner) and _restricted_ports.is_automatic(fix):
        fix = inner_question(inner, opening_question(view, blockages, fix, replies=replies))
    elif fix and _restricted_ports.is_automatic(fix) and has_other_way(view.evidence):
        # Nobody knows whether visitors are to come past the CDN or the tunnel.
        fix = replace(fix, applicability=Applicability.REVIEW)
    subjects = {
        Subject(address=blockage.address or None, port=blockage.port) for blockage in blockages
    }
    return Claim(
        about=subject_of(blockages),
        covers=tuple(sorted(subjects, key=str)),
        because=(*view.because, *_failed_connections(view, blockages), *drops, *contradictions),
        facts={
            **facts(view, blockages),
            "kernel": drop_text(drops),
            "contradiction": endpoint_texts(contradictions),
            "restricted": _restricted_ports.quoted_rules(source_rules),
            **(inner.facts if inner else {}),
            **extra_facts,
        },
        confidence=Confidence.POSSIBLE if contradictions else Confidence.CERTAIN,
        severity=Severity.NOTE
        if contradictions
        else Severity.WARNING
        if inner
        else severity(view, blockages),
        fix=fix,
    )


def opening_question(
    view: NetfilterView, blockages: tuple[Blockage, ...], wide_fix: Fix, *, replies: bool = False
) -> Fix:
    """Return a fix that asks whether to let in one visitor or everybody."""
    ports = {blockage.port for blockage in blockages}
    families = {blockage.family for blockage in blockages}
    visitor = blockages[0].source or failed_client(view.evidence, ports, families)
    narrow_steps = allow_steps(
        view, blockages, visitor or _restricted_ports.PLACEHOLDER, replies=replies
    )
    return _restricted_ports.question(narrow_steps, wide_fix, visitor)


def severity(view: NetfilterView, blockages: tuple[Blockage, ...]) -> Severity:
    """Return an error; a warning if only the redirect is blocked or if another address of the site
    is open."""
    target = view.evidence.target.port
    blocked_addresses = {blockage.address for blockage in blockages if blockage.port == target}
    open_addresses = {address for address, _ in view.packets(target)} - blocked_addresses
    return Severity.ERROR if blocked_addresses and not open_addresses else Severity.WARNING


def subject_of(blockages: tuple[Blockage, ...]) -> Subject:
    place = blockages[0].place
    ports = tuple(dict.fromkeys(blockage.port for blockage in blockages))
    names = ", ".join(f"{port}/tcp" for port in ports)
    text = f"{place.program} {place.table.family} {place.table.name} {place.chain.name}, {names}"
    return Subject(port=ports[0] if len(ports) == 1 else None, text=text)


def facts(view: NetfilterView, blockages: tuple[Blockage, ...]) -> dict[str, Any]:
    """Return the facts that all texts about rules use: the first rule that blocks, and all ports.
    `family` is "" unless only one of the target's IP versions is blocked."""
    first_blockage = blockages[0]
    places = blocking_places(blockages)
    ports = tuple(dict.fromkeys(blockage.port for blockage in blockages))
    files = tuple(dict.fromkeys(path for place in places if (path := view.rules_file_path(place))))
    families = {blockage.family for blockage in blockages}
    address_families = {":" in packet.destination for _, packet in view.packets(ports[0])}
    return {
        "port": f"{ports[0]}/tcp",
        "ports": tuple(f"{port}/tcp" for port in ports),
        "table": f"{first_blockage.place.table.family} {first_blockage.place.table.name}",
        "chain": first_blockage.place.chain.name,
        "hook": first_blockage.decision.hook,
        "rule": first_blockage.place.text,
        "behind": _later_accept_rule(first_blockage),
        "rules": tuple(_place_text(place) for place in places),
        "several": len(places) > 1,
        "iptables": first_blockage.place.program != "nft",
        "legacy": first_blockage.place.program.endswith("-legacy"),
        "program": first_blockage.place.program,
        "drops": first_blockage.decision.verdict == "drop",
        "how": first_blockage.decision.how,
        "owner": "" if first_blockage.owner == "hand" else first_blockage.owner,
        "files": files,
        "family": f"IPv{families.pop()}" if len(families) == 1 < len(address_families) else "",
        "show": _list_command(first_blockage.place),
    }


def _later_accept_rule(blockage: Blockage) -> str:
    """Return a later rule of the same chain that would accept the port; "" if none."""
    rules = blockage.place.chain.rules
    position = rules.index(blockage.place.rule) if blockage.place.rule else len(rules)
    return next((rule.text for rule in rules[position + 1 :] if accepts(rule, blockage.port)), "")


def _place_text(place: RulePosition) -> str:
    if place.program == "nft":
        chain_text = f"{place.table.family} {place.table.name} {place.chain.name}"
        return f"`{chain_text}: {place.text or 'policy drop'}`"
    table = "" if place.table.name == "filter" else f" -t {place.table.name}"
    return f"`{place.program}{table} {place.text or f'-P {place.chain.name} DROP'}`"


def _list_command(place: RulePosition) -> str:
    if place.program == "nft":
        return f"nft -a list chain {place.table.family} {place.table.name} {place.chain.name}"
    table = "" if place.table.name == "filter" else f" -t {place.table.name}"
    return f"{place.program}{table} -nvL {place.chain.name} --line-numbers"


def _failed_connections(view: NetfilterView, blockages: Iterable[Blockage]) -> list[Observation]:
    endpoints = {(blockage.address, blockage.port) for blockage in blockages}
    return [
        connection
        for connection in view.evidence.of(Connection)
        if connection.failure
        and {(connection.address, connection.port), ("", connection.port)} & endpoints
    ]
