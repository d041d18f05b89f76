"""The server's HTTPS port leads to a port of the container on which plain HTTP is spoken, while the
web server in it speaks TLS on another one (`-p 443:80` in place of `-p 443:443`).

Docker's and Podman's option is `-p SERVER:CONTAINER` (docker-run(1), podman-run(1)).
"""

from collections.abc import Iterator

from checks.listener._compose_edits import compose_fix, container_by_id, published_change
from checks.nginx import Nginx
from diagnose.checking.registry import check
from diagnose.model import (
    Claim,
    Confidence,
    Evidence,
    Fix,
    Severity,
    Subject,
)
from diagnose.model.containers import NginxContainer
from diagnose.model.tls import Handshake
from diagnose.model.web_servers import TITLES, WebServerConfig
from diagnose.parsers.nginx import server_blocks
from diagnose.parsers.web_sites import has_name


@check(
    severity=Severity.ERROR,
    needs=[NginxContainer],
    explains=["tls.*", "nginx.listen-without-ssl", "nginx.reload-needed", "http.plain-to-tls-port"],
)
def container_port(evidence: Evidence) -> Iterator[Claim]:
    port, nginx = evidence.target.port, Nginx.of(evidence)
    handshakes = [handshake for handshake in evidence.of(Handshake) if handshake.port == port]
    if not evidence.target.uses_tls or any(handshake.protocol for handshake in handshakes):
        return
    for container in evidence.good(NginxContainer):
        inner = container.inner_port(port)
        other_config = next(iter(evidence.good(WebServerConfig)), None)
        plain = (
            _speaks_plain(other_config, inner)
            if other_config
            else _nginx_speaks_plain(nginx, inner)
        )
        secure = (
            _tls_ports_of(other_config, evidence.target.host) if other_config else _tls_ports(nginx)
        )
        if inner == port or not plain or not secure:
            continue
        yield Claim(
            about=Subject(port=port),
            covers=(Subject(port=port),),
            because=(container, *filter(None, (other_config, nginx.config)), *handshakes),
            confidence=Confidence.CERTAIN if handshakes else Confidence.LIKELY,
            facts={
                "port": port,
                "program": TITLES[other_config.product] if other_config else "nginx",
                "inner": inner,
                "secure": secure[0],
                "container": container.title,
                "engine": container.engine,
            },
            fix=_fix(evidence, container, secure[0]),
        )


def _fix(evidence: Evidence, own: NginxContainer, secure: int) -> Fix:
    """Let the published port lead to the one with TLS."""
    container, port = container_by_id(evidence, own.digest), evidence.target.port
    mappings = [each for each in container.ports if each.port == port] if container else []
    if container is None or not mappings:
        return compose_fix(evidence, "publish-again")
    address = "" if mappings[0].address in {"0.0.0.0", "::"} else mappings[0].address
    change = published_change(mappings[0], address, secure)
    return compose_fix(evidence, "publish-again", (container, change))


def _nginx_speaks_plain(nginx: Nginx, port: int) -> bool:
    """Return whether nginx listens on the port without TLS."""
    plain = server_blocks.sockets(nginx.servers, port)
    return bool(plain) and not any(socket.ssl for socket in plain)


def _speaks_plain(config: WebServerConfig, port: int) -> bool:
    """Return whether the server listens on the port without TLS. Caddy opens port 80 by itself."""
    sockets = [socket for site in config.sites for socket in site.sockets if socket.port == port]
    is_open = bool(sockets) or (config.product == "caddy" and port == 80)
    return is_open and not any(socket.tls for socket in sockets)


def _tls_ports_of(config: WebServerConfig, host: str) -> tuple[int, ...]:
    """Return the ports on which the server speaks TLS for the name."""
    sites = [site for site in config.sites if has_name(site, host) or len(config.sites) == 1]
    return tuple(
        dict.fromkeys(socket.port for site in sites for socket in site.sockets if socket.tls)
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
