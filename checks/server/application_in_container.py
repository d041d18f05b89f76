"""A web server of the machine itself passes requests on to an application that runs in a
container, and does not reach it. The container has ended; or its engine publishes no port of the
server for it, or another one; or in the container nothing listens behind the published port; or the
address is one of the containers' own network: names and ports of it do not exist outside
(docker-run(1), "--publish"; network_namespaces(7)).

A web server in a container of its own: server.container-not-reached. nginx: the layer `upstream`.
"""

from collections.abc import Iterator, Sequence
from typing import Literal

from checks.listener._compose_edits import (
    compose_fix,
    listening_change,
    new_port_change,
    published_change,
)
from checks.listener._containers import is_called, start_fix, stopped_by_name, stopped_facts
from checks.server import ServerView, manual_fix, place_text, reload_steps, server_on_port
from checks.server._address_edits import address_edit
from checks.server._backend_answers import refused_websockets, route_to_application
from checks.upstream._containers import (
    is_beside,
    namespace_of,
    open_ports,
    published_address,
    publishing,
)
from diagnose.checking.registry import check
from diagnose.model import (
    Applicability,
    Claim,
    Confidence,
    Evidence,
    Fix,
    Severity,
    Subject,
)
from diagnose.model.addresses import bracketed, is_local_host
from diagnose.model.backends import BackendHandshake, BackendVisit
from diagnose.model.containers import Container, Containers
from diagnose.model.frozen import frozen
from diagnose.model.http import Exchange, Upgrade, page_exchanges
from diagnose.model.server import Interface, Listeners, interface_addresses
from diagnose.model.web_servers import SiteRoute, WebServer, WebServerConfig
from diagnose.parsers.hostnames import is_address

#: Why the application is not reached. "loopback": in the container it listens on the container's
#: own loopback address alone. "unserved": nothing listens behind the published port. "unpublished":
#: the container has the port inside, and the engine publishes none, or another one, for it.
#: "name" and "address" are those of the containers' network.
Reason = Literal["stopped", "loopback", "unserved", "unpublished", "name", "address"]

#: Maximum number of ports that are shown.
_MAX_SHOWN = 6


@check(
    severity=Severity.ERROR,
    needs=[WebServer, WebServerConfig, Containers],
    explains=[
        "server.application-answers",
        "server.application-down",
        "server.application-silent",
        "server.backend-not-reached",
        "server.haproxy-no-server",
        "server.other-requests-failed",
        "server.request-failed",
        "server.request-logged",
        "http.page-file-missing",
        "http.server-error",
        "websocket.not-upgraded",
        "websocket.inner-proxy",
    ],
)
def application_in_container(evidence: Evidence) -> Iterator[Claim]:
    view, target = server_on_port(evidence), evidence.target
    if view is None or view.server.container:
        return
    failed: dict[str, tuple[SiteRoute, list[str], list[Exchange | Upgrade]]] = {}
    for path in dict.fromkeys((target.path, *target.websockets)):
        is_websocket = path in target.websockets
        route = route_to_application(view, path, is_websocket)
        responses = _failures(evidence, path, is_websocket)
        if route is not None and responses and _visits(evidence, route):
            _, paths, all_responses = failed.setdefault(route.target, (route, [], []))
            paths.append(path)
            all_responses.extend(responses)
    for route, paths, all_responses in failed.values():
        for containers in evidence.good(Containers):
            fault = _fault(evidence, containers, route)
            if fault is not None:
                yield _claim(view, containers, route, fault, paths, all_responses)


@frozen
class _Fault:
    """What is wrong with a container. `inner` is the port of the container that is meant, `ports`
    are those at which its programs take connections from outside of it, and `published` is the
    address ("host:port") of the server at which a program in the container is reached, "" if there
    is none."""

    reason: Reason
    container: Container
    inner: int = 0
    ports: tuple[int, ...] = ()
    published: str = ""


def _failures(evidence: Evidence, path: str, websocket: bool) -> Sequence[Exchange | Upgrade]:
    """Return the answers at a path, if all are those of a server without its application."""
    responses: Sequence[Exchange | Upgrade] = (
        refused_websockets(evidence, path) if websocket else page_exchanges(evidence)
    )
    is_unavailable = all(
        response.status is None or response.status >= 500 for response in responses
    )
    return responses if is_unavailable else ()


def _visits(evidence: Evidence, route: SiteRoute) -> tuple[BackendVisit | BackendHandshake, ...]:
    """Return the failed direct visits of an application; () if one of them did not fail."""
    visits: list[BackendVisit | BackendHandshake] = [
        *evidence.of(BackendVisit),
        *evidence.of(BackendHandshake),
    ]
    own = [visit for visit in visits if visit.target == route.target]
    failures = tuple(visit for visit in own if visit.failure is not None)
    answered = [visit for visit in evidence.good(BackendVisit) if visit.target == route.target]
    return () if answered else failures


def _fault(evidence: Evidence, containers: Containers, route: SiteRoute) -> _Fault | None:
    if not route.port or not route.host:
        return None
    if stopped := stopped_by_name(containers, route.host):
        return _Fault("stopped", stopped)
    own = interface_addresses(evidence.good(Interface))
    if is_local_host(route.host) or route.host in own:
        return _fault_of_port(evidence, containers, route.port)
    if not is_address(route.host):
        named = [container for container in containers.running if is_called(container, route.host)]
        return _in_network("name", containers, named, route.port)
    return _fault_of_address(evidence, containers, route)


def _fault_of_port(evidence: Evidence, containers: Containers, port: int) -> _Fault | None:
    """Return what is wrong at a port of the server itself."""
    for container in publishing(containers.running, port):
        inner = next(each.inner for each in container.ports if each.port == port)
        namespace = namespace_of(containers, container)
        if namespace is None or namespace.listens(inner):
            return None
        is_local = inner in {number for _, number in namespace.sockets}
        reason: Reason = "loopback" if is_local else "unserved"
        return _Fault(reason, container, inner, open_ports(namespace))
    snapshots = evidence.good(Listeners)
    if not snapshots or any(snapshot.on(port) for snapshot in snapshots):
        return None
    for container in publishing(containers.stopped, port):
        return _Fault("stopped", container)
    return _in_network("unpublished", containers, containers.running, port)


def _fault_of_address(
    evidence: Evidence, containers: Containers, route: SiteRoute
) -> _Fault | None:
    """Return what is wrong at an address of the containers' network: the container that has it
    does not have the port, or none has it any more."""
    for container in containers.running:
        namespace = namespace_of(containers, container)
        if namespace is not None and route.host in namespace.addresses:
            ports = open_ports(namespace)
            if route.port in ports or not ports:
                return None
            published = published_address(container, ports, route.port)
            return _Fault("address", container, route.port, ports, published)
    addresses = [address for each in containers.namespaces for address in each.addresses]
    if not is_beside(evidence, route.host, addresses):
        return None
    return _in_network("address", containers, containers.running, route.port)


def _in_network(
    reason: Reason, containers: Containers, candidates: Sequence[Container], port: int
) -> _Fault | None:
    """Return the fault, if one of the containers alone is meant by a port: that on which it
    listens, or else the one that it publishes or declares."""
    apart = [container for container in candidates if "host" not in container.networks]
    listening = [each for each in apart if port in open_ports(namespace_of(containers, each))]
    declared = [each for each in apart if any(p.inner == port for p in each.ports)]
    meant = listening or declared or (apart if reason == "name" else [])
    if len(meant) != 1:
        return None
    ports = open_ports(namespace_of(containers, meant[0]))
    if ports and port not in ports and reason == "unpublished":
        return None
    return _Fault(reason, meant[0], port, ports, published_address(meant[0], ports, port))


def _claim(
    view: ServerView,
    containers: Containers,
    route: SiteRoute,
    fault: _Fault,
    paths: Sequence[str],
    responses: Sequence[Exchange | Upgrade],
) -> Claim:
    port = view.evidence.target.port
    is_seen = fault.reason in {"loopback", "unserved"}
    status = responses[0].status
    return Claim(
        about=Subject(port=port, path=paths[0]),
        covers=tuple(Subject(port=port, path=path) for path in paths),
        because=(*responses, *_visits(view.evidence, route), containers, view.server),
        confidence=Confidence.CERTAIN if is_seen else Confidence.LIKELY,
        facts={
            **view.facts,
            **stopped_facts(fault.container),
            "target": route.target,
            "application": route.authority,
            "place": place_text(route.file, route.line),
            "paths": tuple(paths),
            "code": status or "",
            "inner": fault.inner,
            "ports": fault.ports[:_MAX_SHOWN],
            "published": fault.published,
            "written": _written(route, fault),
            "host": route.host,
            **{reason: reason == fault.reason for reason in _REASONS},
        },
        fix=_fix(view, route, fault),
    )


def _written(route: SiteRoute, fault: _Fault) -> str:
    """Return the entry of `ports` for the one port at which the container takes connections."""
    mapping = next((port for port in fault.container.ports if port.port == route.port), None)
    if mapping is None or len(fault.ports) != 1:
        return ""
    is_everywhere = mapping.address in {"", "0.0.0.0", "::"}
    host = "" if is_everywhere else f"{bracketed(mapping.address)}:"
    return f"{host}{mapping.port}:{fault.ports[0]}"


_REASONS = ("stopped", "loopback", "unserved", "unpublished", "name", "address")


def _fix(view: ServerView, route: SiteRoute, fault: _Fault) -> Fix:
    if fault.reason == "stopped":
        return start_fix(fault.container)
    if fault.published:
        edit = address_edit(view, route, fault.published)
        if edit is not None:
            return Fix((edit, *reload_steps(view.server)), Applicability.REVIEW)
        return manual_fix(view, "write-the-published")
    return _compose_fix(view, route, fault)


def _compose_fix(view: ServerView, route: SiteRoute, fault: _Fault) -> Fix:
    """Let the program listen where the port leads to, or the port lead to where it listens, or
    publish it to the server's loopback address, and pass requests on to that."""
    evidence, container = view.evidence, fault.container
    if fault.reason == "loopback":
        return compose_fix(evidence, "listen-everywhere", (container, listening_change))
    if fault.reason == "unserved":
        mapping = next((port for port in container.ports if port.port == route.port), None)
        if mapping is None or len(fault.ports) != 1:
            return compose_fix(evidence, "publish-its-port")
        address = "" if mapping.address in {"0.0.0.0", "::"} else bracketed(mapping.address)
        change = published_change(mapping, address, fault.ports[0])
        return compose_fix(evidence, "publish-its-port", (container, change))
    published = f"127.0.0.1:{fault.inner}"
    change = new_port_change(f"{published}:{fault.inner}")
    fix = compose_fix(evidence, "publish", (container, change))
    if is_local_host(route.host) or fix.applicability is Applicability.MANUAL:
        return fix
    edit = address_edit(view, route, published)
    if edit is None:
        return compose_fix(evidence, "publish")
    return Fix((*fix.steps, edit, *reload_steps(view.server)), Applicability.REVIEW)
