"""Probes for files of the target's site that nginx does not include.

They run only if no server block on the port has the name: otherwise unused files are no problem. Or
if visitors do not get the path, and nginx reads an older file of the site.
"""

import asyncio
import posixpath
import re
import shlex

from diagnose.machine import FileContent
from diagnose.machine.script_files import read_script
from diagnose.model import Vantage
from diagnose.model.http import Exchange, Upgrade
from diagnose.model.nginx import ConfigFile, NginxConfig
from diagnose.model.sites import SiteFile, UnreadCopy
from diagnose.model.symptom import SymptomKind
from diagnose.parsers.hostnames import is_address
from diagnose.parsers.nginx import install_paths, server_blocks, site_files
from diagnose.parsers.nginx.server_blocks import Server
from diagnose.parsers.sanitize import UNSAFE, clean
from diagnose.probes import ProbeContext, is_first, probe

#: Where sites are kept besides the folder of the used configuration.
CONFIG_FOLDERS = (
    *install_paths.CONFIG_FOLDERS,
    *install_paths.PANEL_CONFIG_FOLDERS,
    *install_paths.PANEL_SITE_FOLDERS,
)

#: The folder for nginx in that of a project, and what shows that a container reads it.
PROJECT_FOLDERS = ("/srv/*/nginx", "/opt/*/nginx", "/home/*/*/nginx", "/root/*/nginx")
_COMPOSE = re.compile(r"(?:docker-)?compose[\w.-]{0,40}\.ya?ml", re.ASCII)

FIND_SCRIPT = read_script(__file__, "site_files.sh")

#: What users say of a page that comes, and is another one than the configuration was to bring.
_OTHER_CONTENT: frozenset[SymptomKind] = frozenset({"not-loaded", "wrong-site", "data"})
#: Maximum number of files emitted.
MAX_FILES = 8


@probe(after=NginxConfig)
async def not_included(ctx: ProbeContext, config: NginxConfig) -> None:
    host, port = ctx.target.host, ctx.target.port
    if config.failure or is_address(host) or _serves_host(config, host, port):
        return
    folders = dict.fromkeys(
        (
            posixpath.dirname(config.path),
            *map(posixpath.dirname, site_files.include_patterns(config)),
            *CONFIG_FOLDERS,
        )
    )
    search_folders = [
        folder
        for folder in folders
        if folder.count("/") > 1 and not site_files.has_wildcard(folder)
    ]
    if not await _search(ctx, config, search_folders):
        await _search(ctx, config, await _project_folders(ctx))


async def _project_folders(ctx: ProbeContext) -> list[str]:
    """Return the folders for nginx in those of projects which no container reads."""
    groups = await asyncio.gather(*map(ctx.machine.glob, PROJECT_FOLDERS))
    folders = [folder for group in groups for folder in group if not UNSAFE.search(folder)]
    beside = await asyncio.gather(
        *(ctx.machine.glob(f"{posixpath.dirname(folder)}/*.y*ml") for folder in folders[:20])
    )
    return [
        folder
        for folder, files in zip(folders[:20], beside, strict=True)
        if not any(_COMPOSE.fullmatch(posixpath.basename(file)) for file in files)
    ]


async def _search(ctx: ProbeContext, config: NginxConfig, search_folders: list[str]) -> bool:
    """Emit the files in these folders that have the target's site; return whether there are any."""
    host, port = ctx.target.host, ctx.target.port
    if not search_folders:
        return False
    at, emitted_count = ctx.elapsed(), 0
    for content in await _unread_files(ctx, config, search_folders):
        server = await asyncio.to_thread(
            site_files.serving_block, content.text, content.path, host, port
        )
        if server and emitted_count < MAX_FILES:
            emitted_count += 1
            ctx.emit(
                SiteFile(
                    vantage=Vantage.SERVER,
                    at=at,
                    took=ctx.elapsed() - at,
                    equivalent=shlex.join(["grep", "-rlF", host, posixpath.dirname(content.path)]),
                    path=clean(content.path, 300),
                    line=server.block.line,
                    names=tuple(clean(name, 255) for name in server.names[:20]),
                    changed=content.changed,
                )
            )
    return emitted_count > 0


async def _unread_files(
    ctx: ProbeContext, config: NginxConfig, folders: list[str]
) -> list[FileContent]:
    """Return the files in these folders that name the host, without those that nginx reads."""
    host = ctx.target.host
    result = await ctx.machine.run("sh", "-c", FIND_SCRIPT, "sh", host, _wildcard(host), *folders)
    known_paths = {file.path for file in config.files} | {file.real for file in config.files}
    paths = [
        path for path in result.out.splitlines() if path.startswith("/") and path not in known_paths
    ]
    return await asyncio.gather(*(ctx.machine.read(path, 512 * 1024) for path in paths))


@probe(after=Exchange, needs=NginxConfig)
async def edited_elsewhere(ctx: ProbeContext, exchange: Exchange, config: NginxConfig) -> None:
    if is_first(ctx, exchange, _is_question):
        await _compare(ctx, config, ctx.target.path_without_query)


@probe(after=Upgrade, needs=NginxConfig)
async def edited_elsewhere_for_websocket(
    ctx: ProbeContext, upgrade: Upgrade, config: NginxConfig
) -> None:
    if is_first(ctx, upgrade, _is_refused):
        await _compare(ctx, config, upgrade.path.partition("?")[0])


def _is_question(ctx: ProbeContext, exchange: Exchange) -> bool:
    """Return whether visitors do not get the page, or the user asks about a change of the files."""
    if not exchange.is_page_of(ctx.target) or exchange.method != "GET":
        return False
    symptom = ctx.target.symptom
    is_told = symptom is not None and symptom.kind in _OTHER_CONTENT
    return 400 <= (exchange.status or 0) < 500 or (exchange.status == 200 and is_told)


def _is_refused(ctx: ProbeContext, upgrade: Upgrade) -> bool:
    return upgrade.is_visit and not upgrade.accepted and 200 <= (upgrade.status or 0) < 500


async def _compare(ctx: ProbeContext, config: NginxConfig, path: str) -> None:
    """Emit the newest file near the configuration that nginx does not read and that does something
    else with the path, if it is newer than the one that is read."""
    host, port = ctx.target.host, ctx.target.port
    if config.failure or is_address(host) or not _serves_host(config, host, port):
        return
    if any(copy.request == path for copy in ctx.observed(UnreadCopy)):
        return
    # Imported late: few sites fail.
    from diagnose.parsers.nginx.unread_copies import is_aside, is_template

    blocks = [block for _, block in server_blocks.answering_servers(config.main, host, port)]
    file = config.file(blocks[0].block.file) if blocks else None
    folders = dict.fromkeys(
        (
            posixpath.dirname(config.path),
            *map(posixpath.dirname, site_files.include_patterns(config)),
        )
    )
    near = [
        folder
        for folder in folders
        if folder.count("/") > 1 and not site_files.has_wildcard(folder)
    ]
    if file is None or file.changed is None or not near:
        return
    contents = [
        content
        for content in await _unread_files(ctx, config, near)
        if (content.changed or 0.0) > file.changed
        if not site_files.is_backup_name(content.path) and not is_template(content.path)
        if not is_aside(content.path, file.path)
    ]
    for content in sorted(contents, key=lambda each: each.changed or 0.0, reverse=True):
        copy = await asyncio.to_thread(_copy_of, ctx, blocks[0], file, content, path)
        if copy is not None:
            ctx.emit(copy)
            return


def _copy_of(
    ctx: ProbeContext, used: Server, file: ConfigFile, content: FileContent, path: str
) -> UnreadCopy | None:
    """Return what an unread file does with the path, if it is something else."""
    from diagnose.parsers.nginx.unread_copies import other_answer, replaces

    host, port, at = ctx.target.host, ctx.target.port, ctx.elapsed()
    unread = site_files.serving_block(content.text, content.path, host, port)
    other = other_answer(used, unread, path) if unread else None
    if other is None:
        return None
    folder = posixpath.dirname(content.path)
    all_used = site_files.blocks_of(file.text, file.path)
    return UnreadCopy(
        vantage=Vantage.SERVER,
        at=at,
        took=ctx.elapsed() - at,
        equivalent=shlex.join(["diff", file.path, content.path]),
        path=clean(content.path, 300),
        line=other.location.line,
        request=clean(path, 300),
        location=clean(" ".join(("location", *other.location.args)), 200),
        answer=clean(other.answer.text, 200),
        used=file.path,
        used_line=used.block.line,
        link=bool(file.real),
        replaces=folder != posixpath.dirname(file.path)
        and replaces(all_used, site_files.blocks_of(content.text, content.path)),
    )


def _serves_host(config: NginxConfig, host: str, port: int) -> bool:
    sockets = server_blocks.sockets(server_blocks.servers(config.main), port)
    return any(server_blocks.select_server(socket, host)[1] != "default" for socket in sockets)


def _wildcard(host: str) -> str:
    """Return the host with its first label replaced by an asterisk."""
    return "*" + re.sub(r"^[^.]*", "", host)
