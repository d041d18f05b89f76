"""An ICMP error from another host than the target ends the attempt: a router without a route (no
rule about a port: it concerns every port of the address), or with a rule that forbids it, or a
loop that uses up the time to live (RFC 792, RFC 1812 section 5.2.7.1, RFC 4443). Or it comes from
this machine's own firewall."""

from collections.abc import Iterator

from checks.tcp import Port, answers, claim, facts, ports
from diagnose.checking.registry import check
from diagnose.model import Claim, Evidence, Manual, Severity, Where
from diagnose.model.tcp import Connection
from diagnose.parsers import icmp

#: What a router says that knows no way to the address, or whose neighbour does not answer.
NO_WAY = {"network", "host"}


@check(severity=Severity.ERROR, needs=[Connection])
def rejected_by_router(evidence: Evidence) -> Iterator[Claim]:
    for own in (False, True):
        met = ports(evidence, "rejected-by-self" if own else "rejected-by-router")
        if met:
            yield _claim(evidence, met, own)


def _claim(evidence: Evidence, met: tuple[Port, ...], own: bool) -> Claim:
    errors = [port.telling.icmp for port in met if port.telling.icmp]
    meanings = {icmp.meaning(error.version, error.type, error.code) for error in errors}
    names = (icmp.name(error.version, error.type, error.code) for error in errors)
    told = facts(evidence, met)
    # A router that lets another port through has a way to the address, whatever its error says.
    others_pass = bool(told["open_ports"] or told["refusing_ports"])
    no_way = not own and not others_pass and bool(meanings & NO_WAY)
    step = Manual("own-firewall", Where.CLIENT) if own else Manual("router", Where.CLOUD_CONSOLE)
    if no_way and meanings <= NO_WAY:
        step = Manual("route", Where.CLOUD_CONSOLE)
    return claim(
        evidence,
        met,
        step,
        ruled_out=("tcp.rejected-by-host", "tcp.timeout"),
        said={
            "own": own,
            "senders": tuple(dict.fromkeys(error.sender for error in errors)),
            "icmp_names": tuple(dict.fromkeys(names)),
            "answers": answers(met),
            "forbidden": not own and ("prohibited" in meanings or others_pass),
            "no_way": no_way,
            "route": no_way and meanings <= NO_WAY,
            "loop": not own and "expired" in meanings,
        },
    )
