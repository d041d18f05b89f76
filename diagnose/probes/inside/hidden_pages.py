"""Looks for the page of the target's own path where nginx or Caddy answered with the page for all
that is no file: /about has about.html or about/index.html beside it, and `try_files` does not look
for it.

Both files are read: only if the response is the one and not the other was the page hidden. An
application in the browser whose pages were rendered before (one script for all of them) shows the
right page itself.
"""

import posixpath
import re
import shlex

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

#: A path without an ending, of plain characters.
_PATH = re.compile(r"(?:/[\w~-]{1,100}){1,8}/?", re.ASCII)
#: The element that an application in the browser fills. Next's is not among them: it shows the page
#: that the document names.
_APPLICATION = re.compile(
    r"<(app-root|div\s{1,9}id=[\"']?(root|app|___gatsby|__nuxt|svelte)\b)", re.IGNORECASE
)
#: What a whole page begins with. A fragment is for a script, which asks for its very address.
_DOCUMENT = re.compile(r"<(?:!doctype html|html|head|title|body)[\s>]", re.IGNORECASE)
_SCRIPT = re.compile(r"<script\b[^>]{0,300}?\ssrc=[\"']?([^\"'\s>]{1,300})", re.IGNORECASE)


@probe(after=Exchange, needs=NginxConfig)
async def page_hidden_by_nginx(ctx: ProbeContext, exchange: Exchange, config: NginxConfig) -> None:
    if not is_first(ctx, exchange, _is_own_page):
        return
    path, start = ctx.target.path.partition("?")[0], start_folder_of(ctx)
    seen: set[tuple[str, str, str]] = set()
    for _, server in answering_blocks(ctx, config):
        location = select_location(server, path)
        fallback = fallback_path(location, path)
        served = served_file(location, path, start=start) if fallback else None
        other = select_location(server, fallback) if served else None
        shown = served_file(other, fallback, start=start) if other else None
        seen.add((served.path, shown.path, fallback) if served and shown else ("", "", ""))
    if len(seen) == 1:
        await _emit_hidden(ctx, exchange, "nginx", *seen.pop())


@probe(after=Exchange, needs=WebServerConfig)
async def page_hidden_by_caddy(
    ctx: ProbeContext, exchange: Exchange, config: WebServerConfig
) -> None:
    if config.product != "caddy" or not is_first(ctx, exchange, _is_own_page):
        return
    path = ctx.target.path.partition("?")[0]
    for folder in config.folders:
        if folder.requested == path and folder.fallback and not folder.websocket:
            root = folder.root.rstrip("/")
            own, shown = f"{root}/{folder.path.lstrip('/')}", f"{root}{folder.fallback}"
            await _emit_hidden(ctx, exchange, "caddy", own, shown, folder.fallback)
            return


def _is_own_page(ctx: ProbeContext, exchange: Exchange) -> bool:
    kind = (exchange.header("Content-Type") or "").lower()
    path = ctx.target.path.partition("?")[0]
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
    is_folder = ctx.target.path.partition("?")[0].endswith("/")
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
                    path=clean(ctx.target.path.partition("?")[0], 400),
                    file=clean(name, 400),
                    shown_file=clean(shown, 400),
                    fallback=clean(fallback, 300),
                )
            )
        return


def _is_other(body: str, shown: str, own: str) -> bool:
    """Return whether a response is the page that was shown and not the path's own, and no
    application in the browser makes the one of the other."""
    # The end may be half a character.
    text = "".join(body.split())[:-1]
    is_page = _DOCUMENT.search(own[:4096]) is not None
    is_shown = is_page and len(text) >= _MIN_TEXT and "".join(shown.split()).startswith(text)
    if not is_shown or "".join(own.split()).startswith(text):
        return False
    is_shared = bool(set(_SCRIPT.findall(shown)) & set(_SCRIPT.findall(own)))
    return not (is_shared and _APPLICATION.search(shown))
