"""A web server in a container, as its engine lists it. Docker does not run here: its words are
given."""

import asyncio
from dataclasses import replace

from diagnose.machine import CommandResult
from diagnose.model.containers import Container, ContainerPort
from diagnose.model.web_servers import SiteSocket, WebServer, WebServerConfig, WebSite
from diagnose.probes.inside.containers import ContainerLists
from diagnose.probes.inside.web_servers.in_containers import (
    Entry,
    ServerContainerMachine,
    find_entry,
    published,
    with_commands,
)
from diagnose.probes.inside.web_servers.processes import InstalledServers, ServerProcess
from tests.support.recorded_machine import RecordedMachine

ID = "5e" * 32
CADDY = ServerProcess(
    10, "caddy", "caddy run", "/usr/bin/caddy", foreign=True, container=f"/docker/{ID}"
)
PUBLISHED = (ContainerPort(8443, 443, "0.0.0.0"), ContainerPort(2019))
CONTAINER = Container("docker", ID, "web", "caddy:2", ("web",), PUBLISHED, "running")
LISTS = ContainerLists(("docker",), (CONTAINER,))


def test_the_server_whose_container_publishes_the_port() -> None:
    entry = find_entry(InstalledServers((CADDY,)), LISTS, 443)
    assert entry
    assert (entry.process.pid, entry.container.name, entry.ports) == (10, "web", (443,))


def test_no_server_without_the_port_or_without_an_engine() -> None:
    assert find_entry(InstalledServers((CADDY,)), LISTS, 8443) is None
    assert find_entry(InstalledServers((CADDY,)), ContainerLists(), 443) is None
    foreign = replace(CADDY, name="node")
    assert find_entry(InstalledServers((foreign,)), LISTS, 443) is None
    assert find_entry(InstalledServers((replace(CADDY, container=""),)), LISTS, 443) is None


def test_ports_are_those_of_the_server() -> None:
    inner = SiteSocket(8443, tls=True)
    site = WebSite(("shop.example.com",), (inner,))
    config = WebServerConfig(product="caddy", path="/c", sites=(site,), listens=(inner,))
    moved = published(config, CONTAINER, (80, 443))
    assert [socket.port for socket in moved.listens] == [443]
    assert moved.sites[0].sockets[0].port == 443
    both = replace(config, listens=(inner, SiteSocket(443)))
    assert published(both, CONTAINER, (80, 443)) == both


class Server(RecordedMachine):
    """Keeps what it is asked to run."""

    def __init__(self) -> None:
        super().__init__({})
        self.words: list[tuple[str, ...]] = []

    async def run(self, *argv: str, timeout: float = 8.0) -> CommandResult:
        self.words.append(argv)
        return CommandResult(argv, 0, "", "", 0.0)


def test_the_engine_runs_the_servers_own_programs_and_nothing_else() -> None:
    server = Server()
    machine = ServerContainerMachine(server, 10, CONTAINER, {"/usr/bin/caddy", "caddy"})
    asyncio.run(machine.run("caddy", "adapt"))
    assert server.words == [("docker", "exec", "web", "caddy", "adapt")]
    asyncio.run(machine.run("curl", "http://app:3000/"))
    assert server.words[-1][:2] == ("sh", "-c")
    assert server.words[-1][-2:] == ("curl", "http://app:3000/")


def test_a_server_without_a_reload_is_restarted_by_the_engine() -> None:
    """The container ends with its first process, which `kill` would end."""
    machine = ServerContainerMachine(Server(), 10, CONTAINER, {"caddy"})
    entry = Entry(CADDY, CONTAINER, (443,))
    for reload in (("sh", "-c", "kill 1 && caddy start"), ("systemctl", "restart", "caddy")):
        server = WebServer(product="caddy", reload=reload)
        assert with_commands(server, machine, entry).reload == ("docker", "restart", "web")
    caddy = WebServer(product="caddy", reload=("caddy", "reload"))
    assert with_commands(caddy, machine, entry).reload[:3] == ("docker", "exec", "web")
