"""Probes for files of the target's site that nginx does not include.

They run only if no server block on the port has the name: otherwise unused files are no problem.
"""

import asyncio
import posixpath
import re
import shlex

from diagnose.machine.script_files import read_script
from diagnose.model import Vantage
from diagnose.model.nginx import NginxConfig
from diagnose.model.sites import SiteFile
from diagnose.parsers.hostnames import is_address
from diagnose.parsers.nginx import install_paths, server_blocks, site_files
from diagnose.parsers.sanitize import UNSAFE, clean
from diagnose.probes import ProbeContext, probe

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
    at = ctx.elapsed()
    result = await ctx.machine.run(
        "sh", "-c", FIND_SCRIPT, "sh", host, _wildcard(host), *search_folders
    )
    known_paths = {file.path for file in config.files}
    paths = [
        path for path in result.out.splitlines() if path.startswith("/") and path not in known_paths
    ]
    contents = await asyncio.gather(*(ctx.machine.read(path, 512 * 1024) for path in paths))
    emitted_count = 0
    for content in contents:
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


def _serves_host(config: NginxConfig, host: str, port: int) -> bool:
    sockets = server_blocks.sockets(server_blocks.servers(config.main), port)
    return any(server_blocks.select_server(socket, host)[1] != "default" for socket in sockets)


def _wildcard(host: str) -> str:
    """Return the host with its first label replaced by an asterisk."""
    return "*" + re.sub(r"^[^.]*", "", host)
