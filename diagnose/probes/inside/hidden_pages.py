"""Looks for the page of the target's own path where nginx or Caddy answered with the page for all
that is no file: /about has about.html or about/index.html beside it, and `try_files` does not look
for it.

Both files are read: only if the response is the one and not the other was the page hidden. An
application in the browser whose pages were rendered before (one script for all of them) shows the
right page itself.

A folder above the path may hold an application of its own: /app/dashboard is its address in the
browser, and /app/index.html its page. Where `try_files` or Apache's FallbackResource leads out of
that folder, visitors get the page of another application.
"""

import posixpath
import re
import shlex
from urllib.parse import urljoin

from diagnose.model import Vantage
from diagnose.model.http import Exchange
from diagnose.model.nginx import NginxConfig
from diagnose.model.site_folders import HiddenPage
from diagnose.model.web_servers import WebServerConfig
from diagnose.parsers.nginx.file_paths import fallback_path, served_file
from diagnose.parsers.nginx.locations import select_location
from diagnose.parsers.sanitize import UNSAFE, clean
from diagnose.probes import ProbeContext, is_first, probe
from diagnose.probes.inside.answering_blocks import answering_blocks
from diagnose.probes.inside.nginx_processes import start_folder_of

#: Maximum bytes of a page that are read.
_MAX_BYTES = 65536
#: Least characters without blanks by which a page is known.
_MIN_TEXT = 40

#: The page to which Apache's sites lead all that is no file.
_START = "/index.html"

#: A path without an ending, of plain characters.
_PATH = re.compile(r"(?:/[\w~-]{1,100}){1,8}/?", re.ASCII)
#: The element that an application in the browser fills. Next's is not among them: it shows the page
#: that the document names.
_APPLICATION = re.compile(
    r"<(app-root|div\s{1,9}id=[\"']?(root|app|___gatsby|__nuxt|svelte)\b)", re.IGNORECASE
)
#: What a whole page begins with. A fragment is for a script, which asks for its very address.
_DOCUMENT = re.compile(r"<(?:!doctype html|html|head|title|body)[\s>]", re.IGNORECASE)
_BASE = re.compile(r"<base\b[^>]{0,300}?\shref=[\"']?([^\"'\s>]{1,300})", re.IGNORECASE)
_SCRIPT = re.compile(r"<script\b[^>]{0,300}?\ssrc=[\"']?([^\"'\s>]{1,300})", re.IGNORECASE)


@probe(after=Exchange, needs=NginxConfig)
async def page_hidden_by_nginx(ctx: ProbeContext, exchange: Exchange, config: NginxConfig) -> None:
    if not is_first(ctx, exchange, _is_own_page):
        return
    path, start = ctx.target.path_without_query, start_folder_of(ctx)
    seen: set[tuple[str, str, str]] = set()
    for _, server in answering_blocks(ctx, config):
        location = select_location(server, path)
        fallback = fallback_path(location, path)
        served = served_file(location, path, start=start) if fallback else None
        other = select_location(server, fallback) if served else None
        shown = served_file(other, fallback, start=start) if other else None
        seen.add((served.path, shown.path, fallback) if served and shown else ("", "", ""))
    if len(seen) == 1:
        files = seen.pop()
        await _emit_hidden(ctx, exchange, "nginx", *files)
        await _emit_of_folder(ctx, exchange, "nginx", *files)


@probe(after=Exchange, needs=WebServerConfig)
async def page_hidden_by_caddy(
    ctx: ProbeContext, exchange: Exchange, config: WebServerConfig
) -> None:
    if config.product != "caddy" or not is_first(ctx, exchange, _is_own_page):
        return
    path = ctx.target.path_without_query
    for folder in config.folders:
        if folder.requested == path and folder.fallback and not folder.websocket:
            root = folder.root.rstrip("/")
            own, shown = f"{root}/{folder.path.lstrip('/')}", f"{root}{folder.fallback}"
            await _emit_hidden(ctx, exchange, "caddy", own, shown, folder.fallback)
            await _emit_of_folder(ctx, exchange, "caddy", own, shown, folder.fallback)
            return


@probe(after=Exchange, needs=WebServerConfig)
async def page_hidden_by_apache(
    ctx: ProbeContext, exchange: Exchange, config: WebServerConfig
) -> None:
    if config.product != "apache" or not is_first(ctx, exchange, _is_own_page):
        return
    path = ctx.target.path_without_query
    if not _folders(path):
        return
    # Imported late: few sites of Apache are asked for a path below a folder.
    from diagnose.parsers.web_sites import answering_sites, serves_files, site_at

    sites = answering_sites(config, ctx.target.port, ctx.target.host)
    if len(sites) == 1 and serves_files(sites[0], path):
        at, inner = site_at(sites[0], path)
        own = f"{at.root.rstrip('/')}/{inner.lstrip('/')}"
        shown = f"{sites[0].root.rstrip('/')}{_START}"
        await _emit_of_folder(ctx, exchange, "apache", own, shown, _START)


def _is_own_page(ctx: ProbeContext, exchange: Exchange) -> bool:
    kind = (exchange.header("Content-Type") or "").lower()
    path = ctx.target.path_without_query
    is_page = exchange.status == 200 and kind.startswith("text/html")
    is_asked = exchange.is_page_of(ctx.target) and exchange.url.partition("?")[0].endswith(path)
    return is_page and is_asked and exchange.redirected_from is None and bool(_PATH.fullmatch(path))


async def _emit_hidden(
    ctx: ProbeContext, exchange: Exchange, product: str, own: str, shown: str, fallback: str
) -> None:
    """Emit the page beside a path that is no file, if the response is the other file."""
    if not own.startswith("/") or UNSAFE.search(f"{own}{shown}") or "*" in f"{own}{shown}":
        return
    at, bare = ctx.elapsed(), posixpath.normpath(own)
    is_folder = ctx.target.path_without_query.endswith("/")
    for name in ([] if is_folder else [f"{bare}.html"]) + [f"{bare}/index.html"]:
        if name == posixpath.normpath(shown) or not await ctx.machine.glob(name):
            continue
        shown_page = await ctx.machine.read(shown, _MAX_BYTES)
        own_page = await ctx.machine.read(name, _MAX_BYTES)
        if shown_page.failure or own_page.failure:
            return
        if _is_other(exchange.body, shown_page.text, own_page.text):
            ctx.emit(
                HiddenPage(
                    vantage=Vantage.SERVER,
                    at=at,
                    took=ctx.elapsed() - at,
                    equivalent=shlex.join(("diff", shown, name)),
                    product=product,
                    path=clean(ctx.target.path_without_query, 400),
                    file=clean(name, 400),
                    shown_file=clean(shown, 400),
                    fallback=clean(fallback, 300),
                )
            )
        return


def _folders(path: str) -> list[str]:
    """Return the folders above a path, the nearest first: "/app/eu/", "/app/"."""
    stops = [at + 1 for at, letter in enumerate(path.rstrip("/")) if letter == "/"]
    return [path[:stop] for stop in reversed(stops) if stop > 1]


async def _emit_of_folder(
    ctx: ProbeContext, exchange: Exchange, product: str, own: str, shown: str, fallback: str
) -> None:
    """Emit the page of the application whose folder has the path, if the response is the page of
    another. `own` is where the path itself would be a file."""
    path, bare = ctx.target.path_without_query.rstrip("/"), own.rstrip("/")
    if not own.startswith("/") or UNSAFE.search(f"{own}{shown}") or "*" in f"{own}{shown}":
        return
    at = ctx.elapsed()
    for folder in _folders(path):
        rest = path.removeprefix(folder)
        name = f"{bare.removesuffix(rest)}index.html"
        if fallback.startswith(folder) or not bare.endswith(f"/{rest}"):
            return
        if name == posixpath.normpath(shown) or not await ctx.machine.glob(name):
            continue
        shown_page = await ctx.machine.read(shown, _MAX_BYTES)
        own_page = await ctx.machine.read(name, _MAX_BYTES)
        if shown_page.failure or own_page.failure:
            return
        is_shown = _is_shown(exchange.body, shown_page.text, own_page.text)
        if is_shown and _is_apart(shown_page.text, own_page.text, folder, fallback):
            ctx.emit(
                HiddenPage(
                    vantage=Vantage.SERVER,
                    at=at,
                    took=ctx.elapsed() - at,
                    equivalent=shlex.join(("diff", shown, name)),
                    product=product,
                    path=clean(path, 400),
                    file=clean(name, 400),
                    shown_file=clean(shown, 400),
                    fallback=clean(fallback, 300),
                    folder=clean(folder, 400),
                )
            )
        return


def _is_apart(shown: str, own: str, folder: str, fallback: str) -> bool:
    """Return whether the page of a folder is an application built for that folder, and the page
    that was shown has no script of it."""
    own_scripts, shown_scripts = _scripts(own, folder), _scripts(shown, fallback)
    is_built_for_it = any(script.startswith(folder) for script in own_scripts)
    is_shared = any(script.startswith(folder) for script in shown_scripts)
    is_shared = is_shared or bool(own_scripts & shown_scripts)
    return bool(_APPLICATION.search(own)) and is_built_for_it and not is_shared


def _scripts(page: str, folder: str) -> set[str]:
    """Return the addresses of a page's scripts, as a browser takes them in this folder."""
    base = _BASE.search(page)
    try:
        start = urljoin(folder, base[1]) if base else folder
        return {urljoin(start, script) for script in _SCRIPT.findall(page)[:100]}
    except ValueError:
        return set()


def _is_other(body: str, shown: str, own: str) -> bool:
    """Return whether a response is the page that was shown and not the path's own, and no
    application in the browser makes the one of the other."""
    if not _is_shown(body, shown, own):
        return False
    is_shared = bool(set(_SCRIPT.findall(shown)) & set(_SCRIPT.findall(own)))
    return not (is_shared and _APPLICATION.search(shown))


def _is_shown(body: str, shown: str, own: str) -> bool:
    """Return whether a response is the page that was shown and not the other, which is a page."""
    # The end may be half a character.
    text = "".join(body.split())[:-1]
    is_page = _DOCUMENT.search(own[:4096]) is not None
    is_shown = is_page and len(text) >= _MIN_TEXT and "".join(shown.split()).startswith(text)
    return is_shown and not "".join(own.split()).startswith(text)
