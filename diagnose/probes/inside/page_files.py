"""Probes for the files of the site: those that nginx's workers may not read, as its error log names
them, and those that the page loads and browsers do not use.
"""

import posixpath
from collections.abc import Iterator
from dataclasses import fields
from urllib.parse import urlsplit

from diagnose.model.files import (
    Access,
    PageAccess,
    PageFileAccess,
    PasswordFileAccess,
    PathMistake,
)
from diagnose.model.http import Exchange
from diagnose.model.logs import LogLine
from diagnose.model.nginx import NginxConfig
from diagnose.model.pages import PageFileResponse
from diagnose.parsers.browser_types import refusal
from diagnose.parsers.html_page import parse_page
from diagnose.parsers.nginx import error_log
from diagnose.parsers.nginx.config import walk
from diagnose.parsers.nginx.file_paths import (
    ServedFile,
    hidden_indexes,
    password_file,
    password_path,
    served_file,
    unnamed_indexes,
)
from diagnose.parsers.nginx.final_requests import final_request, searched_location
from diagnose.parsers.nginx.locations import (
    LocationMatch,
    location_pattern,
    match_location,
    outdone_location,
)
from diagnose.parsers.nginx.upstreams import pass_directive_of
from diagnose.parsers.sanitize import UNSAFE
from diagnose.probes import ProbeContext, is_first, probe
from diagnose.probes.inside.answering_blocks import ending_blocks
from diagnose.probes.inside.file_access import access_as, is_file, read_access
from diagnose.probes.inside.nginx_processes import first_worker, start_folder_of

#: Maximum number of files that are examined.
MAX_FILES = 4


@probe(after=LogLine)
async def denied(ctx: ProbeContext, log_line: LogLine) -> None:
    """Emit the permissions on the path to a page's file, as they are for a worker."""
    match = error_log.FILE_DENIED.match(log_line.text)
    known_paths = {access.path for access in ctx.observed(PageAccess)}
    if (
        match is None
        or match[1] in known_paths
        or len(known_paths) >= MAX_FILES
        or not _is_page(ctx, log_line)
    ):
        return
    worker = first_worker(ctx)
    if worker is None:
        return
    at = ctx.elapsed()
    for access in await read_access(ctx.machine, "", str(worker), [match[1]]):
        ctx.emit(access_as(PageAccess, access, at=at))


@probe(after=Exchange, needs=NginxConfig)
async def of_passwords(ctx: ProbeContext, exchange: Exchange, config: NginxConfig) -> None:
    """Emit who may read the passwords that the target asks for."""
    if not is_first(ctx, exchange, _asks_for_password):
        return
    folder = posixpath.dirname(config.path)
    files = (password_file(match, folder) for match in _matches(ctx, config, ctx.target.path))
    paths = dict.fromkeys(password_path(file, folder) for file in files if file)
    worker = first_worker(ctx)
    if not paths or worker is None or any(map(UNSAFE.search, paths)):
        return
    at = ctx.elapsed()
    for access in await read_access(ctx.machine, "", str(worker), list(paths)[:MAX_FILES]):
        ctx.emit(access_as(PasswordFileAccess, access, at=at))


def _asks_for_password(ctx: ProbeContext, exchange: Exchange) -> bool:
    return exchange.is_page_of(ctx.target) and exchange.status == 401


def _matches(ctx: ProbeContext, config: NginxConfig, path: str) -> Iterator[LocationMatch]:
    """Yield the locations that answer a path on the target's port."""
    for server, own_path in ending_blocks(ctx, config, path):
        yield searched_location(server, own_path)[0]


def _is_page(ctx: ProbeContext, log_line: LogLine) -> bool:
    return bool(error_log.matching_lines([log_line], host=ctx.target.host, path=ctx.target.path))


@probe(after=PageFileResponse, needs=NginxConfig)
async def of_page(ctx: ProbeContext, response: PageFileResponse, config: NginxConfig) -> None:
    """Emit where nginx looks for a file that browsers do not use."""
    if _is_first_refused(ctx, response):
        await _emit_file(ctx, config, response)


def _is_first_refused(ctx: ProbeContext, response: PageFileResponse) -> bool:
    """Whether browsers do not use a response, and no file was examined for it."""
    known_accesses = ctx.observed(PageFileAccess)
    return (
        response.failure is None
        and bool(
            refusal(
                response.file_kind, response.status or 0, response.headers, is_html=response.is_html
            )
        )
        and len(known_accesses) < MAX_FILES
        and all(access.url != response.url for access in known_accesses)
    )


async def _emit_file(ctx: ProbeContext, config: NginxConfig, response: PageFileResponse) -> None:
    path = urlsplit((response.redirects or (response.url,))[-1]).path
    served = _served_file(ctx, config, path)
    if served is None:
        await _emit_outdone(ctx, config, response.url, path)
    worker = first_worker(ctx)
    if served is None or worker is None or UNSAFE.search(served.path):
        return
    at, page_path = ctx.elapsed(), urlsplit(response.page).path
    alternatives = [*_outdone_file(ctx, config, path), *served.alternatives(page_path)]
    types_file = posixpath.join(posixpath.dirname(config.path), "mime.types")
    paths = dict.fromkeys((served.path, types_file, *(path for _, path in alternatives)))
    accesses = {
        access.path: access
        for access in await read_access(ctx.machine, "", str(worker), list(paths))
    }
    access = accesses.get(served.path)
    if access is None or (_has_fallback(ctx, config, path) and not access.denied_parts):
        return
    mistake, existing_path = _first_existing(alternatives, accesses, served.path)
    ctx.emit(
        access_as(
            PageFileAccess,
            access,
            at=at,
            url=response.url,
            elsewhere=existing_path,
            mistake=mistake,
            types_file=types_file if is_file(accesses.get(types_file)) else "",
        )
    )


def _served_file(
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


def _outdone_file(
    ctx: ProbeContext, config: NginxConfig, path: str
) -> list[tuple[PathMistake, str]]:
    """Return where the file would be if no regular expression got the request."""
    start = start_folder_of(ctx)
    files = [
        served_file(match, own_path, start=start)
        for server, own_path in ending_blocks(ctx, config, path)
        if (match := outdone_location(server, own_path))
    ]
    first = files[0] if files else None
    is_known = first is not None and not UNSAFE.search(first.path)
    return [("expression", first.path)] if first and is_known else []


async def _emit_outdone(ctx: ProbeContext, config: NginxConfig, url: str, path: str) -> None:
    """Emit a file that is where the longest prefix leads, while a regular expression passes the
    request on to an application."""
    worker = first_worker(ctx)
    files = _outdone_file(ctx, config, path)
    if worker is None or not files:
        return
    at, (mistake, file) = ctx.elapsed(), files[0]
    for access in await read_access(ctx.machine, "", str(worker), [file]):
        if is_file(access) and not access.denied_parts:
            ctx.emit(
                access_as(PageFileAccess, access, at=at, url=url, elsewhere=file, mistake=mistake)
            )


def _has_fallback(ctx: ProbeContext, config: NginxConfig, path: str) -> bool:
    """Return whether an application is asked for a file that nginx does not find. What is not
    there is then the application's."""
    return any(map(pass_directive_of, _matches(ctx, config, path)))


def _first_existing(
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


# The target itself

_INDEX = "index.html"
#: Maximum bytes of a page that are read.
MAX_PAGE = 65536


@probe(after=Exchange, needs=NginxConfig)
async def missing_target(ctx: ProbeContext, exchange: Exchange, config: NginxConfig) -> None:
    """Emit where nginx looks for a target that it answers with 404, if the file is elsewhere, or
    there after all."""
    is_missing = _is_missing_target(ctx, exchange)
    if is_missing and ctx.further_requests.begin(f"the file of {exchange.url}"):
        await _emit_target(ctx, config, exchange)


def _is_missing_target(ctx: ProbeContext, exchange: Exchange) -> bool:
    return (
        exchange.purpose == "target"
        and exchange.status in {403, 404}
        and exchange.port == ctx.target.port
    )


async def _emit_target(ctx: ProbeContext, config: NginxConfig, exchange: Exchange) -> None:
    path = urlsplit(exchange.url).path
    file = _served_file(ctx, config, path)
    if exchange.status == 403:
        if file is not None:
            await _emit_index(ctx, config, exchange, file)
        return
    served = file or _served_file(ctx, config, path, with_scripts=True)
    if served is None:
        await _emit_outdone(ctx, config, exchange.url, path)
    worker = first_worker(ctx)
    if served is None or worker is None or UNSAFE.search(served.path):
        return
    at = ctx.elapsed()
    alternatives = _target_alternatives(ctx, config, file, path) if file else []
    script = _fallback_script(ctx, config, path)
    scripts_below = _scripts_below(script, path)
    paths = dict.fromkeys(
        (served.path, script, *scripts_below, *(other_path for _, other_path in alternatives))
    )
    accesses = {
        access.path: access
        for access in await read_access(ctx.machine, "", str(worker), list(filter(None, paths)))
    }
    access = accesses.get(served.path)
    mistake, existing_path = _first_existing(alternatives, accesses, served.path)
    script_access = accesses.get(script)
    is_elsewhere = bool(existing_path) and mistake != "fallback"
    if script_access is not None and not is_file(script_access) and not is_elsewhere:
        access, mistake = script_access, "no-fallback"
        existing_path = next((file for file in scripts_below if is_file(accesses.get(file))), "")
    elif access is not None and not existing_path and not _has_folder(access, served):
        mistake = "folder"
    is_there = is_file(access) and not mistake
    if access is None or not (existing_path or is_there or mistake in {"folder", "no-fallback"}):
        return
    if mistake == "fallback" and file is not None:
        existing = {found for found in accesses if is_file(accesses[found])}
        existing_path = await _application_page(ctx, file, path, existing)
        if not existing_path:
            return
    ctx.emit(
        access_as(
            PageFileAccess,
            access,
            at=at,
            url=exchange.url,
            elsewhere=existing_path,
            mistake=mistake,
        )
    )


def _target_alternatives(
    ctx: ProbeContext, config: NginxConfig, file: ServedFile, path: str
) -> list[tuple[PathMistake, str]]:
    """Return where the target's file may be in place of where nginx looks for it, each with the
    mistake that it would show, the likeliest first."""
    match = next(_matches(ctx, config, path), None)
    hidden = hidden_indexes(match, file) if match else ()
    alternatives: list[tuple[PathMistake, str]] = [
        ("hidden", index) for index in hidden if not UNSAFE.search(index)
    ]
    alternatives += _outdone_file(ctx, config, path)
    for mistake, other_path in file.alternatives(path):
        if mistake != "base" and not (mistake == "root" and _has_another_use(config, file)):
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
    public folder of the project that `root` names."""
    worker = first_worker(ctx)
    match = next(_matches(ctx, config, served.uri), None)
    unnamed = unnamed_indexes(match, served) if match else ()
    indexes = [*unnamed, *served.public_indexes]
    if worker is None or not indexes or UNSAFE.search(served.path):
        return
    at = ctx.elapsed()
    accesses = await read_access(ctx.machine, "", str(worker), [served.path, *indexes])
    folder = next((access for access in accesses if access.path == served.path), None)
    existing = [access.path for access in accesses if access.path in indexes and is_file(access)]
    if folder is None or not existing or folder.denied_parts:
        return
    values = {field.name: getattr(folder, field.name) for field in fields(folder)}
    mistake: PathMistake = "index" if existing[0] in unnamed else "below"
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


async def _application_page(
    ctx: ProbeContext, served: ServedFile, path: str, existing: set[str]
) -> str:
    """Return the nearest existing page that shows nothing without its scripts, "" if there is none,
    or if the path cannot be one of its addresses: one with an ending.

    In a folder of its own, its scripts are named by the path of that folder: an application whose
    scripts are relative has no addresses below.
    """
    last = path.rstrip("/").rpartition("/")[2]
    if not last or "." in last or path.startswith(("/api/", "/.")):
        return ""
    for url_path, file in served.fallbacks:
        if file not in existing:
            continue
        content = await ctx.machine.read(file, MAX_PAGE)
        page = parse_page(content.text, f"{ctx.target.origin}/", len(content.text) < MAX_PAGE)
        folder = "" if file == served.fallback[1] else url_path.removesuffix(_INDEX)
        scripts = [script for script in page.files if script.is_script]
        if page.is_empty and any(
            urlsplit(script.url).path.startswith(folder) for script in scripts
        ):
            return file
    return ""
