"""Looks for the pool of PHP-FPM whose socket is missing: a pool file that names it, while another
pool of the same PHP-FPM has its socket, was not read since PHP-FPM was started."""

import posixpath
import re
import shlex

from diagnose.model import Vantage
from diagnose.model.applications import ReadSetting
from diagnose.model.containers import NginxContainer
from diagnose.parsers.php_pools import POOL_FILES, fpm_unit, listens_in
from diagnose.probes import ProbeContext

_MAX_FILE = 64 << 10
#: A socket of which the name has no pattern of the shell.
_SOCKET = re.compile(r"/[\w./@+:-]{1,300}")


async def emit_pool(ctx: ProbeContext, socket: str) -> None:
    """Emit the line of the only pool that names this missing socket, if a sister has its own."""
    if not _SOCKET.fullmatch(socket) or ctx.observed(NginxContainer):
        return
    if not ctx.further_requests.begin(f"pool of {socket}"):
        return
    pools = dict[str, dict[str, int]]()
    for pattern in POOL_FILES:
        for file in await ctx.machine.read_all(pattern, _MAX_FILE):
            if file.failure is None:
                pools[file.real or file.path] = listens_in(file.text)
    named = [path for path, listens in pools.items() if socket in listens]
    if len(named) != 1:
        return
    own = named[0]
    sisters = [
        listen
        for path, listens in pools.items()
        if posixpath.dirname(path) == posixpath.dirname(own)
        for listen in listens
        if listen != socket and _SOCKET.fullmatch(listen)
    ]
    for sister in sisters:
        if await ctx.machine.glob(sister):
            ctx.emit(_read(ctx, own, pools[own][socket], socket, sister))
            return


def _read(ctx: ProbeContext, file: str, number: int, socket: str, sister: str) -> ReadSetting:
    return ReadSetting(
        vantage=Vantage.SERVER, at=ctx.elapsed(), application="php", topic="pool", key="listen",
        values=(socket, sister), file=file, number=number, unit=fpm_unit(file), stale=True,
        equivalent=f"grep -n ^listen {shlex.quote(file)}",
    )  # fmt: skip
