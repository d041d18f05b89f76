"""Reads the configuration of an nginx in a container behind the server's nginx, Apache, Caddy or
HAProxy: it may take its own scheme or name for the visitor's, or refuse what the server in front
lets in.

Only after a message, where a page or a redirect names the site with http, or where a request failed
that such an nginx may have refused, of the page or of a file that it loads. Nothing of the
container is run.
"""

import shlex
from collections.abc import Iterator
from dataclasses import replace

from diagnose.model import Vantage
from diagnose.model.addresses import is_local_host
from diagnose.model.containers import Container, Namespace
from diagnose.model.http import Exchange
from diagnose.model.logs import FailedRequests
from diagnose.model.nginx import ContainerNginx, Directive, NginxConfig, UpstreamTry
from diagnose.model.pages import Page, PageFileResponse
from diagnose.model.web_servers import WebServerConfig
from diagnose.parsers.own_scheme import names_itself_plain
from diagnose.parsers.redirects import leads_to_itself
from diagnose.parsers.sanitize import UNSAFE, clean
from diagnose.parsers.urls import path_of
from diagnose.parsers.whole_numbers import whole_number
from diagnose.probes import ProbeContext, probe
from diagnose.probes.inside.answering_blocks import answering_blocks

#: Where the images of nginx and OpenResty have their configuration.
_PATHS = ("/etc/nginx/nginx.conf", "/usr/local/openresty/nginx/conf/nginx.conf")
_PROGRAMS = ("nginx", "openresty")
_MAX_CONTAINERS = 2
#: Statuses of nginx's own refusals and failures.
TOO_LARGE = 413
_REFUSALS = frozenset({403, 404, TOO_LARGE, 502, 503, 504})

_Endpoint = tuple[str, int]


@probe(after=NginxConfig)
async def after_a_message(ctx: ProbeContext, config: NginxConfig) -> None:
    if ctx.target.symptom is not None or _is_refused(ctx):
        await _emit_behind(ctx, config)


@probe(after=WebServerConfig)
async def after_a_message_behind_a_server(ctx: ProbeContext, config: WebServerConfig) -> None:
    if ctx.target.symptom is not None or _is_refused(ctx):
        await _emit_behind(ctx, config)


@probe(after=Exchange)
async def behind_a_failed_page(ctx: ProbeContext, page: Exchange) -> None:
    if _is_refused(ctx):
        await _emit_behind_any(ctx)


@probe(after=FailedRequests)
async def behind_a_logged_failure(ctx: ProbeContext, failure: FailedRequests) -> None:
    if failure.status == TOO_LARGE:
        await _emit_behind_any(ctx, failure.path)


@probe(after=PageFileResponse)
async def behind_a_file_of_the_page(ctx: ProbeContext, file: PageFileResponse) -> None:
    if file.status in _REFUSALS:
        await _emit_behind_any(ctx, path_of(file.url))


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


def _is_refused(ctx: ProbeContext) -> bool:
    """Return whether visitors get an error for the page that such an nginx may give."""
    pages = (page for page in ctx.observed(Exchange) if page.is_page_of(ctx.target))
    return any(page.status in _REFUSALS for page in pages)


async def _emit_behind_any(ctx: ProbeContext, path: str = "") -> None:
    for nginx in ctx.observed(NginxConfig):
        await _emit_behind(ctx, nginx, path)
    for config in ctx.observed(WebServerConfig):
        await _emit_behind(ctx, config, path)


async def _emit_behind(
    ctx: ProbeContext, config: NginxConfig | WebServerConfig, path: str = ""
) -> None:
    """Emit each nginx behind a path, the target's without one, once in a run."""
    path = path or ctx.target.path_without_query
    if isinstance(config, WebServerConfig):
        wanted = set(_endpoints_of_server(ctx, config, path))
    else:
        wanted = set(_endpoints(ctx, config, path))
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


def _endpoints_of_server(
    ctx: ProbeContext, config: WebServerConfig, path: str
) -> Iterator[_Endpoint]:
    """Yield the hosts and ports to which another server passes a path on."""
    from diagnose.parsers.web_sites import routes_of_name
    from diagnose.probes.inside.backends import is_holder

    if is_holder(ctx, config):
        for route in routes_of_name(config, ctx.target.port, ctx.target.host, path, False):
            if route.host and route.port:
                yield route.host, route.port


def _endpoints(ctx: ProbeContext, config: NginxConfig, path: str) -> Iterator[_Endpoint]:
    """Yield the hosts and ports to which nginx passes a path on, and their addresses."""
    from diagnose.parsers.nginx import upstreams
    from diagnose.parsers.nginx.final_requests import final_request

    for _, server in answering_blocks(ctx, config):
        match = final_request(server, path)[0]
        variables = upstreams.route_variables(ctx.target, match, path)
        proxied = upstreams.proxy_target_of(match, variables)
        for endpoint in proxied.endpoints if proxied else ():
            if not endpoint.port:
                continue
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
    mark, mounts = f"{container.name}:", await _mounts(ctx, pid)
    # Another question may have led here in the meantime.
    if any(
        container_nginx.container == container.name
        for container_nginx in ctx.observed(ContainerNginx)
    ):
        return
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
            mounts=mounts,
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
