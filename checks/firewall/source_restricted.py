"""The port is open to some addresses and closed to others: only named networks may connect, or the
client's own address is blocked, for example by fail2ban.

The rules do not say whether that is intended. If the client that runs the checks gets in, it is
taken as intended.
"""

from collections.abc import Iterator
from dataclasses import replace

from checks.firewall import _rich_rule_allowlist, _unban
from checks.firewall._blockages import EXPLAINS, admitted_connections, blockage_groups
from checks.firewall._netfilter import Blockage, NetfilterView, netfilter_view
from checks.firewall._netfilter_claims import claim, opening_question
from checks.firewall._netfilter_fixes import opening_fix
from diagnose.checking.registry import check
from diagnose.model import (
    Claim,
    Confidence,
    Evidence,
    Severity,
)
from diagnose.model.server import Interface
from diagnose.parsers.netfilter import owners

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
        _unban.unban_fix(view, blockages),
        client=blockage.source,
        jail=owners.jail(blockage.place) if blockage.owner == "fail2ban" else "",
        sources=(),
        more=0,
        meant=False,
    )
