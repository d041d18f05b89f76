"""Reads Apache, Caddy or HAProxy in a container that publishes the target's port.

Its files are read through /proc. Its programs are run by its engine alone (ADR 31), so a
container that no engine lists is not read.
"""

import asyncio
import shlex
from collections.abc import Iterable, Sequence
from dataclasses import replace

from diagnose.machine import CommandResult, Machine
from diagnose.machine.container import ContainerMachine
from diagnose.model import Vantage, server_commands
from diagnose.model.containers import BindMount, Container, NginxContainer
from diagnose.model.frozen import frozen
from diagnose.model.web_servers import SiteSocket, WebServer, WebServerConfig, WebSite
from diagnose.parsers.linux.mounts import MAX_BIND_MOUNTS, Mount, bind_mounts, parse_mount
from diagnose.parsers.web_sites import answering_sites
from diagnose.probes import ProbeContext
from diagnose.probes.inside.containers import ContainerLists, read_containers
from diagnose.probes.inside.nginx_certificates import observe_certificate_files
from diagnose.probes.inside.nginx_container import compared_mount
from diagnose.probes.inside.web_servers.processes import Candidate, InstalledServers, ServerProcess
from diagnose.probes.inside.web_servers.readers import PRODUCTS, Reader, reader_of

#: Maximum number of lines of mountinfo.
MAX_MOUNTS = 2000


class ServerContainerMachine(ContainerMachine):
    """The view from the container of a web server, whose own programs are run by its engine."""

    def __init__(self, server: Machine, pid: int, container: Container, programs: set[str]) -> None:
        super().__init__(server, pid, container.engine, container.name)
        self._programs = programs

    async def run(self, *argv: str, timeout: float = 8.0) -> CommandResult:
        if argv[0] in self._programs:
            return await self.run_inside(*argv, timeout=timeout)
        return await super().run(*argv, timeout=timeout)


@frozen
class Entry:
    """A web server in a container that has the target's port. `ports` are the server's ports that
    lead to it."""

    process: ServerProcess
    container: Container
    ports: tuple[int, ...]


async def observe_inner_server(ctx: ProbeContext, servers: InstalledServers) -> bool:
    """Observe the server in a container that has the target's port; return whether there is one."""
    if not any(process.container and process.name in PRODUCTS for process in servers.processes):
        return False
    entry = find_entry(servers, await read_containers(ctx.machine), ctx.target.port)
    if entry is None:
        return False
    await _observe(ctx, entry)
    return True


def find_entry(servers: InstalledServers, lists: ContainerLists, port: int) -> Entry | None:
    """Return the server whose container publishes the port, by the engine's list."""
    by_id = {container.id: container for container in lists.containers}
    for process in servers.processes:
        container = by_id.get(process.container[-64:])
        if container is None or process.name not in PRODUCTS:
            continue
        ports = tuple(mapping.port for mapping in container.ports if mapping.port is not None)
        if port in ports or ("host" in container.networks and port in process.ports):
            return Entry(process, container, ports or process.ports)
    return None


async def _observe(ctx: ProbeContext, entry: Entry) -> None:
    process, container = entry.process, entry.container
    programs = {process.program, process.name, "apachectl"}
    machine = ServerContainerMachine(ctx.machine, process.pid, container, programs)
    ctx.emit(await _container(ctx, machine, entry))
    inner = ctx.enter_container(machine)
    reader = reader_of(PRODUCTS[process.name])
    own = replace(process, foreign=False, ports=entry.ports, unit="")
    server = await reader.describe(inner, Candidate(process.name, process.program, own))
    if server is None:
        return
    inner.emit(with_commands(server, machine, entry))
    await asyncio.gather(_test(inner, reader, server), _read(inner, reader, server, container))


async def _container(ctx: ProbeContext, machine: ContainerMachine, entry: Entry) -> NginxContainer:
    at, container, pid = ctx.elapsed(), entry.container, entry.process.pid
    tables = (f"/proc/{pid}/mountinfo", "/proc/self/mountinfo")
    theirs, ours = await asyncio.gather(*(ctx.machine.run("cat", table) for table in tables))
    pairs = bind_mounts(_mounts(ours.out), _mounts(theirs.out))[:MAX_BIND_MOUNTS]
    mounts = (BindMount(point, source, replaced) for point, source, replaced in pairs)
    compared = await asyncio.gather(*(compared_mount(machine, mount) for mount in mounts))
    return NginxContainer(
        vantage=Vantage.SERVER,
        at=at,
        took=ctx.elapsed() - at,
        equivalent=f"{container.engine} inspect {shlex.quote(container.name)}",
        pid=pid,
        engine=container.engine,
        digest=container.id,
        name=container.name,
        image=container.image,
        networks=container.networks,
        ports=container.ports,
        mounts=tuple(compared),
    )


def _mounts(text: str) -> Sequence[Mount]:
    """Return the mounts of a process, from its mountinfo (proc_pid_mountinfo(5))."""
    rows = (line.split(" ")[2:5] for line in text.splitlines()[:MAX_MOUNTS])
    return [mount for row in rows if (mount := parse_mount(" ".join(row)))]


def with_commands(server: WebServer, machine: ContainerMachine, entry: Entry) -> WebServer:
    """Return the server with commands that a person runs on the server, outside the container."""
    words, container = machine.words(), entry.container
    reload = (*words, *server.reload)
    if server.product == "haproxy":
        # The first process of the container is the master, or the only one.
        signal = ("kill", "-s", "USR2") if entry.process.workers else ("restart",)
        reload = (container.engine, *signal, container.name)
    elif server_commands.restarts(server.reload):
        # The container ends with its first process.
        reload = (container.engine, "restart", container.name)
    return replace(
        server,
        container=container.name,
        test=(*words, *server.test) if server.test else (),
        reload=reload if server.reload or server.product == "haproxy" else (),
        start=(container.engine, "start", container.name),
        stop=(container.engine, "stop", container.name),
    )


async def _test(ctx: ProbeContext, reader: Reader, server: WebServer) -> None:
    test = await reader.run_test(ctx, server)
    if test is not None:
        ctx.emit(test)


async def _read(ctx: ProbeContext, reader: Reader, server: WebServer, container: Container) -> None:
    config = await reader.read_config(ctx, server)
    if config is None:
        return
    config = published(config, container, (80, ctx.target.port))
    ctx.emit(config)
    sites = answering_sites(config, ctx.target.port, ctx.target.host)
    certificates = [path for site in sites for path in site.paths("certificate", "chain", "bundle")]
    keys = [path for site in sites for path in site.paths("key", "bundle")]
    await observe_certificate_files(ctx, certificates, keys)


def published(
    config: WebServerConfig, container: Container, ports: Iterable[int]
) -> WebServerConfig:
    """Return the configuration with the ports of the server in place of those of the container.
    Where a site listens on the number of the server's port itself, the two are not mixed."""
    own = {socket.port for socket in config.listens}
    outer = {
        mapping.inner: mapping.port
        for mapping in container.ports
        if mapping.port in set(ports) and mapping.port not in own and mapping.port is not None
    }
    if not outer:
        return config
    return replace(
        config,
        listens=_moved(config.listens, outer),
        sites=tuple(_moved_site(site, outer) for site in config.sites),
        running=tuple(_moved_site(site, outer) for site in config.running),
    )


def _moved_site(site: WebSite, outer: dict[int, int]) -> WebSite:
    return replace(site, sockets=_moved(site.sockets, outer))


def _moved(sockets: Sequence[SiteSocket], outer: dict[int, int]) -> tuple[SiteSocket, ...]:
    return tuple(replace(socket, port=outer.get(socket.port, socket.port)) for socket in sockets)
