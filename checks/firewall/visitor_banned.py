"""A packet filter rule blocks one visitor while it lets strangers in: a ban by fail2ban or
CrowdSec, a set of addresses, or a rule written by hand.

It is a fault for the visitor of this run (`--from`) and for the address of a person who is logged
in to the server over SSH. Otherwise a note lists the blocked addresses.
"""

from collections.abc import Iterator

from checks.firewall import _unban
from checks.firewall._blockages import EXPLAINS, blockage_groups
from checks.firewall._netfilter import Blockage, NetfilterView, netfilter_view
from checks.firewall._netfilter_claims import claim
from checks.firewall._shut_out import shut_out
from diagnose.checking.registry import check
from diagnose.model import Claim, Evidence, Severity, Subject
from diagnose.model.netfilter import Ruleset
from diagnose.model.visitor import ClosedRoute, ClosedRoutes, Jails
from diagnose.parsers.linux.bans import network

#: How many addresses are shown.
SHOWN = 5


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
    return claim(
        view,
        blockages,
        _unban.unban_fix(view, blockages),
        visitor=blockage.source,
        asked=bool(view.visitor),
        jails=jails,
        way_back=blockage.decision.packet == "reply",
        banned=(),
        makers=(),
        count=0,
    )


# Runs without a visitor


def _ban_notes(view: NetfilterView) -> Iterator[Claim]:
    """Note which addresses are blocked from the target's port, and by which program."""
    port = view.evidence.target.port
    count_by_owner, banned_addresses = shut_out(view, port)
    for route in _single_address_routes(view):
        name = f"ip route ({route.kind})"
        count_by_owner[name] = count_by_owner.get(name, 0) + 1
        banned_addresses.append(route.network)
    if not banned_addresses:
        return
    shown_addresses = tuple(dict.fromkeys(banned_addresses))[:SHOWN]
    count = sum(count_by_owner.values())
    yield Claim(
        about=Subject(port=port, text=f"{port}/tcp, addresses that are shut out"),
        because=(
            *view.because,
            *view.evidence.good(Jails),
            *view.evidence.good(ClosedRoutes),
        ),
        severity=Severity.NOTE,
        facts={
            "ports": (f"{port}/tcp",),
            "banned": (*shown_addresses, f"+{count - len(shown_addresses)}")
            if count > len(shown_addresses)
            else shown_addresses,
            "count": count,
            "makers": tuple(f"{name}: {number}" for name, number in count_by_owner.items()),
            "visitor": "",
            "show": "nft list ruleset",
        },
    )


def _single_address_routes(view: NetfilterView) -> list[ClosedRoute]:
    """Return the blackhole routes for a single address. A network without a route may be unused."""
    routes = (
        route for route_list in view.evidence.good(ClosedRoutes) for route in route_list.routes
    )
    route_networks = ((route, network(route.network)) for route in routes)
    return [route for route, subnet in route_networks if subnet and subnet.num_addresses == 1]
