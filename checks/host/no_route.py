"""This machine has no way to send to an address: connect(2) says so itself, before any packet
(ENETUNREACH, EADDRNOTAVAIL, EAFNOSUPPORT, a route that forbids it), or its gateway answers to
nothing. Or it has no way to anywhere, so that no name can be asked for either. That says nothing
about the target."""

from collections.abc import Iterator

from checks.tcp import Port, ports, subjects
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
    together,
)
from diagnose.model.dns import NOWHERE, DnsAnswer, Resolution, is_within, reached, this_machine
from diagnose.model.tcp import Connection, Uplink


@check(
    severity=Severity.ERROR,
    needs=[Resolution],
    explains=[
        "dns.resolver-unreachable",
        "dns.servfail",
        "dns.dnssec-bogus",
        "dns.nxdomain",
    ],
)
def no_route(evidence: Evidence) -> Iterator[Claim]:
    uplinks = _no_uplinks(evidence)
    if uplinks:
        yield _no_network(evidence, uplinks)
        return
    met = ports(evidence, "no-route", "gateway-silent")
    if not met:
        return
    everywhere = len(met) == len(ports(evidence))
    families = sorted({port.tries[0].family for port in met})
    yield Claim(
        about=together(subjects(met)),
        covers=subjects(met),
        because=tuple(one for port in met for one in port.tries),
        severity=Severity.ERROR if everywhere else Severity.NOTE,
        facts={
            "addresses": tuple(port.address for port in met),
            "families": tuple(f"IPv{family}" for family in families),
            "messages": _messages(met),
            "nothing": False,
            "links": (),
            "down": (),
            "up": (),
            "target": evidence.target.url,
            "towards": met[0].address,
            "gateway": any(port.fate == "gateway-silent" for port in met),
            "everywhere": everywhere,
            "route": "ip -6 route" if families == [6] else "ip route",
            "address": met[0].address,
        },
        fix=Fix((Manual("route", Where.CLIENT),), Applicability.MANUAL),
    )


def _no_uplinks(evidence: Evidence) -> tuple[Uplink, ...]:
    """Why no address of the Internet can be sent to, over either family; () where one can, or
    where something else than this machine itself was reached all the same (a private network)."""
    uplinks = evidence.of(Uplink)
    if not uplinks or any(one.failure is None for one in uplinks):
        return ()
    sources = (one.source for one in evidence.of(Connection))
    near = any(source and not is_within(source, NOWHERE) for source in sources)
    answered = any(not is_within(one.server, NOWHERE) for one in evidence.good(DnsAnswer))
    return () if near or answered else uplinks


def _no_network(evidence: Evidence, uplinks: tuple[Uplink, ...]) -> Claim:
    links, up = uplinks[0].links, uplinks[0].links_up
    down = tuple(name for name in links if name not in up)
    tried = tuple(one for one in evidence.of(Connection) if one.failure)
    failures = (one.failure for one in uplinks)
    messages = dict.fromkeys(f"{one.message} ({one.name})" for one in failures if one)
    step = "link" if down and not up else "default" if up else "no-link"
    return Claim(
        about=Subject(name=evidence.target.host, text="this machine's network"),
        covers=(Subject(),),
        because=(*uplinks, *tried),
        facts={
            "nothing": True,
            "gateway": False,
            "everywhere": True,
            "addresses": reached(evidence),
            "address": uplinks[0].towards,
            "families": tuple(f"IPv{one.family}" for one in uplinks),
            "route": "ip route",
            "messages": tuple(messages),
            "links": links,
            "down": down if not up else (),
            "up": up,
            "target": evidence.target.url,
            "towards": uplinks[0].towards,
        },
        fix=Fix((Manual(step, this_machine(evidence)),), Applicability.MANUAL),
    )


def _messages(met: tuple[Port, ...]) -> tuple[str, ...]:
    failures = (port.telling.failure for port in met)
    return tuple(dict.fromkeys(f"{one.message} ({one.name})" for one in failures if one))
