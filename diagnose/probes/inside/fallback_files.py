"""Probe for the page to which `try_files` leads every path, where nginx answers 500 ("rewrite or
internal redirection cycle") or, by `=404`, 404: whether it is there, or where another setting of
the location would lead.
"""

from diagnose.model.files import PageFileAccess, PathMistake
from diagnose.model.http import Exchange
from diagnose.model.nginx import NginxConfig
from diagnose.parsers.nginx.file_paths import (
    fallback_path,
    fallback_places,
    fixed_file,
    other_fronts,
    served_file,
)
from diagnose.parsers.nginx.locations import LocationMatch, select_location
from diagnose.parsers.nginx.server_blocks import Server
from diagnose.parsers.sanitize import UNSAFE
from diagnose.probes import ProbeContext, is_first, probe
from diagnose.probes.inside.answering_blocks import answering_blocks
from diagnose.probes.inside.file_access import access_as, is_file, read_access
from diagnose.probes.inside.nginx_processes import first_worker, start_folder_of
from diagnose.probes.inside.served_files import (
    commented_files,
    first_existing,
    look_into_mounts,
    near_file,
)


@probe(after=Exchange, needs=NginxConfig)
async def missing_fallback(ctx: ProbeContext, exchange: Exchange, config: NginxConfig) -> None:
    """Emit the path of the page, and where it is."""
    if not is_first(ctx, exchange, _has_failed):
        return
    path = ctx.target.path_without_query
    await look_into_mounts(ctx, config, path)
    for _, server in answering_blocks(ctx, config):
        uri = fallback_path(select_location(server, path), path)
        location = select_location(server, uri) if uri else None
        if location is not None and await _emit_file(ctx, exchange, config, server, location, uri):
            return


async def emit_fixed_fallback(ctx: ProbeContext, exchange: Exchange, config: NginxConfig) -> None:
    """Emit the path of the page for which `try_files` looks before its 404, and where it is."""
    path = ctx.target.path_without_query
    for _, server in answering_blocks(ctx, config):
        location = select_location(server, path)
        uri = fixed_file(location)
        if uri and await _emit_file(ctx, exchange, config, server, location, uri):
            return


async def _emit_file(
    ctx: ProbeContext,
    exchange: Exchange,
    config: NginxConfig,
    server: Server,
    location: LocationMatch,
    uri: str,
) -> bool:
    """Look for the page of this path in this location and where it may be otherwise. Return whether
    it could be looked for."""
    start = start_folder_of(ctx)
    served = served_file(location, uri, with_scripts=True, start=start)
    if served is None or first_worker(ctx) is None or UNSAFE.search(served.path):
        return False
    # Imported late: few sites lack their page.
    from diagnose.parsers.nginx import near_places

    beside = near_places.place_beside(served)
    places: list[tuple[PathMistake, str]] = [
        *commented_files(config, location, uri),
        *((("beside", beside),) if beside else ()),
        *(
            place
            for place in fallback_places(location, served)
            if place[0] not in {"base", "root"}
            or not near_places.is_page_of_the_site(server, place[1], start)
        ),
        *(("front", path) for path in other_fronts(served) if exchange.status != 404),
    ]
    await _emit_place(ctx, exchange, served.path, places)
    return True


async def _emit_place(
    ctx: ProbeContext, exchange: Exchange, path: str, places: list[tuple[PathMistake, str]]
) -> None:
    """Emit the first of the places that has the page, or else the only one a letter apart."""
    places = [place for place in places if not UNSAFE.search(place[1])]
    at, files = ctx.elapsed(), dict.fromkeys((path, *(file for _, file in places)))
    worker = str(first_worker(ctx))
    accesses = {
        access.path: access for access in await read_access(ctx.machine, "", worker, list(files))
    }
    access = accesses.get(path)
    if access is None or is_file(access):
        return
    mistake, existing = first_existing(places, accesses, path)
    if not existing:
        mistake, existing = "letter", await near_file(ctx, access)
    if not existing and exchange.status == 404:
        mistake = "no-fallback"
    if existing or mistake == "no-fallback":
        facts = {"url": exchange.url, "elsewhere": existing, "mistake": mistake}
        ctx.emit(access_as(PageFileAccess, access, at=at, **facts))


def _has_failed(ctx: ProbeContext, exchange: Exchange) -> bool:
    return exchange.is_page_of(ctx.target) and exchange.status == 500
