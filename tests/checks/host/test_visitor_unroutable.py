from diagnose.model import Applicability, Vantage
from diagnose.model.visitor import (
    ClosedRoute,
    ClosedRoutes,
    Jail,
    Jails,
    ReturnRoute,
    RouteRefusal,
    Visitor,
)
from tests.support.check_evidence import judge
from tests.support.packets import commands, served, undone

CHECK = "host.visitor-unroutable"
VISITOR = "192.0.2.66"
FROM = Visitor(address=VISITOR)


def way(refusal: str = "unreachable", **fields: object) -> ReturnRoute:
    given = {"source": "203.0.113.10", "towards": VISITOR, **fields}
    return ReturnRoute(vantage=Vantage.SERVER, refusal=refusal, **given)  # type: ignore[arg-type]


def routes(network: str = VISITOR, kind: RouteRefusal = "unreachable") -> ClosedRoutes:
    return ClosedRoutes(routes=(ClosedRoute(kind, network),))


def test_fires_with_the_jail_that_bans_by_routes() -> None:
    jails = Jails(jails=(Jail("routed", (VISITOR,)),))
    (claim,) = judge(CHECK, *served(FROM, way(), routes(), jails))
    assert commands(claim) == [f"fail2ban-client set routed unbanip {VISITOR}"]
    assert claim.fix is not None
    assert claim.fix.applicability is Applicability.REVIEW


def test_fires_with_the_route_that_somebody_made() -> None:
    (claim,) = judge(CHECK, *served(FROM, way("blackhole"), routes(kind="blackhole")))
    assert commands(claim) == [f"ip route del blackhole {VISITOR}"]
    assert undone(claim) == [f"ip route add blackhole {VISITOR}"]


def test_fires_by_hand_for_a_whole_network_and_for_a_rule() -> None:
    for seen in (routes("192.0.2.0/24"), routes("198.51.100.1")):
        (claim,) = judge(CHECK, *served(FROM, way(), seen))
        assert claim.fix is not None
        assert claim.fix.applicability is Applicability.MANUAL


def test_silent_where_there_is_a_way_and_for_others() -> None:
    assert not judge(CHECK, *served(FROM, way(""), routes("192.0.2.9")))
    assert not judge(CHECK, *served(way(), routes()))
    assert not judge(CHECK, *served(FROM, way(source="10.0.0.9"), way(""), routes()))
