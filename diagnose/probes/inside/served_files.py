"""The files that nginx's server blocks serve for a path, and those beside them."""

from collections.abc import Iterator

from diagnose.model.containers import NginxContainer
from diagnose.model.files import (
    Access,
    PageFileAccess,
    PathMistake,
)
from diagnose.model.nginx import NginxConfig
from diagnose.parsers.nginx.config import walk
from diagnose.parsers.nginx.file_paths import (
    ServedFile,
    served_file,
)
from diagnose.parsers.nginx.final_requests import made_request, searched_location
from diagnose.parsers.nginx.locations import (
    LocationMatch,
    match_location,
    outdone_location,
)
from diagnose.parsers.sanitize import UNSAFE
from diagnose.probes import ProbeContext
from diagnose.probes.inside.answering_blocks import ending_blocks
from diagnose.probes.inside.file_access import access_as, is_file, read_access
from diagnose.probes.inside.nginx_processes import first_worker, start_folder_of


def location_matches(ctx: ProbeContext, config: NginxConfig, path: str) -> Iterator[LocationMatch]:
    """Yield the locations that answer a path on the target's port."""
    for server, own_path in ending_blocks(ctx, config, path):
        yield searched_location(server, own_path)[0]


def served_file_of(
    ctx: ProbeContext, config: NginxConfig, path: str, with_scripts: bool = False
) -> ServedFile | None:
    """Return the file that the target's server blocks serve, or look for before they ask an
    application (try_files); None if they differ."""
    start = start_folder_of(ctx)
    files = [
        served_file(*searched_location(server, own_path), with_scripts, start)
        or served_file(match_location(server, own_path), own_path, with_scripts, start)
        for server, own_path in ending_blocks(ctx, config, path)
    ]
    return files[0] if files and all(file == files[0] for file in files) else None


def outdone_file(
    ctx: ProbeContext, config: NginxConfig, path: str
) -> list[tuple[PathMistake, str]]:
    """Return where the file would be if no regular expression got the request: in the folder of the
    longest prefix, or where the rules of that location lead the path."""
    start = start_folder_of(ctx)
    first: dict[PathMistake, list[ServedFile | None]] = {"expression": [], "rewrite": []}
    for server, own_path in ending_blocks(ctx, config, path):
        if match := outdone_location(server, own_path):
            first["expression"].append(served_file(match, own_path, start=start))
            made = made_request(server, match, own_path)
            first["rewrite"].append(served_file(*made, start=start) if made else None)
    return [
        (mistake, files[0].path)
        for mistake, files in first.items()
        if files and files[0] is not None and not UNSAFE.search(files[0].path)
    ]


async def emit_outdone(ctx: ProbeContext, config: NginxConfig, url: str, path: str) -> None:
    """Emit a file that is where the longest prefix leads, while a regular expression passes the
    request on to an application."""
    worker = first_worker(ctx)
    files = outdone_file(ctx, config, path)
    if worker is None or not files:
        return
    at, (mistake, file) = ctx.elapsed(), files[0]
    for access in await read_access(ctx.machine, "", str(worker), [file]):
        if is_file(access) and not access.denied_parts:
            ctx.emit(
                access_as(PageFileAccess, access, at=at, url=url, elsewhere=file, mistake=mistake)
            )


def first_existing(
    alternatives: list[tuple[PathMistake, str]], accesses: dict[str, Access], served_path: str
) -> tuple[PathMistake, str]:
    """Return the first alternative that exists, ("", "") if there is none. Where two locations lead
    to one file, none of them is a mistake."""
    existing = (
        (mistake, path)
        for mistake, path in alternatives
        if path != served_path and is_file(accesses.get(path))
    )
    return next(existing, ("", ""))


def commented_files(
    config: NginxConfig, match: LocationMatch | None, uri: str
) -> list[tuple[PathMistake, str]]:
    """Return where the file would be if a `root` or `alias` of the location were no comment."""
    # Imported late, as below: few files are missing.
    from diagnose.parsers.nginx.near_places import commented_places

    file = config.file(match.block.file) if match else None
    places = commented_places(file.text, match.block, uri) if file and match else ()
    return [("commented", path) for _, path in places if not UNSAFE.search(path)]


async def near_file(ctx: ProbeContext, access: Access) -> str:
    """Return the only path that is there and differs from one in a letter of the first name that
    is missing; "" for none."""
    from diagnose.parsers.nginx import near_places

    pattern = near_places.near_pattern(access)
    near = near_places.nearest(access, await ctx.machine.glob(pattern)) if pattern else ""
    return "" if UNSAFE.search(near) else near


async def look_into_mounts(ctx: ProbeContext, config: NginxConfig, path: str) -> None:
    """Look for what nginx did not find in the mounts of its container, if it is in one."""
    served = served_file_of(ctx, config, path) if ctx.observed(NginxContainer) else None
    if served is not None:
        # Imported late: few servers are in a container.
        from diagnose.probes.inside.site_mounts import observe_site_mounts

        lines = (line for line in walk(config.main) if line.name in {"root", "alias"})
        used = [word for line in lines for word in line.args[:1]]
        await observe_site_mounts(ctx, served.folder, served.path, used)
