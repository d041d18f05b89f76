"""Reads the configuration of an nginx in a container behind the server's nginx: it may take its own
scheme or name for the visitor's.

Only after a message, or where a page or a redirect names the site with http. Nothing of the
container is run.
"""

import shlex
from collections.abc import Iterator
from dataclasses import replace

from diagnose.model import Vantage
from diagnose.model.addresses import is_local_host
from diagnose.model.containers import Container, Namespace
from diagnose.model.http import Exchange
from diagnose.model.nginx import ContainerNginx, Directive, NginxConfig, UpstreamTry
from diagnose.model.pages import Page
from diagnose.parsers.own_scheme import names_itself_plain
from diagnose.parsers.redirects import leads_to_itself
from diagnose.parsers.sanitize import UNSAFE, clean
from diagnose.parsers.whole_numbers import whole_number
from diagnose.probes import ProbeContext, probe
from diagnose.probes.inside.answering_blocks import answering_blocks

#: Where the images of nginx and OpenResty have their configuration.
_PATHS = ("/etc/nginx/nginx.conf", "/usr/local/openresty/nginx/conf/nginx.conf")
_PROGRAMS = ("nginx", "openresty")
_MAX_CONTAINERS = 2

_Endpoint = tuple[str, int]


@probe(after=NginxConfig)
async def after_a_message(ctx: ProbeContext, config: NginxConfig) -> None:
    if ctx.target.symptom is not None:
        await _emit_behind(ctx, config)


@probe(after=Page, needs=NginxConfig)
async def behind_a_plain_page(ctx: ProbeContext, page: Page, config: NginxConfig) -> None:
    if names_itself_plain(page, ctx.target.host):
        await _emit_behind(ctx, config)


@probe(after=Exchange, needs=NginxConfig)
async def behind_a_plain_redirect(
    ctx: ProbeContext, exchange: Exchange, config: NginxConfig
) -> None:
    if not exchange.is_of_visit:
        return
    if names_itself_plain(exchange, ctx.target.host) or leads_to_itself(exchange):
        await _emit_behind(ctx, config)


async def _emit_behind(ctx: ProbeContext, config: NginxConfig) -> None:
    """Emit each nginx behind the target's path, once in a run."""
    wanted = set(_endpoints(ctx, config))
    if ctx.observed(ContainerNginx) or not wanted:
        return
    # Imported late: few servers have containers.
    from diagnose.probes.inside.containers import read_containers

    lists = await read_containers(ctx.machine)
    if ctx.observed(ContainerNginx):
        return
    by_id = {container.id: container for container in lists.containers}
    for namespace in lists.namespaces[:64]:
        container = by_id.get(namespace.container)
        if container is None or not any(name in _PROGRAMS for name in namespace.processes):
            continue
        reached = tuple(_reached(wanted, container, namespace))
        ports = {port for _, port in reached}
        if len(ports) == 1:
            endpoints = tuple(endpoint for endpoint, _ in reached)
            await _emit(ctx, container, namespace, endpoints, ports.pop())
        if len(ctx.observed(ContainerNginx)) >= _MAX_CONTAINERS:
            return


def _endpoints(ctx: ProbeContext, config: NginxConfig) -> Iterator[_Endpoint]:
    """Yield the hosts and ports to which nginx passes the target's path on, and their addresses."""
    from diagnose.parsers.nginx import upstreams
    from diagnose.parsers.nginx.final_requests import final_request

    path = ctx.target.path.partition("?")[0]
    for _, server in answering_blocks(ctx, config):
        match = final_request(server, path)[0]
        variables = upstreams.route_variables(ctx.target, match, path)
        proxied = upstreams.proxy_target_of(match, variables)
        for endpoint in proxied.endpoints if proxied else ():
            if endpoint.port:
                yield endpoint.host, endpoint.port
                for attempt in ctx.observed(UpstreamTry):
                    is_same = (attempt.host, attempt.port) == (endpoint.host, endpoint.port)
                    if is_same and attempt.address:
                        yield attempt.address, attempt.port


def _reached(
    wanted: set[_Endpoint], container: Container, namespace: Namespace
) -> Iterator[tuple[_Endpoint, int]]:
    """Yield the endpoints that lead to a container, each with the port inside."""
    published = {mapping.port: mapping.inner for mapping in container.ports if mapping.port}
    for host, port in sorted(wanted):
        if is_local_host(host) and port in published:
            yield (host, port), published[port]
        elif host in namespace.addresses and namespace.listens(port):
            yield (host, port), port


async def _emit(
    ctx: ProbeContext,
    container: Container,
    namespace: Namespace,
    endpoints: tuple[_Endpoint, ...],
    port: int,
) -> None:
    # Imported late: few servers have such a container.
    from diagnose.machine.container import ContainerMachine
    from diagnose.probes.inside.nginx_config import MAX_OTHER_FILES, read_config_tree

    at = ctx.elapsed()
    machine = ContainerMachine(ctx.machine, namespace.pid, container.engine, container.name)
    pid, named = await _master(ctx, namespace.pid)
    for path in (*named, *_PATHS):
        tree = await read_config_tree(machine, path, MAX_OTHER_FILES)
        if tree.main:
            break
    else:
        return
    mark = f"{container.name}:"
    ctx.emit(
        ContainerNginx(
            vantage=Vantage.SERVER,
            at=at,
            took=ctx.elapsed() - at,
            equivalent=f"{container.engine} exec {shlex.quote(container.name)} nginx -T",
            engine=container.engine,
            container=container.name,
            endpoints=endpoints,
            port=port,
            main=_marked(tree.main, mark),
            files=tuple(
                replace(
                    file,
                    path=f"{mark}{file.path}",
                    real=f"{mark}{file.real}" if file.real else "",
                )
                for file in tree.files
            ),
            pid=pid,
            mounts=await _mounts(ctx, pid),
        )
    )


async def _master(ctx: ProbeContext, pid: int) -> tuple[int, tuple[str, ...]]:
    """Return the master of nginx in the container of a process, and the configuration that it was
    started with (`nginx -c`), if any."""
    # Imported late: few servers have such a container.
    from diagnose.machine.script_files import read_script
    from diagnose.parsers.nginx.config import parse_master_title

    script = read_script(__file__, "container_masters.sh")
    result = await ctx.machine.run("sh", "-c", script, "sh", str(pid))
    masters = [line.partition(" ") for line in result.out.splitlines()]
    if len(masters) != 1:
        return pid, ()
    number, _, title = masters[0]
    path = parse_master_title(title).config
    is_path = path.startswith("/") and not UNSAFE.search(path)
    return whole_number(number) or pid, (path,) if is_path else ()


async def _mounts(ctx: ProbeContext, pid: int) -> tuple[tuple[str, str, bool], ...]:
    """Return the folders of the container that are the server's."""
    from diagnose.parsers.linux.mounts import bind_mounts, parse_mounts

    ours, theirs = [
        parse_mounts((await ctx.machine.read(f"/proc/{each}/mountinfo")).text or "")
        for each in ("self", pid)
    ]
    return tuple(
        (clean(point), clean(source), replaced)
        for point, source, replaced in bind_mounts(ours, theirs)
    )


def _marked(directives: tuple[Directive, ...], mark: str) -> tuple[Directive, ...]:
    """Return the directives with the container's name before the path of their file."""
    return tuple(
        replace(
            directive,
            file=f"{mark}{directive.file}",
            block=None if directive.block is None else _marked(directive.block, mark),
        )
        for directive in directives
    )
