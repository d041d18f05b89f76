"""The container that publishes the port is paused: the kernel still opens connections, and no
program in it runs to answer them (docker-pause(1), podman-pause(1); the control group's freezer).
"""

from collections.abc import Iterator

from diagnose.checking.registry import check
from diagnose.model import Applicability, Claim, Evidence, Fix, Severity, Subject, commands
from diagnose.model.containers import Containers
from diagnose.model.http import Exchange
from diagnose.model.tls import Handshake


@check(
    severity=Severity.ERROR,
    needs=[Containers],
    explains=[
        "listener.container-unpublished",
        "listener.container-port",
        "tls.*",
        "server.application-answers",
        "http.*",
        "tcp.timeout",
        "tcp.refused",
        "dns.dead-address",
        "dns.dead-ipv6",
    ],
)
def container_paused(evidence: Evidence) -> Iterator[Claim]:
    port = evidence.target.port
    visits = [handshake for handshake in evidence.of(Handshake) if handshake.port == port]
    pages = [exchange for exchange in evidence.of(Exchange) if exchange.port == port]
    is_answered = any(visit.failure is None for visit in (*visits, *pages))
    for containers in evidence.good(Containers):
        publishers = [container for container in containers.running if container.publishes(port)]
        paused = [container for container in publishers if container.state == "paused"]
        if not paused or len(paused) != len(publishers) or is_answered:
            continue
        container = paused[0]
        yield Claim(
            about=Subject(port=port),
            covers=(Subject(port=port), Subject(port=80)),
            because=(containers, *visits),
            facts={
                "port": port,
                "container": container.name,
                "engine": container.engine,
                "status": container.status,
            },
            # Somebody may have paused it for a reason, as a backup does.
            fix=Fix(
                (commands.unpause_container(container.engine, container.name),),
                Applicability.REVIEW,
            ),
        )
        return
