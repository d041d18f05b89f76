"""Which container is meant by an address that leads nowhere from the container of the web server,
and the edit that writes its name there."""

from collections.abc import Sequence

from checks.listener._compose_edits import (
    SERVER_NAMES,
    ComposeEdit,
    compose_steps,
    container_by_id,
    host_change,
    mounted_edits,
)
from checks.server import ServerView, reload_steps
from checks.server._address_edits import address_edit
from checks.upstream._container_names import (
    joining_commands,
    joining_fix,
    network_changes,
    service_name,
)
from checks.upstream._containers import apart_container, publishing
from diagnose.model import (
    Applicability,
    Command,
    Edit,
    Evidence,
    Fix,
    Manual,
    Where,
)
from diagnose.model.addresses import bracketed, is_local_host, is_loopback
from diagnose.model.containers import CONTAINER_PROCESSES, Container, Containers, NginxContainer
from diagnose.model.frozen import frozen
from diagnose.model.server import Interface, Listeners, interface_addresses
from diagnose.model.web_servers import SiteRoute

_UNSPECIFIED = frozenset({"0.0.0.0", "::"})

#: The names of the server itself that engines give to containers (docker-run(1), "--add-host";
#: podman-run(1)).
GATEWAY_NAMES = frozenset({"host.docker.internal", "host.containers.internal"})


def means_itself(host: str) -> bool:
    """Whether a host means the machine, or the container, that connects to it: as a destination,
    0.0.0.0 leads there too (ip(7))."""
    return is_local_host(host) or host.strip("[]") in _UNSPECIFIED


def _means_server(evidence: Evidence, host: str) -> bool:
    """Whether a container asks the server itself at this host."""
    own = interface_addresses(evidence.good(Interface))
    return host in GATEWAY_NAMES or host.strip("[]") in own


@frozen
class MeantContainer:
    """The container of an application, and its own port. `is_published` is True if the server has
    another name for it: the port that is written is one of the server."""

    container: Container
    port: int
    is_published: bool = False


def meant_container(evidence: Evidence, route: SiteRoute) -> MeantContainer | None:
    """Return the one container that publishes the port of a route, or else, where the route leads
    to the web server's own container, the one whose program listens on it; None if there is none,
    or several."""
    own, is_itself = next(iter(evidence.good(NginxContainer)), None), means_itself(route.host)
    if own is None or not (is_itself or _means_server(evidence, route.host)):
        return None
    for containers in evidence.good(Containers):
        others = tuple(container for container in containers.running if container.id != own.digest)
        published = publishing(others, route.port)
        inner = {
            (each.id, mapping.inner)
            for each in published
            for mapping in each.ports
            if mapping.port == route.port
        }
        if len(inner) == 1:
            return MeantContainer(published[0], inner.pop()[1], is_published=True)
        ids = {space.container for space in containers.namespaces if space.listens(route.port)}
        listening = [each for each in others if each.id in ids]
        if is_itself and not published and len(listening) == 1:
            return MeantContainer(listening[0], route.port)
    return None


def _is_reached(evidence: Evidence, container: MeantContainer) -> bool:
    """Whether its program listens for others inside of the container, as far as that was seen."""
    spaces = [
        space
        for containers in evidence.good(Containers)
        for space in containers.namespaces
        if space.container == container.container.id
    ]
    return all(space.listens(container.port) for space in spaces)


def name_fix(view: ServerView, route: SiteRoute, reason: str) -> Fix | None:
    """Return the edit that writes the name and the port of the meant container, after both have a
    network in which names are known; None where a person has to do it."""
    own = next(iter(view.evidence.good(NginxContainer)), None)
    is_meant = reason in {"loopback", "refused"}
    meant = meant_container(view.evidence, route) if is_meant else None
    if own is None or meant is None or not own.engine or not own.name:
        return None
    if not _is_reached(view.evidence, meant) or not view.server.reload:
        return None
    name = service_name(view.evidence, meant.container, own)
    edit = address_edit(view, route, f"{name}:{meant.port}")
    if edit is None:
        return None
    joining = joining_commands(meant.container, own)
    change = network_changes(view.evidence, meant.container, own) if joining else None
    if change is not None and (steps := made_anew(view, own, edit, change)):
        return Fix(steps, Applicability.REVIEW)
    keep = (Manual("keep-the-network", Where.SERVER),) if joining else ()
    steps = (*joining, edit, *reload_steps(view.server), *keep)
    return Fix(steps, Applicability.REVIEW)


def made_anew(
    view: ServerView,
    own: NginxContainer,
    edit: Edit | None,
    change: tuple[Container, ComposeEdit],
) -> tuple[Edit | Command, ...]:
    """Return the steps that change a compose file and the web server's file, and load both; () if
    one of them is not possible. It reads its files when its container is made anew."""
    compose = compose_steps(view.evidence, change)
    inner = mounted_edits((edit,), own) if edit else ()
    if not compose or (edit and not inner):
        return ()
    edits = tuple(step for step in compose if isinstance(step, Edit))
    loading = () if change[0].id == own.digest else reload_steps(view.server)
    return (*edits, *inner, *(step for step in compose if step not in edits), *loading)


def server_fix(view: ServerView, route: SiteRoute, reason: str) -> Fix | None:
    """Return the change by which the web server's container has a name for the server itself, on
    which the application runs; None where the application listens on the server's loopback address
    alone, or the container has no compose file that was read."""
    evidence = view.evidence
    own = next(iter(evidence.good(NginxContainer)), None)
    listed = container_by_id(evidence, own.digest) if own else None
    name = SERVER_NAMES.get(own.engine, "") if own else ""
    sockets = [socket for item in evidence.good(Listeners) for socket in item.on(route.port)]
    programs = [socket for socket in sockets if socket.process not in CONTAINER_PROCESSES]
    if own is None or listed is None or not any(not is_loopback(p.address) for p in programs):
        return None
    is_asked = reason == "unresolved" and route.host == name
    is_itself = reason == "loopback" and meant_container(evidence, route) is None
    edit = address_edit(view, route, f"{name}:{route.port}") if is_itself else None
    if not name or not (is_asked or edit):
        return None
    steps = made_anew(view, own, edit, (listed, host_change(name)))
    return Fix(steps, Applicability.REVIEW) if steps else None


def network_fix(view: ServerView, route: SiteRoute, reason: str) -> Fix | None:
    """Return the steps by which the web server's container gets a network of the container that has
    the asked name; None if none has, or it is known already."""
    apart = apart_container(view.evidence, route.host) if reason == "unresolved" else None
    if apart is None or not apart.proxy.engine or not apart.proxy.name:
        return None
    return joining_fix(view.evidence, apart, reason, reload_steps(view.server))


def port_fix(view: ServerView, route: SiteRoute, ports: Sequence[int]) -> Fix | None:
    """Return the edit that writes the one port on which the named container's program listens."""
    if len(ports) != 1 or not view.server.reload:
        return None
    edit = address_edit(view, route, f"{bracketed(route.host)}:{ports[0]}")
    return Fix((edit, *reload_steps(view.server)), Applicability.REVIEW) if edit else None
