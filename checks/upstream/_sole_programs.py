"""The only program of this server that has a page, where nothing listens at the address that the
web server has: its port is probably the one that was meant. A person confirms which it is.

Every candidate was asked for the path that visitors want. Programs to which a configuration leads
belong to other paths, those of operators and of the system's own services to nobody's site.
"""

from collections.abc import Collection, Iterator

from checks.listener._inner_ports import INNER_PORTS, INNER_PROGRAMS
from checks.listener._other_addresses import NO_SITE_PROGRAMS
from checks.upstream._meant_programs import MeantProgram
from diagnose.model import Evidence
from diagnose.model.backends import BackendVisit
from diagnose.model.server import WEB_SERVER_PROCESSES, Listener, Listeners
from diagnose.parsers.urls import parse_url

_CONTAINER = "docker-proxy"
#: Ports that programs have beside that of their pages: debuggers, Tomcat's shutdown and AJP, JMX.
_SIDE_PORTS = frozenset({1099, 5005, 8005, 8009, 9229, 35729})
#: Programs for those who run the server.
_OF_OPERATORS = (
    "netdata", "cadvisor", "node_exporter", "telegraf", "influxd", "loki", "promtail",
    "alertmanager", "consul", "vault", "tailscaled", "syncthing", "code-server", "cloudflared",
    "crowdsec", "php-fpm",
)  # fmt: skip
#: Maximum number of programs that are named.
_MAX_SHOWN = 6


def sole_program(evidence: Evidence, path: str, named: Collection[int]) -> MeantProgram | None:
    """Return the only program of this server that has something at the path, and to whose port no
    configuration (`named`) leads; None if there are several, or one that nobody asked."""
    fitting = {}
    for socket in _candidates(evidence, named):
        visits = [
            visit
            for visit in evidence.of(BackendVisit)
            if not visit.websocket and visit.requested == visit.path == path
            if (url := parse_url(visit.target)) is not None and url.port == socket.port
        ]
        if not visits or not socket.process:
            return None
        if 200 <= (visits[0].status or 0) < 400 or visits[0].status in {401, 403}:
            fitting[socket.port] = MeantProgram(socket.port, socket.process, path, visits[0])
    return next(iter(fitting.values())) if len(fitting) == 1 else None


def answering_programs(evidence: Evidence, path: str, named: Collection[int]) -> tuple[str, ...]:
    """Return the programs that may be meant, each with its port and the status of its answer."""
    statuses = {
        url.port: visit.status
        for visit in evidence.of(BackendVisit)
        if not visit.websocket and visit.requested == visit.path == path
        if (url := parse_url(visit.target)) is not None
    }
    ports = {socket.port: socket.process or "?" for socket in _candidates(evidence, named)}
    return tuple(
        f"{process} {port}" + (f" ({statuses[port]})" if statuses.get(port) else "")
        for port, process in ports.items()
    )[:_MAX_SHOWN]


def _candidates(evidence: Evidence, named: Collection[int]) -> Iterator[Listener]:
    others = NO_SITE_PROGRAMS | INNER_PROGRAMS | WEB_SERVER_PROCESSES
    for listeners in evidence.good(Listeners):
        for socket in listeners.sockets:
            process = socket.process or ""
            is_other = process in others - {_CONTAINER} or process.startswith(_OF_OPERATORS)
            is_inner = socket.port in INNER_PORTS | _SIDE_PORTS or socket.port < 1024
            if not is_other and not is_inner and socket.port not in named:
                yield socket
