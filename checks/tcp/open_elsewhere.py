"""This machine cannot connect to the port, and another place (`--vantage`) can: the site works, and
the fault is on the way of this machine, or a rule that shuts this machine out."""

from collections.abc import Iterator

from checks.tcp import ProbedPort, claim, failure_summary, probed_ports
from checks.tcp._vantages import RemoteVisits, is_server_here, remote_visits
from diagnose.checking.registry import check
from diagnose.model import Claim, Confidence, Evidence, Manual, Severity, Where
from diagnose.model.tcp import Connection
from diagnose.model.vantages import VantageVisit


@check(
    severity=Severity.ERROR,
    needs=[Connection, VantageVisit],
    explains=[
        "tcp.timeout",
        "tcp.refused",
        "tcp.rejected-by-host",
        "tcp.rejected-by-router",
        "tcp.host-down",
        "http.port-closed",
        "dns.dead-address",
        "dns.dead-ipv6",
    ],
)
def open_elsewhere(evidence: Evidence) -> Iterator[Claim]:
    if is_server_here(evidence):
        return
    groups = remote_visits(evidence)
    ports = tuple(
        port
        for port in probed_ports(
            evidence, "silent", "refused", "rejected-by-host", "rejected-by-router", "host-down"
        )
        if _connected(groups, port)
    )
    if not ports:
        return
    connected = tuple(group for port in ports for group in _connected(groups, port))
    all_answered = all(group.best.status is not None for group in connected)
    yield claim(
        evidence,
        ports,
        Manual("this-side", Where.CLIENT),
        Manual("server-side", Where.SERVER),
        extra_observations=tuple(group.best for group in connected),
        confidence=Confidence.CERTAIN if all_answered else Confidence.LIKELY,
        extra_facts={
            "places": tuple(dict.fromkeys(group.place for group in connected)),
            "answered": all_answered,
            "how": failure_summary(ports[0].decisive_attempt),
            "source": next((port.attempts[0].source for port in ports), ""),
        },
    )


def _connected(groups: tuple[RemoteVisits, ...], port: ProbedPort) -> tuple[RemoteVisits, ...]:
    return tuple(group for group in groups if group.address == port.address and group.is_connected)
