"""The container that a name without an address means, for an nginx of the server itself: names of
the containers' network do not exist there."""

from collections.abc import Callable

from checks.listener._compose_edits import compose_steps, new_port_change
from checks.listener._containers import is_called
from checks.upstream._containers import namespace_of, open_ports, published_address
from diagnose.model import Command, Edit, Evidence
from diagnose.model.containers import Container, Containers, NginxContainer
from diagnose.model.frozen import frozen


@frozen
class NamedContainer:
    """A container of the server, its port that is meant, and where the server reaches that ("" if
    it publishes it nowhere)."""

    container: Container
    port: int
    at: str
    is_open: bool

    @property
    def facts(self) -> dict[str, object]:
        return {
            "called": self.container.name,
            "image": self.container.image,
            "engine": self.container.engine,
            "inner": self.port,
            "stopped": self.container.stopped,
            "published_at": self.at,
        }

    def steps(
        self, evidence: Evidence, edits_for: Callable[[str], tuple[Edit, ...]]
    ) -> tuple[Edit | Command, ...]:
        """Return the steps by which nginx reaches it: the address that is published, or one that
        its compose file publishes from now on. () if that takes a person."""
        if self.at:
            return edits_for(self.at)
        address = f"127.0.0.1:{self.port}"
        lines = edits_for(address)
        if not lines or not self.is_open:
            return ()
        change = new_port_change(f"{address}:{self.port}")
        compose = compose_steps(evidence, (self.container, change))
        return (*compose, *lines) if compose else ()


def named_container(evidence: Evidence, name: str, port: int) -> NamedContainer | None:
    """Return the only container of this name, or of this service, if nginx is not in one itself."""
    if any(evidence.good(NginxContainer)) or "." in name:
        return None
    for containers in evidence.good(Containers):
        called = [
            container
            for container in containers.containers
            if is_called(container, name) and "host" not in container.networks
        ]
        if len(called) == 1:
            ports = open_ports(namespace_of(containers, called[0]))
            at = published_address(called[0], ports, port)
            return NamedContainer(called[0], port, at, port in ports)
    return None
