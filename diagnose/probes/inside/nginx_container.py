"""Finds the container in which the nginx runs that has the target's port, and reads it from there.

It is asked only if an nginx runs in a container and no program of the server itself has the port.
No program of the container is run but by its engine (`docker exec`).
"""

import asyncio
import shlex
from collections.abc import Sequence
from dataclasses import replace

from diagnose.machine.container import ContainerMachine, entering_words
from diagnose.machine.script_files import read_script
from diagnose.model import Failure, Vantage
from diagnose.model.containers import (
    CONTAINER_PROCESSES,
    BindMount,
    Container,
    Namespace,
    NginxContainer,
)
from diagnose.model.frozen import frozen
from diagnose.model.nginx import Directive, NginxBuild, NginxConfig, NginxProcess, NginxTest
from diagnose.parsers.linux.containers import container_of
from diagnose.parsers.linux.mounts import bind_mounts
from diagnose.parsers.linux.service_managers import unit_of
from diagnose.parsers.nginx import config as nginx_parser
from diagnose.parsers.nginx import install_paths
from diagnose.parsers.sanitize import clean
from diagnose.probes import ProbeContext, emit_not_observed
from diagnose.probes.inside.containers import read_containers
from diagnose.probes.inside.nginx_certificates import observe_certificates, observe_rejected_pairs
from diagnose.probes.inside.nginx_config import config_path, read_config_tree
from diagnose.probes.inside.nginx_processes import (
    ListedProcess,
    Listing,
    has_own_network_only,
    is_in_container,
)

BUILD_SCRIPT = read_script(__file__, "container_build.sh")


@frozen
class Entry:
    """An nginx in a container that has the target's port: its master, and the container."""

    master: NginxProcess
    container: NginxContainer


async def find_entry(
    ctx: ProbeContext, listing: Listing, masters: Sequence[NginxProcess]
) -> Entry | None:
    """Return the nginx in a container that has the target's port; None if there is none."""
    processes = {process.pid: process for process in listing.processes}
    inner_masters = [
        master
        for master in masters
        if master.foreign and is_in_container(processes[master.pid].view, listing.view)
    ]
    if not inner_masters or listing.user not in {None, 0}:
        return None
    sockets = await ctx.machine.listeners()
    if isinstance(sockets, Failure):
        return None
    holders = [socket for socket in sockets if socket.port == ctx.target.port]
    pids = {socket.pid for socket in holders}
    family = next(
        (master for master in inner_masters if pids & {master.pid, *master.workers}), None
    )
    if family is None and any(
        (socket.process or "?") not in CONTAINER_PROCESSES for socket in holders
    ):
        return None
    lists = await read_containers(ctx.machine)
    by_id = {container.id: container for container in lists.containers}
    for master in (family,) if family else inner_masters:
        process = processes[master.pid]
        listed = by_id.get(container_of(process.view.cgroups)[-64:])
        namespace = next(
            (namespace for namespace in lists.namespaces if namespace.pid == master.pid), None
        )
        namespace = namespace or _namespace_of(lists.namespaces, master, listed)
        if _has_port(ctx.target.port, process, listed, namespace, master is family):
            return _entry(listing, process, master, listed, namespace)
    return None


def _namespace_of(
    namespaces: Sequence[Namespace], master: NginxProcess, listed: Container | None
) -> Namespace | None:
    pids = {master.pid, *master.workers}
    return next(
        (
            namespace
            for namespace in namespaces
            if namespace.pid in pids or (listed and namespace.container == listed.id)
        ),
        None,
    )


def _has_port(
    port: int,
    process: ListedProcess,
    listed: Container | None,
    namespace: Namespace | None,
    holds: bool,
) -> bool:
    """Whether the server's port leads to a container. Without an engine that says so, it must be
    root's: anybody can call a process nginx and give it namespaces."""
    if listed is not None:
        return holds or listed.publishes(port)
    return process.user == 0 and (holds or (namespace is not None and namespace.listens(port)))


def _entry(
    listing: Listing,
    process: ListedProcess,
    master: NginxProcess,
    listed: Container | None,
    namespace: Namespace | None,
) -> Entry:
    if has_own_network_only(process.view, listing.view):
        return _entry_of_service(process, master, namespace)
    container = NginxContainer(
        vantage=Vantage.SERVER,
        equivalent=f"cat /proc/{master.pid}/cgroup /proc/{master.pid}/mountinfo",
        pid=master.pid,
        addresses=namespace.addresses if namespace else (),
        mounts=tuple(
            BindMount(point, source, replaced)
            for point, source, replaced in bind_mounts(listing.view.mounts, process.view.mounts)
        ),
    )
    if listed is not None:
        container = replace(
            container,
            engine=listed.engine,
            digest=listed.id,
            name=listed.name,
            image=listed.image,
            networks=listed.networks,
            ports=listed.ports,
            equivalent=f"{listed.engine} inspect {shlex.quote(listed.name)}",
        )
    words = entering_words(master.pid, container.engine, container.name)
    return Entry(replace(master, foreign=False, private=(), unit="", container=words), container)


def _entry_of_service(
    process: ListedProcess, master: NginxProcess, namespace: Namespace | None
) -> Entry:
    """Return the entry of an nginx whose network alone is its own. Its files are the server's, and
    its service reloads it."""
    service = unit_of(process.view.cgroups)
    apart = NginxContainer(
        vantage=Vantage.SERVER,
        equivalent=f"ls -l /proc/{master.pid}/ns/net /proc/self/ns/net",
        pid=master.pid,
        addresses=namespace.addresses if namespace else (),
        own_network=True,
        service=service if service.endswith(".service") else "",
    )
    return Entry(replace(master, foreign=False), apart)


async def observe_entry(ctx: ProbeContext, entry: Entry) -> None:
    """Emit the build, the configuration test, the configuration and the certificates."""
    master, container = entry.master, entry.container
    at = ctx.elapsed()
    result = await ctx.machine.run("sh", "-c", BUILD_SCRIPT, "sh", str(master.pid))
    machine = ContainerMachine(ctx.machine, master.pid, container.engine, container.name)
    mounts = await asyncio.gather(*(compared_mount(machine, mount) for mount in container.mounts))
    ctx.emit(replace(container, at=at, took=ctx.elapsed() - at, mounts=tuple(mounts)))
    inner = ctx.enter_container(machine)
    build = install_paths.parse_build(result.out)
    ctx.emit(
        NginxBuild(
            vantage=Vantage.SERVER,
            at=at,
            took=result.took,
            equivalent=shlex.join((*machine.words(), master.binary, "-V")),
            binary=master.binary,
            version=clean(build.version),
            arguments=build.arguments,
            config=build.config,
            prefix=build.prefix,
        )
    )
    path = config_path(build, master.arguments)
    await asyncio.gather(
        _test_config(inner, machine, master, path, container.own_network),
        _observe_config(inner, machine, container, master, path),
    )
    await observe_rejected_pairs(inner)


async def compared_mount(machine: ContainerMachine, mount: BindMount) -> BindMount:
    """Return a mount that counts as replaced only if the server's file has another content. The
    files may be keys: cmp(1) reads them, and only its exit status is read here."""
    if not mount.replaced:
        return mount
    result = await machine.run_on_file(mount.point, "cmp", "-s", "-", mount.source)
    return replace(mount, replaced=result.status == 1)


async def _test_config(
    ctx: ProbeContext,
    machine: ContainerMachine,
    master: NginxProcess,
    path: str,
    apart: bool,
) -> None:
    """Emit `nginx -t`, run by the container's engine. Without one it is not run: its program would
    be root on the server."""
    argv = (master.binary, *master.arguments, "-t")
    command = shlex.join((*machine.words(), *argv))
    if not machine.engine:
        reason = "it has a network of its own" if apart else "it runs in a container"
        emit_not_observed(ctx, "nginx -t", reason, command)
        return
    at = ctx.elapsed()
    result = await machine.run_inside(*argv)
    messages = nginx_parser.messages(result.err + "\n" + result.out)
    if result.status is None or (result.status != 0 and not messages):
        reason = result.failure.message if result.failure else ""
        emit_not_observed(ctx, "nginx -t", clean(reason), command)
        return
    ctx.emit(
        NginxTest(
            vantage=Vantage.SERVER,
            at=at,
            took=result.took,
            equivalent=command,
            binary=master.binary,
            passed=result.status == 0,
            messages=messages,
            config=path,
        )
    )


async def _observe_config(
    ctx: ProbeContext,
    machine: ContainerMachine,
    container: NginxContainer,
    master: NginxProcess,
    path: str,
) -> None:
    at = ctx.elapsed()
    tree = await read_config_tree(machine, path)
    config = ctx.emit(
        NginxConfig(
            vantage=Vantage.SERVER,
            at=at,
            took=ctx.elapsed() - at,
            equivalent=shlex.join((*machine.words(), master.binary, *master.arguments, "-T")),
            failure=tree.failure,
            path=path,
            main=published_listens(tree.main, container, ctx.target.port),
            files=tree.files,
        )
    )
    await observe_certificates(ctx, config)


def published_listens(
    main: tuple[Directive, ...], container: NginxContainer, port: int
) -> tuple[Directive, ...]:
    """Return the configuration with the ports of the server in place of those of the container, as
    visitors see it: `listen 8443` is 443 where the engine publishes it so. Where a block listens on
    the number of the server's port itself, the two are not mixed."""
    own_ports = {_port_of(listen) for listen in nginx_parser.walk(main) if listen.name == "listen"}
    outer_ports = {
        container.inner_port(number): number
        for number in (80, port)
        if container.inner_port(number) != number and number not in own_ports
    }
    return tuple(_published(directive, outer_ports) for directive in main) if outer_ports else main


def _published(directive: Directive, outer_ports: dict[int, int]) -> Directive:
    outer_port = outer_ports.get(_port_of(directive)) if directive.name == "listen" else None
    if outer_port is not None:
        socket, *options = directive.args
        host = socket.rpartition(":")[0] if ":" in socket else ""
        published = f"{host}:{outer_port}" if host else str(outer_port)
        return replace(directive, args=(published, *options))
    if directive.block is None:
        return directive
    inner = tuple(_published(directive, outer_ports) for directive in directive.block)
    return replace(directive, block=inner)


def _port_of(listen: Directive) -> int:
    """Return the port of a `listen` directive: 80 if it names an address only."""
    last = listen.args[0].rpartition(":")[2] if listen.args else ""
    return int(last) if last.isascii() and last.isdigit() and len(last) < 6 else 80
