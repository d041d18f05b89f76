"""A packet filter rule blocks one visitor while it lets strangers in: a ban by fail2ban or
CrowdSec, a set of addresses, or a rule written by hand.

It is a fault for the visitor of this run (`--from`) and for the address of a person who is logged
in to the server over SSH, and a likely one for a visitor whom a message names. It is probably one
for a person who says that the site fails for them alone, if few addresses are blocked. Otherwise a
note lists the blocked addresses.
"""

import shlex
from collections.abc import Iterator
from dataclasses import replace

from checks.firewall import _unban
from checks.firewall._blockages import EXPLAINS, blockage_groups
from checks.firewall._netfilter import Blockage, NetfilterView, netfilter_view
from checks.firewall._netfilter_claims import claim
from checks.firewall._shut_out import shut_out
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
    Subject,
    Where,
)
from diagnose.model.netfilter import Ruleset
from diagnose.model.visitor import ClosedRoute, ClosedRoutes, Jails
from diagnose.parsers.linux.bans import network

#: How many addresses are shown.
SHOWN = 5
#: Of more blocked addresses than these, a visitor's own is one by chance: a list of the world's
#: scanners.
_FEW = 20


@check(severity=Severity.ERROR, needs=[Ruleset], explains=EXPLAINS)
def visitor_banned(evidence: Evidence) -> Iterator[Claim]:
    view, any_banned = netfilter_view(evidence), False
    for blockages in blockage_groups(view, "visitor-banned"):
        any_banned = True
        yield _ban_claim(view, blockages)
    if not (any_banned or view.visitor):
        yield from _ban_notes(view)


def _ban_claim(view: NetfilterView, blockages: tuple[Blockage, ...]) -> Claim:
    blockage = blockages[0]
    jails = _unban.banning_jails(view, blockage) if blockage.owner == "fail2ban" else ()
    is_named = blockage.source in view.told_visitors
    ban = claim(
        view,
        blockages,
        _unban.unban_fix(view, blockages),
        visitor=blockage.source,
        asked=bool(view.visitor),
        named=is_named,
        jails=jails,
        way_back=blockage.decision.packet == "reply",
        banned=(),
        makers=(),
        fail2ban=False,
        crowdsec=False,
        count=0,
    )
    if not is_named or ban.severity is Severity.NOTE:
        return ban
    # Who is kept out may be meant.
    return replace(ban, severity=Severity.WARNING, confidence=Confidence.LIKELY, is_reported=True)


# Runs without a visitor


def _ban_notes(view: NetfilterView) -> Iterator[Claim]:
    """Note which addresses are blocked from the target's port, and by which program. It is a
    finding if a person says that the site fails for them alone."""
    port = view.evidence.target.port
    count_by_owner, banned_addresses = shut_out(view, port)
    for route in _single_address_routes(view):
        name = f"ip route ({route.kind})"
        count_by_owner[name] = count_by_owner.get(name, 0) + 1
        banned_addresses.append(route.network)
    if not banned_addresses:
        return
    addresses = tuple(dict.fromkeys(banned_addresses))
    shown_addresses = addresses[:SHOWN]
    count = sum(count_by_owner.values())
    steps = _unban_commands(view, shown_addresses)
    commands = tuple(shlex.join(step.argv) for step in steps)
    is_told = bool(commands) and count <= _FEW and _is_told(view)
    yield Claim(
        about=Subject(port=port, text=f"{port}/tcp, addresses that are shut out"),
        because=(
            *view.because,
            *view.evidence.good(Jails),
            *view.evidence.good(ClosedRoutes),
        ),
        severity=Severity.WARNING if is_told else Severity.NOTE,
        confidence=Confidence.LIKELY if is_told else Confidence.CERTAIN,
        facts={
            "ports": (f"{port}/tcp",),
            "banned": (*shown_addresses, f"+{count - len(shown_addresses)}")
            if count > len(shown_addresses)
            else shown_addresses,
            "single": count == 1,
            "count": count,
            "makers": tuple(f"{name}: {number}" for name, number in count_by_owner.items()),
            "programs": tuple(count_by_owner),
            "fail2ban": any(name.startswith("fail2ban") for name in count_by_owner),
            "crowdsec": "crowdsec" in count_by_owner,
            "visitor": "",
            "named": False,
            "show": "nft list ruleset",
            "told": is_told,
            "commands": commands,
        },
        # Of one address alone there is nothing to choose.
        fix=Fix(
            (Manual("lift-own", Where.SERVER, commands=steps if count == 1 else ()),),
            Applicability.MANUAL,
        )
        if is_told
        else None,
    )


def _is_told(view: NetfilterView) -> bool:
    """Return whether the pasted words say that the site fails for one person alone. Who is logged
    in over SSH, and is not banned, may be another person: nothing is said then."""
    symptom = view.evidence.target.symptom
    if symptom is None or view.known_visitors:
        return False
    # Imported late: most runs have no message.
    from diagnose.parsers.lone_visitor import tells_lone_visitor

    return tells_lone_visitor(symptom.text)


def _unban_commands(view: NetfilterView, addresses: tuple[str, ...]) -> tuple[Command, ...]:
    """Return the command that lets in each of these addresses, as far as it is known. A person
    runs the one for the own address."""
    port = view.evidence.target.port
    singles = (
        text for text in addresses if (subnet := network(text)) and subnet.num_addresses == 1
    )
    bans: dict[Command, None] = {}
    for address in singles:
        blockages = view.blockages(port, address.partition("/")[0])
        steps = _unban.unban_fix(view, blockages).steps if blockages else ()
        bans |= dict.fromkeys(step for step in steps if isinstance(step, Command))
    return tuple(bans)


def _single_address_routes(view: NetfilterView) -> list[ClosedRoute]:
    """Return the blackhole routes for a single address. A network without a route may be unused."""
    routes = (
        route for route_list in view.evidence.good(ClosedRoutes) for route in route_list.routes
    )
    route_networks = ((route, network(route.network)) for route in routes)
    return [route for route, subnet in route_networks if subnet and subnet.num_addresses == 1]
