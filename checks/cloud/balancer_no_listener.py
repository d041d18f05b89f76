"""A load balancer does not accept the target's port, while its port 80 is open: it has no listener
there, or its security group does not admit the port.

That it is a load balancer is known by the name that the target is an alias of, or by its own answer
on port 80. Whether a listener is missing or closed cannot be seen from outside.
"""

from collections.abc import Iterator

from checks.firewall import CLOSED_PORT
from checks.tcp import ProbedPort, probed_ports, subjects
from diagnose.checking.registry import check
from diagnose.model import (
    Applicability,
    Claim,
    Confidence,
    Evidence,
    Fix,
    Manual,
    Observation,
    Severity,
    Subject,
    Where,
    merge_subjects,
)
from diagnose.model.dns import DnsAnswer, final_answers
from diagnose.model.frozen import frozen
from diagnose.model.http import Exchange
from diagnose.model.tcp import Connection
from diagnose.parsers.cdn import balancer_of


@frozen
class _Balancer:
    """A load balancer: whose it is, its name ("" if unknown), and what shows it."""

    product: str
    name: str
    shown_by: tuple[Observation, ...]


@check(
    severity=Severity.ERROR,
    needs=[Connection, DnsAnswer],
    needs_fault=[Connection],
    explains=["tcp.refused", "tcp.timeout", "listener.missing", *CLOSED_PORT],
)
def balancer_no_listener(evidence: Evidence) -> Iterator[Claim]:
    closed = probed_ports(evidence, "refused", "silent")
    plain = tuple(
        connection
        for connection in evidence.good(Connection)
        if connection.purpose == "plain" and connection.address in {port.address for port in closed}
    )
    is_closed_everywhere = bool(closed) and len(closed) == len(probed_ports(evidence))
    if not is_closed_everywhere or len({item.address for item in plain}) < len(closed):
        return
    balancer = _alias_balancer(evidence) or _answering_balancer(evidence, closed)
    if balancer is None:
        return
    attempts = tuple(attempt for port in closed for attempt in port.attempts)
    yield Claim(
        about=merge_subjects(subjects(closed)),
        covers=(*subjects(closed), Subject(port=evidence.target.port)),
        because=(*balancer.shown_by, *attempts, *plain),
        confidence=Confidence.LIKELY,
        facts={
            "name": evidence.target.host,
            "product": balancer.product,
            "balancer": balancer.name,
            "addresses": tuple(port.address for port in closed),
            "port": evidence.target.port,
            "refused": closed[0].outcome == "refused",
            "url": evidence.target.url,
        },
        fix=Fix((Manual("listener", Where.CLOUD_CONSOLE),), Applicability.MANUAL),
    )


def _alias_balancer(evidence: Evidence) -> _Balancer | None:
    for answer in final_answers(evidence).values():
        for alias in answer.aliases:
            if product := balancer_of(alias):
                return _Balancer(product, alias.rstrip("."), (answer,))
    return None


def _answering_balancer(evidence: Evidence, ports: tuple[ProbedPort, ...]) -> _Balancer | None:
    """Return the load balancer that answers itself on port 80 of these addresses: AWS's names
    itself in a redirect or an error of its own, and in no answer that it passes on."""
    answers = tuple(
        exchange
        for exchange in evidence.good(Exchange)
        if exchange.purpose == "plain"
        and exchange.address in {port.address for port in ports}
        and (exchange.header("Server") or "").lower().startswith("awselb/")
    )
    return _Balancer("AWS load balancer", "", answers) if answers else None
