"""The port is that of an application behind a web server of this machine, and open to this machine
alone, as it should be: visitors come by the site whose requests the web server passes on to it."""

from collections.abc import Iterator

from checks.firewall import CLOSED_PORT
from checks.listener import listeners_on, target_answers, target_connections
from checks.listener._inner_ports import inner_port
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
from diagnose.model.addresses import is_local_host, is_loopback
from diagnose.model.server import Listeners, PassedPort


@check(
    severity=Severity.WARNING,
    needs=[Listeners, PassedPort],
    explains=[
        "listener.loopback-only",
        "tcp.refused",
        "tcp.rejected-by-host",
        "tcp.timeout",
        "tcp.closed-outside",
        "http.port-closed",
        "dns.dead-address",
        "dns.dead-ipv6",
        "cloud.*",
    ],
    # Who comes by the site needs no open port behind it.
    excuses=CLOSED_PORT,
)
def application_port(evidence: Evidence) -> Iterator[Claim]:
    port = evidence.target.port
    inner, listeners = inner_port(evidence, (port,)), listeners_on(evidence, port)
    if inner is None or inner.passed is None or inner.is_idle:
        return
    if is_local_host(evidence.target.host):
        return
    is_inner = bool(listeners) and all(is_loopback(socket.address) for socket in listeners)
    if not is_inner or target_answers(evidence):
        return
    yield Claim(
        about=Subject(port=port),
        because=(inner.passed, *evidence.good(Listeners), *target_connections(evidence)),
        facts={"port": str(port), **inner.facts},
        # Whether this port was to be open as well, nobody said.
        confidence=Confidence.LIKELY,
        ruled_out=("listener.missing",),
        fix=Fix((Manual("use-the-site", Where.CLIENT),), Applicability.MANUAL),
    )
