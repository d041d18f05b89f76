"""A route (or a rule of ip-rule(8)) that leads nowhere swallows what the server answers a visitor:
fail2ban's action `route` bans so, and administrators do by hand. The visitor's packets come in, and
no rule of the packet filter shows why nothing comes back."""

from collections.abc import Iterator

from checks.firewall import EXPLAINS, _unban
from checks.firewall._firewalld import administrators, target_addresses
from diagnose.checking.registry import check
from diagnose.model import (
    Applicability,
    Claim,
    Command,
    Evidence,
    Fix,
    Manual,
    Severity,
    Subject,
    Where,
)
from diagnose.model.visitor import ClosedRoute, ClosedRoutes, Jails, ReturnRoute, visitor_of
from diagnose.parsers.linux.bans import holds, network


@check(severity=Severity.ERROR, needs=[ReturnRoute], explains=EXPLAINS)
def visitor_unroutable(evidence: Evidence) -> Iterator[Claim]:
    people = (visitor_of(evidence),) if visitor_of(evidence) else administrators(evidence)
    for visitor in people:
        ways = [one for one in evidence.good(ReturnRoute) if one.towards == visitor]
        used = set(target_addresses(evidence))
        # Where the site's address is translated on the way, any of the server's own may answer.
        closed = [one for one in ways if one.refusal and (one.source in used or len(ways) == 1)]
        if not closed and ways and all(one.refusal for one in ways):
            closed = ways
        if closed:
            yield _claim(evidence, visitor, closed)


def _claim(evidence: Evidence, visitor: str, closed: list[ReturnRoute]) -> Claim:
    route = _route(evidence, visitor)
    jails = tuple(jail for read in evidence.good(Jails) for jail in read.holding(visitor) if route)
    port = evidence.target.port
    return Claim(
        about=Subject(text=f"route to {visitor}"),
        covers=tuple(Subject(address=one.source, port=port) for one in closed),
        because=(*closed, *evidence.good(ClosedRoutes), *evidence.good(Jails)),
        facts={
            "visitor": visitor,
            "asked": bool(visitor_of(evidence)),
            "kind": route.kind if route else closed[0].refusal,
            "network": route.network if route else "",
            "table": route.table if route else "",
            "jails": jails,
            "show": closed[0].equivalent,
        },
        fix=_fix(visitor, route, jails),
    )


def _route(evidence: Evidence, visitor: str) -> ClosedRoute | None:
    """The most specific route that leads nowhere and holds the address."""
    found = [
        route
        for read in evidence.good(ClosedRoutes)
        for route in read.routes
        if holds(route.network, visitor)
    ]
    return max(found, key=_length, default=None)


def _length(route: ClosedRoute) -> int:
    among = network(route.network)
    return among.prefixlen if among else 0


def _fix(visitor: str, route: ClosedRoute | None, jails: tuple[str, ...]) -> Fix:
    """A route for this one address goes. One that is about others too stays: somebody has closed a
    whole network, and only they know how the visitor may be let in."""
    among = network(route.network) if route else None
    if route is None or among is None or among.num_addresses > 1:
        return Fix((Manual("give-a-route", Where.SERVER),), Applicability.MANUAL)
    if jails:
        steps = tuple(_unban.unbanned(jail, visitor) for jail in jails)
        return Fix(steps, Applicability.REVIEW)
    head = ("ip", "-6", "route") if among.version == 6 else ("ip", "route")
    words = (route.kind, visitor, *(("table", route.table) if route.table else ()))
    step = Command((*head, "del", *words), undo=(*head, "add", *words))
    return Fix((step,), Applicability.REVIEW)
