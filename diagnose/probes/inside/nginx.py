"""Probes for nginx on the server: its processes, its build, its configuration, and `nginx -t`.

A server may have several nginx programs and configurations: the running master decides which are
probed. One script lists the processes; then everything else runs concurrently.
"""

import asyncio
import re
import shlex
from dataclasses import replace
from typing import TYPE_CHECKING

from diagnose.machine import CommandResult
from diagnose.model import Failure, Vantage
from diagnose.model.frozen import frozen
from diagnose.model.nginx import (
    NginxBuild,
    NginxConfig,
    NginxProcess,
    NginxState,
    NginxTest,
    fatal,
)
from diagnose.parsers.nginx import config as nginx_parser
from diagnose.parsers.nginx import install_paths
from diagnose.parsers.sanitize import clean
from diagnose.probes import ProbeContext, emit_not_observed, probe
from diagnose.probes.inside.nginx_certificates import observe_certificates, observe_rejected_pairs
from diagnose.probes.inside.nginx_config import (
    MAX_OTHER_FILES,
    config_path,
    read_config_tree,
    serves_target,
)
from diagnose.probes.inside.nginx_processes import (
    LIST_COMMAND,
    Listing,
    master_processes,
    parse_listing,
)
from diagnose.probes.inside.unanswered import emit_if_too_slow

if TYPE_CHECKING:
    from diagnose.probes.inside.nginx_container import Entry

#: Maximum number of programs examined that do not run.
MAX_PROGRAMS = 4

#: Takes the right to change owners away from a command (capabilities(7), CAP_CHOWN).
KEEP_OWNERS = ("setpriv", "--bounding-set=-chown")

#: What nginx says where it could not change an owner, and once it has read all files.
_OWNER = re.compile(r"chown\(.{1,4000}\) failed \(1: ")
_SYNTAX_OK = "syntax is ok"

#: Maximum number of bytes that are read to know the user of the configuration.
_MAX_FILE = 262144


@frozen
class Program:
    """An nginx program to probe: its path and the options of its master process."""

    path: str
    options: tuple[str, ...] = ()

    def argv(self, *words: str) -> tuple[str, ...]:
        return (self.path, *self.options, *words)


@probe()
async def nginx(ctx: ProbeContext) -> None:
    if not ctx.options.wants("nginx") and not ctx.options.wants("websocket"):
        return
    at = ctx.elapsed()
    result = await ctx.machine.run(*LIST_COMMAND)
    if result.status is None:
        emit_if_too_slow(ctx, "nginx", result)
        return
    listing = parse_listing(result.out)
    running = await _sort_masters(ctx, listing)
    entry = await _find_entry(ctx, listing, running)
    if entry is not None:
        other_masters = (master for master in running if master.pid != entry.master.pid)
        running = (entry.master, *(replace(master, foreign=True) for master in other_masters))
    ctx.emit(
        NginxState(
            vantage=Vantage.SERVER,
            at=at,
            took=result.took,
            equivalent="ps -eo pid,ppid,lstart,args | grep [n]ginx",
            installed=bool(listing.programs or running),
            masters=running,
            programs=listing.programs if entry is None else (),
        )
    )
    if entry is not None:
        from diagnose.probes.inside.nginx_container import observe_entry

        await observe_entry(ctx, entry)
        return
    own_masters = [master for master in running if not master.foreign]
    if own_masters and own_masters[0].binary.startswith("/"):
        await _observe_program(
            ctx, listing, Program(own_masters[0].binary, own_masters[0].arguments)
        )
    elif listing.programs:
        program_path = (
            listing.programs[0] if own_masters else await _select_idle_program(ctx, listing)
        )
        await _observe_program(
            ctx, listing, Program(program_path, own_masters[0].arguments if own_masters else ())
        )
    elif running:
        if all(master.user in {None, 0, listing.user} for master in running):
            reason, enable = "it runs in a container", "docker exec … nginx -T"
        else:
            reason, enable = "another user runs it", f"sudo -u \\#{running[0].user} nginx -T"
        emit_not_observed(ctx, "nginx's configuration", reason, enable)


async def _find_entry(
    ctx: ProbeContext, listing: Listing, masters: tuple[NginxProcess, ...]
) -> "Entry | None":
    """Return the nginx in a container that has the target's port, if any."""
    if not any(master.foreign for master in masters):
        return None
    # Imported late: few servers have such a one.
    from diagnose.probes.inside.nginx_container import find_entry

    return await find_entry(ctx, listing, masters)


async def _sort_masters(ctx: ProbeContext, listing: Listing) -> tuple[NginxProcess, ...]:
    """Return the masters; of several on this machine, the one with the target's port first."""
    masters = master_processes(listing)
    if len([master for master in masters if not master.foreign]) < 2:
        return masters
    socket_list = await ctx.machine.listeners()
    sockets = () if isinstance(socket_list, Failure) else socket_list
    holders = {socket.pid for socket in sockets if socket.port == ctx.target.port}
    holders |= {process.parent for process in listing.processes if process.pid in holders}
    return tuple(sorted(masters, key=lambda master: master.pid not in holders))


async def _select_idle_program(ctx: ProbeContext, listing: Listing) -> str:
    """Return the program to probe if none runs.

    It is the first whose configuration serves the target, else the first one listed.
    """
    for path in listing.programs[:MAX_PROGRAMS] if len(listing.programs) > 1 else ():
        version_output = dict(listing.builds).get(path)
        if version_output is None:
            result = await ctx.machine.run(path, "-V")
            version_output = result.err + result.out
        config_file = config_path(install_paths.parse_build(version_output), ())
        tree = await read_config_tree(ctx.machine, config_file, MAX_OTHER_FILES)
        if serves_target(tree.main, ctx.target):
            return path
    return listing.programs[0]


async def _observe_program(ctx: ProbeContext, listing: Listing, program: Program) -> None:
    """Probe one program: find its configuration from its build, then test and read it together."""
    at = ctx.elapsed()
    version_output = dict(listing.builds).get(program.path)
    if version_output is None:
        result = await ctx.machine.run(program.path, "-V")
        if result.failure is not None:
            emit_not_observed(ctx, "nginx -V", result.failure.message, f"sudo {program.path} -V")
            return
        version_output = result.err + result.out
    build = install_paths.parse_build(version_output)
    path = config_path(build, program.options)
    ctx.emit(
        NginxBuild(
            vantage=Vantage.SERVER,
            at=at,
            took=ctx.elapsed() - at,
            equivalent=shlex.join((program.path, "-V")),
            binary=program.path,
            version=clean(build.version),
            arguments=build.arguments,
            config=build.config,
            prefix=build.prefix,
        )
    )
    await asyncio.gather(
        _run_config_test(ctx, listing, program, path, build.arguments),
        _observe_config(ctx, path, shlex.join(program.argv("-T"))),
    )
    await observe_rejected_pairs(ctx)


def _is_restricted(ctx: ProbeContext, listing: Listing) -> bool:
    """Whether this user may read less than the running nginx, or than root who would start it."""
    masters = [
        master
        for state in ctx.observed(NginxState)
        for master in state.masters
        if not master.foreign
    ]
    return listing.user not in {None, 0, *(master.user for master in masters[:1])}


async def _run_config_test(
    ctx: ProbeContext,
    listing: Listing,
    program: Program,
    path: str,
    build_arguments: tuple[str, ...],
) -> None:
    at = ctx.elapsed()
    restricted = _is_restricted(ctx, listing)
    is_root = listing.user == 0
    keeps_owners = is_root and await _would_change_owners(ctx, path, build_arguments)
    argv = (*(KEEP_OWNERS if keeps_owners else ()), *program.argv("-t"))
    result = await ctx.machine.run(*argv)
    output = f"{result.err}\n{result.out}"
    messages = nginx_parser.messages(output)
    passed = result.status == 0
    if keeps_owners:
        messages = tuple(message for message in messages if not _OWNER.match(message.text))
        passed = passed or (_SYNTAX_OK in output and fatal(messages) is None)
        if not passed and fatal(messages) is None:
            emit_not_observed(
                ctx,
                "nginx -t",
                "it would give nginx's folders to another user",
                shlex.join(argv),
            )
            return
    if result.status is None or _is_forbidden(result, restricted):
        reason = (
            "needs root"
            if _is_forbidden(result, restricted)
            else result.failure.message
            if result.failure
            else ""
        )
        emit_not_observed(ctx, "nginx -t", clean(reason), f"sudo {shlex.join(argv)}")
        return
    stopping = fatal(messages)
    ctx.emit(
        NginxTest(
            former=await _former_files(ctx, stopping.text) if stopping and not passed else (),
            vantage=Vantage.SERVER,
            at=at,
            took=result.took,
            equivalent=shlex.join(argv),
            binary=program.path,
            passed=passed,
            messages=messages,
            config=path,
            keeps_owners=keeps_owners,
        )
    )


async def _former_files(ctx: ProbeContext, message: str) -> tuple[str, ...]:
    # Imported late: few tests fail.
    from diagnose.probes.inside.former_files import find_former

    _, former = await find_former(ctx, message)
    return former


async def _would_change_owners(
    ctx: ProbeContext, path: str, build_arguments: tuple[str, ...]
) -> bool:
    """Return whether `nginx -t`, run by root, would take the folders of its temporary files from
    the workers that run: it gives them to the user of the configuration (ngx_create_paths in
    src/core/ngx_file.c). The two differ where another user than root runs the master, and where a
    changed `user` was not loaded."""
    masters = [master for state in ctx.observed(NginxState) for master in state.own_masters]
    worker_user = masters[0].worker_user if masters else None
    if worker_user is None:
        return False
    main, users = await asyncio.gather(
        ctx.machine.read(path, _MAX_FILE), ctx.machine.read("/etc/passwd", _MAX_FILE)
    )
    name = install_paths.configured_user(main.text, build_arguments)
    configured = re.search(rf"^{re.escape(name)}:[^:\n]*:(\d{{1,10}}):", users.text, re.MULTILINE)
    return configured is not None and int(configured[1]) != worker_user


def _is_forbidden(result: CommandResult, restricted: bool) -> bool:
    """Whether `nginx -t` failed for lack of privileges, not because of the configuration.

    Without root, nginx warns about a "user" directive; that warning shows that we are not root.
    """
    unprivileged = restricted or "makes sense only if the master process runs" in result.err
    return result.status != 0 and unprivileged and "Permission denied" in result.err


async def _observe_config(ctx: ProbeContext, path: str, equivalent: str) -> None:
    """Emit the configuration with its includes, then the certificates of the target's blocks.
    `equivalent` is the command with which a person reads the same."""
    at = ctx.elapsed()
    tree = await read_config_tree(ctx.machine, path)
    for denied_path in tree.denied:
        emit_not_observed(ctx, denied_path, "needs root", f"sudo cat {shlex.quote(denied_path)}")
    config = ctx.emit(
        NginxConfig(
            vantage=Vantage.SERVER,
            at=at,
            took=ctx.elapsed() - at,
            equivalent=equivalent,
            failure=tree.failure,
            path=path,
            main=tree.main,
            files=tree.files,
        )
    )
    await observe_certificates(ctx, config)
