"""The port of this machine to which the client of a tunnel should lead, where nothing listens at
its port, or a program that does not speak what visitors speak."""

from collections.abc import Iterator

from checks.upstream._sole_programs import sole_program
from diagnose.model import Command, Evidence, Fix, Manual, Where, commands
from diagnose.model.backends import BackendVisit
from diagnose.model.nginx import NginxConfig
from diagnose.model.processes import TunnelClient
from diagnose.model.server import WEB_SERVER_PROCESSES, Listeners
from diagnose.model.steps import Applicability
from diagnose.model.unit_commands import reload_units
from diagnose.model.web_servers import WebServerConfig
from diagnose.parsers.nginx.server_blocks import (
    select_server,
    servers,
    socket_for,
    sockets,
)
from diagnose.parsers.urls import parse_url
from diagnose.parsers.web_sites import answering_sites

_HERE = "127.0.0.1"
_SUCCESS = range(200, 300)


def plain_port(evidence: Evidence, client: TunnelClient) -> int:
    """Return the port at which this machine has the site without TLS; 0 if that is not known. It is
    the only one of a web server that has the name and gives the page, or of the only other program
    that gives it."""
    path = evidence.target.path_without_query
    given = {
        url.port
        for visit in evidence.good(BackendVisit)
        if visit.requested == visit.path == path and visit.status in _SUCCESS
        if (url := parse_url(visit.target)) is not None
    }
    own = {port for port in _server_ports(evidence, is_tls=False) if port in given}
    if own:
        return own.pop() if len(own) == 1 else 0
    named = {each.port for each in evidence.good(TunnelClient)}
    program = sole_program(evidence, path, named, client.port)
    return program.port if program else 0


def tls_port(evidence: Evidence) -> int:
    """Return the only port of loopback at which a web server has the site with TLS; 0 if there is
    none, or several."""
    ports = set(_server_ports(evidence, is_tls=True))
    return ports.pop() if len(ports) == 1 else 0


def plain_server_ports(evidence: Evidence) -> set[int]:
    """Return the ports of loopback at which a web server has the site without TLS."""
    return set(_server_ports(evidence, is_tls=False))


def _server_ports(evidence: Evidence, is_tls: bool) -> Iterator[int]:
    """Yield the ports on which a web server listens and has the target's name."""
    host = evidence.target.host
    listening = {
        socket.port
        for listeners in evidence.good(Listeners)
        for socket in listeners.sockets
        if socket.process in WEB_SERVER_PROCESSES and socket.address in {_HERE, "0.0.0.0", "::"}
    }
    for config in evidence.good(NginxConfig):
        blocks = servers(config.main)
        for port in listening:
            socket = socket_for(sockets(blocks, port), _HERE)
            if socket and socket.ssl == is_tls and select_server(socket, host)[1] != "default":
                yield port
    for web_config in evidence.good(WebServerConfig):
        for port in listening:
            for site in answering_sites(web_config, port, host):
                ends_tls = any(socket.tls for socket in site.sockets if socket.port == port)
                if host in site.names and ends_tls == is_tls:
                    yield port


def port_fix(client: TunnelClient, port: int, step: str) -> Fix:
    """Return the fix that writes another port into the settings of a tunnel's client and restarts
    it; a person does it (`step`) where they are not on this server, or have another form."""
    unit = client.unit
    line, path = client.line, client.file
    if client.unit_line:
        line, path = client.unit_line, f"/etc/systemd/system/{unit}"
    if not port or not line or not unit:
        return Fix((Manual(step, Where.APPLICATION),), Applicability.MANUAL)
    change = commands.rewrite(path, (f"{line}s/{client.port}/{port}/",))
    reload: tuple[Command, ...] = (reload_units(),) if client.unit_line else ()
    return Fix((change, *reload, commands.restart_service(unit)), Applicability.REVIEW)
