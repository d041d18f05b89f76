"""A web server runs in a container and does not reach its application from there: 127.0.0.1 is the
container itself (network_namespaces(7)), the name is none of its network, or the application's own
container does not run; or the server's packet filter stops what the container sends to the server
itself. The evidence is a request that was sent from the container's network.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from checks.listener._containers import compose_command, is_called, stopped_by_name
from checks.server import ServerView, place_text, server_on_port
from checks.server._backend_answers import (
    refused_websockets,
    route_to_application,
)
from checks.server._meant_containers import (
    GATEWAY_NAMES,
    means_itself,
    meant_container,
    name_fix,
    network_fix,
    port_fix,
    server_fix,
)
from checks.upstream._containers import apart_container
from diagnose.checking.registry import check
from diagnose.model import (
    Applicability,
    Claim,
    Evidence,
    Failure,
    Fix,
    Manual,
    Severity,
    Subject,
    Where,
)
from diagnose.model.addresses import bracketed, is_local_host, is_loopback
from diagnose.model.backends import BackendHandshake, BackendVisit
from diagnose.model.containers import CONTAINER_PROCESSES, Container, Containers, NginxContainer
from diagnose.model.http import Exchange, Upgrade, page_exchanges
from diagnose.model.server import Interface, Listeners, interface_addresses
from diagnose.model.web_servers import SiteRoute, WebServer, WebServerConfig

if TYPE_CHECKING:
    from checks.upstream._container_rules import Block

#: Statuses of a server that does not reach its application; None is no answer at all.
_UNAVAILABLE = {502, 503, 504, None}

#: curl's exit status for a name without an address (curl(1), "EXIT CODES").
_UNRESOLVED = 6


@check(
    severity=Severity.ERROR,
    needs=[WebServer, WebServerConfig, NginxContainer],
    explains=[
        "server.application-answers",
        "server.application-silent",
        "server.backend-not-reached",
        "server.haproxy-no-server",
        "http.server-error",
        "websocket.not-upgraded",
        "websocket.inner-proxy",
    ],
)
def container_not_reached(evidence: Evidence) -> Iterator[Claim]:
    view, target = server_on_port(evidence), evidence.target
    if view is None or not view.server.container:
        return
    claims = [_claim(view, target.path, page_exchanges(evidence), websocket=False)]
    for path in dict.fromkeys(target.websockets):
        claims.append(_claim(view, path, refused_websockets(evidence, path), websocket=True))
    yield from list(filter(None, claims))[:1]


def _claim(
    view: ServerView, full_path: str, responses: Sequence[Exchange | Upgrade], websocket: bool
) -> Claim | None:
    path, evidence = full_path.partition("?")[0], view.evidence
    route = route_to_application(view, path, websocket)
    visits = _attempts(evidence, route, websocket) if route else ()
    failure = _failure(evidence, route, visits) if route else None
    if route is None or not responses or failure is None:
        return None
    if any(response.status not in _UNAVAILABLE for response in responses):
        return None
    reason = _reason(evidence, route, failure)
    block = None if reason == "stopped" else _block(evidence, route, failure)
    reason = "firewall" if block else reason
    if not reason:
        return None
    stopped = _stopped(evidence, route.host) if reason == "stopped" else None
    places = _place_facts(evidence, route)
    subject = Subject(port=evidence.target.port, path=path)
    paths = (evidence.target.path, *evidence.target.websockets)
    return Claim(
        about=subject,
        covers=tuple(Subject(port=evidence.target.port, path=path) for path in paths),
        because=(
            *visits, view.server, *responses, *evidence.good(Containers),
            *(block.view.because if block else ()),
        ),
        facts={
            **view.facts,
            "target": route.target,
            "host": bracketed(route.host),
            "app_port": route.port,
            "place": place_text(route.file, route.line),
            "status": responses[0].status or "",
            "names": _names(evidence, view.server.container),
            "stopped": stopped.name if stopped else "",
            "status_text": stopped.status if stopped else "",
            "compose": compose_command(stopped, "up", "-d") if stopped else "",
            "traefik": view.server.product == "traefik",
            "loopback": reason == "loopback",
            "unresolved": reason == "unresolved",
            "refused": reason == "refused",
            "firewall": reason == "firewall",
            **(block.facts if block else {"rule": "", "where": "", "owner": "", "network": ""}),
            **places,
        },
        fix=(block.fix() if block else None)
        or name_fix(view, route, reason)
        or server_fix(view, route, reason)
        or network_fix(view, route, reason)
        or _port_fix(view, route, reason, places)
        or Fix((Manual(reason, Where.SERVER),), Applicability.MANUAL),
    )  # fmt: skip


def _attempts(
    evidence: Evidence, route: SiteRoute, websocket: bool
) -> tuple[BackendVisit | BackendHandshake, ...]:
    """Return the requests to the application, or the handshakes where TLS is spoken."""
    visits = (
        backend_visit
        for backend_visit in evidence.of(BackendVisit)
        if backend_visit.websocket is websocket
    )
    shakes = (
        backend_handshake
        for backend_handshake in evidence.of(BackendHandshake)
        if route.scheme in {"https", "wss"}
    )
    own = tuple(visit for visit in visits if visit.target == route.target)
    return own or tuple(shake for shake in shakes if shake.target == route.target)


def _failure(
    evidence: Evidence, route: SiteRoute, attempts: Sequence[BackendVisit | BackendHandshake]
) -> Failure | None:
    """Return why the first attempt failed; None if it did not, or that is not known. A handshake
    that was not completed is a refusal where nothing listens on the container's port."""
    first = next(iter(attempts), None)
    if not isinstance(first, BackendHandshake):
        return first.failure if first else None
    owners = [
        namespace
        for containers in evidence.good(Containers)
        for namespace in containers.namespaces
        if route.host in namespace.addresses and not is_loopback(route.host)
    ]
    is_closed = bool(owners) and not any(owner.listens(route.port) for owner in owners)
    is_open = first.plain or first.verify_code is not None
    return Failure("refused", "") if is_closed and not is_open else None


def _port_fix(
    view: ServerView, route: SiteRoute, reason: str, places: Mapping[str, object]
) -> Fix | None:
    """Write the port inside of the container in the place of a published one."""
    ports = places["inner_ports"]
    if view.server.product == "traefik" and reason == "refused" and isinstance(ports, tuple):
        # Imported late: only a finding needs it.
        from checks.server._traefik_labels import service_fix

        own = {"server.port": str(ports[0])} if len(ports) == 1 and places["called"] else {}
        return service_fix(view.evidence, own)
    is_meant = reason == "refused" and places["called"] and view.server.product != "traefik"
    return port_fix(view, route, ports) if is_meant and isinstance(ports, tuple) else None


def _block(evidence: Evidence, route: SiteRoute, failure: Failure) -> "Block | None":
    """Return the rule that stops what the container sends to a program of the server that listens
    for others. A refusal comes from the program's machine, or from a rule that rejects."""
    own = next(iter(evidence.good(NginxContainer)))
    interfaces = {a for interface in evidence.good(Interface) for a in interface.addresses}
    sockets = [socket for item in evidence.good(Listeners) for socket in item.on(route.port)]
    is_here = route.host in interfaces and any(
        not is_loopback(socket.address) for socket in sockets
    )
    if not is_here or is_local_host(route.host) or "host" in own.networks:
        return None
    if failure.kind not in {"timeout", "unreachable", "refused"}:
        return None
    # Imported late: few applications are kept away.
    from checks.upstream._container_rules import decision_for

    block = decision_for(evidence, own, route.host, route.port)
    if block is None or isinstance(block, bool):
        return None
    is_possible = failure.kind != "refused" or block.decision.verdict == "reject"
    return block if is_possible else None


def _reason(evidence: Evidence, route: SiteRoute, failure: Failure) -> str:
    """Return why the application is not reached, "" if that is not known."""
    own = next(iter(evidence.good(NginxContainer)))
    if "host" in own.networks:
        return ""
    if _stopped(evidence, route.host):
        return "stopped"
    if failure.kind == "other" and failure.code == _UNRESOLVED:
        return "unresolved"
    if failure.kind != "refused":
        return ""
    return "loopback" if means_itself(route.host) else "refused"


def _place_facts(evidence: Evidence, route: SiteRoute) -> dict[str, object]:
    """Return where the application is: in the container that has the port, at other ports of the
    container that is named, or on the server itself."""
    own = next(iter(evidence.good(NginxContainer)))
    ports, others, called = set[int](), list[str](), list[str]()
    for containers in evidence.good(Containers):
        for container in containers.running:
            namespaces = [item for item in containers.namespaces if item.container == container.id]
            listening = {
                port for item in namespaces for _, port in item.sockets if item.listens(port)
            }
            # Traefik has the address of a container, which no configuration names.
            is_there = any(route.host in item.addresses for item in namespaces)
            if container.id != own.digest and (is_there or is_called(container, route.host)):
                ports |= listening
                called.append(container.name)
            elif container.id != own.digest and route.port in listening:
                others.append(_service_name(container))
    meant = meant_container(evidence, route)
    others = [_service_name(meant.container)] if meant else others
    sockets = [socket for item in evidence.good(Listeners) for socket in item.on(route.port)]
    interfaces = interface_addresses(evidence.good(Interface))
    is_server = route.host in GATEWAY_NAMES or route.host in interfaces
    # An engine's own process has a published port for the container, which has its own name.
    programs = [socket for socket in sockets if socket.process not in CONTAINER_PROCESSES]
    apart = apart_container(evidence, route.host)
    return {
        "inner_ports": tuple(sorted(ports - {route.port}))[:8] if route.port not in ports else (),
        "called": called[0] if len(set(called)) == 1 else "",
        "other": others[0] if len(set(others)) == 1 else "",
        "other_port": meant.port if meant else route.port,
        "publishes": meant is not None and meant.is_published,
        "published_here": meant is not None
        and all(is_loopback(socket.address) for socket in sockets),
        "gateway": route.host in GATEWAY_NAMES,
        "is_server": is_server and not means_itself(route.host),
        "program": next((socket.process or "" for socket in programs), ""),
        "on_server": bool(programs) and not others,
        "local_only": bool(programs) and all(is_loopback(program.address) for program in programs),
        "nowhere": bool(evidence.good(Listeners)) and not sockets,
        "apart": apart.network if apart else "",
        "engine": own.engine,
    }


def _stopped(evidence: Evidence, host: str) -> Container | None:
    """Return the container with the application's name that does not run."""
    stopped = (stopped_by_name(containers, host) for containers in evidence.good(Containers))
    return next(filter(None, stopped), None)


def _service_name(container: Container) -> str:
    """Return the name by which others call a container: that of its service, if its labels tell it
    or docker compose named it "project-service-1", or its own."""
    if container.compose is not None:
        return container.compose.service
    words = container.name.replace("_", "-").split("-")
    return words[-2] if len(words) > 2 and words[-1].isdigit() else container.name


def _names(evidence: Evidence, own: str) -> tuple[str, ...]:
    """Return the names of the other containers that run."""
    return tuple(
        container.name
        for containers in evidence.good(Containers)
        for container in containers.running
        if container.name != own
    )[:8]
