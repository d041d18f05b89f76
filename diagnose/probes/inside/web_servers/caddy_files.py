"""Reads Caddy's files and lets Caddy translate them (`caddy adapt`)."""

import asyncio
import posixpath
import shlex

from diagnose.machine import FileContent
from diagnose.model.frozen import frozen
from diagnose.model.web_servers import WebServer
from diagnose.parsers.caddy.caddyfile import import_patterns, uses_environment
from diagnose.parsers.caddy.document import decode
from diagnose.probes import ProbeContext
from diagnose.probes.inside.unanswered import emit_unanswered

#: Maximum number of files, of bytes of each, and of rounds of imports.
MAX_FILES, MAX_BYTES, MAX_ROUNDS = 200, 1 << 20, 4

#: What is not known if the files cannot be read or translated.
DISK_SUBJECT = "Caddy's configuration"


@frozen
class Disk:
    """The configuration on disk: the files, and the JSON that Caddy makes of them, None if it
    refuses them. `is_native` is True if the file itself is that JSON: it has no lines to name."""

    files: tuple[FileContent, ...]
    document: object
    is_native: bool = False


async def read_disk(ctx: ProbeContext, server: WebServer) -> Disk:
    """Read the files and adapt them. If they take values from the process's environment, which
    is not known, nothing is concluded from them."""
    if not server.test:
        return await _read_native(ctx, server.config)
    files, result = await asyncio.gather(
        _read_files(ctx, server.config), ctx.machine.run(*server.test)
    )
    if result.status is None:
        emit_unanswered(ctx, DISK_SUBJECT, result, shlex.join(server.test))
    if result.status != 0 or any(uses_environment(file.text) for file in files):
        return Disk(files, None)
    return Disk(files, await asyncio.to_thread(decode, result.out))


async def _read_native(ctx: ProbeContext, path: str) -> Disk:
    """Read a file of Caddy's own JSON."""
    if not path.endswith(".json"):
        return Disk((), None)
    content = await ctx.machine.read(path, MAX_BYTES)
    document = None if content.failure else await asyncio.to_thread(decode, content.text)
    return Disk((), document, document is not None)


async def _read_files(ctx: ProbeContext, path: str) -> tuple[FileContent, ...]:
    """Read the Caddyfile and what it imports, round by round."""
    files = {path: await ctx.machine.read(path, MAX_BYTES)}
    new = list(files.values())
    for _ in range(MAX_ROUNDS):
        patterns = dict.fromkeys(
            pattern
            for file in new
            for pattern in import_patterns(file.text, posixpath.dirname(file.path))
        )
        if not patterns or len(files) >= MAX_FILES:
            break
        groups = await asyncio.gather(
            *(ctx.machine.read_all(pattern, MAX_BYTES) for pattern in list(patterns)[:MAX_FILES])
        )
        new = [file for group in groups for file in group if file.path not in files]
        files |= {file.path: file for file in new[:MAX_FILES]}
    return tuple(files.values())
