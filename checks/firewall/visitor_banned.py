"""A rule of the packet filter shuts out one visitor while it lets strangers in: fail2ban,
CrowdSec, a set, a rule by hand. It is a fault for the visitor for whom the run judges (`--from`),
and for the address from which somebody has logged in on the server over SSH; else a note says who
is shut out."""

from collections.abc import Iterator

from checks.firewall import _unban
from checks.firewall._netfilter import EXPLAINS, Blocked, Seen, blocked, seen_of
from checks.firewall._netfilter_claims import claim
from diagnose.checking.registry import check
from diagnose.model import Claim, Evidence, Severity, Subject
from diagnose.model.netfilter import Ruleset
from diagnose.model.visitor import ClosedRoute, ClosedRoutes, Jails
from diagnose.parsers.linux.bans import network
from diagnose.parsers.netfilter import Others, Packet, owners, shut_out

#: So many addresses are named.
SHOWN = 5


@check(severity=Severity.ERROR, needs=[Ruleset], explains=EXPLAINS)
def visitor_banned(evidence: Evidence) -> Iterator[Claim]:
    seen, met = seen_of(evidence), False
    for found in blocked(seen, "visitor-banned"):
        met = True
        yield _banned(seen, found)
    if not (met or seen.visitor):
        yield from _note(seen)


def _banned(seen: Seen, found: tuple[Blocked, ...]) -> Claim:
    one = found[0]
    jails = _unban.jails(seen, one) if one.owner == "fail2ban" else ()
    return claim(
        seen,
        found,
        _unban.letting_in(seen, found),
        visitor=one.source,
        asked=bool(seen.visitor),
        jails=jails,
        way_back=one.decision.packet == "reply",
        banned=(),
        makers=(),
        count=0,
    )


# Without a visitor


def _note(seen: Seen) -> Iterator[Claim]:
    """Who is shut out from the target's port, and by whom."""
    port = seen.evidence.target.port
    makers: dict[str, int] = {}
    banned: list[str] = []
    for _, packet in seen.packets(port):
        for others in _shut_out(seen, packet):
            place = seen.filter.place(others.decision)
            owner = seen.owner(place) if place else "firewalld"
            if place is None or owner == "firewalld":
                continue
            jail = owners.jail(place) if owner == "fail2ban" else ""
            name = f"fail2ban ({jail})" if jail else owner
            if owner == "hand":
                name = f"{place.table.family} {place.table.name} {place.chain.name}"
            makers[name] = makers.get(name, 0) + len(others.sources) + others.more
            banned += others.sources
    for route in _routes(seen):
        name = f"ip route ({route.kind})"
        makers[name] = makers.get(name, 0) + 1
        banned.append(route.network)
    if not banned:
        return
    shown = tuple(dict.fromkeys(banned))[:SHOWN]
    count = sum(makers.values())
    yield Claim(
        about=Subject(port=port, text=f"{port}/tcp, addresses that are shut out"),
        because=(
            *seen.because,
            *seen.evidence.good(Jails),
            *seen.evidence.good(ClosedRoutes),
        ),
        severity=Severity.NOTE,
        facts={
            "ports": (f"{port}/tcp",),
            "banned": (*shown, f"+{count - len(shown)}") if count > len(shown) else shown,
            "count": count,
            "makers": tuple(f"{name}: {number}" for name, number in makers.items()),
            "visitor": "",
            "show": "nft list ruleset",
        },
    )


def _routes(seen: Seen) -> list[ClosedRoute]:
    """Those for one address: a network that leads nowhere may well be nobody's."""
    every = (route for read in seen.evidence.good(ClosedRoutes) for route in read.routes)
    single = ((route, network(route.network)) for route in every)
    return [route for route, among in single if among and among.num_addresses == 1]


def _shut_out(seen: Seen, packet: Packet) -> tuple[Others, ...]:
    try:
        return shut_out(seen.filter.rules, packet)
    except ValueError:
        return ()
