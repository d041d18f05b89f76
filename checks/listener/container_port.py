"""The server's HTTPS port leads to a port of the container on which nginx speaks plain HTTP, while
it speaks TLS on another one (`-p 443:80` in place of `-p 443:443`).

Docker's and Podman's option is `-p SERVER:CONTAINER` (docker-run(1), podman-run(1)).
"""

from collections.abc import Iterator

from checks.nginx import Nginx
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
from diagnose.model.containers import NginxContainer
from diagnose.model.nginx import NginxConfig
from diagnose.model.tls import Handshake
from diagnose.parsers.nginx import server_blocks


@check(
    severity=Severity.ERROR,
    needs=[NginxContainer, NginxConfig],
    explains=["tls.*", "nginx.listen-without-ssl", "nginx.reload-needed", "http.plain-to-tls-port"],
)
def container_port(evidence: Evidence) -> Iterator[Claim]:
    port, nginx = evidence.target.port, Nginx.of(evidence)
    handshakes = [handshake for handshake in evidence.of(Handshake) if handshake.port == port]
    if not evidence.target.uses_tls or any(handshake.protocol for handshake in handshakes):
        return
    for container in evidence.good(NginxContainer):
        inner = container.inner_port(port)
        plain = server_blocks.sockets(nginx.servers, inner)
        secure = _tls_ports(nginx)
        if inner == port or not plain or any(socket.ssl for socket in plain) or not secure:
            continue
        yield Claim(
            about=Subject(port=port),
            covers=(Subject(port=port),),
            because=(container, *([nginx.config] if nginx.config else []), *handshakes),
            confidence=Confidence.CERTAIN if handshakes else Confidence.LIKELY,
            facts={
                "port": port,
                "inner": inner,
                "secure": secure[0],
                "container": container.title,
                "engine": container.engine,
            },
            fix=Fix((Manual("publish-again", Where.SERVER),), Applicability.MANUAL),
        )


def _tls_ports(nginx: Nginx) -> tuple[int, ...]:
    """Return the ports on which nginx speaks TLS for the target's name."""
    host = nginx.evidence.target.host
    return tuple(
        dict.fromkeys(
            listen.port
            for server in nginx.servers
            if host in server.names or len(nginx.servers) == 1
            for listen in server.listens
            if listen.ssl
        )
    )
