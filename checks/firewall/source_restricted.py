"""The port is open to some addresses and closed to others: only named networks may connect, or the
client's own address is blocked, for example by fail2ban.

The rules do not say whether that is intended. If the client that runs the checks gets in, it is
taken as intended.
"""

from collections.abc import Iterator
from dataclasses import replace

from checks.firewall import _rich_rule_allowlist
from checks.firewall._blockages import EXPLAINS, admitted_connections, blockage_groups
from checks.firewall._netfilter import Blockage, NetfilterView, netfilter_view
from checks.firewall._netfilter_claims import claim, opening_question
from checks.firewall._netfilter_fixes import opening_fix
from diagnose.checking.registry import check
from diagnose.model import (
    Applicability,
    Claim,
    Command,
    Confidence,
    Evidence,
    Fix,
    Manual,
    Severity,
    Where,
)
from diagnose.model.server import Interface
from diagnose.parsers.netfilter import owners
from diagnose.parsers.netfilter.rules import Match

#: How many networks are shown.
SHOWN = 6


@check(severity=Severity.ERROR, needs=[Interface], explains=EXPLAINS)
def source_restricted(evidence: Evidence) -> Iterator[Claim]:
    view = netfilter_view(evidence)
    for blockages in blockage_groups(view, "source-restricted"):
        yield (
            _ban_claim(view, blockages)
            if blockages[0].source
            else _allowlist_claim(view, blockages)
        )
    yield from _rich_rule_allowlist.allowlist_claims(evidence)


def _allowlist_claim(view: NetfilterView, blockages: tuple[Blockage, ...]) -> Claim:
    sources = tuple(
        dict.fromkeys(source for blockage in blockages for source in blockage.allowed_sources)
    )
    fix = opening_question(view, blockages, opening_fix(view, blockages))
    is_intended = bool(admitted_connections(view, blockages))
    base_claim = claim(
        view,
        blockages,
        fix,
        client="",
        jail="",
        sources=sources[:SHOWN],
        more=len(sources) - SHOWN + sum(blockage.more_sources for blockage in blockages)
        if len(sources) > SHOWN
        else 0,
        meant=is_intended,
    )
    return replace(
        base_claim,
        confidence=Confidence.POSSIBLE if is_intended else Confidence.LIKELY,
        severity=Severity.NOTE if is_intended else base_claim.severity,
    )


def _ban_claim(view: NetfilterView, blockages: tuple[Blockage, ...]) -> Claim:
    blockage = blockages[0]
    return claim(
        view,
        blockages,
        _unban_fix(blockage),
        client=blockage.source,
        jail=owners.jail(blockage.place) if blockage.owner == "fail2ban" else "",
        sources=(),
        more=0,
        meant=False,
    )


def _unban_fix(blockage: Blockage) -> Fix:
    """Let the address in with the program that blocked it."""
    jail = owners.jail(blockage.place)
    match blockage.owner:
        case "fail2ban" if jail:
            words = ("fail2ban-client", "set", jail)
            ban_command = (*words, "banip", blockage.source)
            return _review_fix(Command((*words, "unbanip", blockage.source), undo=ban_command))
        case "crowdsec":
            return _review_fix(Command(("cscli", "decisions", "delete", "--ip", blockage.source)))
        case "hand":
            if delete_command := _set_delete_command(blockage):
                return _review_fix(delete_command)
    return Fix((Manual("let-it-in", Where.SERVER),), Applicability.MANUAL)


def _review_fix(command: Command) -> Fix:
    return Fix((command,), Applicability.REVIEW)


def _set_delete_command(blockage: Blockage) -> Command | None:
    """Remove the address from the set that the rule uses, if the set holds it as a single
    address."""
    place = blockage.place
    for step in place.rule.steps if place.rule else ():
        if not isinstance(step, Match) or not isinstance(step.values, str):
            continue
        if len(step.keys) == 1 and step.keys[0].endswith("saddr") and step.op == "==":
            if place.program != "nft":
                words = ("ipset", "del", step.values, blockage.source)
                return Command(words, undo=("ipset", "add", step.values, blockage.source))
            set_path = (place.table.family, place.table.name, step.values)
            element = f"{{ {blockage.source} }}"
            undo = ("nft", "add", "element", *set_path, element)
            return Command(("nft", "delete", "element", *set_path, element), undo=undo)
    return None
