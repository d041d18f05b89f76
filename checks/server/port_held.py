"""Another program has the port, and the server whose configuration has the site does not run: two
programs cannot open one port (bind(2), EADDRINUSE). Visitors get the certificate of the other.
"""

from collections.abc import Iterator

from checks.nginx import Nginx
from checks.server import place_text, start_steps
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
from diagnose.model.nginx import CertificateFile
from diagnose.model.server import Listener, Listeners
from diagnose.model.tls import Handshake, served_certificates, speaks_plain_http
from diagnose.model.web_servers import WebServer, WebServerConfig, WebSite
from diagnose.parsers.hostnames import covers, is_address
from diagnose.parsers.nginx.server_blocks import select_server, servers, sockets
from diagnose.parsers.web_sites import answering_sites, has_name


@check(
    severity=Severity.ERROR,
    needs=[WebServer, WebServerConfig, Listeners, Handshake],
    explains=[
        "server.application-answers",
        "certificate.*",
        "tls.*",
        "http.*",
        "nginx.*",
        "websocket.*",
        "server.wrong-site",
        "server.redirect-missing",
    ],
)
def port_held(evidence: Evidence) -> Iterator[Claim]:
    target = evidence.target
    holder = _holder(evidence)
    if holder is None or is_address(target.host) or _holder_has_site(evidence):
        return
    served = served_certificates(evidence, lambda handshake: handshake.port == target.port)
    leaves = [certificate.leaf for certificate in served]
    is_plain = any(map(speaks_plain_http, evidence.of(Handshake))) and not leaves
    is_ours = any(covers(target.host, leaf.dns_names, leaf.addresses) for leaf in leaves)
    if is_ours or not (leaves or is_plain):
        return
    for server, site in _stopped(evidence):
        yield Claim(
            about=Subject(port=target.port),
            covers=(Subject(port=target.port), Subject(port=80)),
            because=(server, *evidence.good(WebServerConfig), *evidence.good(Listeners)),
            facts={
                "server": server.title,
                "name": target.host,
                "port": target.port,
                "holder": holder.process,
                "ssh": holder.process == "sshd",
                "pid": holder.pid or "",
                "place": place_text(site.file, site.line),
                "complaint": server.complaint,
                "unit": server.unit,
                "plain": is_plain,
            },
            confidence=Confidence.CERTAIN if server.complaint else Confidence.LIKELY,
            fix=Fix((Manual("decide", Where.SERVER), *start_steps(server)), Applicability.MANUAL),
        )
        return


def _holder(evidence: Evidence) -> Listener | None:
    """Return a socket on the target's port whose program is known."""
    own = (
        listener
        for listeners in evidence.good(Listeners)
        for listener in listeners.on(evidence.target.port)
    )
    return next((listener for listener in own if listener.process), None)


def _stopped(evidence: Evidence) -> Iterator[tuple[WebServer, WebSite]]:
    """Return the servers that do not run and have the site, each with it."""
    target = evidence.target
    for server in evidence.good(WebServer):
        if server.pid is not None or server.foreign:
            continue
        for config in evidence.good(WebServerConfig):
            if config.product != server.product:
                continue
            for site in answering_sites(config, target.port, target.host):
                if has_name(site, target.host) or _has_certificate(evidence, site):
                    yield server, site


def _has_certificate(evidence: Evidence, site: WebSite) -> bool:
    """Return whether a site without a name has a certificate for the target's."""
    paths = site.paths("certificate", "bundle") if not site.names else ()
    files = [file for file in evidence.good(CertificateFile) if file.path in paths]
    leaves = [file.chain[0] for file in files if file.chain]
    host = evidence.target.host
    return any(covers(host, leaf.dns_names, leaf.addresses) for leaf in leaves)


def _holder_has_site(evidence: Evidence) -> bool:
    """Return whether the program on the port has the site too."""
    target = evidence.target
    running = {server.product for server in evidence.good(WebServer) if server.pid is not None}
    for config in evidence.good(WebServerConfig):
        sites = answering_sites(config, target.port, target.host)
        if config.product in running and any(has_name(site, target.host) for site in sites):
            return True
    nginx = Nginx.of(evidence)
    if nginx.state is None or not nginx.master or nginx.config is None:
        return False
    own = sockets(servers(nginx.config.main), target.port)
    return any(select_server(socket, target.host)[1] != "default" for socket in own)
