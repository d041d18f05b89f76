"""Reads where a program has the limit after which it ended a request of this run: the web server in
front answered with 502, 503 or 504 after some seconds, and the limit is of as many. A worker of
gunicorn that is ended answers with 500 where it still can (seen with gunicorn 27).

Only lines with that number are kept (docs/adr/0092).
"""

import posixpath
import re
from collections.abc import Iterable, Sequence

from diagnose.model import Vantage
from diagnose.model.applications import ReadSetting
from diagnose.model.http import Exchange
from diagnose.parsers.php_pools import ALL_POOL_FILES
from diagnose.parsers.program_place import ProgramPlace, argument_value
from diagnose.parsers.read_settings import is_plain
from diagnose.parsers.time_limits import (
    TimeLimit,
    has_option,
    settings_limits,
    source_limits,
    unit_limits,
)
from diagnose.probes import ProbeContext
from diagnose.probes.inside.framework_files import source_folders
from diagnose.probes.inside.own_setting_files import MAX_FILE

#: Seconds: what fails sooner is ended by no limit that somebody set.
SOON = 4.0
_STATUSES = frozenset({500, 502, 503, 504})
_SOURCES = (
    "server.js", "app.js", "index.js", "main.js", "*.js", "*.mjs", "*.cjs", "bin/www", "src/*.js",
    "dist/*.js",
)  # fmt: skip
#: Most files that are read, and most matches of a pattern.
_MAX_READ, _MAX_MATCHES = 20, 8


def ended_after(exchanges: Iterable[Exchange]) -> float:
    """Return after how many seconds the page failed, 0 if it did not or did so at once."""
    return max(
        (
            exchange.took
            for exchange in exchanges
            if exchange.purpose == "target"
            and exchange.status in _STATUSES
            and exchange.took >= SOON
        ),
        default=0.0,
    )


async def emit_time_limits(ctx: ProbeContext, place: ProgramPlace, took: float | None) -> None:
    """Emit the limits of the program that are of these seconds; each one if `took` is None."""
    if place.container or not place.pid:
        return
    limit_lines = list[tuple[str, TimeLimit]]()
    for path, kind in (await _files(ctx, place))[:_MAX_READ]:
        file = await ctx.machine.read(path, MAX_FILE)
        if file.failure is not None:
            continue
        limits = (
            source_limits(file.text) if kind == "source"
            else unit_limits(file.text) if kind == "unit"
            else settings_limits(file.text, kind == "python")
        )  # fmt: skip
        limit_lines += [
            (file.real or path, each) for each in limits if took is None or each.explains(took)
        ]
    # The arguments that the program runs with win against the default of its unit's line.
    is_set = has_option(place.words)
    limit_lines = [
        limit_line for limit_line in limit_lines if not (limit_line[1].is_added and is_set)
    ]
    kept = dict.fromkeys(path for path, limit in limit_lines if not limit.is_added)
    limit_lines = [
        limit_line for limit_line in limit_lines if not (limit_line[1].is_added and kept)
    ]
    for path, limit in limit_lines:
        if is_plain(limit.line):
            ctx.emit(
                ReadSetting(
                    vantage=Vantage.SERVER, at=ctx.elapsed(), application="program",
                    topic="timeout", key=limit.key, values=(f"{limit.seconds:g}",), file=path,
                    number=limit.number, line=limit.line, unsure=len(limit_lines) > 1,
                    process=place.process, unit=place.unit, starter=place.starter,
                )
            )  # fmt: skip


def project_of(words: Sequence[str]) -> str:
    """Return the folder that holds the environment of a program in Python; "/" if none is known."""
    match = re.match(r"(/[^\s]{1,300}?)/\.?v?env/", words[0]) if words else None
    return match[1] if match else "/"


async def _files(ctx: ProbeContext, place: ProgramPlace) -> list[tuple[str, str]]:
    """Return the files in which the program may have a limit, and what they are."""
    paths = dict[str, str]()
    names = " ".join((place.process, *place.words[:4]))
    if "php-fpm" in names:
        for pattern in ALL_POOL_FILES:
            paths.update(dict.fromkeys(await ctx.machine.glob(pattern), "ini"))
        version = next((part for part in place.unit.split("-") if part.startswith("php")), "")
        folder = f"/etc/php/{version.removeprefix('php')}/"
        own = {path: kind for path, kind in paths.items() if path.startswith(folder)}
        return list((own or paths).items())
    paths.update(
        (path, "unit") for path in place.unit_files if path.endswith((".service", ".conf"))
    )
    at, project = place.folder or "/", project_of(place.words)
    for option in ("-c", "--config", "--ini"):
        named = argument_value(place.words, option)
        if named and named != "true":
            for folder in (at, project):
                path = posixpath.normpath(posixpath.join(folder, named.removeprefix("file:")))
                paths[path] = "python" if path.endswith(".py") else "ini"
    for word in place.words[:12]:
        if word.endswith(".ini"):
            paths[posixpath.normpath(posixpath.join(at, word))] = "ini"
    if "gunicorn" in names:
        paths.setdefault(posixpath.join(at, "gunicorn.conf.py"), "python")
    for base in source_folders(place) if "node" in names or ".js" in names else ():
        for pattern in _SOURCES:
            path = posixpath.join(base, pattern)
            matches = (await ctx.machine.glob(path))[:_MAX_MATCHES] if "*" in path else [path]
            for match in matches:
                paths.setdefault(match, "source")
    return list(paths.items())
