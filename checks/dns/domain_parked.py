"""The domain's name servers are those of its registrar's parking: it has expired, or its owner's
data was not confirmed (ICANN's registration data rules), or it is parked.

The registrar puts them in the place of the domain's own, so that no record of it counts any more.
The zone there answers 127.0.0.1, a page with advertisements, or nothing.
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from checks.dns import CONNECTION_FAILURES
from diagnose.checking.registry import check
from diagnose.model import (
    Applicability,
    Claim,
    Confidence,
    Evidence,
    Fix,
    Manual,
    Severity,
    Subject,
    Where,
)
from diagnose.model.dns import DnsAnswer, final_answers

if TYPE_CHECKING:
    from diagnose.parsers.parked_domains import ParkingServers


@check(
    severity=Severity.ERROR,
    needs=[DnsAnswer],
    explains=[
        "host.no-route",
        "dns.dead-address",
        "dns.dead-ipv6",
        "dns.hijacked-answer",
        "dns.no-address",
        "dns.nxdomain",
        "dns.private-address",
        "dns.servfail",
        "dns.wrong-address",
        *CONNECTION_FAILURES,
        "tls.*",
        "certificate.*",
        "server.application-answers",
        "http.*",
        "websocket.*",
    ],
)
def domain_parked(evidence: Evidence) -> Iterator[Claim]:
    for answer in evidence.good(DnsAnswer):
        for name in _decisive_names(evidence, answer):
            # Imported late: few runs ask for a delegation, and few names are aliases.
            from checks.dns._proven_site import is_proven_site

            if is_proven_site(evidence, public=True):
                return
            from diagnose.parsers.parked_domains import parking_servers

            servers = parking_servers(name)
            if servers is not None:
                yield _claim(evidence, answer, servers)
                return


def _decisive_names(evidence: Evidence, answer: DnsAnswer) -> tuple[str, ...]:
    """Return the name servers of a delegation, or the aliases of the target's own answer."""
    if answer.purpose == "delegation":
        return answer.records if answer.rdtype == "NS" else ()
    return answer.aliases if answer in final_answers(evidence).values() else ()


def _claim(evidence: Evidence, answer: DnsAnswer, servers: "ParkingServers") -> Claim:
    finals = final_answers(evidence).values()
    records = tuple(dict.fromkeys(record for final in finals for record in final.records))
    is_delegation = answer.purpose == "delegation"
    return Claim(
        about=Subject(name=evidence.target.host),
        covers=(
            Subject(name=evidence.target.host),
            *(Subject(address=record) for record in records),
        ),
        because=(answer, *(final for final in finals if final is not answer)),
        confidence=Confidence.LIKELY if servers.reason == "parked" else Confidence.CERTAIN,
        facts={
            "name": evidence.target.host,
            "domain": answer.name,
            "owner": servers.owner,
            "servers": tuple(name.rstrip(".") for name in _decisive_names(evidence, answer)),
            "delegation": is_delegation,
            "addresses": records,
            **{reason: servers.reason == reason for reason in ("expired", "held", "parked")},
        },
        fix=Fix((Manual("registrar", Where.DNS_PROVIDER),), Applicability.MANUAL),
    )
