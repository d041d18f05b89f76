"""nginx passes requests on to a port of the server itself that nothing listens on, and a container
that runs has its application on that port, in a network of its own. Its engine does not publish the
port (docker-run(1), --publish; EXPOSE alone publishes nothing).

Usual with several containers: the first has `ports`, the second was forgotten. An nginx in a
container of its own needs no published port: it reaches the other container by its name, in a
network that both have. A port that is published on 127.0.0.1 is for the server's own programs: a
container that asks the server's address, or the gateway of its bridge, does not reach it. A server
whose firewall rejects the connection has no program behind it either: a rule that lets it in turns
"No route to host" into "Connection refused".
"""

from collections.abc import Iterator

from checks.listener._compose_edits import compose_fix, new_port_change
from checks.listener._containers import compose_command, compose_place
from checks.nginx import Nginx, file_line
from checks.nginx._edits import Changes
from checks.upstream import CONSEQUENCES, Backend, backend_log_lines, backends
from checks.upstream._claims import BackendFault, upstream_claim
from checks.upstream._container_names import name_fix
from checks.upstream._containers import NAMELESS, has_no_listener, is_beside, is_server_host
from checks.upstream._edits import edit_fix, replace_in_directives
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
from diagnose.model.addresses import bracketed, is_local_host, is_loopback
from diagnose.model.containers import Container, ContainerPort, Containers, NginxContainer
from diagnose.model.nginx import NginxConfig, UpstreamTry
from diagnose.model.server import Interface, interface_addresses
from diagnose.parsers.hostnames import is_address

_EVERY_ADDRESS = {"", "0.0.0.0", "::"}
#: What `localhost` and 127.0.0.1 in proxy_pass reach of a port that is published on loopback alone.
_LOOPBACK = {"127.0.0.1"}


@check(
    severity=Severity.ERROR,
    needs=[UpstreamTry, NginxConfig, Containers],
    explains=(*CONSEQUENCES, "upstream.refused", "upstream.unreachable"),
)
def container_unpublished(evidence: Evidence) -> Iterator[Claim]:
    nginx = Nginx.of(evidence)
    for containers in evidence.good(Containers):
        for backend in backends(nginx):
            candidates = _candidates(evidence, containers, backend)
            if len(candidates) != 1:
                continue
            proxy = _proxy(evidence)
            address = _facts_of_address(evidence, containers, candidates[0], backend)
            yield upstream_claim(
                nginx,
                BackendFault(
                    backend,
                    _facts(candidates[0], backend, proxy) | address,
                    because=(
                        *backend.connect_attempts,
                        containers,
                        *([proxy] if proxy else []),
                        *backend_log_lines(nginx, backend, "while connecting to upstream"),
                    ),
                    confidence=Confidence.LIKELY,
                ),
                _fix(nginx, backend, candidates[0], proxy, bool(address["left"])),
            )


def _proxy(evidence: Evidence) -> NginxContainer | None:
    """Return nginx's own container, None if nginx has the server's network."""
    return next(
        (item for item in evidence.good(NginxContainer) if "host" not in item.networks), None
    )


def _shared_network(container: Container, proxy: NginxContainer) -> str:
    """Return a network in which nginx's container can use the other one's name, "" if none is."""
    shared = (name for name in container.networks if name in proxy.networks)
    return next((name for name in shared if name not in NAMELESS), "")


def _step(container: Container, proxy: NginxContainer | None) -> str:
    if proxy is None or proxy.own_network:
        return "publish"
    return "name-it" if _shared_network(container, proxy) else "join-and-name-it"


def _facts_of_address(
    evidence: Evidence, containers: Containers, container: Container, backend: Backend
) -> dict[str, object]:
    """Return which address the container has left, and which it has now."""
    attempt = backend.connect_attempts[0]
    if not _is_left(evidence, containers, attempt):
        return {"left": "", "address": ""}
    return {
        "left": attempt.host,
        "address": _address_inside(containers, container, attempt.port),
        "message": "",
    }


def _published(container: Container, port: int) -> ContainerPort | None:
    """Return how the engine publishes a port of the container, as another one of the server."""
    return next(
        (mapping for mapping in container.ports if mapping.inner == port and mapping.port), None
    )


def _fix(
    nginx: Nginx,
    backend: Backend,
    container: Container,
    proxy: NginxContainer | None,
    is_left: bool,
) -> Fix:
    """Write the published port in the place of the container's, if nginx reaches it at the same
    address, or at 127.0.0.1 in the place of an address that no container has."""
    step, inner = _step(container, proxy), _inner_port(container, backend)
    if step != "publish" and proxy and _listens_inside(nginx, container, backend, inner):
        return name_fix(nginx, backend, container, proxy, step, inner)
    manual = Fix((Manual(step, Where.SERVER),), Applicability.MANUAL)
    host, port = backend.connect_attempts[0].host, backend.connect_attempts[0].port
    published = _published(container, port)
    if step != "publish" or len(backend.connect_attempts) != 1:
        return manual
    if published is None:
        return _publish_fix(nginx, backend, container, is_left)
    reached = "127.0.0.1" if is_left else host
    loopback = _LOOPBACK if is_loopback(reached) else ()
    if published.address not in {reached, *_EVERY_ADDRESS, *loopback}:
        return manual
    changes: Changes = {}
    directives = [proxy_target.directive for proxy_target in backend.proxy_targets]
    old, new = f"{host}:{port}", f"{reached}:{published.port}"
    replace_in_directives(nginx, directives, old, new, changes)
    return edit_fix(nginx, changes, step, sure=False) if changes else manual


def _publish_fix(nginx: Nginx, backend: Backend, container: Container, is_left: bool) -> Fix:
    """Publish the port to the server's loopback address, and let nginx ask there. It opens nothing
    to visitors."""
    attempt = backend.connect_attempts[0]
    port = f"127.0.0.1:{attempt.port}:{attempt.port}"
    fix = compose_fix(nginx.evidence, "publish", (container, new_port_change(port)))
    if not is_left and is_local_host(attempt.host):
        return fix
    changes: Changes = {}
    directives = [proxy_target.directive for proxy_target in backend.proxy_targets]
    old, new = f"{bracketed(attempt.host)}:{attempt.port}", f"127.0.0.1:{attempt.port}"
    replace_in_directives(nginx, directives, old, new, changes)
    edits = edit_fix(nginx, changes, "publish", sure=False)
    if Applicability.MANUAL in {fix.applicability, edits.applicability}:
        return Fix((Manual("publish", Where.SERVER),), Applicability.MANUAL)
    return Fix((*fix.steps, *edits.steps), Applicability.REVIEW)


def _loopback_of(container: Container, port: int) -> ContainerPort | None:
    """Return how a running container publishes a port of the server, if it does so on the server's
    loopback address alone: other containers do not reach that."""
    mappings = [mapping for mapping in container.ports if mapping.port == port]
    is_only = all(is_loopback(mapping.address) for mapping in mappings)
    return mappings[0] if mappings and is_only and not container.stopped else None


def _inner_port(container: Container, backend: Backend) -> int:
    """Return the port inside that nginx means."""
    port = backend.connect_attempts[0].port
    mapping = _loopback_of(container, port)
    return mapping.inner if mapping else port


def _listens_inside(nginx: Nginx, container: Container, backend: Backend, port: int) -> bool:
    """Return whether a program in the container has the port, and is reached from others."""
    return len(backend.connect_attempts) == 1 and any(
        _address_inside(containers, container, port)
        for containers in nginx.evidence.good(Containers)
    )


def _candidates(
    evidence: Evidence, containers: Containers, backend: Backend
) -> tuple[Container, ...]:
    """Return the running containers that have the port inside, and do not publish it."""
    if not backend.is_down or any(attempt.socket for attempt in backend.connect_attempts):
        return ()
    attempt = backend.connect_attempts[0]
    kind = attempt.failure.kind if attempt.failure else ""
    if _is_left(evidence, containers, attempt):
        return tuple(
            container
            for container in containers.running
            if _address_inside(containers, container, attempt.port)
        )
    is_rejected = kind in {"unreachable", "timeout"} and has_no_listener(evidence, attempt.port)
    if not (kind == "refused" or is_rejected) or not is_server_host(evidence, attempt.host):
        return ()
    proxy = _proxy(evidence)
    publishing = [
        container
        for container in containers.containers
        if any(mapping.port == attempt.port for mapping in container.ports)
    ]
    if publishing:
        is_apart = proxy is not None and not proxy.own_network
        is_loopback_only = all(_loopback_of(each, attempt.port) for each in publishing)
        return tuple(publishing) if is_apart and is_loopback_only else ()
    return tuple(
        container
        for container in containers.running
        if "host" not in container.networks
        and (proxy is None or container.id != proxy.digest)
        and _has_inside(containers, container, attempt.port)
    )


def _is_left(evidence: Evidence, containers: Containers, attempt: UpstreamTry) -> bool:
    """Return whether nginx of the server itself asks an address of the containers' network that no
    container has. An engine gives addresses anew when containers are created or started. Nobody
    answers for such an address: "No route to host". One whose program does not listen refuses."""
    is_silent = attempt.failure is not None and attempt.failure.kind == "unreachable"
    if not is_silent or _proxy(evidence) is not None or not is_address(attempt.host):
        return False
    addresses = [address for namespace in containers.namespaces for address in namespace.addresses]
    own = interface_addresses(evidence.good(Interface))
    return attempt.host not in {*addresses, *own} and is_beside(evidence, attempt.host, addresses)


def _address_inside(containers: Containers, container: Container, port: int) -> str:
    """Return the address of a container with a program at this port; "" if none listens there."""
    addresses = (
        address
        for namespace in containers.namespaces
        if namespace.container == container.id and namespace.listens(port)
        for address in namespace.addresses
    )
    return next(addresses, "")


def _has_inside(containers: Containers, container: Container, port: int) -> bool:
    """Return whether a container declares the port, or a program in it listens there."""
    declared = any(mapping.inner == port for mapping in container.ports)
    return declared or any(
        namespace.container == container.id and namespace.listens(port)
        for namespace in containers.namespaces
    )


def _facts(
    container: Container, backend: Backend, proxy: NginxContainer | None
) -> dict[str, object]:
    attempt = backend.connect_attempts[0]
    port = attempt.port
    # A port stands in `proxy_pass`, or in a line of the `upstream` block that it names.
    directives = [endpoint.directive for endpoint in backend.proxy_target.endpoints]
    directive = next(filter(None, directives), backend.proxy_target.directive)
    published, loopback = _published(container, port), _loopback_of(container, port)
    return {
        "container": container.name,
        "engine": container.engine,
        "inner": _inner_port(container, backend),
        "loopback": loopback.address if loopback else "",
        "asked": str(Subject(address=attempt.host, port=port)),
        "published": published.port if published else "",
        "compose": compose_command(container, "up", "-d"),
        **compose_place(container),
        "proxy": proxy.title if proxy and not proxy.own_network else "",
        "network": next((name for name in container.networks if name not in NAMELESS), ""),
        "message": attempt.failure.message
        if attempt.failure and attempt.failure.kind == "unreachable"
        else "",
        "line": directive.text,
        "line_place": file_line(directive),
    }
