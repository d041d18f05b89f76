"""Reads the configuration in the usual place of a web server, where the one that has the target's
port was started with another: a person may edit the one, and visitors get the other.

The probes `other_nginx` ask for it.
"""

import asyncio
import posixpath
import shlex
from dataclasses import replace

from diagnose.model import Vantage
from diagnose.model.nginx import NginxConfig
from diagnose.model.unread_configs import UnreadConfig
from diagnose.model.web_servers import WebServer, WebServerConfig, WebSite
from diagnose.parsers.path_answers import has_all_places
from diagnose.parsers.sanitize import UNSAFE
from diagnose.parsers.web_sites import answering_sites, has_name, route_of
from diagnose.probes import ProbeContext
from diagnose.probes.inside.nginx_config import MAX_OTHER_FILES, read_config_tree

#: The main files of packages, of own builds and of panels.
NGINX_FILES = (
    "/etc/nginx/nginx.conf",
    "/usr/local/nginx/conf/nginx.conf",
    "/www/server/nginx/conf/nginx.conf",
    "/usr/local/openresty/nginx/conf/nginx.conf",
)

#: Where people keep a Caddyfile beside the one of the service.
CADDYFILES = (
    "/home/*/Caddyfile",
    "/home/*/*/Caddyfile",
    "/root/Caddyfile",
    "/root/*/Caddyfile",
    "/opt/*/Caddyfile",
    "/srv/*/Caddyfile",
    "/var/www/*/Caddyfile",
)
#: Maximum number of such files, of those that are adapted, and of bytes of each.
MAX_FILES, MAX_OTHERS, MAX_BYTES = 20, 2, 1 << 18


async def observe_of_nginx(ctx: ProbeContext, config: NginxConfig) -> None:
    """Emit each configuration of nginx in a usual place that has the site and is not read."""
    others = [path for path in NGINX_FILES if not _is_read(config, path)]
    await asyncio.gather(*(_of_nginx(ctx, config, path) for path in others))


def _is_read(config: NginxConfig, path: str) -> bool:
    return any(path in {file.path, file.real} for file in config.files)


async def _of_nginx(ctx: ProbeContext, config: NginxConfig, path: str) -> None:
    # Imported late: few servers have two configurations.
    from diagnose.parsers.nginx import server_blocks, upstreams
    from diagnose.parsers.nginx.final_requests import final_location

    at, target = ctx.elapsed(), ctx.target
    tree = await read_config_tree(ctx.machine, path, MAX_OTHER_FILES)
    own_path = target.path_without_query
    for socket in server_blocks.sockets(server_blocks.servers(tree.main), target.port):
        server, name_match = server_blocks.select_server(socket, target.host)
        if name_match == "default":
            continue
        match = final_location(server, own_path)
        variables = upstreams.route_variables(target, match, own_path)
        proxied = upstreams.proxy_target_of(match, variables)
        endpoint = proxied.endpoints[0] if proxied and proxied.endpoints else None
        directive = proxied.directive if proxied else server.block
        file = next((file for file in tree.files if file.path == directive.file), None)
        if file is None or _is_read(config, file.path) or _is_read(config, file.real or file.path):
            continue  # Both include it: what is edited there counts.
        ctx.emit(
            UnreadConfig(
                vantage=Vantage.SERVER,
                at=at,
                took=ctx.elapsed() - at,
                equivalent=f"nginx -c {shlex.quote(path)} -T",
                product="nginx",
                path=path,
                file=file.path,
                line=directive.line,
                target=proxied.target if proxied else "",
                host=endpoint.host if endpoint else "",
                port=endpoint.port if endpoint else 0,
                changed=file.changed,
            )
        )
        return


async def observe_of_server(ctx: ProbeContext, config: WebServerConfig) -> None:
    """Emit the configuration in the usual place of the server that has the target's port."""
    for server in ctx.observed(WebServer):
        is_plain = not server.foreign and not server.container and server.product == config.product
        if is_plain and ctx.target.port in server.ports:
            await _of_server(ctx, server, config)


async def _of_server(ctx: ProbeContext, server: WebServer, config: WebServerConfig) -> None:
    # Imported late: few servers have two configurations.
    from diagnose.probes.inside.web_servers.processes import Candidate
    from diagnose.probes.inside.web_servers.readers import PRODUCTS, reader_of

    if server.product not in {"apache", "caddy", "haproxy"} or not server.binary:
        return
    at, reader = ctx.elapsed(), reader_of(server.product)
    name = next(name for name, product in PRODUCTS.items() if product == server.product)
    usual = await reader.describe(ctx, Candidate(name, server.binary))
    others = [usual] if usual is not None and usual.config not in {"", server.config} else []
    if usual is not None and usual.config == server.config and server.product == "caddy":
        others = await _other_caddyfiles(ctx, usual, config)
    for other_server in others:
        if (await ctx.machine.read(other_server.config, 1)).failure is not None:
            continue
        other = await reader.read_config(ctx, other_server)
        site = _site(ctx, other) if other else None
        if other is not None and site is not None:
            _emit(ctx, at, config, other_server, other, site)
            return


async def _other_caddyfiles(
    ctx: ProbeContext, usual: WebServer, config: WebServerConfig
) -> list[WebServer]:
    """Return Caddy as it would run with the Caddyfiles of people's folders that name the site and
    are newer than its own, the newest first. A container reads one beside a compose file."""
    own = config.file(usual.config)
    groups = await asyncio.gather(*map(ctx.machine.glob, CADDYFILES))
    paths = [path for group in groups for path in group if not UNSAFE.search(path)][:MAX_FILES]
    contents = await asyncio.gather(*(ctx.machine.read(path, MAX_BYTES) for path in paths))
    newer = [
        content
        for content in contents
        if own is not None and own.changed is not None and content.failure is None
        if (content.changed or 0.0) > own.changed and ctx.target.host in content.text
    ]
    beside = await asyncio.gather(
        *(
            ctx.machine.glob(f"{posixpath.dirname(content.path)}/*compose*.y*ml")
            for content in newer
        )
    )
    files = [content for content, found in zip(newer, beside, strict=True) if not found]
    files.sort(key=lambda content: content.changed or 0.0, reverse=True)
    return [
        replace(
            usual,
            config=content.path,
            test=(usual.binary, "adapt", "--config", content.path, "--adapter", "caddyfile"),
            reload=(usual.binary, "reload", "--config", content.path, "--adapter", "caddyfile"),
            start=(),
        )
        for content in files[:MAX_OTHERS]
    ]


def _emit(
    ctx: ProbeContext,
    at: float,
    config: WebServerConfig,
    usual: WebServer,
    other: WebServerConfig,
    site: WebSite,
) -> None:
    """Emit the configuration of another file, if the server that answers does not read it."""
    if usual.product == "traefik":
        return
    path = ctx.target.path_without_query
    route = route_of(site, path, False)
    file = (route.file if route else "") or site.file or usual.config
    own = next((each for each in other.files if file in {each.path, each.real}), None)
    if any(each.path == file or each.real == file for each in config.files):
        return  # Both include it: what is edited there counts.
    ctx.emit(
        UnreadConfig(
            vantage=Vantage.SERVER,
            at=at,
            took=ctx.elapsed() - at,
            equivalent=shlex.join(usual.test) or f"cat {shlex.quote(usual.config)}",
            product=usual.product,
            path=usual.config,
            file=file,
            line=route.line if route and route.file else site.line,
            target=route.target if route else "",
            host=route.host if route else "",
            port=route.port if route else 0,
            changed=own.changed if own else None,
            load=usual.reload if usual.product == "caddy" else (),
            start=usual.start,
            replaces=has_all_places(config.sites, other.sites),
        )
    )


def _site(ctx: ProbeContext, config: WebServerConfig) -> WebSite | None:
    """Return the site that would answer. A frontend of HAProxy need not name its sites."""
    sites = answering_sites(config, ctx.target.port, ctx.target.host)
    is_nameless = config.product == "haproxy"
    named = (site for site in sites if has_name(site, ctx.target.host) or is_nameless)
    return next(named, None)
