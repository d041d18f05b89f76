"""Probe that asks Caddy's configuration for what visitors do not get beside the target itself: a
file or data of its page, or a WebSocket that was tried. The configuration is translated once more;
no request is made. Of Apache it looks whether such a file is in the site's folder. A file of the
page that an application does not have is looked for in the folder in which that runs.
"""

import asyncio
import posixpath
import re
import shlex
from dataclasses import replace

from diagnose.model import Vantage
from diagnose.model.addresses import bracketed, is_local_host
from diagnose.model.files import SiblingFile
from diagnose.model.http import Exchange, Upgrade, header
from diagnose.model.pages import PageFileResponse
from diagnose.model.server import Listeners
from diagnose.model.server_rules import HandledPath
from diagnose.model.web_servers import WebServer, WebServerConfig, WebSite
from diagnose.parsers.caddy.answering_rules import answering_rules, placed_rules
from diagnose.parsers.caddy.caddyfile import uses_environment
from diagnose.parsers.caddy.document import decode
from diagnose.parsers.caddy.served_folders import passed_over_folder, served_folder
from diagnose.parsers.server_request import ServerRequest, requests_of
from diagnose.parsers.urls import parse_url
from diagnose.parsers.web_sites import answering_sites, route_of, site_at
from diagnose.probes import ProbeContext, probe

#: Maximum number of paths; of files that are looked for beside programs, and of these programs.
MAX_PATHS, MAX_SIBLINGS, MAX_PROGRAMS = 4, 2, 4

#: A path that leads to a file as it is written, and is no hidden one.
_PLAIN = re.compile(r"(?:/(?!\.)[\w.@+-]{1,200}){1,20}", re.ASCII)


@probe(after=PageFileResponse)
async def path_of_file(ctx: ProbeContext, response: PageFileResponse) -> None:
    await _test_paths(ctx)


@probe(after=Exchange)
async def path_of_data(ctx: ProbeContext, exchange: Exchange) -> None:
    await _test_paths(ctx)


@probe(after=Upgrade)
async def path_of_websocket(ctx: ProbeContext, upgrade: Upgrade) -> None:
    await _test_paths(ctx)


@probe(after=WebServerConfig)
async def paths_before_config(ctx: ProbeContext, config: WebServerConfig) -> None:
    await _test_paths(ctx)


@probe(after=Listeners)
async def paths_before_listeners(ctx: ProbeContext, listeners: Listeners) -> None:
    await _test_paths(ctx)


async def _test_paths(ctx: ProbeContext) -> None:
    for each in ctx.observed(WebServerConfig):
        await _look_in_program_folders(ctx, each)
        if each.product == "apache":
            await _look_beside_application(ctx, each)
    config = next((each for each in ctx.observed(WebServerConfig) if each.product == "caddy"), None)
    servers = [
        web_server for web_server in ctx.observed(WebServer) if web_server.product == "caddy"
    ]
    server = next((each for each in servers if ctx.target.port in each.ports), None)
    # What runs is not what the file says, or depends on the process's environment.
    if config is None or server is None or server.foreign or config.loaded is False:
        return
    if not server.test or any(uses_environment(file.text) for file in config.files):
        return
    known = {(path.path, path.websocket) for path in ctx.observed(HandledPath)}
    requests = [each for each in _requests(ctx) if (each.path, each.websocket) not in known]
    for request in requests[: MAX_PATHS - len(known)]:
        await _emit(ctx, config, server, request)


def _requests(ctx: ProbeContext) -> list[ServerRequest]:
    """Return the requests that visitors lost, without those of the target itself."""
    own = next(requests_of(ctx.target))
    targets = {(each.path, each.websocket) for each in requests_of(ctx.target)}
    lost = [
        (response.url, False) for response in ctx.observed(PageFileResponse) if _is_lost(response)
    ]
    lost += [
        (exchange.url, False)
        for exchange in ctx.observed(Exchange)
        if exchange.purpose == "data" and _is_lost(exchange)
    ]
    lost += [
        (upgrade.url, True)
        for upgrade in ctx.observed(Upgrade)
        if upgrade.is_visit and not upgrade.accepted and upgrade.status
    ]
    requests = []
    for text, websocket in dict.fromkeys(lost):
        url = parse_url(text.replace("wss://", "https://", 1).replace("ws://", "http://", 1))
        if url is None or (url.host, url.port) != (ctx.target.host, ctx.target.port):
            continue
        path, _, query = url.path.partition("?")
        if (path, websocket) not in targets:
            requests.append(replace(own, path=path, query=query, websocket=websocket, method="GET"))
    return requests


def _is_lost(response: PageFileResponse | Exchange) -> bool:
    """Return whether a file or data did not come: an error, nothing, or a page in its place."""
    status, kind = response.status or 0, header(response.headers, "Content-Type") or ""
    is_empty = status == 200 and not kind and header(response.headers, "Content-Length") == "0"
    return status >= 400 or is_empty or (status == 200 and kind.startswith("text/html"))


async def _emit(
    ctx: ProbeContext, config: WebServerConfig, server: WebServer, request: ServerRequest
) -> None:
    at = ctx.elapsed()
    result = await ctx.machine.run(*server.test)
    document = await asyncio.to_thread(decode, result.out) if result.status == 0 else None
    if document is None:
        return
    rules = await asyncio.to_thread(answering_rules, document, request)
    folder = await asyncio.to_thread(served_folder, document, request)
    root, application = await asyncio.to_thread(passed_over_folder, document, request)
    unserved = await _file_in(ctx, root, request) if root and not folder and not rules else ""
    is_replaced = folder and folder.root and not folder.prefix and request.path in _pages(ctx)
    replaced = await _file_in(ctx, folder.root, request) if folder and is_replaced else ""
    ctx.emit(
        HandledPath(
            vantage=Vantage.SERVER,
            at=at,
            took=ctx.elapsed() - at,
            equivalent=shlex.join(server.test),
            product="caddy",
            path=request.path,
            websocket=request.websocket,
            rules=placed_rules(rules, config.files, request.path),
            folders=(folder,) if folder else (),
            unserved_file=unserved,
            unserved_root=root if unserved else "",
            application=application if unserved else "",
            replaced_file=replaced,
        )
    )


def _pages(ctx: ProbeContext) -> set[str]:
    """Return the paths of the page's files in whose place a page came."""
    files = ctx.observed(PageFileResponse)
    urls = [parse_url(file.url) for file in files if file.status == 200 and file.is_html]
    return {url.path.partition("?")[0] for url in urls if url}


async def _look_beside_application(ctx: ProbeContext, config: WebServerConfig) -> None:
    """Look in the DocumentRoot of Apache's site for the files of the page that its application
    does not have."""
    sites = answering_sites(config, ctx.target.port, ctx.target.host)
    known = {path.path for path in ctx.observed(HandledPath)}
    own = next(requests_of(ctx.target))
    if len(sites) == 1 and own.path not in known and _is_target_missing(ctx):
        await _look_below_alias(ctx, sites[0], own)
    requests = [each for each in _requests(ctx) if not each.websocket and each.path not in known]
    for request in requests[: MAX_PATHS - len(known)] if len(sites) == 1 else ():
        site, at = sites[0], ctx.elapsed()
        route = route_of(site, request.path)
        is_below_alias = site_at(site, request.path)[0] is not site
        if is_below_alias or not site.root.startswith("/"):
            continue
        is_of_files = route is None and not site.changes and request.path in _pages(ctx)
        if is_of_files and (replaced := await _file_in(ctx, site.root, request)):
            ctx.emit(_replaced(ctx, at, request.path, replaced))
        if route is None or not route.host:
            continue
        if unserved := await _file_in(ctx, site.root, request):
            ctx.emit(
                HandledPath(
                    vantage=Vantage.SERVER,
                    at=at,
                    took=ctx.elapsed() - at,
                    equivalent=shlex.join(("test", "-f", unserved)),
                    product="apache",
                    path=request.path,
                    unserved_file=unserved,
                    unserved_root=site.root,
                    application=f"{bracketed(route.host)}:{route.port}",
                )
            )


def _is_target_missing(ctx: ProbeContext) -> bool:
    pages = [page for page in ctx.observed(Exchange) if page.is_page_of(ctx.target)]
    return any(page.status == 404 for page in pages)


async def _look_below_alias(ctx: ProbeContext, site: WebSite, request: ServerRequest) -> None:
    """Emit the file of the target in the folder of an Alias, where an application gets the path."""
    (placed, inner), route = site_at(site, request.path), route_of(site, request.path)
    at = ctx.elapsed()
    if placed is site or route is None or not route.host or not placed.root.startswith("/"):
        return
    file = await _file_in(ctx, placed.root, replace(request, path=inner))
    if not file or any(path.path == request.path for path in ctx.observed(HandledPath)):
        return
    ctx.emit(
        HandledPath(
            vantage=Vantage.SERVER,
            at=at,
            took=ctx.elapsed() - at,
            equivalent=shlex.join(("test", "-f", file)),
            product="apache",
            path=request.path,
            unserved_file=file,
            unserved_root=placed.root,
            application=f"{bracketed(route.host)}:{route.port}",
        )
    )


def _replaced(ctx: ProbeContext, at: float, path: str, file: str) -> HandledPath:
    return HandledPath(
        vantage=Vantage.SERVER,
        at=at,
        took=ctx.elapsed() - at,
        equivalent=shlex.join(("test", "-f", file)),
        product="apache",
        path=path,
        replaced_file=file,
    )


async def _look_in_program_folders(ctx: ProbeContext, config: WebServerConfig) -> None:
    """Look for files of the page that are 404 in the folders of the programs behind the site, and
    in those around them: most programs serve no files in production."""
    sites = answering_sites(config, ctx.target.port, ctx.target.host)
    listeners = next(iter(ctx.observed(Listeners)), None)
    servers = [
        web_server for web_server in ctx.observed(WebServer) if web_server.product == config.product
    ]
    server = next((each for each in servers if ctx.target.port in each.ports), None)
    if listeners is None or server is None or server.foreign or server.container:
        return
    ports = {route.port for site in sites for route in site.routes if is_local_host(route.host)}
    pids = {
        listener.pid
        for port in ports
        for listener in listeners.on(port)
        if listener.pid is not None and listener.pid != server.pid
    }
    lost = [file for file in ctx.observed(PageFileResponse) if file.status == 404]
    for response in lost[:MAX_SIBLINGS] if 0 < len(pids) <= MAX_PROGRAMS else ():
        if ctx.further_requests.begin(f"siblings of {response.url}"):
            await _look_for_sibling(ctx, server, sorted(pids), response)


async def _look_for_sibling(
    ctx: ProbeContext, server: WebServer, pids: list[int], response: PageFileResponse
) -> None:
    # Imported late: few pages lack a file.
    from diagnose.parsers.nginx.sibling_folders import paths_in
    from diagnose.probes.inside.file_access import access_as, is_file, read_access
    from diagnose.probes.inside.site_folders import apache_worker

    at = ctx.elapsed()
    worker = await apache_worker(ctx, server.pid) if server.product == "apache" else server.pid
    result = await ctx.machine.run("readlink", "--", *(f"/proc/{pid}/cwd" for pid in pids))
    folders = {line for line in result.out.splitlines() if line.startswith("/") and line != "/"}
    url = parse_url(response.url)
    paths = paths_in((), sorted(folders), url.path.partition("?")[0]) if url else ()
    for access in await read_access(ctx.machine, "", str(worker or ""), paths) if paths else ():
        if is_file(access):
            ctx.emit(access_as(SiblingFile, access, at=at, url=response.url, of_program=True))
            return


async def _file_in(ctx: ProbeContext, root: str, request: ServerRequest) -> str:
    """Return the file of the requested path in a folder; "" if it is not there."""
    file = posixpath.normpath(f"{root}/{request.path.lstrip('/')}")
    if request.websocket or not _PLAIN.fullmatch(request.path) or not _PLAIN.fullmatch(file):
        return ""
    is_file = (await ctx.machine.run("test", "-f", file)).status == 0
    return file if is_file else ""
