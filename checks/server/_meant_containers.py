"""Which container is meant by an address that leads nowhere from the container of the web server,
and the edit that writes its name there."""

from checks.server import ServerView, reload_steps
from checks.server._address_edits import address_edit
from checks.upstream._container_names import joining_commands
from checks.upstream._containers import publishing
from diagnose.model import Applicability, Evidence, Fix, Manual, Where
from diagnose.model.addresses import is_local_host
from diagnose.model.containers import Container, Containers, NginxContainer
from diagnose.model.frozen import frozen
from diagnose.model.web_servers import SiteRoute

_UNSPECIFIED = frozenset({"0.0.0.0", "::"})


def means_itself(host: str) -> bool:
    """Whether a host means the machine, or the container, that connects to it: as a destination,
    0.0.0.0 leads there too (ip(7))."""
    return is_local_host(host) or host.strip("[]") in _UNSPECIFIED


@frozen
class MeantContainer:
    """The container of an application, and its own port. `is_published` is True if the server has
    another name for it: the port that is written is one of the server."""

    container: Container
    port: int
    is_published: bool = False


def meant_container(evidence: Evidence, route: SiteRoute) -> MeantContainer | None:
    """Return the one container that publishes the port of a route, or else the one whose program
    listens on it; None if there is none, or several."""
    own = next(iter(evidence.good(NginxContainer)), None)
    if own is None or not means_itself(route.host):
        return None
    for containers in evidence.good(Containers):
        others = tuple(each for each in containers.running if each.id != own.digest)
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
        if not published and len(listening) == 1:
            return MeantContainer(listening[0], route.port)
    return None


def _is_reached(evidence: Evidence, meant: MeantContainer) -> bool:
    """Whether its program listens for others inside of the container, as far as that was seen."""
    spaces = [
        space
        for containers in evidence.good(Containers)
        for space in containers.namespaces
        if space.container == meant.container.id
    ]
    return all(space.listens(meant.port) for space in spaces)


def name_fix(view: ServerView, route: SiteRoute, reason: str) -> Fix | None:
    """Return the edit that writes the name and the port of the meant container, after both have a
    network in which names are known; None where a person has to do it."""
    own = next(iter(view.evidence.good(NginxContainer)), None)
    meant = meant_container(view.evidence, route) if reason == "loopback" else None
    if own is None or meant is None or not own.engine or not own.name:
        return None
    if not _is_reached(view.evidence, meant) or not view.server.reload:
        return None
    edit = address_edit(view, route, f"{meant.container.name}:{meant.port}")
    if edit is None:
        return None
    joining = joining_commands(meant.container, own)
    keep = (Manual("keep-the-network", Where.SERVER),) if joining else ()
    steps = (*joining, edit, *reload_steps(view.server), *keep)
    return Fix(steps, Applicability.REVIEW)
