"""The container that publishes the port does not run, so nothing on the server listens there.

An engine publishes a container's ports while the container runs (docker-run(1), podman-run(1)). Of
one that has ended or restarts again and again, its list says the state, and its log the reason.
"""

from collections.abc import Iterator

from checks.listener import listeners_on, target_answers, target_connections
from checks.listener._containers import start_fix, stopped_facts
from checks.nginx import Nginx
from diagnose.checking.registry import check
from diagnose.model import Claim, Confidence, Evidence, Severity, Subject
from diagnose.model.containers import Container, Containers
from diagnose.model.server import Listeners


@check(
    severity=Severity.ERROR,
    needs=[Listeners, Containers],
    explains=[
        "listener.missing",
        "listener.container-unpublished",
        "tcp.refused",
        "http.port-closed",
        "dns.dead-address",
        "dns.dead-ipv6",
        "firewall.port-closed",
        "firewall.wrong-zone",
        "firewall.ufw-port-closed",
        "tls.*",
    ],
)
def container_stopped(evidence: Evidence) -> Iterator[Claim]:
    port = evidence.target.port
    if listeners_on(evidence, port) or target_answers(evidence):
        return
    # nginx on the server itself would have the port.
    if Nginx.of(evidence).listen_sockets(port):
        return
    for containers in evidence.good(Containers):
        publishers = [container for container in containers.stopped if _publishes(container, port)]
        if not publishers or any(_publishes(each, port) for each in containers.running):
            continue
        # The one that failed last is the first question.
        container = max(publishers, key=lambda each: (bool(each.last_words), each.state))
        ports = (port, *(number for number in (80,) if _publishes(container, number)))
        yield Claim(
            about=Subject(port=port),
            covers=tuple(Subject(port=number) for number in dict.fromkeys(ports)),
            because=(containers, *evidence.good(Listeners), *target_connections(evidence)),
            confidence=Confidence.CERTAIN if len(publishers) == 1 else Confidence.LIKELY,
            facts={"port": port, **stopped_facts(container)},
            ruled_out=("listener.loopback-only",),
            fix=start_fix(container),
        )
        return


def _publishes(container: Container, port: int) -> bool:
    return any(mapping.port == port for mapping in container.ports)
