"""Looks at the folder in which PHP keeps sessions, after PHP's own warning that it cannot: whether
the user of PHP-FPM's processes may write there. And finds such warnings in nginx's error log.
"""

import shlex
from dataclasses import asdict

from diagnose.machine.script_files import read_script
from diagnose.model import Vantage
from diagnose.model.files import SessionFolderAccess
from diagnose.model.logs import LogLine
from diagnose.model.pages import PhpMessage
from diagnose.parsers.nginx.error_log import matching_lines
from diagnose.parsers.php_warnings import logged_warning
from diagnose.parsers.sanitize import UNSAFE
from diagnose.parsers.whole_numbers import whole_number
from diagnose.probes import ProbeContext
from diagnose.probes.inside.file_access import access_as, read_access

SCRIPT = read_script(__file__, "php_pools.sh")


async def emit_access(ctx: ProbeContext, message: PhpMessage) -> None:
    """Emit who may write in the folder, once."""
    if not message.folder or UNSAFE.search(message.folder):
        return
    if not ctx.further_requests.begin("folder of sessions"):
        return
    at = ctx.elapsed()
    result = await ctx.machine.run("sh", "-c", SCRIPT)
    pid = only_pool(result.out)
    # Without one user nothing can be said of its rights: there may be a pool for each site.
    for access in await read_access(ctx.machine, "", pid, [message.folder]) if pid else ():
        ctx.emit(access_as(SessionFolderAccess, access, at=at))


def only_pool(text: str) -> str:
    """Return a process of the pools, if all have one user; "" otherwise."""
    words = [line.split() for line in text.splitlines()]
    pools = [
        (pid, user)
        for head, pid, user in (each for each in words if len(each) == 3)
        if head == "pool" and whole_number(pid) is not None
    ]
    return pools[0][0] if len({user for _, user in pools}) == 1 else ""


def emit_logged(ctx: ProbeContext, line: LogLine) -> None:
    """Emit a warning that a request for the target's path left in the log, once of each kind."""
    path = ctx.target.path_without_query
    warning = logged_warning(line.text)
    if warning is None or not matching_lines([line], host=ctx.target.host, path=path):
        return
    if any(seen.warning == warning.warning for seen in ctx.observed(PhpMessage)):
        return
    ctx.emit(
        PhpMessage(
            vantage=Vantage.SERVER,
            at=ctx.elapsed(),
            equivalent=f"grep 'PHP Warning' {shlex.quote(line.file)}",
            url=ctx.target.url,
            port=ctx.target.port,
            log=line.file,
            times=line.times,
            written=line.written,
            **asdict(warning),
        )
    )
