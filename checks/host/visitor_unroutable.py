"""A route (or a rule of ip-rule(8)) that leads nowhere swallows the replies to a visitor.
fail2ban's action `route` bans in this way, and so do administrators by hand.

The visitor's packets arrive, and no packet filter rule shows why no reply comes back.
"""

from collections.abc import Iterator

from checks.firewall import EXPLAINS
from checks.firewall._visitors import ssh_clients, target_addresses
from diagnose.checking.registry import check
from diagnose.model import (
    Applicability,
    Claim,
    Evidence,
    Fix,
    Manual,
    Severity,
    Subject,
    Where,
    network_commands,
)
from diagnose.model.visitor import ClosedRoute, ClosedRoutes, Jails, ReturnRoute, visitor_address
from diagnose.parsers.linux.bans import network, network_contains


@check(severity=Severity.ERROR, needs=[ReturnRoute], explains=EXPLAINS)
def visitor_unroutable(evidence: Evidence) -> Iterator[Claim]:
    visitors = (visitor_address(evidence),) if visitor_address(evidence) else ssh_clients(evidence)
    for visitor in visitors:
        return_routes = [
            return_route
            for return_route in evidence.good(ReturnRoute)
            if return_route.towards == visitor
        ]
        used = set(target_addresses(evidence))
        # If the site's address is translated on the way, the reply may come from any of the
        # server's own addresses.
        closed_routes = [
            return_route
            for return_route in return_routes
            if return_route.refusal and (return_route.source in used or len(return_routes) == 1)
        ]
        if (
            not closed_routes
            and return_routes
            and all(return_route.refusal for return_route in return_routes)
        ):
            closed_routes = return_routes
        if closed_routes:
            yield _claim(evidence, visitor, closed_routes)


def _claim(evidence: Evidence, visitor: str, closed_routes: list[ReturnRoute]) -> Claim:
    route = _closed_route(evidence, visitor)
    jails = tuple(
        jail for jail_list in evidence.good(Jails) for jail in jail_list.banning(visitor) if route
    )
    port = evidence.target.port
    return Claim(
        about=Subject(text=f"route to {visitor}"),
        covers=tuple(
            Subject(address=return_route.source, port=port) for return_route in closed_routes
        ),
        because=(*closed_routes, *evidence.good(ClosedRoutes), *evidence.good(Jails)),
        facts={
            "visitor": visitor,
            "asked": bool(visitor_address(evidence)),
            "kind": route.kind if route else closed_routes[0].refusal,
            "network": route.network if route else "",
            "table": route.table if route else "",
            "jails": jails,
            "show": closed_routes[0].equivalent,
        },
        fix=_fix(visitor, route, jails),
    )


def _closed_route(evidence: Evidence, visitor: str) -> ClosedRoute | None:
    """Return the most specific route that leads nowhere and contains the address."""
    routes = [
        route
        for closed_routes in evidence.good(ClosedRoutes)
        for route in closed_routes.routes
        if network_contains(route.network, visitor)
    ]
    return max(routes, key=_prefix_length, default=None)


def _prefix_length(route: ClosedRoute) -> int:
    route_network = network(route.network)
    return route_network.prefixlen if route_network else 0


def _fix(visitor: str, route: ClosedRoute | None, jails: tuple[str, ...]) -> Fix:
    """Remove a route for this one address. If the route covers other addresses too, a person
    decides: it closes a whole network on purpose."""
    route_network = network(route.network) if route else None
    if route is None or route_network is None or route_network.num_addresses > 1:
        return Fix((Manual("give-a-route", Where.SERVER),), Applicability.MANUAL)
    if jails:
        # Imported late: few visitors are banned.
        from diagnose.model import firewall_commands

        steps = tuple(firewall_commands.unban(jail, visitor) for jail in jails)
        return Fix(steps, Applicability.REVIEW)
    selector = (route.kind, visitor, *(("table", route.table) if route.table else ()))
    step = network_commands.delete_route(selector, ipv6=route_network.version == 6)
    return Fix((step,), Applicability.REVIEW)
