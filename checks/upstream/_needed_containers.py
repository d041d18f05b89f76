"""Which container that does not run another one needs, as its program's words tell: by its name, by
an address and the port of what its image is, or as the only database beside it."""

from collections.abc import Iterator

from checks.listener._containers import stopped_by_name
from checks.nginx import Nginx
from checks.upstream import backends
from checks.upstream.container_stopped import container_of
from diagnose.model import Evidence, Observation
from diagnose.model.addresses import is_local_host, is_private
from diagnose.model.containers import Container, Containers, NginxContainer
from diagnose.model.frozen import frozen
from diagnose.model.http import Exchange
from diagnose.model.nginx import UpstreamTry
from diagnose.model.program_logs import ProgramLine
from diagnose.parsers.lazy_pattern import lazy_pattern
from diagnose.parsers.needed_services import (
    NamedService,
    named_services,
    store_of_image,
    store_of_port,
    told_stores,
)

_LOG_COMMAND = lazy_pattern(r"(?:docker|podman) logs (?:.{0,200} )?([\w.-]{1,200})(?=\s|$)")
_TAG = lazy_pattern(r"<[^>]{0,2000}>")

#: What waits for a service with this condition needs it once (Compose specification, depends_on).
_IS_A_TASK = "service_completed_successfully"


@frozen(eq=False)
class Need:
    """A container `own` whose program cannot do its work without the container `needed`, as
    `message` tells; `host` is by what it asked, "" if that is not told."""

    own: Container
    needed: Container
    message: str
    host: str
    because: tuple[Observation, ...]


def needs(evidence: Evidence, containers: Containers, pages: list[Exchange]) -> Iterator[Need]:
    """Yield what the applications of a site need: one that runs tells it in its log, or in the page
    of its error, one that has ended in its last words."""
    own_words = next((text for page in pages if (text := _told_in(page))), "")
    fronts = {nginx_container.digest for nginx_container in evidence.good(NginxContainer)}
    programs = [(_program_of(containers, line), line) for line in evidence.good(ProgramLine)]
    # The web server's container is the application's only where no other one is behind it.
    programs.sort(key=lambda each: each[0] is not None and each[0].id in fronts)
    for own, line in programs:
        for words in filter(None, (line.message, own_words) if own else ()):
            if own is not None and (needed := _needed(containers, own, words)):
                yield Need(own, *needed, (line,))
    for attempt in _attempts(evidence):
        own = container_of(evidence, containers, attempt)
        if (
            own is not None
            and own.last_words
            and (needed := _needed(containers, own, own.last_words))
        ):
            yield Need(own, *needed, (attempt,))


def _told_in(page: Exchange) -> str:
    text = _TAG.sub(" ", page.body[:4000])
    return " ".join(text.split())[:400] if told_stores(text) else ""


def _attempts(evidence: Evidence) -> Iterator[UpstreamTry]:
    nginx = Nginx.of(evidence)
    for backend in backends(nginx):
        if backend.is_down:
            yield from (
                connect_attempt
                for connect_attempt in backend.connect_attempts
                if not connect_attempt.socket
            )


def _program_of(containers: Containers, line: ProgramLine) -> Container | None:
    """Return the running container whose program wrote a line; None if it is in none."""
    match = _LOG_COMMAND.search(line.equivalent)
    names = {line.process, match[1] if match else ""}
    return next((container for container in containers.running if container.name in names), None)


def _needed(
    containers: Containers, own: Container, words: str
) -> tuple[Container, str, str] | None:
    """Return the container, the words, and the host that they name."""
    beside = [container for container in containers.stopped if _is_beside(own, container)]
    running = [container for container in containers.running if _is_beside(own, container)]
    served = {store_of_image(each.image) for each in running}
    # A program in the network of the machine reaches published ports at 127.0.0.1.
    is_apart = "host" not in own.networks
    services = named_services(words)
    for service in services:
        matches = [
            each for each in beside if _is_meant(containers, service, each, served, is_apart)
        ]
        if len(matches) == 1:
            return matches[0], words, service.host
    if any(_is_elsewhere(service, is_apart) for service in services):
        return None
    kinds = told_stores(words)
    matches = [each for each in beside if store_of_image(each.image) in kinds]
    return (matches[0], words, "") if len(matches) == 1 and not served & kinds else None


def _is_elsewhere(service: NamedService, is_apart: bool) -> bool:
    """Return whether a program asked its own container, or a host of the Internet, for data."""
    is_own = is_apart and is_local_host(service.host)
    is_name = "." in service.host and not service.is_address
    is_store = bool(store_of_port(service.port)) or not service.port
    return is_store and (is_own or is_name or (service.is_address and not is_private(service.host)))


def _is_meant(
    containers: Containers,
    service: NamedService,
    container: Container,
    served: set[str],
    is_apart: bool,
) -> bool:
    if not service.is_address:
        called = stopped_by_name(containers, service.host)
        return called is not None and called.id == container.id
    kind = store_of_port(service.port)
    is_near = is_private(service.host) and not (is_apart and is_local_host(service.host))
    is_taken = any(service.host in space.addresses for space in containers.namespaces)
    is_free = is_near and not is_taken and kind not in served
    return bool(kind) and kind == store_of_image(container.image) and is_free


def _is_beside(own: Container, other: Container) -> bool:
    """Return whether one container knows the other by its name, while both run, and the other goes
    on while it does its work."""
    if own.id == other.id or own.engine != other.engine:
        return False
    if own.compose and other.compose and own.compose.project == other.compose.project:
        return (other.compose.service, _IS_A_TASK) not in own.compose.conditions
    return bool(set(own.networks) & set(other.networks) - {"bridge", "host", "none"})
