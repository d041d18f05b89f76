"""Probes for the file of the target's own page, which nginx does not serve (403, 404): where nginx
looks for it, and where it is; and for a style sheet or script as the target that has no type.
"""

import posixpath
from dataclasses import fields
from urllib.parse import urlsplit

from diagnose.machine import Machine
from diagnose.model.files import (
    Access,
    PageFileAccess,
    PathMistake,
)
from diagnose.model.http import Exchange
from diagnose.model.nginx import NginxConfig, NginxState
from diagnose.parsers.browser_types import untyped_ending
from diagnose.parsers.html_page import parse_page
from diagnose.parsers.nginx.config import walk
from diagnose.parsers.nginx.file_paths import (
    ServedFile,
    hidden_indexes,
    index_names,
    only_page,
    served_file,
    tries_no_file,
    unnamed_indexes,
)
from diagnose.parsers.nginx.final_requests import final_request
from diagnose.parsers.nginx.locations import LocationMatch, location_pattern
from diagnose.parsers.nginx.upstreams import pass_directive_of
from diagnose.parsers.sanitize import UNSAFE
from diagnose.probes import ProbeContext, probe
from diagnose.probes.inside.answering_blocks import ending_blocks
from diagnose.probes.inside.file_access import access_as, is_file, read_access
from diagnose.probes.inside.nginx_processes import first_worker, start_folder_of
from diagnose.probes.inside.served_files import (
    commented_files,
    emit_outdone,
    first_existing,
    location_matches,
    look_into_mounts,
    near_file,
    outdone_file,
    served_file_of,
)

_INDEX = "index.html"
#: What is public by its standard (RFC 8615), and closed by rules against hidden files.
_WELL_KNOWN = "/.well-known/"
#: Maximum bytes of a page that are read.
MAX_PAGE = 65536


@probe(after=Exchange, needs=NginxConfig)
async def missing_target(ctx: ProbeContext, exchange: Exchange, config: NginxConfig) -> None:
    """Emit where nginx looks for a target that it answers with 404, if the file is elsewhere, or
    there after all; and where a style sheet or script as the target is that has no type."""
    if _is_untyped_target(ctx, exchange):
        await _emit_untyped(ctx, config, exchange)
    is_missing = _is_missing_target(ctx, exchange)
    if is_missing and ctx.further_requests.begin(f"the file of {exchange.url}"):
        await _emit_target(ctx, config, exchange)
        if not _is_explained(ctx, exchange):
            # Imported late: few sites lack their page.
            from diagnose.probes.inside.fallback_files import emit_fixed_fallback

            await emit_fixed_fallback(ctx, exchange, config)
        await _look_in_other_case(ctx, config, exchange)
        await look_into_mounts(ctx, config, urlsplit(exchange.url).path)


def _is_explained(ctx: ProbeContext, exchange: Exchange) -> bool:
    return exchange.status != 404 or any(
        access.url == exchange.url for access in ctx.observed(PageFileAccess)
    )


def _is_missing_target(ctx: ProbeContext, exchange: Exchange) -> bool:
    return (
        exchange.purpose == "target"
        and exchange.status in {403, 404}
        and exchange.port == ctx.target.port
    )


def _is_untyped_target(ctx: ProbeContext, exchange: Exchange) -> bool:
    return (
        exchange.purpose == "target"
        and exchange.status == 200
        and exchange.port == ctx.target.port
        and bool(untyped_ending(urlsplit(exchange.url).path, exchange.headers))
        and all(access.url != exchange.url for access in ctx.observed(PageFileAccess))
    )


async def _emit_untyped(ctx: ProbeContext, config: NginxConfig, exchange: Exchange) -> None:
    """Emit the target's file, and nginx's list of types."""
    served = served_file_of(ctx, config, urlsplit(exchange.url).path)
    worker = first_worker(ctx)
    if served is None or worker is None or UNSAFE.search(served.path):
        return
    at = ctx.elapsed()
    types_file = posixpath.join(posixpath.dirname(config.path), "mime.types")
    accesses = {
        access.path: access
        for access in await read_access(ctx.machine, "", str(worker), [served.path, types_file])
    }
    access = accesses.get(served.path)
    if access is not None and is_file(access):
        listed = types_file if is_file(accesses.get(types_file)) else ""
        ctx.emit(access_as(PageFileAccess, access, at=at, url=exchange.url, types_file=listed))


async def _emit_target(ctx: ProbeContext, config: NginxConfig, exchange: Exchange) -> None:
    path = urlsplit(exchange.url).path
    file = served_file_of(ctx, config, path)
    if exchange.status == 403:
        if file is not None and path.startswith(_WELL_KNOWN):
            await _emit_refused(ctx, exchange, file)
        elif file is not None:
            await _emit_index(ctx, config, exchange, file)
        return
    served = file or served_file_of(ctx, config, path, with_scripts=True)
    if served is None:
        await emit_outdone(ctx, config, exchange.url, path)
    worker = first_worker(ctx)
    if served is None or worker is None or UNSAFE.search(served.path):
        return
    at = ctx.elapsed()
    alternatives = _target_alternatives(ctx, config, file, path) if file else []
    script = _fallback_script(ctx, config, path)
    scripts_below = _scripts_below(script, path)
    match = next(location_matches(ctx, config, path), None)
    led = _led_indexes(ctx, config, match, file, path) if match and file else {}
    paths = dict.fromkeys(
        (
            served.path, script, *scripts_below, *(other_path for _, other_path in alternatives),
            *(each for pair in led.items() for each in pair),
        )
    )  # fmt: skip
    accesses = {
        access.path: access
        for access in await read_access(ctx.machine, "", str(worker), list(filter(None, paths)))
    }
    access = accesses.get(served.path)
    if file and match and is_file(access) and not path.endswith("/") and tries_no_file(match):
        _emit(ctx, at, exchange, access, "untried", served.path)
        return
    index = next((index for index in led if is_file(accesses.get(index))), "")
    if index and not is_file(accesses.get(led[index])):
        _emit(ctx, at, exchange, accesses.get(led[index]), "taken", index)
        return
    mistake, existing_path = first_existing(alternatives, accesses, served.path)
    script_access = accesses.get(script)
    is_elsewhere = bool(existing_path) and mistake != "fallback"
    if script_access is not None and not is_file(script_access) and not is_elsewhere:
        access, mistake = script_access, "no-fallback"
        existing_path = next((file for file in scripts_below if is_file(accesses.get(file))), "")
    elif access is not None and not existing_path and not _has_folder(access, served):
        mistake, existing_path = "folder", await near_file(ctx, access)
    if not mistake and is_file(script_access) and _is_edited(ctx, config):
        access = script_access  # by the files of now it answers
    is_there = is_file(access) and not mistake
    if access is None or not (existing_path or is_there or mistake in {"folder", "no-fallback"}):
        return
    if mistake == "fallback" and file is not None:
        existing = {file_access for file_access in accesses if is_file(accesses[file_access])}
        existing_path = await application_page(ctx.machine, ctx.target.origin, file, path, existing)
        if not existing_path:
            return
    _emit(ctx, at, exchange, access, mistake, existing_path)


async def _emit_refused(ctx: ProbeContext, exchange: Exchange, served: ServedFile) -> None:
    """Emit the file that a rule refuses, if it is there."""
    worker = first_worker(ctx)
    if worker is None or UNSAFE.search(served.path):
        return
    at = ctx.elapsed()
    for access in await read_access(ctx.machine, "", str(worker), [served.path]):
        if is_file(access):
            ctx.emit(access_as(PageFileAccess, access, at=at, url=exchange.url))


async def _look_in_other_case(ctx: ProbeContext, config: NginxConfig, exchange: Exchange) -> None:
    """Look for the file by its name in another case, where it was not found otherwise."""
    served = served_file_of(ctx, config, urlsplit(exchange.url).path)
    is_found = any(
        access.url == exchange.url and (access.exists or access.elsewhere)
        for access in ctx.observed(PageFileAccess)
    )
    if exchange.status == 404 and served is not None and not is_found:
        # Imported late: few names differ in their case.
        from diagnose.probes.inside.other_case import emit_other_case

        await emit_other_case(ctx, exchange.url, served.folder, served.path)


def _emit(
    ctx: ProbeContext,
    at: float,
    exchange: Exchange,
    access: Access | None,
    mistake: PathMistake,
    elsewhere: str,
) -> None:
    if access is not None:
        ctx.emit(
            access_as(
                PageFileAccess,
                access,
                at=at,
                url=exchange.url,
                elsewhere=elsewhere,
                mistake=mistake,
            )
        )


def _led_indexes(
    ctx: ProbeContext, config: NginxConfig, match: LocationMatch, file: ServedFile, path: str
) -> dict[str, str]:
    """Return the index files of a folder that another location takes, each with the file that it
    opens in their place: nginx leads the request to "/index.html" by a redirect of its own
    (ngx_http_index_module)."""
    led = {}
    for name in index_names(match) if path.endswith("/") else ():
        index, other = posixpath.join(file.path, name), served_file_of(ctx, config, path + name)
        if other is None:
            break  # an application gets it
        if other.path != index and not UNSAFE.search(other.path + index):
            led[index] = other.path
    return led


def _target_alternatives(
    ctx: ProbeContext, config: NginxConfig, file: ServedFile, path: str
) -> list[tuple[PathMistake, str]]:
    """Return where the target's file may be in place of where nginx looks for it, each with the
    mistake that it would show, the likeliest first."""
    match = next(location_matches(ctx, config, path), None)
    hidden = hidden_indexes(match, file) if match else ()
    alternatives: list[tuple[PathMistake, str]] = [
        ("hidden", index) for index in hidden if not UNSAFE.search(index)
    ]
    alternatives += [*outdone_file(ctx, config, path), *commented_files(config, match, file.uri)]
    for mistake, other_path in file.alternatives(path):
        is_shared = mistake == "root" and not _is_deep(file) and _has_another_use(config, file)
        if mistake != "base" and not is_shared:
            is_folder = path.endswith("/")
            alternatives.append(
                (mistake, f"{other_path.rstrip('/')}/{_INDEX}" if is_folder else other_path)
            )
    last = posixpath.basename(path)
    if last and "." not in last:
        alternatives.append(("ending", f"{file.path}.html"))
    pages = [*_pages_below(match, file), file.fallback[1]]
    return [*alternatives, *(("fallback", page) for page in pages if not UNSAFE.search(page))]


def _pages_below(match: LocationMatch | None, file: ServedFile) -> list[str]:
    """Return where the page of an application in a folder of the location is, nearest first."""
    pattern = location_pattern(match.block) if match and match.block.name == "location" else None
    prefix = pattern.text if pattern and pattern.modifier in {"", "^~"} else "/"
    return [page for url_path, page in file.fallbacks[:-1] if url_path.startswith(prefix)]


async def _emit_index(
    ctx: ProbeContext, config: NginxConfig, exchange: Exchange, served: ServedFile
) -> None:
    """Emit where the index file is: in the folder, by a name that `index` does not have, or in the
    public folder of the project that `root` names; or else in the only folder that has one."""
    worker = first_worker(ctx)
    match = next(location_matches(ctx, config, served.uri), None)
    unnamed = unnamed_indexes(match, served) if match else ()
    publics = served.public_indexes
    indexes = [*unnamed, *publics]
    if worker is None or not indexes or UNSAFE.search(served.path):
        return
    at, folder_path = ctx.elapsed(), served.path.rstrip("/")
    inner = await ctx.machine.glob(f"{folder_path}/*/{_INDEX}")
    inner = inner if len(inner) == 1 and not UNSAFE.search(inner[0]) else ()
    indexes += [page for page in inner if page not in indexes]
    if (
        inner
        and publics
        and await ctx.machine.glob(f"{folder_path}/*") == (posixpath.dirname(inner[0]),)
    ):
        publics = (*publics, *inner)  # the folder of an archive that was unpacked, and nothing else
    page = only_page(await ctx.machine.glob(f"{folder_path}/*.[hH][tT][mM]*")) if publics else ""
    if page and page not in unnamed:
        unnamed, indexes = (*unnamed, page), [*unnamed, page, *indexes[len(unnamed) :]]
    accesses = await read_access(ctx.machine, "", str(worker), [served.path, *indexes])
    folder = next((access for access in accesses if access.path == served.path), None)
    existing = [access.path for access in accesses if access.path in indexes and is_file(access)]
    if folder is not None and not existing and publics and match is not None:
        # Imported late: few folders are empty.
        from diagnose.probes.inside.neighbor_sites import neighbor_index

        existing = await neighbor_index(ctx.machine, config, folder_path, index_names(match))
    if folder is None or not existing or folder.denied_parts:
        return
    values = {field.name: getattr(folder, field.name) for field in fields(folder)}
    mistake: PathMistake = "index" if existing[0] in unnamed else "below"
    if not existing[0].startswith(f"{folder_path}/"):
        mistake = "beside"
    elif existing[0] not in {*unnamed, *publics}:
        mistake = "inside"
    ctx.emit(
        PageFileAccess(
            **{**values, "at": at}, url=exchange.url, elsewhere=existing[0], mistake=mistake
        )
    )


def _fallback_script(ctx: ProbeContext, config: NginxConfig, path: str) -> str:
    """Return the script that try_files leads to and that nginx looks for itself, "" if there is
    none, or the server blocks differ."""
    scripts = set()
    for server, own_path in ending_blocks(ctx, config, path):
        location, final_path = final_request(server, own_path)
        is_led = final_path != own_path and pass_directive_of(location) is not None
        script = (
            served_file(location, final_path, with_scripts=True, start=start_folder_of(ctx))
            if is_led
            else None
        )
        scripts.add(script.path if script and not UNSAFE.search(script.path) else "")
    return scripts.pop() if len(scripts) == 1 else ""


def _is_edited(ctx: ProbeContext, config: NginxConfig) -> bool:
    """Return whether a file of the configuration is newer than what nginx has loaded."""
    masters = [master for state in ctx.observed(NginxState) for master in state.own_masters]
    loaded = max((master.loaded or 0.0 for master in masters), default=0.0)
    return bool(loaded) and any((file.changed or 0.0) > loaded for file in config.files)


def _scripts_below(script: str, path: str) -> list[str]:
    """Return where the script of an application is that has a folder of its own on the way to the
    path: "/var/www/blog/index.php" for "/var/www/index.php" and "/blog/2026/"."""
    folders = [segment for segment in path.split("/")[1:-1] if segment not in {"", ".", ".."}]
    root, name = posixpath.split(script)
    names = ("/".join(folders[: end + 1]) for end in range(min(len(folders), 3)))
    below = [f"{root.rstrip('/')}/{folder}/{name}" for folder in names] if script else []
    return [file for file in below if not UNSAFE.search(file)]


def _has_folder(access: Access, served: ServedFile) -> bool:
    """Whether the folder of root or alias exists. Of a path only what exists is listed."""
    folder = posixpath.normpath(served.folder)
    return any(posixpath.normpath(part.path) == folder for part in access.parts)


def _has_another_use(config: NginxConfig, served: ServedFile) -> bool:
    """Whether the folder is a `root` elsewhere too: its index.html is then another page's."""
    folder = served.directive.args[0].rstrip("/")
    roots = [line for line in walk(config.main) if line.name == "root" and line.args]
    return [line.args[0].rstrip("/") for line in roots].count(folder) > 1


def _is_deep(served: ServedFile) -> bool:
    """Whether the file is in a folder below the prefix: such a path is no other page's by chance,
    as /index.html may be."""
    prefix = (served.prefix or served.outer).rstrip("/")
    return "/" in served.uri.removeprefix(prefix).strip("/") and not served.uri.endswith("/")


async def application_page(
    machine: Machine, origin: str, served: ServedFile, path: str, existing: set[str]
) -> str:
    """Return the nearest existing page that shows nothing without its scripts, "" if there is none,
    or if the path cannot be one of its addresses: one with an ending.

    In a folder of its own, its scripts are named by the path of that folder: an application whose
    scripts are relative has no addresses below.
    """
    last = path.rstrip("/").rpartition("/")[2]
    if not last or "." in last or path.startswith(("/api/", "/.")):
        return ""
    # Imported late: few pages are missing.
    from diagnose.parsers.interface_paths import library_base

    if library_base(path):
        return ""
    for url_path, file in served.fallbacks:
        if file not in existing:
            continue
        content = await machine.read(file, MAX_PAGE)
        page = parse_page(content.text, f"{origin}/", len(content.text) < MAX_PAGE)
        folder = "" if file == served.fallback[1] else url_path.removesuffix(_INDEX)
        scripts = [script for script in page.files if script.is_script]
        if page.is_empty and any(
            urlsplit(script.url).path.startswith(folder) for script in scripts
        ):
            return file
    return ""
