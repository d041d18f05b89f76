"""Probe that looks for a file of the page, or the one that is asked for, in the folders of nginx's
other locations and of the programs behind nginx, after the site has answered 404, or a page, in its
place; and, if it is in none of them, by its path in the usual folders of sites. It looks for the
index.php of the site too, where nginx has answered 404 for the target: that of the nearest folder
above the path counts.
"""

from urllib.parse import urlsplit

from diagnose.machine.script_files import read_script
from diagnose.model.files import SiblingFile
from diagnose.model.http import Exchange
from diagnose.model.nginx import NginxConfig
from diagnose.model.pages import PageFileResponse
from diagnose.model.server import Listeners
from diagnose.parsers.http import proxy_page
from diagnose.parsers.nginx import server_blocks, upstreams
from diagnose.parsers.nginx.file_paths import PUBLIC_FOLDERS, served_file
from diagnose.parsers.nginx.final_requests import searched_location
from diagnose.parsers.nginx.locations import all_locations, match_location, select_location
from diagnose.parsers.nginx.server_blocks import Server
from diagnose.parsers.nginx.sibling_folders import (
    SITE_FOLDERS,
    folders_of,
    only_file,
    paths_in,
    searched_suffix,
    shown_file,
)
from diagnose.parsers.sanitize import UNSAFE
from diagnose.probes import ProbeContext, is_first, probe
from diagnose.probes.inside.answering_blocks import answering_blocks
from diagnose.probes.inside.file_access import access_as, is_file, read_access
from diagnose.probes.inside.nginx_processes import first_worker, start_folder_of

#: Maximum number of files, and of programs whose folder is read.
MAX_FILES, MAX_PROGRAMS = 2, 4
#: Maximum number of folders of a path in which an index.php is looked for.
MAX_DEPTH = 4

SEARCH_SCRIPT = read_script(__file__, "files_by_name.sh")
#: The file of an application in PHP that makes all of its addresses.
_FRONT = "/index.php"


@probe(after=Exchange, needs=NginxConfig)
async def of_front_controller(ctx: ProbeContext, exchange: Exchange, config: NginxConfig) -> None:
    """Emit the index.php of the nearest folder above the path; or, if neither such a folder nor
    that of `root` has one, the one in a public folder below."""
    worker = first_worker(ctx)
    if worker is None or not ctx.options.wants("nginx") or not is_first(ctx, exchange, _not_there):
        return
    path, start = ctx.target.path_without_query, start_folder_of(ctx)
    for _, server in answering_blocks(ctx, config):
        served = served_file(select_location(server, path), _FRONT, start=start)
        php = match_location(server, _FRONT)
        if served is None or upstreams.pass_directive_of(php) is None or UNSAFE.search(served.path):
            continue
        at, folder = ctx.elapsed(), served.path.removesuffix(_FRONT)
        nearest = _nearest_fronts(path) if served.directive.name == "root" else {}
        publics = (f"{folder}/{name}{_FRONT}" for name in PUBLIC_FOLDERS)
        urls = {f"{folder}{front}": front for front in nearest}
        urls |= dict.fromkeys((served.path, *publics), _FRONT)
        accesses = await read_access(ctx.machine, "", str(worker), list(urls))
        there = {access.path: access for access in accesses if is_file(access)}
        file = next((file for file in urls if file in there), "")
        if file and file != served.path:
            url = f"{ctx.target.origin}{urls[file]}"
            ctx.emit(access_as(SiblingFile, there[file], at=at, url=url))
        return


def _nearest_fronts(path: str) -> tuple[str, ...]:
    """Return the index.php of each folder above a path, the nearest first, without that of the
    whole site: "/blog/index.php" for "/blog/hello/"."""
    folders = [part for part in path.rstrip("/").split("/")[1:] if part][:-1][:MAX_DEPTH]
    if UNSAFE.search(path) or ".." in folders:
        return ()
    return tuple(f"/{'/'.join(folders[:depth])}{_FRONT}" for depth in range(len(folders), 0, -1))


def _not_there(ctx: ProbeContext, exchange: Exchange) -> bool:
    is_nginx = exchange.status == 404 and proxy_page(exchange.body) == "nginx"
    return is_nginx and exchange.is_page_of(ctx.target)


@probe(after=Exchange)
async def after_answer(ctx: ProbeContext, exchange: Exchange) -> None:
    if exchange.status == 404:
        await _find_siblings(ctx)


@probe(after=PageFileResponse)
async def after_file(ctx: ProbeContext, response: PageFileResponse) -> None:
    await _find_siblings(ctx)


@probe(after=NginxConfig)
async def after_configuration(ctx: ProbeContext, config: NginxConfig) -> None:
    await _find_siblings(ctx)


@probe(after=Listeners)
async def after_listeners(ctx: ProbeContext, listeners: Listeners) -> None:
    await _find_siblings(ctx)


def _is_missing(response: PageFileResponse) -> bool:
    is_page = response.status == 200 and response.is_html and response.file_kind != "frame"
    # An application may send visitors of a file that it does not serve to its login.
    return is_page or (response.status == 404 and not response.redirects)


async def _find_siblings(ctx: ProbeContext) -> None:
    """Look for each file once, as soon as the configuration and the programs are known."""
    config = next((config for config in ctx.observed(NginxConfig) if not config.failure), None)
    listeners = next(iter(ctx.observed(Listeners)), None)
    if config is None or listeners is None or not ctx.options.wants("nginx"):
        return
    missing = [response.url for response in ctx.observed(PageFileResponse) if _is_missing(response)]
    pages = ctx.observed(Exchange) if shown_file(ctx.target.path) else ()
    asked = [page.url for page in pages if page.is_page_of(ctx.target) and page.status == 404]
    for url in dict.fromkeys((*asked[:1], *missing[:MAX_FILES])):
        if ctx.further_requests.begin(f"siblings of {url}"):
            await _look_for(ctx, config, listeners, url)


async def _look_for(ctx: ProbeContext, config: NginxConfig, listeners: Listeners, url: str) -> None:
    servers = [server for _, server in answering_blocks(ctx, config)]
    worker = first_worker(ctx)
    if not servers or worker is None:
        return
    at, path = ctx.elapsed(), urlsplit(url).path
    folders = folders_of(server_blocks.servers(config.main), ctx.target.host)
    programs = await _program_folders(ctx, servers, listeners)
    paths = paths_in(folders, programs, path)
    accesses = await read_access(ctx.machine, "", str(worker), paths) if paths else ()
    for access in accesses:
        if access.parts and not access.parts[-1].folder and access.parts[-1].path != "/":
            is_program = any(access.path.startswith(f"{folder}/") for folder in programs)
            facts = {"url": url, "of_program": is_program}
            ctx.emit(access_as(SiblingFile, access, at=at, **facts))
            return
    match, own_path = searched_location(servers[0], path)
    served = served_file(match, own_path, start=start_folder_of(ctx)) if match else None
    if served is not None:
        # Imported late: few pages lack a file.
        from diagnose.probes.inside.static_projects import emit_static_project

        await emit_static_project(ctx, url, served, programs)
    suffix = searched_suffix(own_path)
    if not suffix or not ctx.further_requests.begin("a file by its name"):
        return
    result = await ctx.machine.run("sh", "-c", SEARCH_SCRIPT, "sh", suffix, *SITE_FOLDERS)
    file = only_file(result.out.splitlines(), own_path)
    for access in await read_access(ctx.machine, "", str(worker), [file]) if file else ():
        if access.parts and not access.parts[-1].folder:
            ctx.emit(access_as(SiblingFile, access, at=at, url=url, is_only=True))


async def _program_folders(
    ctx: ProbeContext, servers: list[Server], listeners: Listeners
) -> tuple[str, ...]:
    """Return the folders in which the programs behind these server blocks run."""
    variables = upstreams.request_variables(ctx.target)
    matches = (match for server in servers for match in all_locations(server))
    targets = (upstreams.proxy_target_of(match, variables) for match in matches)
    endpoints = (endpoint for target in targets if target for endpoint in target.endpoints[:2])
    ports = (endpoint.port for endpoint in endpoints if not endpoint.socket)
    sockets = (socket for port in ports for socket in listeners.on(port))
    pids = (
        socket.pid for socket in sockets if socket.pid is not None and socket.process != "nginx"
    )
    chosen = list(dict.fromkeys(pids))[:MAX_PROGRAMS]
    if not chosen:
        return ()
    result = await ctx.machine.run("readlink", "--", *(f"/proc/{pid}/cwd" for pid in chosen))
    lines = result.out.splitlines()
    return tuple(dict.fromkeys(line for line in lines if line.startswith("/") and line != "/"))
