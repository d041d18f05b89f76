"""A probe for the file that nginx would serve after a reload: its configuration is newer than the
one that it loaded, and it answers that the target's file is not there."""

import posixpath

from diagnose.model.files import PageFileAccess
from diagnose.model.http import Exchange
from diagnose.model.nginx import NginxConfig
from diagnose.parsers.nginx.file_paths import ServedFile, served_file
from diagnose.parsers.nginx.final_requests import final_location
from diagnose.parsers.nginx.locations import LocationMatch
from diagnose.parsers.sanitize import UNSAFE
from diagnose.probes import ProbeContext, is_first, probe
from diagnose.probes.inside.answering_blocks import answering_blocks
from diagnose.probes.inside.file_access import access_as, read_access
from diagnose.probes.inside.nginx_processes import first_worker, own_masters, start_folder_of

#: Maximum number of index files that are looked for.
MAX_INDEXES = 4


@probe(after=Exchange, needs=NginxConfig)
async def after_reload(ctx: ProbeContext, exchange: Exchange, config: NginxConfig) -> None:
    """Emit the file that the files lead to, if it exists."""
    if not is_first(ctx, exchange, _is_missing) or not _is_newer(ctx, config):
        return
    worker = first_worker(ctx)
    paths = _paths(ctx, config)
    if worker is None or not paths or any(map(UNSAFE.search, paths)):
        return
    at = ctx.elapsed()
    for access in await read_access(ctx.machine, "", str(worker), paths):
        if access.path in paths and any(
            part.path == access.path and not part.folder for part in access.parts
        ):
            ctx.emit(access_as(PageFileAccess, access, at=at, url=exchange.url))
            return


def _is_missing(ctx: ProbeContext, exchange: Exchange) -> bool:
    return exchange.is_page_of(ctx.target) and exchange.status in {403, 404}


def _is_newer(ctx: ProbeContext, config: NginxConfig) -> bool:
    """Whether a file was changed after the running nginx loaded its configuration."""
    loaded = [master.loaded for master in own_masters(ctx) if master.loaded is not None]
    changes = [file.changed for file in config.files if file.changed is not None]
    return bool(loaded) and max(changes, default=0.0) > max(loaded)


def _paths(ctx: ProbeContext, config: NginxConfig) -> list[str]:
    """Return the file, or the index files of the folder, that nginx would serve for the target by
    its server blocks; none if they differ."""
    start = start_folder_of(ctx)
    path = ctx.target.path_without_query
    paths: list[list[str]] = []
    for _, server in answering_blocks(ctx, config):
        match = final_location(server, path)
        served = served_file(match, path, start=start)
        paths.append(_candidates(match, served) if served else [])
    return paths[0] if paths and all(each == paths[0] for each in paths) else []


def _candidates(match: LocationMatch, served: ServedFile) -> list[str]:
    if not served.uri.endswith("/"):
        return [served.path]
    index = match.directive("index")
    names = index.args if index else ("index.html",)
    plain = [name for name in names if "$" not in name and not name.startswith("/")]
    return [posixpath.join(served.path, name) for name in plain[:MAX_INDEXES]]
