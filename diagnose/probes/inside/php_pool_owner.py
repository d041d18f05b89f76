"""Reads who owns a socket of PHP-FPM by the file of its pool, where nginx's user may not write to
the socket itself: what is changed on the socket is lost when PHP-FPM starts again."""

from diagnose.model import Vantage
from diagnose.model.applications import ReadSetting
from diagnose.model.upstream import UpstreamSocket
from diagnose.parsers.linux.file_permissions import blocking_path
from diagnose.parsers.php_pools import ALL_POOL_FILES, fpm_unit, socket_owner
from diagnose.parsers.sanitize import UNSAFE
from diagnose.probes import ProbeContext
from diagnose.probes.inside.own_setting_files import MAX_FILE

_MAX_FILES = 24
#: The socket's owner may write, who is then nginx's user.
_OWNER_WRITES = "w"


async def emit_owner(ctx: ProbeContext, socket: UpstreamSocket) -> None:
    """Emit the line of the owner, if the pool's file is the only one with this socket."""
    own = socket.above[0] if socket.above else None
    blocker = blocking_path(socket.above, socket.user or 0, socket.groups) if socket.user else None
    user = socket.names[0]
    if own is None or blocker is not own or own.extended or own.mode[2:3] != _OWNER_WRITES:
        return
    if not user or UNSAFE.search(user) or not ctx.further_requests.begin(f"pool of {socket.path}"):
        return
    paths = [path for pattern in ALL_POOL_FILES for path in await ctx.machine.glob(pattern)]
    owners = []
    for path in paths[:_MAX_FILES]:
        file = await ctx.machine.read(path, MAX_FILE)
        if file.failure is None and (owner := socket_owner(file.text, socket.path)):
            owners.append((file.real or path, owner))
    if len(owners) != 1:
        return
    path, owner = owners[0]
    ctx.emit(
        ReadSetting(
            vantage=Vantage.SERVER, at=ctx.elapsed(), application="php", topic="socket",
            key="listen.owner", values=(owner.value,) if owner.value else (), wanted=user,
            source="nowhere" if owner.added else "file", file=path, number=owner.number,
            line=owner.line, new=f"listen.owner = {user}", added=owner.added,
            unit=fpm_unit(path),
        )
    )  # fmt: skip
