"""Looks at the folder of a site on Apache or Caddy, after its page was 403 or 404, for the missing
file."""

import asyncio
import posixpath
import shlex

from diagnose.machine import HasOwnRoot
from diagnose.model import Vantage
from diagnose.model.containers import NginxContainer
from diagnose.model.http import Exchange
from diagnose.model.logs import ServerRequestError
from diagnose.model.pages import PageFileResponse
from diagnose.model.server_rules import HandledPath, ServedFolder
from diagnose.model.site_folders import FolderAccess, FolderRules, SiteFolder
from diagnose.model.web_servers import ServerFile, WebServer, WebServerConfig, WebSite
from diagnose.parsers.apache.folder_rules import script_rule
from diagnose.parsers.request_fields import is_own_origin
from diagnose.parsers.sanitize import UNSAFE, clean
from diagnose.parsers.urls import parse_url
from diagnose.parsers.web_sites import answering_sites, needs_folder, serves_files, site_at
from diagnose.parsers.whole_numbers import whole_number
from diagnose.probes import ProbeContext, probe
from diagnose.probes.inside.file_access import access_as, read_access
from diagnose.probes.inside.folder_contents import MAX_BYTES, emit_folder, folders_above


@probe(after=WebServerConfig)
async def folder_after_config(ctx: ProbeContext, config: WebServerConfig) -> None:
    if any(_is_missing(ctx, page) for page in ctx.observed(Exchange)):
        await _examine_folder(ctx, config)
    for response in ctx.observed(PageFileResponse):
        _diagnose_later(ctx, response)
        await _look_for_file(ctx, response)


@probe(after=Exchange)
async def folder_after_page(ctx: ProbeContext, exchange: Exchange) -> None:
    """Look once: after the first page that is missing."""
    missing = [page for page in ctx.observed(Exchange) if _is_missing(ctx, page)]
    if missing and missing[0] is exchange:
        for config in ctx.observed(WebServerConfig):
            await _examine_folder(ctx, config)


@probe(after=PageFileResponse)
async def folder_after_file(ctx: ProbeContext, response: PageFileResponse) -> None:
    _diagnose_later(ctx, response)
    await _look_for_file(ctx, response)


def _diagnose_later(ctx: ProbeContext, response: PageFileResponse) -> None:
    """Have a file of the page diagnosed that Apache or another of these servers refuses: the checks
    that say why judge the page that was asked for."""
    url = parse_url(response.url)
    is_refused = (response.status or 0) >= 400 and response.status not in {401, 407, 429, 503}
    if url is None or not is_refused or not ctx.observed(WebServerConfig):
        return
    if is_own_origin(ctx.target, response.url) and not url.path.partition("?")[2]:
        # Imported late: few pages load a file that does not come.
        from diagnose.model.other_requests import OtherRequest

        ctx.further_requests.diagnose_later(
            OtherRequest(
                at=ctx.elapsed(), path=url.path, source="page", status=response.status,
                by_browser=True, sender=ctx.target.path_without_query,
            )
        )  # fmt: skip


async def _look_for_file(ctx: ProbeContext, response: PageFileResponse) -> None:
    """Look for a file of the page that came as an HTML page, or not at all, where the folder was
    chosen by the beginning of the path, or Apache serves the folder itself."""
    url = parse_url(response.url)
    is_refused = response.is_html or response.status == 404
    if url is None or not is_refused or ctx.observed(SiteFolder):
        return
    path = url.path.partition("?")[0]
    for config in ctx.observed(WebServerConfig):
        for served in config.folders:
            if (
                served.root
                and served.prefix
                and path.startswith(f"{served.prefix}/")
                and _is_plain(path)
            ):
                await emit_folder(ctx, served.root.rstrip("/"), path, served.prefix)
                return
        sites = answering_sites(config, ctx.target.port, ctx.target.host)
        placed = {
            (at.root.rstrip("/"), inner)
            for site in sites
            for at, inner in [site_at(site, path)]
            if config.product == "apache" and serves_files(site, path) and at.root.startswith("/")
        }
        if len(sites) == len(placed) == 1 and _is_plain(path):
            root, inner = placed.pop()
            await emit_folder(ctx, root, inner, above=path.removesuffix(inner))
            return


@probe(after=HandledPath)
async def folder_of_handled_path(ctx: ProbeContext, handled: HandledPath) -> None:
    """Look into the folder of a file of the page, where it was chosen by the beginning of the
    path."""
    for served in handled.folders:
        cut = _cut(served)
        is_chosen = served.root and (served.prefix or cut) and not handled.websocket
        if is_chosen and _is_plain(served.requested) and not ctx.observed(SiteFolder):
            await emit_folder(ctx, served.root.rstrip("/"), served.path, served.prefix, cut=cut)
        elif served.root and not handled.websocket and not ctx.observed(SiteFolder):
            await _look_in_other_case(ctx, served.requested, served.root, served.path)


async def _look_in_other_case(ctx: ProbeContext, requested: str, root: str, path: str) -> None:
    """Look for a file by its name in another case."""
    if _is_plain(requested):
        # Imported late: few names differ in their case.
        from diagnose.probes.inside.other_case import emit_other_case

        folder, url = root.rstrip("/"), ctx.target.origin + requested
        await emit_other_case(ctx, url, folder, f"{folder}/{path.lstrip('/')}")


def _cut(served: ServedFolder) -> str:
    """Return the beginning that Caddy took off a path ("/docs"), "" for none."""
    cut = served.requested.removesuffix(served.path)
    is_cut = served.path.startswith("/") and cut != served.requested and not served.prefix
    return cut if is_cut else ""


@probe(after=ServerRequestError)
async def script_of_error(ctx: ProbeContext, error: ServerRequestError) -> None:
    """Look at the script that Apache could not start."""
    if error.product == "apache" and error.file and error.errno and "exec of" in error.message:
        # Imported late: few sites have scripts, and few of these fail.
        from diagnose.probes.inside.cgi_scripts import emit_script

        await emit_script(ctx, error.file)


@probe(after=SiteFolder, needs=WebServerConfig)
async def rules_of_missing_page(
    ctx: ProbeContext, folder: SiteFolder, config: WebServerConfig
) -> None:
    """Read the .htaccess of each folder on the way to the page, or to a file of it that did not
    come; the deepest one with rules counts (mod_rewrite, "RewriteOptions": rules are not
    inherited)."""
    if config.product != "apache" or not folder.exists:
        return
    at, names = ctx.elapsed(), folders_above(folder.requested)
    own_path = ctx.target.path_without_query
    is_own = own_path.endswith(folder.requested)
    if not is_own and all(site.root.rstrip("/") != folder.path for site in config.sites):
        return
    above = own_path.removesuffix(folder.requested).rstrip("/") if is_own else ""
    paths = [posixpath.join(folder.path, name.strip("/"), ".htaccess") for name in names]
    contents = await asyncio.gather(*(ctx.machine.read(path, MAX_BYTES) for path in paths))
    for name, path, content in zip(names, paths, contents, strict=True):
        url = f"{above}{name}".rstrip("/") or "/"
        rule = None if content.failure else script_rule(content.text, path, url, False)
        if rule is None:
            continue
        own = posixpath.join(posixpath.dirname(path), posixpath.basename(rule.script))
        if UNSAFE.search(own):
            return
        led = posixpath.normpath(f"{folder.path}/{rule.script.removeprefix(above)}")
        own_scripts, others = await asyncio.gather(ctx.machine.glob(own), ctx.machine.glob(led))
        if own_scripts:
            ctx.emit(
                FolderRules(
                    vantage=Vantage.SERVER,
                    at=at,
                    took=ctx.elapsed() - at,
                    equivalent=f"cat {shlex.quote(path)}",
                    file=ServerFile(path, content.text),
                    folder=clean(url, 300),
                    script=clean(rule.script, 300),
                    script_exists=bool(others),
                    own_script=clean(own, 400),
                )
            )
        return


def _is_missing(ctx: ProbeContext, page: Exchange) -> bool:
    is_page = page.is_page_of(ctx.target)
    return is_page and page.status in {403, 404}


async def _examine_folder(ctx: ProbeContext, config: WebServerConfig) -> None:
    holders = [
        server
        for server in ctx.observed(WebServer)
        if server.product == config.product and ctx.target.port in server.ports
        if not server.foreign
    ]
    path = ctx.target.path_without_query
    served = next((folder for folder in config.folders if folder.requested == path), None)
    if holders and served is not None and not served.websocket and _is_plain(path):
        if not served.root:
            await _look_for_unset(ctx, holders[0].pid, path)
            return
        root, cut = served.root.rstrip("/"), _cut(served)
        await emit_folder(ctx, root, served.path, served.prefix, cut=cut)
        await _emit_access(ctx, holders[0])
        return
    sites = answering_sites(config, ctx.target.port, ctx.target.host)
    placed = [site_at(site, path) for site in sites]
    # An address that ends with a slash and is no folder has no index file (WordPress's permalinks).
    bare = path.rstrip("/") or path
    roots = {
        (site.root, inner)
        for site, inner in placed
        if needs_folder(site, path) or needs_folder(site, bare)
    }
    is_alone = all(serves_files(site, path) for site, _ in placed)
    # A path that leads out of the folder, or is encoded, is not looked for.
    if not holders or len(roots) != 1 or not _is_plain(path):
        return
    folder, inner_path = roots.pop()
    root = folder.rstrip("/")
    if not is_alone and bare != path and all(serves_files(site, bare) for site, _ in placed):
        is_alone = not await ctx.machine.glob(posixpath.normpath(f"{root}/{inner_path}"))
    # Where FastCGI may have answered, only a folder that is not there tells something.
    if root.startswith("/") and (is_alone or not await ctx.machine.glob(root)):
        hidden = await _hidden_file(ctx, sites[0], path) if sites[0].root != folder else ""
        await emit_folder(ctx, root, inner_path, above=path.removesuffix(inner_path), own=hidden)
        await _emit_access(ctx, holders[0])


async def _look_for_unset(ctx: ProbeContext, pid: int | None, path: str) -> None:
    """Emit the folder from which Caddy serves if none is set: the one in which it runs (Caddy,
    "file_server": "root")."""
    at = ctx.elapsed()
    words = ("readlink", f"/proc/{pid}/cwd")
    folder = clean((await ctx.machine.run(*words)).out.strip(), 500) if pid else ""
    if folder.startswith("/"):
        ctx.emit(
            SiteFolder(
                vantage=Vantage.SERVER,
                at=at,
                took=ctx.elapsed() - at,
                equivalent=shlex.join(words),
                path=folder,
                requested=path,
                exists=True,
                is_unset=True,
            )
        )


async def _hidden_file(ctx: ProbeContext, site: WebSite, path: str) -> str:
    """Return the file of the site's own folder that answers a path without the alias that takes
    it: its file, or the script to which the .htaccess leads; "" if there is none."""
    root = site.root.rstrip("/")
    page = posixpath.normpath(f"{root}{path}")
    if not root.startswith("/") or UNSAFE.search(page):
        return ""
    if not path.endswith("/") and await ctx.machine.glob(page):
        return clean(page, 400)
    rules = await ctx.machine.read(f"{root}/.htaccess", MAX_BYTES)
    rule = None if rules.failure else script_rule(rules.text, f"{root}/.htaccess", "/")
    if rule is None or not site.reads_htaccess:
        return ""
    script = posixpath.normpath(f"{root}/{rule.script.lstrip('/')}")
    is_there = not UNSAFE.search(script) and await ctx.machine.glob(script)
    return clean(script, 400) if is_there else ""


def _is_plain(path: str) -> bool:
    return ".." not in path and "%" not in path


async def _look_into_mounts(ctx: ProbeContext, folder: SiteFolder) -> None:
    """Look for what the server did not find in the mounts of its container, if it is in one."""
    if ctx.observed(NginxContainer):
        # Imported late: few servers are in a container.
        from diagnose.probes.inside.site_mounts import observe_site_mounts

        used = [site.root for config in ctx.observed(WebServerConfig) for site in config.sites]
        file = f"{folder.path.rstrip('/')}/{folder.requested.lstrip('/')}"
        await observe_site_mounts(ctx, folder.path, file, used)


async def _emit_access(ctx: ProbeContext, server: WebServer) -> None:
    """Emit who may read the requested file, or the index file, if one of them is there."""
    folder = ctx.observed(SiteFolder)[-1]
    await _look_into_mounts(ctx, folder)
    pid = await apache_worker(ctx, server.pid) if server.product == "apache" else server.pid
    page = posixpath.normpath(f"{folder.path}/{folder.requested.lstrip('/')}")
    names = [name for name in folder.index_files if name in {"index.html", "index.php"}]
    file = f"{page}/{names[0]}" if folder.requested.endswith("/") and names else page
    if pid is None or not folder.page_exists:
        return
    at = ctx.elapsed()
    # Apache refuses every page below an .htaccess that it may not read.
    names = folders_above(folder.requested) if server.product == "apache" else []
    rules = [posixpath.join(folder.path, name.strip("/"), ".htaccess") for name in names]
    accesses, is_hidden = await asyncio.gather(
        read_access(ctx.machine, "", str(pid), [file, *rules]), _is_hidden(ctx, pid, file)
    )
    if is_hidden and server.unit:
        # Imported late: few units hide a site.
        from diagnose.probes.inside.unit_corrections import emit_home_correction

        await emit_home_correction(ctx, server.unit, folder.path.rstrip("/"))
    for access in accesses:
        if access.path == file:
            ctx.emit(access_as(FolderAccess, access, at=at, hidden=is_hidden))
        elif access.parts[-1:] == access.denied_parts and not access.parts[-1].folder:
            ctx.emit(access_as(FolderAccess, access, at=at))


async def _is_hidden(ctx: ProbeContext, pid: int, file: str) -> bool:
    """Whether the server's unit hides a file from it. What a container sees is all that is read."""
    if isinstance(ctx.machine, HasOwnRoot):
        return False
    return (await ctx.machine.run("test", "-e", f"/proc/{pid}/root{file}")).status == 1


async def apache_worker(ctx: ProbeContext, pid: int | None) -> int | None:
    """Return a worker of Apache, which reads the files: the process that starts it is root's. The
    process itself where it has none."""
    if pid is None:
        return None
    # By a program: a container's /proc is not read.
    children = (await ctx.machine.run("cat", f"/proc/{pid}/task/{pid}/children")).out.split()
    # The first may write a log (`CustomLog "|…"`); workers are started after it.
    return whole_number(children[-1]) if children else pid
