"""Reads where PHP has the limit that it wrote into nginx's error log ("POST Content-Length of …
bytes exceeds the limit of … bytes", "Allowed memory size of … bytes exhausted", "Maximum execution
time of … seconds exceeded"): php.ini, a pool of PHP-FPM, .user.ini, or what nginx hands on
(`fastcgi_param PHP_VALUE`).

Only a line whose value is that limit is kept. Where several have it, the one that wins over the
others; none where two of a kind have it: with several versions of PHP it is not known which of them
answers.
"""

import re
from collections.abc import Iterator
from dataclasses import replace

from diagnose.model import Vantage
from diagnose.model.applications import ReadSetting
from diagnose.model.http import Exchange
from diagnose.model.logs import LogLine
from diagnose.model.nginx import Directive, NginxConfig
from diagnose.parsers.nginx.error_log import matching_lines
from diagnose.parsers.nginx.final_requests import final_location
from diagnose.parsers.nginx.proxy_headers import parse_size, size_text
from diagnose.parsers.php_failures import logged_failure, php_version
from diagnose.parsers.php_limits import PhpLimit, passed_limit, php_limits, raised_memory
from diagnose.parsers.php_pools import fpm_unit
from diagnose.parsers.php_warnings import DROPPED_BODY
from diagnose.parsers.sanitize import UNSAFE
from diagnose.probes import ProbeContext
from diagnose.probes.inside.answering_blocks import answering_blocks
from diagnose.probes.inside.folder_contents import folders_above
from diagnose.probes.inside.own_setting_files import MAX_FILE
from diagnose.probes.inside.web_folders import web_folders

#: What is raised of what a body may have.
_SIZES = ("post_max_size", "upload_max_filesize")
#: The setting of a limit at which PHP stops, by its kind.
_STOPS = {"memory": "memory_limit", "time": "max_execution_time"}
#: The seconds that nginx waits (fastcgi_read_timeout).
_SECONDS = 60

#: Debian's and Ubuntu's files, those of Fedora, and those that are built from source.
_FILES = (
    "/etc/php/*/fpm/php.ini", "/etc/php/*/fpm/conf.d/9*.ini", "/etc/php/*/fpm/pool.d/*.conf",
    "/etc/php.ini", "/etc/php.d/9*.ini", "/etc/php-fpm.d/*.conf", "/usr/local/etc/php/php.ini",
    "/usr/local/lib/php.ini",
)  # fmt: skip
_MAX_FILES = 24
_VERSION = re.compile(r"/etc/php/(\d\.\d)/")


async def emit_limits(ctx: ProbeContext, line: LogLine) -> None:
    """Emit the lines of the file that has the limit, once."""
    match = DROPPED_BODY.search(line.text)
    if match is None or not ctx.further_requests.begin("PHP's limits"):
        return
    sent, limit = int(match[1]), int(match[2])
    path, limits = await _only_file(ctx, "post_max_size", limit)
    wanted = _larger_limit(ctx, sent)
    for each in sorted(limits.values(), key=lambda each: each.key):
        if each.key in _SIZES and 0 < each.size < sent:
            ctx.emit(_read(ctx, path, each, wanted))


async def emit_stop(ctx: ProbeContext, line: LogLine) -> None:
    """Emit the line with the limit at which PHP stopped, once."""
    failure = logged_failure(line.text)
    key = _STOPS.get(failure.kind, "") if failure else ""
    if failure is None or not key or not failure.amount or not _page_fails(ctx):
        return
    if not matching_lines([line], host=ctx.target.host):
        return
    if not ctx.further_requests.begin(f"PHP's {key}"):
        return
    path, limits = await _only_file(ctx, key, failure.amount, php_version(line.upstream))
    if not path or (key != "memory_limit" and failure.amount >= _SECONDS):
        return  # what takes longer than nginx waits has to become quicker
    wanted = raised_memory(failure.amount) if key == "memory_limit" else str(_SECONDS)
    read = _read(ctx, path, limits[key], wanted)
    ctx.emit(replace(read, topic=failure.kind, vantage=Vantage.SERVER, at=read.at))


def _page_fails(ctx: ProbeContext) -> bool:
    """Return whether a page of this run failed, so that a line of the log may say why."""
    pages = ctx.observed(Exchange)
    return any((page.status or 0) >= 500 or "atal error" in page.body[-8192:] for page in pages)


async def _only_file(
    ctx: ProbeContext, key: str, limit: int, version: str = ""
) -> tuple[str, dict[str, PhpLimit]]:
    """Return the file that has this limit, of this version of PHP if it is known, and all of its
    limits: the one that wins over others with the same limit. "" if there is none, or several."""
    files: list[tuple[tuple[int, int], str, dict[str, PhpLimit]]] = []
    for path in (await _paths(ctx))[:_MAX_FILES]:
        if version and (_VERSION.search(path) or ["", version])[1] != version:
            continue
        file = await ctx.machine.read(path, MAX_FILE)
        limits = php_limits(file.text) if file.failure is None else {}
        if key in limits and limits[key].size == limit:
            files.append((_rank(path, limits[key]), file.real or path, limits))
    for path, passed in _passed_limits(ctx):
        if (passed.key, passed.size) == (key, limit):
            files.append((_rank(path, passed), path, {key: passed}))
    first = max((rank for rank, _, _ in files), default=None)
    winning = {path: limits for rank, path, limits in files if rank == first}
    return next(iter(winning.items())) if len(winning) == 1 else ("", {})


def _rank(path: str, limit: PhpLimit) -> tuple[int, int]:
    """Return how much a place counts: what is binding, then the .user.ini of the deepest folder,
    then what nginx hands on, then the pool, and php.ini and its conf.d last (php.net, "The
    configuration file", ".user.ini files")."""
    if limit.is_binding:
        return 5, 0
    if path.endswith("/.user.ini"):
        return 4, len(path)
    if limit.line.lstrip().startswith("fastcgi_param"):
        return 3, 0
    if limit.line.lstrip().startswith("php_value["):
        return 2, 0
    return (1, 0) if ".d/" in path else (0, 0)


def _passed_limits(ctx: ProbeContext) -> Iterator[tuple[str, PhpLimit]]:
    """Yield the limits that the blocks of nginx that answer the target hand on to PHP-FPM, with
    their files. A line in several rows is not read."""
    for config in ctx.observed(NginxConfig)[:1]:
        texts = {file.path: file.text.split("\n") for file in config.files}
        for _, server in answering_blocks(ctx, config):
            for directive in _parameters(server.block):
                rows = texts.get(directive.file, [])
                row = rows[directive.line - 1] if 0 < directive.line <= len(rows) else ""
                if limit := passed_limit(row, directive.line):
                    yield directive.file, limit


def _parameters(block: Directive) -> Iterator[Directive]:
    for directive in block.block or ():
        if directive.name == "fastcgi_param":
            yield directive
        elif directive.name == "location":
            yield from _parameters(directive)


async def _paths(ctx: ProbeContext) -> list[str]:
    names = folders_above(ctx.target.path_without_query)
    own = [
        f"{folder.rstrip('/')}{name.rstrip('/')}/.user.ini"
        for folder in web_folders(ctx)
        for name in names
        if not UNSAFE.search(folder + name)
    ]
    paths = dict.fromkeys(own)
    for pattern in _FILES:
        paths.update(dict.fromkeys(await ctx.machine.glob(pattern)))
    return list(paths)


def _larger_limit(ctx: ProbeContext, sent: int) -> str:
    """Return nginx's own limit if it is larger, as it is what somebody chose; else the next power
    of two."""
    for config in ctx.observed(NginxConfig)[:1]:
        for _, server in answering_blocks(ctx, config):
            line = final_location(server, ctx.target.path).directive("client_max_body_size")
            size = parse_size(line.args[0]) if line is not None and line.args else None
            if size and size >= sent and not size % (1 << 20):
                return size_text(size).upper()
    return size_text(next(1 << shift for shift in range(20, 64) if 1 << shift >= sent)).upper()


def _read(ctx: ProbeContext, path: str, limit: PhpLimit, wanted: str) -> ReadSetting:
    unit = fpm_unit(path) if path.startswith("/etc/") else ""
    is_passed = limit.line.lstrip().startswith("fastcgi_param")
    is_read_each_time = is_passed or path.endswith("/.user.ini")
    return ReadSetting(
        vantage=Vantage.SERVER, at=ctx.elapsed(), application="php", topic="upload", key=limit.key,
        values=(str(limit.size),), wanted=wanted, file=path, number=limit.number, line=limit.line,
        new=limit.raised(wanted), unit="" if is_read_each_time else unit,
        needs_restart=not is_read_each_time, load=("nginx", "-s", "reload") if is_passed else (),
    )  # fmt: skip
