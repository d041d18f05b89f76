"""The program that has the target's port listens in a network of its own, because its unit says so
(PrivateNetwork=, NetworkNamespacePath=, systemd.exec(5)). Visitors come to the server's network,
where nothing listens.

A network without an address besides loopback cannot be reached by anybody. With an address the
packets of visitors may be sent on to it, and are not.
"""

from collections.abc import Iterator

from checks.listener import listeners_on, target_answers, target_connections
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
from diagnose.model.containers import Containers, Namespace
from diagnose.model.server import Listeners


@check(
    severity=Severity.ERROR,
    needs=[Containers, Listeners],
    explains=[
        "listener.missing", "listener.container-unpublished", "tcp.refused", "http.port-closed",
        "dns.dead-address", "dns.dead-ipv6", "nginx.not-running", "server.not-running",
        "upstream.refused", "upstream.container-loopback",
    ],
)  # fmt: skip
def own_network(evidence: Evidence) -> Iterator[Claim]:
    port = evidence.target.port
    if not evidence.good(Listeners) or listeners_on(evidence, port) or target_answers(evidence):
        return
    for containers in evidence.good(Containers):
        namespaces = [item for item in containers.namespaces if item.service and item.listens(port)]
        if namespaces:
            yield _claim(evidence, containers, namespaces[0])
            return


def _claim(evidence: Evidence, containers: Containers, namespace: Namespace) -> Claim:
    port = evidence.target.port
    return Claim(
        about=Subject(port=port),
        covers=tuple(Subject(port=number) for number in dict.fromkeys((port, 80))),
        because=(containers, *evidence.good(Listeners), *target_connections(evidence)),
        confidence=Confidence.LIKELY if namespace.addresses else Confidence.CERTAIN,
        facts={
            "port": port,
            "unit": namespace.service,
            "program": next(iter(namespace.processes), ""),
            "pid": namespace.pid,
            "addresses": namespace.addresses,
        },
        fix=Fix((Manual("share-the-network", Where.SERVER),), Applicability.MANUAL),
    )
