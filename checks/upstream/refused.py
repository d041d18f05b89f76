"""The address of proxy_pass refuses connections. It was tried from the server, as nginx does; nginx
sends 502 (error.log: "connect() failed (111: Connection refused) while connecting to upstream").

Where another program of the server was asked for the path, and has it alone, its port is meant.
"""

from collections.abc import Iterator, Mapping

from checks.nginx import Nginx
from checks.nginx._edits import Changes
from checks.upstream import CONSEQUENCES, Backend, backend_log_lines, backends
from checks.upstream._address_lines import line_facts
from checks.upstream._claims import BackendFault, upstream_claim
from checks.upstream._edits import edit_fix, replace_in_directives
from checks.upstream._loopback_programs import (
    loopback_facts,
    loopback_program,
    servers_network_fix,
)
from checks.upstream._meant_programs import MeantProgram, meant_program, named_ports, port_fix
from checks.upstream._sole_programs import answering_programs, sole_program
from checks.upstream._switched_links import link_facts, switch_fix, switched_link
from checks.upstream._unix_sockets import OtherSockets, sockets_of_port
from diagnose.checking.registry import check
from diagnose.model import Applicability, Claim, Evidence, Fix, Manual, Severity, Subject, Where
from diagnose.model.addresses import bracketed, is_local_host
from diagnose.model.containers import Containers, NginxContainer
from diagnose.model.nginx import NginxConfig, UpstreamTry
from diagnose.model.server import (
    Listeners,
    interface_addresses,
    listening_programs,
    server_interfaces,
)
from diagnose.model.upstream import UnixListeners

_MAX_SHOWN = 6
_STEP = "start-the-application"

#: Addresses that stand for every one.
_EVERYWHERE = {"0.0.0.0", "::", "*"}


@check(severity=Severity.ERROR, needs=[UpstreamTry, NginxConfig], explains=CONSEQUENCES)
def refused(evidence: Evidence) -> Iterator[Claim]:
    nginx = Nginx.of(evidence)
    for backend in backends(nginx):
        endpoints = _refusing_endpoints(backend)
        if backend.is_down and endpoints:
            is_own = _is_own_network(evidence, backend)
            local = loopback_program(nginx, backend)
            elsewhere = _other_addresses(evidence, endpoints) if is_own else ()
            elsewhere = (local.address,) if local else elsewhere
            sockets = OtherSockets() if elsewhere else _unix_sockets(nginx, backend)
            program = meant_program(nginx, backend) if is_own and not elsewhere else None
            own_port = _own_port(evidence, backend)
            is_named = bool(elsewhere or program or sockets.paths or own_port["known"])
            is_named = is_named or not is_own
            sole = None if is_named else _sole(nginx, backend)
            holder = program or sole
            port = int(endpoints[0].rpartition(":")[2])
            link = switched_link(nginx, backend, port) if holder else None
            yield upstream_claim(
                nginx,
                BackendFault(
                    backend,
                    {
                        "listening": listening_programs(evidence, without={"nginx"})[:_MAX_SHOWN],
                        "meant": f"127.0.0.1:{program.port}" if program else "",
                        "beside": program is not None and program.is_named,
                        "sole": f"127.0.0.1:{sole.port}" if sole else "",
                        "process": holder.process if holder else "",
                        "wanted": holder.path if holder else "",
                        "near": sole is not None and sole.how == "near",
                        "same_name": sole is not None and sole.how == "name",
                        "candidates": () if is_named else _candidates(nginx, backend, sole),
                        "containers": _published_ports(evidence),
                        "elsewhere": elsewhere,
                        **loopback_facts(local),
                        "sockets": sockets.paths,
                        "socket": sockets.only,
                        "program": sockets.program,
                        "php": sockets.program == "PHP-FPM",
                        "web": backend.proxy_target.speaks_http,
                        **own_port,
                        **_start(evidence, endpoints, is_named or holder is not None),
                        **link_facts(link, holder.port if holder else port),
                        **line_facts(backend, port),
                    },
                    because=(
                        *backend.connect_attempts,
                        *([holder.visit] if holder and holder.visit else []),
                        *backend_log_lines(nginx, backend, r"connect\(\) failed", 111),
                    ),
                    endpoints=endpoints,
                ),
                (local and servers_network_fix(nginx, backend, local))
                or _other_address(nginx, backend, elsewhere)
                or (link and switch_fix(nginx))
                or (program and _port_fix(nginx, backend, program))
                or (sole and port_fix(nginx, backend, sole, _STEP, is_whole=True))
                or (None if is_named or holder else _start_fix(evidence, port))
                or _fix(nginx, backend, sockets),
            )


def _start(evidence: Evidence, endpoints: tuple[str, ...], is_found: bool) -> Mapping[str, object]:
    """Return the command that starts the application, if no program runs that may be meant."""
    # Imported late: few applications refuse.
    from checks.upstream._start_commands import start_facts

    return start_facts(evidence, 0 if is_found else int(endpoints[0].rpartition(":")[2]))


def _start_fix(evidence: Evidence, port: int) -> Fix | None:
    # Imported late: few applications refuse.
    from checks.upstream._start_commands import start_fix

    return start_fix(evidence, port)


def _is_own_network(evidence: Evidence, backend: Backend) -> bool:
    """Return whether nginx asks an address of this server, from this server. A program on the
    server's own loopback address is another one than that which a container has there."""
    own = interface_addresses(server_interfaces(evidence))
    hosts = {endpoint.host for endpoint in backend.proxy_target.endpoints if not endpoint.socket}
    return not any(evidence.good(NginxContainer)) and all(
        is_local_host(host) or host in own for host in hosts
    )


def _sole(nginx: Nginx, backend: Backend) -> MeantProgram | None:
    """Return the only program that has a page for what visitors want, where nginx asks the loopback
    address."""
    hosts = {endpoint.host for endpoint in backend.proxy_target.endpoints}
    if not backend.proxy_target.speaks_http or not hosts <= {"localhost", "127.0.0.1"}:
        return None
    port = backend.proxy_target.endpoints[0].port
    programs = (
        sole_program(nginx.evidence, path, named_ports(nginx), port, _site_names(nginx, backend))
        for path in _asked_paths(backend)
    )
    return next(filter(None, programs), None)


def _site_names(nginx: Nginx, backend: Backend) -> tuple[str, ...]:
    """Return the names that the site has on this server: those of its file and of its host."""
    file = backend.proxy_target.directive.file.rpartition("/")[2].partition(".")[0]
    return file, nginx.evidence.target.host.partition(".")[0]


def _port_fix(nginx: Nginx, backend: Backend, program: MeantProgram) -> Fix | None:
    """Write the program's port, into each line if it has the site's page as well."""
    sole = _sole(nginx, backend) if len(backend.proxy_targets) > 1 else None
    is_whole = sole is not None and sole.port == program.port
    return port_fix(nginx, backend, program, _STEP, is_whole=is_whole)


def _candidates(nginx: Nginx, backend: Backend, sole: MeantProgram | None) -> tuple[str, ...]:
    """Return the programs that may be meant, beside the one that probably is; () where that is the
    only one."""
    path, port = next(_asked_paths(backend), ""), sole.port if sole else 0
    if not backend.proxy_target.speaks_http or (sole and sole.how == "page"):
        return ()
    return answering_programs(nginx.evidence, path, named_ports(nginx), port)


def _asked_paths(backend: Backend) -> Iterator[str]:
    """Yield the paths of the backend, without queries. One below a folder of the configuration may
    have a program of its own, of which the page of another says nothing."""
    for path in backend.paths:
        own = path.partition("?")[0]
        if own == "/":
            yield own


def _own_port(evidence: Evidence, backend: Backend) -> dict[str, object]:
    """Return the facts `known`, `own_port` and `opened_by`, where a known application has this port
    for the paths that come to it: "" where none has. The site's own application, if it is
    known, is the one that counts."""
    # Imported late: few applications refuse.
    from checks.http._known_application import known_application
    from diagnose.parsers.applications import own_port
    from diagnose.parsers.nginx.locations import literal_prefix, location_pattern

    site = known_application(evidence)
    patterns = (
        location_pattern(match.block)
        for match in backend.location_matches
        if match.block.name == "location"
    )
    paths = [literal_prefix(pattern) for pattern in patterns if pattern is not None]
    for endpoint in backend.proxy_target.endpoints:
        owner = None if endpoint.socket else own_port(endpoint.port, paths)
        if owner and (site is None or site.id == owner[0].id):
            return {
                "known": owner[0].name,
                "own_port": endpoint.port,
                "opened_by": owner[1].opened_by,
            }
    return dict.fromkeys(("known", "own_port", "opened_by"), "")


def _unix_sockets(nginx: Nginx, backend: Backend) -> OtherSockets:
    """Return the Unix sockets on which the application may listen in place of its port here."""
    listeners = next(iter(nginx.evidence.good(UnixListeners)), None)
    is_here = all(is_local_host(endpoint.host) for endpoint in backend.proxy_target.endpoints)
    if listeners is None or not is_here:
        return OtherSockets()
    return sockets_of_port(nginx, backend, listeners.sockets)


def _other_address(nginx: Nginx, backend: Backend, elsewhere: tuple[str, ...]) -> Fix | None:
    """Let nginx ask the one address at which the port is open: an application that listens on ::1
    alone, or a container that is published at one address. None if there is not one, or no one
    place to write it. Another program may have the port there: a person looks at it."""
    endpoints = backend.proxy_target.endpoints
    if len(elsewhere) != 1 or "%" in elsewhere[0] or len(endpoints) != 1 or endpoints[0].socket:
        return None
    old = f"{bracketed(endpoints[0].host)}:{endpoints[0].port}"
    changes: Changes = {}
    group_line = endpoints[0].directive if backend.proxy_target.group else None
    directives = (
        [group_line]
        if group_line
        else [proxy_target.directive for proxy_target in backend.proxy_targets]
    )
    replace_in_directives(nginx, directives, old, elsewhere[0], changes)
    return edit_fix(nginx, changes, "start-the-application", sure=False) if changes else None


def _fix(nginx: Nginx, backend: Backend, sockets: OtherSockets) -> Fix:
    """Let nginx ask the socket on which the application's program listens, if there is one alone
    and the pass directive tells the program."""
    manual = Fix((Manual("start-the-application", Where.APPLICATION),), Applicability.MANUAL)
    endpoints = backend.proxy_target.endpoints
    if not sockets.only or backend.proxy_target.speaks_http or len(endpoints) != 1:
        return manual
    changes: Changes = {}
    for proxy_target in backend.proxy_targets:
        directive = proxy_target.endpoints[0].directive
        if directive is None or "$" in directive.args[0]:
            return manual
        address = directive.args[0].rpartition("://")[2]
        replace_in_directives(nginx, [directive], address, f"unix:{sockets.only}", changes)
    return edit_fix(nginx, changes, "start-the-application", sure=False) if changes else manual


def _refusing_endpoints(backend: Backend) -> tuple[str, ...]:
    """Return the endpoints that refuse. If the other ones cannot be reached at all, a refusal is
    still the more useful fault."""
    refused_attempts = (
        attempt
        for attempt in backend.connect_attempts
        if attempt.failure and attempt.failure.kind == "refused"
    )
    return tuple(
        dict.fromkeys(attempt.endpoint for attempt in refused_attempts if not attempt.socket)
    )


def _other_addresses(evidence: Evidence, endpoints: tuple[str, ...]) -> tuple[str, ...]:
    """Return the addresses on which a program listens on the application's own port, if none of
    them gets nginx's connections: it may be the application, unless visitors come there themselves.
    A program that listens where nginx connects, or everywhere, was down for a moment."""
    ports = {endpoint.rpartition(":")[2] for endpoint in endpoints}
    front = ("nginx", evidence.target.port)
    sockets = [
        socket
        for snapshot in evidence.good(Listeners)
        for socket in snapshot.sockets
        if str(socket.port) in ports and (socket.process, socket.port) != front
    ]
    names = [str(Subject(address=socket.address, port=socket.port)) for socket in sockets]
    if any(socket.address in _EVERYWHERE for socket in sockets) or set(names) & set(endpoints):
        return ()
    return tuple(dict.fromkeys(names))[:_MAX_SHOWN]


def _published_ports(evidence: Evidence) -> tuple[str, ...]:
    """Return the ports that running containers publish: the application may be there, on another
    port than before."""
    return tuple(
        f"{container.name} ({mapping.port} → {mapping.inner})"
        for containers in evidence.good(Containers)
        for container in containers.running
        for mapping in container.ports
        if mapping.port and ":" not in mapping.address
    )[:_MAX_SHOWN]
