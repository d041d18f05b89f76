"""This machine has no route to an address. connect(2) reports it before any packet is sent
(ENETUNREACH, EADDRNOTAVAIL, EAFNOSUPPORT, a route that forbids it), or the gateway does not reply.
Or the machine has no route to anywhere, so that it cannot resolve names either.

It says nothing about the target.
"""

from collections.abc import Iterator

from checks.tcp import ProbedPort, probed_ports, subjects
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
    merge_subjects,
)
from diagnose.model.addresses import LOCAL_ONLY, is_within
from diagnose.model.dns import DnsAnswer, Resolution, resolved_addresses, this_machine
from diagnose.model.tcp import Connection, Uplink

#: getaddrinfo(3): the name has no address of this family.
_NO_ADDRESS = {"EAI_NONAME", "EAI_NODATA", "EAI_ADDRFAMILY"}


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
    uplinks = _failed_uplinks(evidence)
    if uplinks:
        yield _no_network_claim(evidence, uplinks)
        return
    unrouted_ports = probed_ports(evidence, "no-route", "gateway-silent")
    if not unrouted_ports:
        return
    everywhere = len(unrouted_ports) == len(probed_ports(evidence))
    families = sorted({port.attempts[0].family for port in unrouted_ports})
    is_alone = everywhere and families == [6] and _lacks_ipv4(evidence)
    route = Manual("route", Where.CLIENT)
    yield Claim(
        about=merge_subjects(subjects(unrouted_ports)),
        covers=subjects(unrouted_ports),
        because=tuple(connection for port in unrouted_ports for connection in port.attempts),
        severity=Severity.ERROR if everywhere else Severity.NOTE,
        facts={
            "addresses": tuple(port.address for port in unrouted_ports),
            "families": tuple(f"IPv{family}" for family in families),
            "messages": _messages(unrouted_ports),
            "nothing": False,
            "links": (),
            "down": (),
            "up": (),
            "target": evidence.target.url,
            "towards": unrouted_ports[0].address,
            "gateway": any(port.outcome == "gateway-silent" for port in unrouted_ports),
            "everywhere": everywhere,
            "alone": is_alone,
            "name": evidence.target.host,
            "route": "ip -6 route" if families == [6] else "ip route",
            "address": unrouted_ports[0].address,
        },
        fix=Fix(
            (route, Manual("add-a-record", Where.DNS_PROVIDER)) if is_alone else (route,),
            Applicability.MANUAL,
        ),
    )


def _lacks_ipv4(evidence: Evidence) -> bool:
    """Return whether the name has no A record: no visitor without IPv6 reaches it."""
    return any(
        resolution.family == 4 and resolution.failure and resolution.failure.name in _NO_ADDRESS
        for resolution in evidence.of(Resolution)
    )


def _failed_uplinks(evidence: Evidence) -> tuple[Uplink, ...]:
    """Return why no Internet address can be reached over either IP family.

    Empty if one can be reached, or if anything besides this machine was reached (a private
    network).
    """
    uplinks = evidence.of(Uplink)
    if not uplinks or any(uplink.failure is None for uplink in uplinks):
        return ()
    sources = (connection.source for connection in evidence.of(Connection))
    near = any(source and not is_within(source, LOCAL_ONLY) for source in sources)
    dns_answered = any(
        not is_within(answer.server, LOCAL_ONLY) for answer in evidence.good(DnsAnswer)
    )
    return () if near or dns_answered else uplinks


def _no_network_claim(evidence: Evidence, uplinks: tuple[Uplink, ...]) -> Claim:
    links, up = uplinks[0].links, uplinks[0].links_up
    down = tuple(name for name in links if name not in up)
    failed_connections = tuple(
        connection for connection in evidence.of(Connection) if connection.failure
    )
    failures = (uplink.failure for uplink in uplinks)
    messages = dict.fromkeys(
        f"{failure.message} ({failure.name})" for failure in failures if failure
    )
    step = "link" if down and not up else "default" if up else "no-link"
    return Claim(
        about=Subject(name=evidence.target.host, text="this machine's network"),
        covers=(Subject(),),
        because=(*uplinks, *failed_connections),
        facts={
            "nothing": True,
            "gateway": False,
            "everywhere": True,
            "alone": False,
            "name": evidence.target.host,
            "addresses": resolved_addresses(evidence),
            "address": uplinks[0].towards,
            "families": tuple(f"IPv{uplink.family}" for uplink in uplinks),
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


def _messages(unrouted_ports: tuple[ProbedPort, ...]) -> tuple[str, ...]:
    failures = (port.decisive_attempt.failure for port in unrouted_ports)
    return tuple(
        dict.fromkeys(f"{failure.message} ({failure.name})" for failure in failures if failure)
    )
