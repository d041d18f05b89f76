"""Probes for who may connect to an application: permissions of Unix sockets, and SELinux.

Root may connect to everything, so our own connection proves nothing for nginx's workers.
"""

import shlex
from dataclasses import replace

from diagnose.machine.script_files import read_script
from diagnose.model import Failure, Vantage
from diagnose.model.nginx import NginxBuild, NginxConfig
from diagnose.model.upstream import Selinux, UnixListeners, UpstreamSocket
from diagnose.parsers.linux import file_permissions
from diagnose.parsers.linux import selinux as selinux_parser
from diagnose.parsers.sanitize import clean
from diagnose.probes import ProbeContext
from diagnose.probes.inside.nginx_processes import own_masters

_LISTENING = read_script(__file__, "unix_listeners.sh") + "\n"
SOCKETS_SCRIPT = _LISTENING + read_script(__file__, "upstream_sockets.sh")
LISTENERS_SCRIPT = _LISTENING + "listening"

SELINUX_SCRIPT = read_script(__file__, "selinux.sh")


async def emit_sockets(ctx: ProbeContext, config: NginxConfig, paths: list[str]) -> None:
    """Emit the permissions of these sockets. Root may use any socket, so no connection is tried."""
    if not paths:
        return
    master = next((str(master.pid) for master in own_masters(ctx)), "0")
    await _emit(ctx, master, _configured_user(ctx, config), paths)


async def emit_socket_of(ctx: ProbeContext, pid: int, path: str) -> None:
    """Emit the permissions of a socket of an application behind another server, whose main process
    is `pid`, with the user of that server's processes."""
    await _emit(ctx, str(pid), "/", [path])


async def _emit(ctx: ProbeContext, master: str, user: str, paths: list[str]) -> None:
    at = ctx.elapsed()
    result = await ctx.machine.run("sh", "-c", SOCKETS_SCRIPT, "sh", master, user, *paths)
    for socket in parse_sockets(result.out):
        ctx.emit(replace(socket, at=at, took=result.took))
        if socket.failure is not None and socket.failure.kind == "missing":
            # Imported late: few sockets are missing.
            from diagnose.probes.inside.php_pools import emit_pool

            await emit_pool(ctx, socket.path)
        is_closed = socket.user is not None and file_permissions.blocking_path(
            socket.above, socket.user, socket.groups
        )
        if is_closed and ("php" in socket.path or "fpm" in socket.path):
            from diagnose.probes.inside.php_pool_owner import emit_owner

            await emit_owner(ctx, socket)


async def emit_listeners(ctx: ProbeContext) -> None:
    """Emit the Unix sockets on which programs listen, once per run."""
    if ctx.observed(UnixListeners):
        return
    at = ctx.elapsed()
    result = await ctx.machine.run("sh", "-c", LISTENERS_SCRIPT)
    if result.failure is None and not ctx.observed(UnixListeners):
        ctx.emit(
            UnixListeners(
                vantage=Vantage.SERVER,
                at=at,
                took=result.took,
                equivalent="ss -lxp",
                sockets=_listening(result.out.splitlines()),
            )
        )


def _listening(lines: list[str]) -> tuple[str, ...]:
    paths = (line.partition(" ")[2] for line in lines if line.startswith("listens "))
    return tuple(clean(path) for path in paths)


def _configured_user(ctx: ProbeContext, config: NginxConfig) -> str:
    """Return the user from the configuration, else from the build (ngx_core_module, `user`)."""
    directive_users = [
        directive.args[0]
        for directive in config.main
        if directive.name == "user" and directive.args
    ]
    build_users = [
        argument.partition("=")[2]
        for build in ctx.observed(NginxBuild)
        for argument in build.arguments
        if argument.startswith("--user=")
    ]
    return next(iter([*directive_users, *build_users]), "nobody")


def parse_sockets(text: str) -> tuple[UpstreamSocket, ...]:
    """Parse the output of SOCKETS_SCRIPT."""
    head, *parts = text.split("\nsocket ")
    fields = dict(line.partition(" ")[::2] for line in head.splitlines())
    number, _, name = fields.get("user", "").partition(" ")
    user = int(number) if number.isdecimal() else None
    groups = tuple(int(group) for group in fields.get("groups", "").split() if group.isdecimal())
    root = clean(fields.get("root", ""))
    sockets = (_parse_socket(part, user, groups, clean(name, 40)) for part in parts)
    return tuple(replace(socket, root=root) for socket in sockets)


def _parse_socket(
    part: str, user: int | None, groups: tuple[int, ...], name: str
) -> UpstreamSocket:
    path, *lines = part.splitlines()
    group = next((line.partition(" ")[2] for line in lines if line.startswith("group ")), "")
    ls_lines = [line for line in lines if not line.startswith(("group ", "listens "))]
    above, at, failure = [], path, None
    for number, line in enumerate(ls_lines):
        if permissions := file_permissions.parse_ls_line(at, line):
            above.append(permissions)
        elif not number:
            denied = "Permission denied" in line
            failure = Failure("denied" if denied else "missing", clean(line.rpartition(": ")[2]))
        at = at.rpartition("/")[0] or "/"
    return UpstreamSocket(
        vantage=Vantage.SERVER,
        equivalent=f"namei -l {shlex.quote(path)}",
        failure=failure,
        path=path,
        above=tuple(above),
        user=user,
        groups=groups,
        names=(name, clean(group, 40)),
        listening=_listening(lines),
    )


# SELinux


async def emit_selinux(ctx: ProbeContext) -> None:
    """Emit the SELinux state, once per run."""
    if ctx.observed(Selinux) or not ctx.options.wants("upstream"):
        return
    at = ctx.elapsed()
    result = await ctx.machine.run("sh", "-c", SELINUX_SCRIPT)
    selinux = parse_selinux(result.out)
    if selinux and not ctx.observed(Selinux):
        ctx.emit(replace(selinux, at=at, took=result.took))


def parse_selinux(text: str) -> Selinux | None:
    """Parse the output of SELINUX_SCRIPT; return None without SELinux."""
    lines = text.splitlines()
    mode = next((line.partition(" ")[2] for line in lines if line.startswith("mode ")), "")
    if not mode:
        return None
    return Selinux(
        vantage=Vantage.SERVER,
        equivalent="getenforce; getsebool httpd_can_network_connect; ausearch -m avc -c nginx",
        mode=clean(mode, 20),
        booleans=selinux_parser.booleans(text),
        denials=selinux_parser.denials(text)[:20],
        logged="logged" in lines,
    )
