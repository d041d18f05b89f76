"""The kernel has no way for what the server would send from its published address: it takes in a
visitor's SYN, and the answer is never sent. From the server itself all looks well, as its own
connections never leave it."""

from collections.abc import Iterator

from diagnose.checking.registry import check
from diagnose.model import (
    Applicability,
    Claim,
    Confidence,
    Evidence,
    Fix,
    Host,
    Manual,
    Severity,
    Subject,
    Vantage,
    Where,
)
from diagnose.model.dns import is_private, reached
from diagnose.model.frozen import frozen
from diagnose.model.server import Interface, Route
from diagnose.model.tcp import Connection


@frozen
class _Lost:
    """The published addresses to which the server cannot answer, and what says so."""

    addresses: tuple[str, ...]
    routes: tuple[Route, ...]


@check(
    severity=Severity.ERROR,
    needs=[Interface, Route],
    explains=[
        "host.no-route",
        "dns.resolver-unreachable",
        "dns.servfail",
        "dns.dead-address",
        "dns.dead-ipv6",
        "tcp.host-down",
        "tcp.timeout",
        "http.port-closed",
    ],
)
def no_return_route(evidence: Evidence) -> Iterator[Claim]:
    lost = _lost(evidence)
    if not lost.routes:
        return
    families = tuple(dict.fromkeys(route.family for route in lost.routes))
    others = [one for one in reached(evidence) if one not in lost.addresses]
    device = _device(evidence, lost.routes[0].source)
    tried = [
        one for one in evidence.of(Connection) if one.address in lost.addresses and one.failure
    ]
    yield Claim(
        about=Subject(text=", ".join(f"IPv{family}" for family in families)),
        covers=_covers(evidence, lost),
        because=(*lost.routes, *tried),
        confidence=Confidence.CERTAIN if _held(evidence, lost) else Confidence.LIKELY,
        # A visitor's program turns to the address that works (RFC 8305).
        severity=Severity.WARNING if others else None,
        facts={
            "families": tuple(f"IPv{family}" for family in families),
            "addresses": lost.addresses,
            "sources": tuple(dict.fromkeys(route.source for route in lost.routes)),
            "others": tuple(others),
            "towards": lost.routes[0].towards,
            "source": lost.routes[0].source,
            "said": lost.routes[0].failure.message if lost.routes[0].failure else "",
            "device": device,
            "ip": "ip -6" if families[0] == 6 else "ip",
        },
        fix=Fix((Manual("add-route", Where.SERVER),), Applicability.MANUAL),
    )


def _lost(evidence: Evidence) -> _Lost:
    routes = [one for one in evidence.of(Route) if one.vantage is Vantage.SERVER]
    ways = {one.family for one in routes if one.failure is None}
    gone = [one for one in routes if one.failure and one.family not in ways]
    published = reached(evidence)
    addresses: list[str] = []
    why: list[Route] = []
    for route in gone:
        held = route.source in published if published else not is_private(route.source)
        hidden = [] if held else _behind(evidence, route)
        if (held and not _answers(evidence, route.source)) or hidden:
            addresses += hidden or [route.source]
            why.append(route)
    return _Lost(tuple(dict.fromkeys(addresses)), tuple(why))


def _behind(evidence: Evidence, route: Route) -> list[str]:
    """The published addresses, none of which answers, that a cloud may translate to this private
    one, on a server that has no public one of its own."""
    held = [address for one in evidence.good(Interface) for address in one.addresses]
    same = [one for one in held if (":" in one) is (route.family == 6)]
    if route.family == 6 or not all(map(is_private, same)):
        return []
    wanted = [one for one in reached(evidence) if ":" not in one and not is_private(one)]
    failed = {one.address for one in evidence.of(Connection) if one.failure}
    works = any(_answers(evidence, one) for one in wanted)
    return [] if works else [one for one in wanted if one in failed]


def _answers(evidence: Evidence, address: str) -> bool:
    """Whether another machine got an answer from the address. The server's own connections to
    itself prove nothing."""
    inside = [one for one in evidence.of(Host) if one.vantage is Vantage.SERVER]
    if any(one.via == "local" for one in inside):
        return False
    return any(one.address == address for one in evidence.good(Connection))


def _held(evidence: Evidence, lost: _Lost) -> bool:
    return all(route.source in lost.addresses for route in lost.routes)


def _covers(evidence: Evidence, lost: _Lost) -> tuple[Subject, ...]:
    """What is said of these addresses; and of what has none, where nothing else is published."""
    subjects = tuple(Subject(address=address) for address in lost.addresses)
    everything = not set(reached(evidence)) - set(lost.addresses)
    return (Subject(),) if everything else subjects


def _device(evidence: Evidence, address: str) -> str:
    return next((one.name for one in evidence.good(Interface) if address in one.addresses), "")
