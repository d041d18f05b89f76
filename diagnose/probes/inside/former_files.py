"""Looks beside a file of a configuration that is not there for what it was before."""

import posixpath

from diagnose.parsers.missing_files import former_files, missing_file
from diagnose.probes import ProbeContext


async def find_former(ctx: ProbeContext, message: str) -> tuple[str, tuple[str, ...]]:
    """Return the file that a message names as missing, and the files beside it that may have been
    it; "" without one."""
    path = missing_file(message)
    if not path:
        return "", ()
    return path, former_files(path, await ctx.machine.glob(f"{posixpath.dirname(path)}/*"))
