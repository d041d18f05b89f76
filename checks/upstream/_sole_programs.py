"""The program of this server that has a page, where nothing listens at the address that the web
server has: the only one, or the only one of several whose port is written almost like the wrong
one. Its port is probably the one that was meant. A person confirms which it is.

Every candidate was asked for the path that visitors want. Programs to which a configuration leads
belong to other paths, those of operators and of the system's own services to nobody's site.
"""

import re
from collections.abc import Collection, Iterator
from dataclasses import replace

from checks.listener._inner_ports import INNER_PORTS, INNER_PROGRAMS
from checks.listener._other_addresses import NO_SITE_PROGRAMS
from checks.upstream._meant_programs import MeantProgram, program_name
from diagnose.model import Evidence, Unseen
from diagnose.model.backends import BackendVisit
from diagnose.model.containers import CONTAINER_PROCESSES
from diagnose.model.program_logs import SERVICES_LIST, StartFile
from diagnose.model.server import WEB_SERVER_PROCESSES, Listener, Listeners
from diagnose.parsers.urls import parse_url

#: Programs that take the connections to a container's published port.
_PUBLISHING = CONTAINER_PROCESSES - {"dockerd", "podman"}
#: Ports that programs have beside that of their pages: debuggers, Tomcat's shutdown and AJP, JMX.
_SIDE_PORTS = frozenset({1099, 5005, 8005, 8009, 9229, 35729})
#: Programs for those who run the server.
_OF_OPERATORS = (
    "netdata", "cadvisor", "node_exporter", "telegraf", "influxd", "loki", "promtail",
    "alertmanager", "consul", "vault", "tailscaled", "syncthing", "code-server", "cloudflared",
    "crowdsec", "php-fpm",
)  # fmt: skip
#: Programs that run others, and say nothing of what they run.
_RUNTIMES = (
    "python", "node", "java", "ruby", "puma", "unicorn", "gunicorn", "uvicorn", "dotnet", "docker",
    "server", "http", "nginx", "apache", "proxy",
)  # fmt: skip
#: What was set up to start a program, by `diagnose.model.program_logs.Starter`.
_MANAGERS = frozenset({"supervisor", "unit", "saved", "user", "ecosystem"})
_WORD, _MIN_NAME = re.compile(r"[a-z0-9]{1,60}"), 4
#: Maximum number of programs that are named.
_MAX_SHOWN = 6


def sole_program(
    evidence: Evidence,
    path: str,
    named: Collection[int],
    port: int = 0,
    called: Collection[str] = (),
) -> MeantProgram | None:
    """Return the only program of this server that has something at the path, and to whose port no
    configuration (`named`) leads. Where several have, or some were not asked, it is the only one
    that has the name of the site's file or host (`called`), else the only one whose port looks like
    the wrong `port`; None without one, and where the list of the services did not come: one of them
    may be what is down."""
    if any(unseen.what == SERVICES_LIST for unseen in evidence.of(Unseen)):
        return None
    # What a manager of processes starts on this port is down, and its port is right.
    if any(
        start_file.port == port and start_file.starter in _MANAGERS
        for start_file in evidence.good(StartFile)
    ):
        return None
    candidates = {socket.port: socket for socket in _candidates(evidence, named)}
    visits = {number: _visit(evidence, path, number) for number in candidates}
    fitting = {
        number: MeantProgram(number, program_name(evidence, number), path, visit, "page")
        for number, visit in visits.items()
        if visit and (200 <= (visit.status or 0) < 400 or visit.status in {401, 403})
    }
    is_sure = all(visits.values()) and all(candidate.process for candidate in candidates.values())
    if len(fitting) == 1 and is_sure:
        return next(iter(fitting.values()))
    # What a file of this server starts on the wrong port is down, and its port is right.
    if any(
        start_file.port == port and start_file.starter != "other"
        for start_file in evidence.good(StartFile)
    ):
        return None
    own = [program for program in fitting.values() if is_called(program.process, called)]
    if len(own) == 1:
        return replace(own[0], how="name")
    near = [program for number, program in fitting.items() if is_near(number, port)]
    return replace(near[0], how="near") if len(near) == 1 else None


def is_called(process: str, called: Collection[str]) -> bool:
    """Return whether a program has one of these names: `grafana-server` and a site's file
    `grafana.conf`, or its host `grafana.example.com`. Runtimes have the name of none."""
    word = next(iter(_WORD.findall(process.lower())), "")
    words = {part for name in called for part in _WORD.findall(name.lower())}
    return len(word) >= _MIN_NAME and not word.startswith(_RUNTIMES) and word in words


def is_near(port: int, wrong: int) -> bool:
    """Return whether a port is written like another one but for one slip of the fingers: a digit
    behind the first is another, one is lost or too much, or two side by side changed places."""
    right, other = str(port), str(wrong)
    if len(right) == len(other):
        places = [place for place, digit in enumerate(right) if digit != other[place]]
        if len(places) == 2:
            first, second = places
            is_beside = second == first + 1
            return is_beside and (right[first], right[second]) == (other[second], other[first])
        # 3000, 5000 and 8000 are ports that programs have by themselves.
        return len(places) == 1 and places[0] > 0
    short, long = sorted((right, other), key=len)
    shortened = {long[:place] + long[place + 1 :] for place in range(len(long))}
    return len(short) > 2 and short in shortened


def answering_programs(
    evidence: Evidence, path: str, named: Collection[int], without: int = 0
) -> tuple[str, ...]:
    """Return the programs that may be meant, each with its port and the status of its answer, but
    for the one on the port `without`."""
    ports = {socket.port: socket for socket in _candidates(evidence, named)}
    programs = (
        (port, program_name(evidence, port) or "?", _visit(evidence, path, port))
        for port in ports
        if port != without
    )
    return tuple(
        f"{name} {port}" + (f" ({visit.status})" if visit and visit.status else "")
        for port, name, visit in programs
    )[:_MAX_SHOWN]


def _visit(evidence: Evidence, path: str, port: int) -> BackendVisit | None:
    """Return the visit that asked the program on a port for the path itself."""
    for visit in evidence.of(BackendVisit):
        if not visit.websocket and visit.requested == visit.path == path:
            url = parse_url(visit.target)
            if url is not None and url.port == port:
                return visit
    return None


def _candidates(evidence: Evidence, named: Collection[int]) -> Iterator[Listener]:
    others = (NO_SITE_PROGRAMS | INNER_PROGRAMS | WEB_SERVER_PROCESSES) - _PUBLISHING
    for listeners in evidence.good(Listeners):
        for socket in listeners.sockets:
            process = socket.process or ""
            is_other = process in others or process.startswith(_OF_OPERATORS)
            is_inner = socket.port in INNER_PORTS | _SIDE_PORTS or socket.port < 1024
            if not is_other and not is_inner and socket.port not in named:
                yield socket
