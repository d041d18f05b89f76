"""The port is open to some addresses and not to others: it is open to named networks only, or the
client's own address is among those that are shut out, as fail2ban does it. Whether that is meant
the rules do not say; where the client that looks gets in, it is taken to be."""

from collections.abc import Iterator
from dataclasses import replace

from checks.firewall import _rich_rule_allowlist
from checks.firewall._netfilter import EXPLAINS, Blocked, Seen, blocked, let_through, seen_of
from checks.firewall._netfilter_claims import asking, claim
from checks.firewall._netfilter_fixes import opening
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

#: So many networks are named.
SHOWN = 6


@check(severity=Severity.ERROR, needs=[Interface], explains=EXPLAINS)
def source_restricted(evidence: Evidence) -> Iterator[Claim]:
    seen = seen_of(evidence)
    for found in blocked(seen, "source-restricted"):
        yield _banned(seen, found) if found[0].source else _reserved(seen, found)
    yield from _rich_rule_allowlist.by_firewalld(evidence)


def _reserved(seen: Seen, found: tuple[Blocked, ...]) -> Claim:
    sources = tuple(dict.fromkeys(source for one in found for source in one.sources))
    fix = asking(seen, found, opening(seen, found))
    meant = bool(let_through(seen, found))
    made = claim(
        seen,
        found,
        fix,
        client="",
        jail="",
        sources=sources[:SHOWN],
        more=len(sources) - SHOWN + sum(one.more for one in found) if len(sources) > SHOWN else 0,
        meant=meant,
    )
    return replace(
        made,
        confidence=Confidence.POSSIBLE if meant else Confidence.LIKELY,
        severity=Severity.NOTE if meant else made.severity,
    )


def _banned(seen: Seen, found: tuple[Blocked, ...]) -> Claim:
    one = found[0]
    return claim(
        seen,
        found,
        _unban(one),
        client=one.source,
        jail=owners.jail(one.place) if one.owner == "fail2ban" else "",
        sources=(),
        more=0,
        meant=False,
    )


def _unban(one: Blocked) -> Fix:
    """In the words of whoever shut it out."""
    jail = owners.jail(one.place)
    match one.owner:
        case "fail2ban" if jail:
            words = ("fail2ban-client", "set", jail)
            again = (*words, "banip", one.source)
            return _review(Command((*words, "unbanip", one.source), undo=again))
        case "crowdsec":
            return _review(Command(("cscli", "decisions", "delete", "--ip", one.source)))
        case "hand":
            if listed := _listed(one):
                return _review(listed)
    return Fix((Manual("let-it-in", Where.SERVER),), Applicability.MANUAL)


def _review(command: Command) -> Fix:
    return Fix((command,), Applicability.REVIEW)


def _listed(one: Blocked) -> Command | None:
    """The address goes out of the set that the rule asks, if it stands there by itself."""
    place = one.place
    for step in place.rule.steps if place.rule else ():
        if not isinstance(step, Match) or not isinstance(step.values, str):
            continue
        if len(step.keys) == 1 and step.keys[0].endswith("saddr") and step.op == "==":
            if place.program != "nft":
                words = ("ipset", "del", step.values, one.source)
                return Command(words, undo=("ipset", "add", step.values, one.source))
            at = (place.table.family, place.table.name, step.values)
            element = f"{{ {one.source} }}"
            undo = ("nft", "add", "element", *at, element)
            return Command(("nft", "delete", "element", *at, element), undo=undo)
    return None
