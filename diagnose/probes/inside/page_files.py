"""Probes for the files of the site: those that nginx's workers may not read, as its error log names
them, and those that the page loads and browsers do not use.
"""

import posixpath
from urllib.parse import urlsplit

from diagnose.machine import HasOwnRoot
from diagnose.model.files import (
    Access,
    PageAccess,
    PageFileAccess,
    PasswordFileAccess,
)
from diagnose.model.http import Exchange
from diagnose.model.logs import LogLine
from diagnose.model.nginx import NginxConfig
from diagnose.model.pages import PageFileResponse
from diagnose.parsers.browser_types import refusal
from diagnose.parsers.front_ends import build_pages, is_source
from diagnose.parsers.nginx import error_log
from diagnose.parsers.nginx.file_paths import (
    password_file,
    password_path,
)
from diagnose.parsers.nginx.upstreams import pass_directive_of
from diagnose.parsers.sanitize import UNSAFE
from diagnose.probes import ProbeContext, is_first, probe
from diagnose.probes.inside.file_access import access_as, is_file, read_access
from diagnose.probes.inside.nginx_processes import first_worker
from diagnose.probes.inside.served_files import (
    emit_outdone,
    first_existing,
    location_matches,
    outdone_file,
    served_file_of,
)

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
        beside = await _closed_beside(ctx, access)
        ctx.emit(access_as(PageAccess, access, at=at, beside=beside))


async def _closed_beside(ctx: ProbeContext, access: Access) -> int:
    """Return how many other files for browsers in the folder of a closed one have its owner, its
    group and its mode."""
    file = access.parts[-1] if access.parts and not access.parts[-1].folder else None
    is_closed = file is not None and file in access.denied_parts
    if file is None or not is_closed or isinstance(ctx.machine, HasOwnRoot):
        return 0
    # Imported late: few files are closed.
    from diagnose.model.commands import FOR_BROWSERS

    names = [word for end in FOR_BROWSERS for word in ("-o", "-iname", f"*.{end}")][1:]
    folder = posixpath.dirname(file.path)
    result = await ctx.machine.run(
        "find", folder, "-maxdepth", "1", "-not", "-name", ".*", "-type", "f",
        "-perm", f"{file.mode:04o}", "-user", str(file.uid), "-group", str(file.gid),
        "(", *names, ")",
    )  # fmt: skip
    return sum(line.startswith("/") and line != file.path for line in result.out.split("\n"))


@probe(after=Exchange, needs=NginxConfig)
async def of_passwords(ctx: ProbeContext, exchange: Exchange, config: NginxConfig) -> None:
    """Emit who may read the passwords that the target asks for."""
    if not is_first(ctx, exchange, _asks_for_password):
        return
    folder = posixpath.dirname(config.path)
    matches = location_matches(ctx, config, ctx.target.path)
    files = (password_file(match, folder) for match in matches)
    paths = dict.fromkeys(password_path(file, folder) for file in files if file)
    worker = first_worker(ctx)
    if not paths or worker is None or any(map(UNSAFE.search, paths)):
        return
    at = ctx.elapsed()
    for access in await read_access(ctx.machine, "", str(worker), list(paths)[:MAX_FILES]):
        ctx.emit(access_as(PasswordFileAccess, access, at=at))


def _asks_for_password(ctx: ProbeContext, exchange: Exchange) -> bool:
    return exchange.is_page_of(ctx.target) and exchange.status == 401


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
    served = served_file_of(ctx, config, path)
    if served is None:
        await emit_outdone(ctx, config, response.url, path)
    worker = first_worker(ctx)
    if served is None or worker is None or UNSAFE.search(served.path):
        return
    at, page_path = ctx.elapsed(), urlsplit(response.page).path
    alternatives = [*outdone_file(ctx, config, path), *served.alternatives(page_path)]
    if is_source(path) and served.path.endswith(path):
        pages = build_pages(served.path.removesuffix(path))
        alternatives = [("below", page) for page in pages if not UNSAFE.search(page)]
    if _sends_compressed_files(ctx, config, path):
        alternatives.append(("compressed", f"{served.path}.gz"))
    types_file = posixpath.join(posixpath.dirname(config.path), "mime.types")
    paths = dict.fromkeys((served.path, types_file, *(path for _, path in alternatives)))
    accesses = {
        access.path: access
        for access in await read_access(ctx.machine, "", str(worker), list(paths))
    }
    access = accesses.get(served.path)
    if access is None or (_has_fallback(ctx, config, path) and not access.denied_parts):
        return
    mistake, existing_path = first_existing(alternatives, accesses, served.path)
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
    if not existing_path and not is_file(access):
        # Imported late: few names differ in their case.
        from diagnose.probes.inside.other_case import emit_other_case

        await emit_other_case(ctx, response.url, served.folder, served.path)


def _sends_compressed_files(ctx: ProbeContext, config: NginxConfig, path: str) -> bool:
    """Return whether nginx looks for a compressed file beside this one (gzip_static)."""
    lines = (match.directive("gzip_static") for match in location_matches(ctx, config, path))
    return any(line is not None and line.args[:1] in {("on",), ("always",)} for line in lines)


def _has_fallback(ctx: ProbeContext, config: NginxConfig, path: str) -> bool:
    """Return whether an application is asked for a file that nginx does not find. What is not
    there is then the application's."""
    return any(map(pass_directive_of, location_matches(ctx, config, path)))
