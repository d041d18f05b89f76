"""Another program holds the port for which nginx is configured, and visitors do not get the site
from it.

Linux does not allow two programs to bind one port of one address (bind(2), EADDRINUSE). So nginx
cannot start or cannot load that part of its configuration; `nginx -t` does not report it.

Visitors may get an answer all the same: the certificate of another name, or the page of a package,
of a web server that has no site of the target's name, where nginx has it and does not run.
"""

from collections.abc import Iterator

from checks.listener import listeners_on
from checks.listener._port_services import port_service
from checks.nginx import Nginx
from checks.nginx._commands import reload_steps
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
from diagnose.model.addresses import is_loopback
from diagnose.model.nginx import Directive, NginxConfig, NginxState
from diagnose.model.processes import ProgramCertificate
from diagnose.model.server import Listener, Listeners
from diagnose.model.tls import Handshake
from diagnose.model.web_servers import WebServer, WebServerConfig
from diagnose.parsers.nginx.install_paths import PROGRAM_NAMES

#: Processes that hold a port for another program by design (systemd.socket(5)).
SOCKET_HOLDERS = ("systemd", "init")

#: Programs that may be intended to serve the site instead of nginx.
WEB_SERVERS = (
    *("apache2", "httpd", "caddy", "haproxy", "envoy", "traefik", "lighttpd", "h2o", "lshttpd"),
    *("litespeed", "openlitespeed", "httpd-prefork", "httpd-worker", "httpd-event"),
    *("docker-proxy", "rootlessport", "varnishd", "hitch", "sslh", "stunnel", "stunnel4", "xray"),
)


@check(
    severity=Severity.ERROR,
    needs=[Listeners, NginxState, NginxConfig],
    explains=[
        "tls.*",
        "certificate.*",
        "http.*",
        "nginx.reload-needed",
        "websocket.*",
        "server.wrong-site",
        "server.redirect-missing",
        "server.own-answer",
        "server.application-answers",
        "server.page-missing",
    ],
)
def other_process(evidence: Evidence) -> Iterator[Claim]:
    nginx, target = Nginx.of(evidence), evidence.target
    if nginx.state is None or not nginx.state.installed:
        return
    if nginx.master and nginx.master.container:
        # The engine's own process holds the port for the container.
        return
    holder = _holder(evidence, target.port)
    config_sockets = nginx.reachable_sockets(target.port)
    if holder is None or not config_sockets:
        return
    if evidence.good(ProgramCertificate):
        return  # The program names a certificate of the target's: the site is its own.
    handshakes = [
        handshake
        for handshake in evidence.of(Handshake)
        if _is_target_visit(handshake, target.port)
    ]
    is_answered = any(handshake.failure is None for handshake in handshakes)
    if is_answered and not _is_kept_out(nginx):
        return
    # nginx could not start because of this port, so port 80 is missing as well.
    also_80 = not nginx.master and bool(nginx.listen_sockets(80)) and not listeners_on(evidence, 80)
    directive = _listen_directive(nginx, target.port)
    yield Claim(
        about=Subject(port=target.port),
        covers=tuple(
            Subject(port=number) for number in ((target.port, 80) if also_80 else (target.port,))
        ),
        because=(*evidence.good(Listeners), nginx.state, *evidence.good(NginxConfig), *handshakes),
        # Without a test visit this may also be a server that has replaced nginx.
        severity=None if handshakes else Severity.NOTE,
        confidence=Confidence.LIKELY
        if is_answered
        else _confidence(nginx, holder, bool(handshakes)),
        facts={
            "port": target.port,
            "process": holder.process,
            "pid": holder.pid or "",
            "unit": port_service(evidence, holder.process),
            "socket": str(Subject(address=holder.address, port=target.port)),
            "file": nginx.config.path if nginx.config else "",
            "running": bool(nginx.master),
            "how": tuple(
                dict.fromkeys(
                    handshake.failure.message for handshake in handshakes if handshake.failure
                )
            ),
            "name": target.host,
            "answered": is_answered,
            "container": holder.process in {"docker-proxy", "rootlessport"},
            "ssh": holder.process == "sshd",
        },
        ruled_out=("listener.missing", "nginx.not-running"),
        fix=Fix((Manual("free", Where.SERVER), *reload_steps(nginx)), Applicability.MANUAL),
        location=nginx.location(directive) if directive else None,
    )


def _holder(evidence: Evidence, port: int) -> Listener | None:
    """Return the program that holds the port on an address that others can reach, if it is known
    and none of the holders is nginx."""
    outer_listeners = [
        listener for listener in listeners_on(evidence, port) if not is_loopback(listener.address)
    ]
    if any(
        not listener.process or listener.process.startswith((*PROGRAM_NAMES, *SOCKET_HOLDERS))
        for listener in outer_listeners
    ):
        return None
    return next(iter(outer_listeners), None)


def _listen_directive(nginx: Nginx, port: int) -> Directive | None:
    """Return the first `listen` directive of the port."""
    listens = (
        listen for server in nginx.servers for listen in server.listens if listen.port == port
    )
    return next((listen.directive for listen in listens if listen.directive), None)


def _is_kept_out(nginx: Nginx) -> bool:
    """Return whether nginx has the site and does not run, and a web server whose configuration has
    no site of the name answers with what is not the site's."""
    evidence, target = nginx.evidence, nginx.evidence.target
    if nginx.state is None or nginx.state.masters:
        return False
    has_name = any(
        selected_server.name_match != "default" for selected_server in nginx.selected_servers()
    )
    answering = {
        server.product
        for server in evidence.good(WebServer)
        if server.pid is not None and target.port in server.ports
    }
    is_read = any(config.product in answering for config in evidence.good(WebServerConfig))
    if not (has_name and is_read):
        return False
    # Imported late: where the target's port answers as it should, nobody asks.
    from checks.server import idle_site, server_on_port
    from checks.server._port_holders import holder_has_site, is_of_holder

    view = server_on_port(evidence)
    # A site of the name that is not enabled may be the one that is meant.
    if view is not None and idle_site(view):
        return False
    return is_of_holder(evidence) and not holder_has_site(evidence)


def _is_target_visit(handshake: Handshake, port: int) -> bool:
    return handshake.port == port and handshake.is_browser_like


def _confidence(nginx: Nginx, holder: Listener, has_handshakes: bool) -> Confidence:
    if not has_handshakes:
        return Confidence.POSSIBLE
    if holder.process in WEB_SERVERS and not nginx.master:
        return Confidence.POSSIBLE
    return Confidence.LIKELY
