"""Looks for the page of a single-page application in the folder of an nginx in a container, behind
the server that visitors reach, where that one has no file for a path. Nothing of the container is
run."""

import shlex
from collections.abc import Iterator
from dataclasses import replace

from diagnose.model import Vantage
from diagnose.model.http import Exchange
from diagnose.model.nginx import ContainerNginx, ContainerPage, NginxConfig
from diagnose.model.web_servers import WebServerConfig
from diagnose.parsers.nginx.server_blocks import Server
from diagnose.probes import ProbeContext, probe


@probe(after=Exchange, needs=ContainerNginx)
async def after_a_page(ctx: ProbeContext, page: Exchange, container_nginx: ContainerNginx) -> None:
    if not page.is_page_of(ctx.target) or page.status != 404:
        return
    if ctx.further_requests.begin(f"pages of {container_nginx.container}"):
        for server, path in list(_requests(ctx, container_nginx))[:1]:
            await _emit_page(ctx, container_nginx, page, server, path)


async def _emit_page(
    ctx: ProbeContext, container_nginx: ContainerNginx, page: Exchange, server: Server, path: str
) -> None:
    # Imported late: few servers have such a container.
    from diagnose.machine.container import ContainerMachine
    from diagnose.parsers.nginx.file_paths import fallback_path, served_file
    from diagnose.parsers.nginx.final_requests import final_request, has_unknown_rules
    from diagnose.parsers.sanitize import UNSAFE
    from diagnose.probes.inside.target_files import application_page

    match, own = final_request(server, path)
    served = served_file(match, own)
    if served is None or UNSAFE.search(served.path) or fallback_path(match, own):
        return
    if match.redirects or has_unknown_rules(server, path):
        return
    at = ctx.elapsed()
    machine = ContainerMachine(
        ctx.machine, container_nginx.pid, container_nginx.engine, container_nginx.container
    )
    looked_for = await machine.read(served.path, 1)
    indexes = [file for _, file in served.fallbacks if not UNSAFE.search(file)]
    contents = [await machine.read(index, 1) for index in indexes]
    existing = {content.path for content in contents if content.failure is None}
    failure = looked_for.failure
    if failure is None or failure.kind != "missing" or not existing:
        return
    answer_there = await application_page(machine, ctx.target.origin, served, own, existing)
    if answer_there:
        ctx.emit(
            ContainerPage(
                vantage=Vantage.SERVER,
                at=at,
                took=ctx.elapsed() - at,
                equivalent=shlex.join(
                    (
                        container_nginx.engine or "docker",
                        "exec",
                        container_nginx.container,
                        "ls",
                        "-l",
                        answer_there,
                    )
                ),
                container=container_nginx.container,
                url=page.url,
                path=served.path,
                page=answer_there,
            )
        )


def _requests(ctx: ProbeContext, container_nginx: ContainerNginx) -> Iterator[tuple[Server, str]]:
    """Yield the last block of the nginx in there that gets the target's path, and the path as it
    has it."""
    from diagnose.parsers.container_requests import route_requests
    from diagnose.parsers.nginx import server_blocks
    from diagnose.parsers.nginx.inner_blocks import NginxBehind, inner_requests
    from diagnose.parsers.web_sites import routes_of_name
    from diagnose.probes.inside.answering_blocks import answering_blocks
    from diagnose.probes.inside.backends import is_holder

    path, target = ctx.target.path_without_query, ctx.target
    for config in ctx.observed(WebServerConfig):
        for route in routes_of_name(config, target.port, target.host, path, False):
            if is_holder(ctx, config):
                for _, way in route_requests([container_nginx], target, route, path):
                    yield way[-1]
    inside = NginxBehind(
        server_blocks.servers(container_nginx.main),
        container_nginx.endpoints,
        container_nginx.port,
        container_nginx.container,
    )
    for nginx in ctx.observed(NginxConfig):
        servers = server_blocks.servers(nginx.main)
        for _, server in answering_blocks(ctx, nginx):
            own = replace(target, path=path)
            for request in inner_requests(servers, server, own, inner_servers=[inside])[-1:]:
                if request.container:
                    yield request.server, request.path
