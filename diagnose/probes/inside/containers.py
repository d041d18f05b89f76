"""Probes for containers: the lists of their engines, and sockets in other network namespaces.

They run only if no process of the server itself listens on the target's port, if visitors get the
certificate of another name there, or if an application behind the web server cannot be reached.

A container's sockets are not among the server's. /proc/PID/net shows the sockets in a process's
namespace without asking an engine (proc_pid_net(5)).
"""

import asyncio
import re
import shlex
from dataclasses import replace
from typing import Literal, get_args

from diagnose.machine import Machine
from diagnose.machine.script_files import read_script
from diagnose.model import Vantage
from diagnose.model.addresses import is_loopback
from diagnose.model.backends import BackendVisit
from diagnose.model.containers import (
    CONTAINER_PROCESSES,
    ComposeFile,
    Container,
    Containers,
    Engine,
    Namespace,
    NginxContainer,
    ScriptContainer,
    SiteMounts,
    UnreadMount,
)
from diagnose.model.files import PageFileAccess
from diagnose.model.frozen import frozen
from diagnose.model.http import Exchange
from diagnose.model.nginx import UpstreamTry
from diagnose.model.processes import TunnelRule
from diagnose.model.program_logs import ProgramLine
from diagnose.model.server import Listeners
from diagnose.model.tcp import Connection
from diagnose.model.tls import Handshake
from diagnose.parsers.hostnames import covers, is_address
from diagnose.parsers.linux import containers as container_parser
from diagnose.parsers.sanitize import UNSAFE, clean
from diagnose.probes import ProbeContext, emit_not_observed, probe

_ENGINES: dict[str, Engine] = {engine: engine for engine in get_args(Engine)}

SCRIPT = read_script(__file__, "containers.sh")

#: What the names of the sections about a single container begin with.
_DETAILS = ("last ", "bindings ", "state ", "mounts ", "health ", "user ", "misplaced ", "returns ")

#: Most compose files that are read.
MAX_COMPOSE_FILES = 6

#: The statuses of a page that is not there, or is not served.
FAILURES = frozenset({400, 404, 421, 426, 500, 502, 503, 504})

_DENIED = re.compile(r"permission denied", re.IGNORECASE)
#: The command that shows what a program in a container wrote.
_CONTAINER_LOG = re.compile(r"(?:docker|podman) logs ")


@frozen
class ContainerLists:
    """What the engines and /proc say: the engines that answered, their containers, and the network
    namespaces. `denied` are engines that do not answer this user. `took` is in seconds."""

    engines: tuple[Engine, ...] = ()
    containers: tuple[Container, ...] = ()
    namespaces: tuple[Namespace, ...] = ()
    denied: tuple[str, ...] = ()
    took: float = 0.0


async def read_containers(
    machine: Machine, scope: Literal["running", "all", "stopped"] = "running"
) -> ContainerLists:
    """Return the containers that run, or all of them, or ("stopped") all with what is known of
    those that ended. The engines are the server's, also where `machine` is the view from a
    container: their sockets and their lists are in the server's /run."""
    # Imported late: few sites have containers.
    from diagnose.machine.container import ContainerMachine

    server = machine.server if isinstance(machine, ContainerMachine) else machine
    words = [] if scope == "running" else [scope]
    result = await server.run("sh", "-c", SCRIPT, "sh", *words)
    parts = re.split(r"^@@@ (.*)\n", result.out, flags=re.MULTILINE)
    sections = tuple(zip(parts[1::2], parts[2::2], strict=True))
    readers = {"docker": container_parser.docker_ps, "podman": container_parser.podman_ps}
    containers = tuple(
        container for name, text in sections if name in readers for container in readers[name](text)
    )
    details = {name: text for name, text in sections if name.startswith(_DETAILS)}
    return ContainerLists(
        engines=tuple(
            _ENGINES[name]
            for name, text in sections
            if name in _ENGINES and text.strip()[:1] in {"{", "["}
        ),
        containers=tuple(_with_details(container, details) for container in containers),
        namespaces=tuple(
            container_parser.namespace(text) for name, text in sections if name == "net"
        ),
        denied=tuple(
            name for name, text in sections if name in _ENGINES and _DENIED.search(text[:500])
        ),
        took=result.took,
    )


def _with_details(container: Container, details: dict[str, str]) -> Container:
    known = container_parser.with_details(
        container,
        *(
            details.get(f"{name} {container.id}", "")
            for name in ("bindings", "last", "state", "mounts")
        ),
    )
    known = container_parser.with_health(known, details.get(f"health {container.id}", ""))
    user, misplaced, returns = (
        details.get(f"{name} {container.id}", "") for name in ("user", "misplaced", "returns")
    )
    if scripts := tuple(clean(path, 400) for path in returns.split("\n")[:8] if path):
        known = replace(known, crlf_scripts=scripts)
    if not (user or misplaced):
        return known
    # Imported late: few containers end for their mounts.
    from diagnose.parsers.linux.refused_mounts import denied_folder, misplaced_files

    output = details.get(f"last {container.id}", "")
    return replace(known, denied=denied_folder(output, user), misplaced=misplaced_files(misplaced))


@probe(after=Listeners)
async def containers(ctx: ProbeContext, listeners: Listeners) -> None:
    listeners_on_port = listeners.on(ctx.target.port)
    if not listeners.failure and all(
        (listener.process or "?") in CONTAINER_PROCESSES for listener in listeners_on_port
    ):
        await _emit_containers(ctx)


@probe(after=Handshake)
async def behind_another_certificate(ctx: ProbeContext, handshake: Handshake) -> None:
    """Emit the containers if visitors get the certificate of another name: the port may have been
    meant for a container."""
    leaf, target = next(iter(handshake.chain), None), ctx.target
    if (
        leaf is not None
        and handshake.is_browser_like
        and handshake.port == target.port
        and not is_address(target.host)
        and not covers(target.host, leaf.dns_names, leaf.addresses)
    ):
        await _emit_containers(ctx)


@probe(after=UpstreamTry)
async def behind_a_refusal(ctx: ProbeContext, attempt: UpstreamTry) -> None:
    """Emit the containers if an application cannot be reached: it may have been in one."""
    if attempt.failure is not None and not attempt.socket:
        await _emit_containers(ctx)


@probe(after=BackendVisit)
async def behind_a_failed_visit(ctx: ProbeContext, visit: BackendVisit) -> None:
    """Emit the containers if an application of another server than nginx cannot be reached."""
    if visit.failure is not None:
        await _emit_containers(ctx)


@probe(after=TunnelRule)
async def behind_a_tunnel(ctx: ProbeContext, rule: TunnelRule) -> None:
    """Emit the containers, and the files that made them, if the client of a tunnel passes visitors
    on to its own container, where nothing listens."""
    # Imported late: the probe that emitted the rule has read it, too.
    from diagnose.parsers.tunnel_rules import IngressRule

    _, host, port = IngressRule(rule.service).place or ("", "", 0)
    is_own = rule.is_apart and (host == "localhost" or is_loopback(host))
    if is_own and rule.status is None and port not in rule.ports:
        await _emit_containers(ctx)
        for containers in ctx.observed(Containers):
            await _emit_compose_files(ctx, containers.containers)


@probe(after=ProgramLine)
async def environment_of_container(ctx: ProbeContext, line: ProgramLine) -> None:
    """Compare the environment of a container whose program has failed with its files."""
    if _CONTAINER_LOG.match(line.equivalent):
        # Imported late: few sites have containers, and fewer of these fail.
        from diagnose.probes.inside.container_variables import emit_environment

        await emit_environment(ctx, line)


@probe(after=ProgramLine)
async def behind_a_lost_service(ctx: ProbeContext, line: ProgramLine) -> None:
    """Emit the containers, and the files that made them, if a program of one of them, or the page
    of its error, says that it did not reach another one: that one may have ended."""
    if not _CONTAINER_LOG.match(line.equivalent):
        return
    # Imported late: few programs write so.
    from diagnose.parsers.needed_services import named_services, told_stores

    pages = [page for page in ctx.observed(Exchange) if page.is_page_of(ctx.target)]
    failed = [page for page in pages if (page.status or 0) >= 500]
    texts = (line.message, *(page.body for page in failed))
    if failed and (named_services(line.message) or any(map(told_stores, texts))):
        await _emit_containers(ctx)
        for containers in ctx.observed(Containers):
            await _emit_compose_files(ctx, containers.containers)


@probe(after=PageFileAccess)
async def with_a_missing_file(ctx: ProbeContext, access: PageFileAccess) -> None:
    """Look into the other containers for a file that nginx's container lacks; emit them, and the
    files that made them, if one has it."""
    own = next(iter(ctx.observed(NginxContainer)), None)
    is_missing = not access.exists and not access.elsewhere
    if own is None or own.own_network or not is_missing or UNSAFE.search(access.path):
        return
    if not ctx.further_requests.begin("a file of other containers"):
        return
    # Imported late: few pages lack a file.
    from diagnose.probes.inside.other_containers import emit_holder

    if await emit_holder(ctx, access.path, own):
        await _emit_containers(ctx)
        for containers in ctx.observed(Containers):
            await _emit_compose_files(ctx, containers.containers)


async def _emit_containers(ctx: ProbeContext) -> None:
    """Do it once in a run."""
    at = ctx.elapsed()
    if ctx.observed(Containers):
        return
    lists = await read_containers(ctx.machine, "stopped")
    if ctx.observed(Containers):
        return
    for engine in lists.denied:
        emit_not_observed(ctx, "containers", "needs root", f"sudo {engine} ps")
    if not (lists.engines or lists.namespaces or lists.denied):
        return
    ctx.emit(
        Containers(
            vantage=Vantage.SERVER,
            at=at,
            took=lists.took,
            equivalent="docker ps -a; podman ps -a; lsns -t net",
            engines=lists.engines,
            containers=lists.containers,
            namespaces=lists.namespaces,
        )
    )


# The files that made them: where something is wrong with one of them


@probe(after=UpstreamTry, needs=Containers)
async def compose_of_backend(
    ctx: ProbeContext, attempt: UpstreamTry, containers: Containers
) -> None:
    if attempt.failure is not None and not attempt.socket:
        await _emit_compose_files(ctx, containers.containers)


@probe(after=ScriptContainer)
async def behind_a_missing_script(ctx: ProbeContext, php: ScriptContainer) -> None:
    """Emit the containers, and the files that made them, if that of PHP has no folder of the
    site."""
    if php.source and not php.is_there and not php.seen_at:
        await _emit_containers(ctx)
        for containers in ctx.observed(Containers):
            await _emit_compose_files(ctx, containers.containers)


@probe(after=BackendVisit, needs=Containers)
async def compose_of_visit(ctx: ProbeContext, visit: BackendVisit, containers: Containers) -> None:
    if visit.failure is not None:
        await _emit_compose_files(ctx, containers.containers)


@probe(after=Handshake, needs=Containers)
async def compose_of_handshake(
    ctx: ProbeContext, handshake: Handshake, containers: Containers
) -> None:
    if handshake.failure is not None and handshake.port == ctx.target.port:
        await _emit_compose_files(ctx, containers.containers)


@probe(after=Listeners, needs=Containers)
async def compose_of_port(ctx: ProbeContext, listeners: Listeners, containers: Containers) -> None:
    """Look where visitors reach no listener, and where one has ended that would have the port."""
    is_open = any(not is_loopback(each.address) for each in listeners.on(ctx.target.port))
    is_ended = any(
        mapping.port == ctx.target.port
        for container in containers.stopped
        for mapping in container.ports
    )
    if not is_open or is_ended:
        await _emit_compose_files(ctx, containers.containers)


@probe(after=Connection, needs=Containers)
async def compose_of_connection(
    ctx: ProbeContext, connection: Connection, containers: Containers
) -> None:
    if connection.failure is not None and connection.port == ctx.target.port:
        await _emit_compose_files(ctx, containers.containers)


@probe(after=Exchange, needs=Containers)
async def compose_of_failure(ctx: ProbeContext, exchange: Exchange, containers: Containers) -> None:
    """Look where the page fails: Traefik and nginx-proxy make their sites of the files' labels and
    variables, and say 404 or 503 without one."""
    if exchange.status in FAILURES and exchange.is_page_of(ctx.target):
        await _emit_compose_files(ctx, containers.containers)


@probe(after=SiteMounts, needs=Containers)
async def compose_of_files(ctx: ProbeContext, _mounts: SiteMounts, containers: Containers) -> None:
    await _emit_compose_files(ctx, containers.containers)


@probe(after=UnreadMount, needs=Containers)
async def compose_of_site(ctx: ProbeContext, _mount: UnreadMount, containers: Containers) -> None:
    await _emit_compose_files(ctx, containers.containers)


async def _emit_compose_files(ctx: ProbeContext, containers: tuple[Container, ...]) -> None:
    """Emit the parts of each file that made containers, once in a run. Of several files the last
    one that has a line counts, so that none of these is read."""
    files = {
        container.compose.files[0]: None
        for container in containers
        if container.compose is not None and len(container.compose.files) == 1
    }
    paths = [path for path in files if path.startswith("/") and not UNSAFE.search(path)]
    for path in paths[:MAX_COMPOSE_FILES]:
        if ctx.further_requests.begin(f"the compose file {path}"):
            await emit_compose_file(ctx, path)


async def emit_compose_file(ctx: ProbeContext, path: str) -> None:
    """Emit the parts of a compose file that say how containers are reached."""
    # Imported late: few sites have a fault and containers.
    from diagnose.machine.container import ContainerMachine
    from diagnose.parsers.compose_files import MAX_TEXT, shown_compose

    at, machine = ctx.elapsed(), ctx.machine
    server = machine.server if isinstance(machine, ContainerMachine) else machine
    content = await server.read(path, MAX_TEXT + 1)
    text = await asyncio.to_thread(shown_compose, content.text)
    if not text:
        return
    ctx.emit(
        ComposeFile(
            vantage=Vantage.SERVER,
            at=at,
            took=ctx.elapsed() - at,
            equivalent=shlex.join(("cat", path)),
            path=path,
            text=text,
        )
    )
