"""Completes Apache's sites by what stands outside of its configuration: the addresses of names, and
the redirects and routes of .htaccess files."""

import asyncio
from collections.abc import Iterator
from dataclasses import replace

from diagnose.model.web_servers import ServerFile, WebSite
from diagnose.parsers.apache.authorization import FolderPassing, folder_passing, passes_in
from diagnose.parsers.apache.body_limits import folders_to, served_path
from diagnose.parsers.apache.folder_access import reads_htaccess
from diagnose.parsers.apache.folder_routes import folder_routes
from diagnose.parsers.apache.loading import ConfigSource, LoadedConfig, load
from diagnose.parsers.apache.redirects import redirects_and_rewritten_routes
from diagnose.parsers.apache.sites import with_routes
from diagnose.parsers.hostnames import is_address
from diagnose.parsers.web_sites import has_name
from diagnose.probes import ProbeContext
from diagnose.probes.inside.unanswered import emit_unanswered

#: Maximum number of names and folders, and of bytes of an .htaccess.
MAX_NAMES, MAX_BYTES = 10, 1 << 16


async def completed_sites(
    ctx: ProbeContext, sites: tuple[WebSite, ...], config: LoadedConfig
) -> tuple[WebSite, ...]:
    """Return the sites with addresses in place of names, and with the target's .htaccess, of which
    the sections for modules that are not loaded do not count."""
    return await _with_htaccess(ctx, await _with_addresses(ctx, sites), config)


async def _with_htaccess(
    ctx: ProbeContext, sites: tuple[WebSite, ...], config: LoadedConfig
) -> tuple[WebSite, ...]:
    """Add what the .htaccess in the folder of the target's sites says, on any port: Apache may
    stand behind another server. Where Apache may not read it (AllowOverride), a redirect depends on
    something."""
    host = ctx.target.host
    roots = {
        site.root
        for site in sites
        if site.root.startswith("/") and not any(route.path == "/" for route in site.routes)
        if has_name(site, host)
    }
    paths = [f"{root.rstrip('/')}/.htaccess" for root in sorted(roots)[:MAX_NAMES]]
    contents = await asyncio.gather(*(ctx.machine.read(path, MAX_BYTES) for path in paths))
    texts = {
        path: content.text
        for path, content in zip(paths, contents, strict=True)
        if not content.failure
    }
    below = await _texts_below(ctx, config, texts)
    return tuple(_with_own_lines(config, site, texts, below) for site in sites)


async def _texts_below(
    ctx: ProbeContext, config: LoadedConfig, texts: dict[str, str]
) -> dict[str, FolderPassing]:
    """Return what the .htaccess of the folder says into which one of `texts` leads all paths, by
    the path of that one."""
    passing: dict[str, FolderPassing] = {}
    for path in texts:
        folder = _passing(config, texts, path).folder
        if folder:
            inner = f"{path.rpartition('/')[0]}/{folder}/.htaccess"
            content = await ctx.machine.read(inner, MAX_BYTES)
            if not content.failure:
                passing[path] = _passing(config, {inner: content.text}, inner)
    return passing


def _passing(config: LoadedConfig, texts: dict[str, str], path: str) -> FolderPassing:
    source = ConfigSource(texts, {})
    return folder_passing(load(path, source, path.rpartition("/")[0], {}, config.modules).main)


async def htaccess_files(
    ctx: ProbeContext, sites: tuple[WebSite, ...], config: LoadedConfig
) -> list[ServerFile]:
    """Return the .htaccess of the folder of each of the target's sites, and of the folders on the
    way to the target's path, where Apache reads it."""
    own = [site for site in sites if has_name(site, ctx.target.host)]
    roots = {
        site.root.rstrip("/") for site in own if site.root.startswith("/") and site.reads_htaccess
    }
    path = ctx.target.path_without_query
    below = {folder for site in own for folder in _folders_that_count(config, site, path)} - roots
    folders = (*sorted(roots)[:MAX_NAMES], *sorted(below, key=len)[-MAX_NAMES:])
    paths = [f"{folder}/.htaccess" for folder in folders]
    contents = await asyncio.gather(*(ctx.machine.read(path, MAX_BYTES) for path in paths))
    return [
        ServerFile(content.path, content.text, content.changed, content.real)
        for content in contents
        if not content.failure
    ]


def _folders_that_count(config: LoadedConfig, site: WebSite, path: str) -> Iterator[str]:
    """Yield the folders on the way to a path whose .htaccess Apache reads."""
    if path == "/" or ".." in path or "%" in path:
        return
    place = (site.file, site.line)
    hosts = (line for line in config.main if line.name == "virtualhost")
    host = next((line for line in hosts if (line.file, line.line) == place), None)
    inner = host.block or () if host else ()
    sections = [*(line for line in config.main if line.name.startswith("directory")), *inner]
    for folder in folders_to(served_path(inner, site, path)):
        if reads_htaccess(folder, sections):
            yield folder


def _with_own_lines(
    config: LoadedConfig, site: WebSite, texts: dict[str, str], below: dict[str, FolderPassing]
) -> WebSite:
    path = f"{site.root.rstrip('/')}/.htaccess"
    if path not in texts:
        return site
    tls = any(socket.tls for socket in site.sockets)
    lines = load(path, ConfigSource(texts, {}), site.root, {}, config.modules).main
    own, _ = redirects_and_rewritten_routes(lines, tls)
    is_read = site.reads_htaccess is True
    passes = is_read and passes_in(folder_passing(lines), below.get(path))
    passes = site.passes_authorization or passes
    redirects = (
        replace(redirect, conditional=not is_read) for redirect in own if not redirect.conditional
    )
    redirects_of_both = (*site.redirects, *redirects)
    site = replace(site, redirects=redirects_of_both, passes_authorization=passes)
    return with_routes(config, site, folder_routes(lines, tls, site.names)) if is_read else site


async def _with_addresses(ctx: ProbeContext, sites: tuple[WebSite, ...]) -> tuple[WebSite, ...]:
    """Replace the names of <VirtualHost NAME:443> by their addresses, which Apache looks up at its
    start, and /etc/hosts decides."""
    names = {socket.address for site in sites for socket in site.sockets if socket.address}
    names = {name for name in names if not is_address(name)}
    results = await asyncio.gather(
        *(ctx.machine.run("getent", "hosts", name) for name in sorted(names)[:MAX_NAMES])
    )
    for name, result in zip(sorted(names), results, strict=False):
        if result.status is None:
            emit_unanswered(ctx, f"the address of {name}", result)
    resolved = {
        name: result.out.split()[0]
        for name, result in zip(sorted(names), results, strict=False)
        if result.status == 0 and result.out.split() and is_address(result.out.split()[0])
    }
    return tuple(_at_addresses(site, resolved) for site in sites)


def _at_addresses(site: WebSite, addresses: dict[str, str]) -> WebSite:
    sockets = (
        replace(socket, address=addresses.get(socket.address, socket.address))
        for socket in site.sockets
    )
    return replace(site, sockets=tuple(sockets))
