"""An ICMP error from another host than the target ends the attempt: from a router without a route
(then every port of the address fails), from a router with a rule that forbids it, or because a
routing loop uses up the time to live (RFC 792, RFC 1812 section 5.2.7.1, RFC 4443). Or the error
comes from this machine's own firewall."""

from collections.abc import Iterator

from checks.tcp import ProbedPort, claim, facts, failure_summaries, probed_ports
from diagnose.checking.registry import check
from diagnose.model import Claim, Evidence, Manual, Severity, Where
from diagnose.model.tcp import Connection
from diagnose.parsers import icmp

#: Errors of a router that has no route to the address or whose neighbour does not reply.
NO_ROUTE = {"network", "host"}


@check(severity=Severity.ERROR, needs=[Connection], needs_fault=[Connection])
def rejected_by_router(evidence: Evidence) -> Iterator[Claim]:
    for own in (False, True):
        ports = probed_ports(evidence, "rejected-by-self" if own else "rejected-by-router")
        if ports:
            yield _claim(evidence, ports, own)


def _claim(evidence: Evidence, ports: tuple[ProbedPort, ...], own: bool) -> Claim:
    errors = [port.decisive_attempt.icmp for port in ports if port.decisive_attempt.icmp]
    meanings = {icmp.error_meaning(error.version, error.type, error.code) for error in errors}
    names = (icmp.error_name(error.version, error.type, error.code) for error in errors)
    port_facts = facts(evidence, ports)
    # A router that lets another port through has a route to the address, whatever its error says.
    other_ports_pass = bool(port_facts["open_ports"] or port_facts["refusing_ports"])
    no_route = not own and not other_ports_pass and bool(meanings & NO_ROUTE)
    step = Manual("own-firewall", Where.CLIENT) if own else Manual("router", Where.CLOUD_CONSOLE)
    if no_route and meanings <= NO_ROUTE:
        step = Manual("route", Where.CLOUD_CONSOLE)
    return claim(
        evidence,
        ports,
        step,
        ruled_out=("tcp.rejected-by-host", "tcp.timeout"),
        extra_facts={
            "own": own,
            "address": ports[0].address,
            "senders": tuple(dict.fromkeys(error.sender for error in errors)),
            "icmp_names": tuple(dict.fromkeys(names)),
            "answers": failure_summaries(ports),
            "forbidden": not own and ("prohibited" in meanings or other_ports_pass),
            "no_way": no_route,
            "route": no_route and meanings <= NO_ROUTE,
            "loop": not own and "expired" in meanings,
        },
    )
