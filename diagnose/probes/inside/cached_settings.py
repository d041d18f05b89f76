"""The settings of Laravel as it keeps them: `php artisan config:cache` writes all of them into one
file, and .env is not read any more (laravel.com/docs/configuration, "Configuration Caching")."""

import posixpath
from dataclasses import replace

from diagnose.model.applications import ReadSetting
from diagnose.probes import ProbeContext

#: Below the folder of .env, and the most bytes of it.
CACHED, MAX_CACHED = "bootstrap/cache/config.php", 512 << 10
#: What env() makes something else of (Illuminate\\Support\\Env).
_NO_TEXT = frozenset({"true", "false", "null", "empty", "(true)", "(false)", "(null)", "(empty)"})


async def with_cached(ctx: ProbeContext, read: ReadSetting) -> ReadSetting:
    """Return a setting of an .env with the kept settings that are in force in its place, and the
    command that takes them away. It is stale if they do not have its value."""
    folder = posixpath.dirname(read.file)
    if read.container or posixpath.basename(read.file) != ".env" or read.load:
        return read
    file = posixpath.join(folder, CACHED)
    content = await ctx.machine.read(file, MAX_CACHED)
    if content.failure is not None or not content.text:
        return read
    value = ",".join(read.values)
    is_text = len(value) > 3 and value.lower() not in _NO_TEXT
    is_stale = read.source == "file" and is_text and f"'{value}" not in content.text
    load = ("php", posixpath.join(folder, "artisan"), "config:clear")
    return replace(read, cached=file, stale=read.stale or is_stale, load=load)
