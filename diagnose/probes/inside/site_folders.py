"""Looks at the folder of a site on Apache or Caddy, after its page was 403 or 404, for the missing
file."""

import asyncio
import difflib
import posixpath
import re
import shlex

from diagnose.model import Vantage
from diagnose.model.http import Exchange
from diagnose.model.pages import PageFileResponse
from diagnose.model.server_rules import HandledPath, ServedFolder
from diagnose.model.site_folders import FolderAccess, FolderRules, SiteFolder
from diagnose.model.web_servers import ServerFile, WebServer, WebServerConfig, WebSite
from diagnose.parsers.apache.folder_rules import script_rule
from diagnose.parsers.likely_browsers import PARTS
from diagnose.parsers.request_fields import is_own_origin
from diagnose.parsers.sanitize import UNSAFE, clean
from diagnose.parsers.urls import parse_url
from diagnose.parsers.web_sites import answering_sites, needs_folder, serves_files, site_at
from diagnose.parsers.whole_numbers import whole_number
from diagnose.probes import ProbeContext, probe
from diagnose.probes.inside.file_access import read_access

#: Maximum bytes of an .htaccess and of an index.html, and number of folders on the way to a page.
MAX_BYTES, MAX_FOLDERS = 65536, 6

#: Names that editors, archives and other systems make of .htaccess.
_MISNAMED = {"htaccess", "htaccess.txt", ".htaccess.txt", "_htaccess", ".htaccess"}

_REWRITE = re.compile(r"^\s*RewriteRule\s", re.IGNORECASE | re.MULTILINE)

#: The script of an application to which a rule leads all that is no file.
_SCRIPT = re.compile(
    r"^\s*RewriteRule\s+\S{1,200}\s+/?((?:[\w.-]{1,60}/){0,4}[\w.-]{1,60}\.(?:php|html?))(?:[\s/?]|$)",
    re.IGNORECASE | re.MULTILINE,
)

#: The folder for visitors in that of an application, and kinds of index files.
_PUBLIC, _KINDS = (
    ("public", "web", "htdocs", "public_html", "pub", "webroot", "dist"),
    ("php", "html"),
)

#: Characters that a shell's pattern takes for others.
_WILD = re.compile(r"[*?\[\]{}\\\s]")

#: What the index.php of an application has that answers every address itself: WordPress, Laravel,
#: Symfony, Drupal, Joomla, CodeIgniter, Magento, Yii, and what Composer loads.
_FRONT = re.compile(
    r"wp-blog-header\.php|bootstrap/app\.php|autoload(_runtime)?\.php|DRUPAL_ROOT|_JEXEC|app/bootstrap"
    r"|system/core|CodeIgniter|REQUEST_URI|PATH_INFO|->run\(|Kernel"
)

#: The element that an application in the browser fills (React, Vue, Angular, Next, Nuxt, Svelte).
_APPLICATION = re.compile(
    r"<(app-root|div\s{1,9}id=[\"']?(root|app|__next|__nuxt|svelte)\b)", re.IGNORECASE
)


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
                by_browser=True,
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
                await _look_into(ctx, served.root.rstrip("/"), path, served.prefix)
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
            await _look_into(ctx, root, inner, above=path.removesuffix(inner))
            return


@probe(after=HandledPath)
async def folder_of_handled_path(ctx: ProbeContext, handled: HandledPath) -> None:
    """Look into the folder of a file of the page, where it was chosen by the beginning of the
    path."""
    for served in handled.folders:
        cut = _cut(served)
        is_chosen = served.root and (served.prefix or cut) and not handled.websocket
        if is_chosen and _is_plain(served.requested) and not ctx.observed(SiteFolder):
            await _look_into(ctx, served.root.rstrip("/"), served.path, served.prefix, cut=cut)


def _cut(served: ServedFolder) -> str:
    """Return the beginning that Caddy took off a path ("/docs"), "" for none."""
    cut = served.requested.removesuffix(served.path)
    is_cut = served.path.startswith("/") and cut != served.requested and not served.prefix
    return cut if is_cut else ""


@probe(after=SiteFolder, needs=WebServerConfig)
async def rules_of_missing_page(
    ctx: ProbeContext, folder: SiteFolder, config: WebServerConfig
) -> None:
    """Read the .htaccess of each folder on the way to the page, or to a file of it that did not
    come; the deepest one with rules counts (mod_rewrite, "RewriteOptions": rules are not
    inherited)."""
    if config.product != "apache" or not folder.exists:
        return
    at, names = ctx.elapsed(), _folders(folder.requested)
    own_path = ctx.target.path.partition("?")[0]
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


def _folders(path: str) -> list[str]:
    """Return the folders on the way to a path, the deepest first: /blog/2020/ for
    "/blog/2020/tea"."""
    parts = [part for part in path.split("/")[1:-1] if part][: MAX_FOLDERS - 1]
    return ["/" + "/".join(parts[:number]) for number in range(len(parts), -1, -1)]


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
    path = ctx.target.path.partition("?")[0]
    served = next((folder for folder in config.folders if folder.requested == path), None)
    if holders and served is not None and not served.websocket and _is_plain(path):
        if not served.root:
            await _look_for_unset(ctx, holders[0].pid, path)
            return
        root, cut = served.root.rstrip("/"), _cut(served)
        await _look_into(ctx, root, served.path, served.prefix, cut=cut)
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
        await _look_into(ctx, root, inner_path, above=path.removesuffix(inner_path), own=hidden)
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


async def _look_into(
    ctx: ProbeContext,
    root: str,
    path: str,
    prefix: str = "",
    above: str = "",
    own: str = "",
    cut: str = "",
) -> None:
    """Emit the folder; `above` is the part of the URL's path that stands for it, `own` the file
    that answers without the alias for it, and `cut` the part that Caddy took off the path."""
    at, page = ctx.elapsed(), posixpath.normpath(f"{root}/{path.lstrip('/')}")
    folder = page if path.endswith("/") else root
    machine = ctx.machine
    remainder = path.removeprefix(prefix) if prefix and path.startswith(f"{prefix}/") else ""
    shortened = posixpath.normpath(f"{root}/{remainder.lstrip('/')}")
    if remainder.endswith("/"):
        shortened += "/index.html"
    roots, pages, index, rules, text = await asyncio.gather(
        machine.glob(root),
        machine.glob(page),
        machine.glob(f"{folder}/index.*"),
        machine.read(f"{root}/.htaccess", MAX_BYTES),
        machine.read(f"{root}/index.html", MAX_BYTES),
    )
    short, hidden, named = await asyncio.gather(
        machine.glob(shortened if remainder else root),
        machine.glob(f"{root}/.h*"),
        machine.glob(f"{root}/*htaccess*"),
    )
    kept = posixpath.normpath(f"{root}{cut}/{path.lstrip('/')}") if cut and not pages else ""
    kept = f"{kept}/index.html" if kept and path.endswith("/") else kept
    ctx.emit(
        SiteFolder(
            vantage=Vantage.SERVER,
            at=at,
            took=ctx.elapsed() - at,
            equivalent=f"ls -la {shlex.quote(root)}",
            path=root,
            requested=path,
            exists=bool(roots),
            page_exists=bool(pages),
            index_files=tuple(clean(posixpath.basename(name), 100) for name in index[:10]),
            has_rewrite_rules=bool(_REWRITE.search(rules.text)),
            is_application=bool(_APPLICATION.search(text.text)),
            prefix=prefix or cut,
            shortened=shortened if remainder and short and not pages else "",
            kept=clean(kept, 400) if await _is_there(ctx, kept) else "",
            lookalike=_lookalike(hidden, named) if rules.failure else "",
            lost_script=await _lost_script(ctx, root, rules.text, above),
            hidden=own,
            elsewhere=""
            if pages and index
            else await _nearby_folder(ctx, root, path, above, index),
            suffixed="" if pages else await _suffixed(ctx, page, path),
            front_script=""
            if _REWRITE.search(rules.text)
            else await _front_script(ctx, root, path),
        )
    )


async def _is_there(ctx: ProbeContext, file: str) -> bool:
    return bool(file) and not _WILD.search(file) and bool(await ctx.machine.glob(file))


async def _nearby_folder(
    ctx: ProbeContext, root: str, path: str, above: str, index: tuple[str, ...]
) -> str:
    """Return the folder nearby that has a requested file below an alias, or the folder for visitors
    in that of an application, whose own folder has no index file; "" for none or several.

    A file below an alias tells of a wrong folder only if pages consist of such files, and the
    alias's own folder has none of its kind: what is a document may be kept from visitors on
    purpose, and a single file may be gone. A folder in it with the name of the alias that has the
    very file shows that the alias names the folder above."""
    own = f"{root}/{path.lstrip('/')}"
    parent = posixpath.dirname(root)
    if _WILD.search(own) or not parent.strip("/"):
        return ""
    if not above:
        patterns = [f"{root}/{folder}/index.{kind}" for folder in _PUBLIC for kind in _KINDS]
        groups = await asyncio.gather(*map(ctx.machine.glob, patterns))
        folders = {posixpath.dirname(file) for group in groups for file in group}
        return clean(folders.pop(), 300) if len(folders) == 1 and not index else ""
    inner = posixpath.normpath(f"{root}/{above.strip('/')}")
    if inner != root and await _is_there(ctx, f"{inner}/{path.lstrip('/')}"):
        return clean(inner, 300)
    extension = posixpath.splitext(path)[1].lower()
    if extension not in PARTS:
        return ""
    patterns = [f"{root}/*{extension}", f"{posixpath.dirname(own)}/*{extension}"]
    if any(await asyncio.gather(*map(ctx.machine.glob, patterns))):
        return ""
    asked = path.lstrip("/")
    files = list(await ctx.machine.glob(f"{parent}/*/{asked}"))
    files += await ctx.machine.glob(f"{root}/*/{asked}")
    folders = {file.removesuffix(f"/{asked}") for file in files if file != own}
    return clean(folders.pop(), 300) if len(folders) == 1 else ""


async def _suffixed(ctx: ProbeContext, page: str, path: str) -> str:
    """Return the page with ".html" behind the requested name; "" if there is none, or if the name
    has an ending of its own."""
    if path.endswith("/") or "." in posixpath.basename(path) or _WILD.search(page):
        return ""
    file = f"{page}.html"
    return clean(file, 400) if await ctx.machine.glob(file) else ""


async def _front_script(ctx: ProbeContext, root: str, path: str) -> str:
    """Return the script of an application that answers every address of its folder: that of the
    nearest one on the way to the path; "" if it has rules of its own, or there is none."""
    for name in _folders(path):
        folder = f"{root}{name}".rstrip("/")
        content = await ctx.machine.read(f"{folder}/index.php", MAX_BYTES)
        if content.failure:
            continue
        rules = await ctx.machine.read(f"{folder}/.htaccess", MAX_BYTES)
        is_front = _FRONT.search(content.text) and not _REWRITE.search(rules.text)
        return f"{name}/index.php".lstrip("/") if is_front else ""
    return ""


async def _lost_script(ctx: ProbeContext, root: str, rules: str, above: str) -> str:
    """Return the script to which the last rule of an .htaccess leads, "" if it is there."""
    found = (script.removeprefix(f"{above.strip('/')}/") for script in _SCRIPT.findall(rules))
    scripts = [script for script in found if ".." not in script]
    is_lost = bool(scripts) and not await ctx.machine.glob(f"{root}/{scripts[-1]}")
    return clean(scripts[-1], 100) if is_lost else ""


def _lookalike(*found: tuple[str, ...]) -> str:
    """Return the name of a file that may be meant as .htaccess."""
    names = [posixpath.basename(name) for group in found for name in group]
    likely = [name for name in names if name.lower() in _MISNAMED and name != ".htaccess"]
    close = difflib.get_close_matches(".htaccess", [n for n in names if n != ".htaccess"], 1, 0.85)
    return clean(next(iter((*likely, *close)), ""), 100)


async def _emit_access(ctx: ProbeContext, server: WebServer) -> None:
    """Emit who may read the requested file, or the index file, if one of them is there."""
    folder = ctx.observed(SiteFolder)[-1]
    pid = await _worker(ctx, server.pid) if server.product == "apache" else server.pid
    page = posixpath.normpath(f"{folder.path}/{folder.requested.lstrip('/')}")
    names = [name for name in folder.index_files if name in {"index.html", "index.php"}]
    file = f"{page}/{names[0]}" if folder.requested.endswith("/") and names else page
    if pid is None or not folder.page_exists:
        return
    at, own = ctx.elapsed(), f"/proc/{pid}/root{file}"
    accesses, folder_names = await asyncio.gather(
        read_access(ctx.machine, "", str(pid), [file]), ctx.machine.run("test", "-e", own)
    )
    for access in accesses:
        values = {name: getattr(access, name) for name in FolderAccess.__dataclass_fields__
                  if name != "hidden"}  # fmt: skip
        ctx.emit(FolderAccess(**{**values, "at": at, "hidden": folder_names.status == 1}))


async def _worker(ctx: ProbeContext, pid: int | None) -> int | None:
    """Return a worker of Apache, which reads the files: the process that starts it is root's. The
    process itself where it has none."""
    if pid is None:
        return None
    children = (await ctx.machine.read(f"/proc/{pid}/task/{pid}/children", 4096)).text.split()
    # The first may write a log (`CustomLog "|…"`); workers are started after it.
    return whole_number(children[-1]) if children else pid
