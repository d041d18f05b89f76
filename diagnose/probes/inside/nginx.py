"""Probes for nginx on the server: its processes, its build, its configuration, and `nginx -t`.

A server may have several nginx programs and configurations: the running master decides which are
probed. One script lists the processes; then everything else runs concurrently.
"""

import asyncio
import posixpath
import re
import shlex
from collections.abc import Sequence

from diagnose.machine import LIMIT, CommandResult, FileContent
from diagnose.model import Failure, Unseen, Vantage
from diagnose.model.frozen import frozen
from diagnose.model.nginx import (
    CertificateFile,
    ConfigFile,
    Directive,
    KeyFile,
    NginxBuild,
    NginxConfig,
    NginxProcess,
    NginxState,
    NginxTest,
)
from diagnose.parsers import pem
from diagnose.parsers.hostnames import is_address
from diagnose.parsers.nginx import config as nginx_parser
from diagnose.parsers.nginx import server_blocks
from diagnose.parsers.nginx.server_blocks import Server
from diagnose.parsers.sanitize import clean
from diagnose.probes import ProbeContext, probe
from diagnose.probes.inside.nginx_processes import (
    LIST_COMMAND,
    Listing,
    master_processes,
    parse_listing,
)

#: Maximum number of configuration files read.
MAX_FILES = 500

#: Maximum number of certificates, and of keys, examined at once.
MAX_PAIRS = 8

#: Maximum number of programs examined that do not run.
MAX_PROGRAMS = 4


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
        return
    listing = parse_listing(result.out)
    running = await _sort_masters(ctx, listing)
    ctx.emit(
        NginxState(
            vantage=Vantage.SERVER,
            at=at,
            took=result.took,
            equivalent="ps -eo pid,ppid,lstart,args | grep [n]ginx",
            installed=bool(listing.programs or running),
            masters=running,
            programs=listing.programs,
        )
    )
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
        _emit_not_observed(ctx, "nginx's configuration", reason, enable)


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
    from diagnose.probes.inside.other_nginx import read_config_tree, serves_target

    for path in listing.programs[:MAX_PROGRAMS] if len(listing.programs) > 1 else ():
        version_output = dict(listing.builds).get(path)
        if version_output is None:
            result = await ctx.machine.run(path, "-V")
            version_output = result.err + result.out
        main, _ = await read_config_tree(
            ctx, config_path(nginx_parser.parse_build(version_output), ())
        )
        if serves_target(main, ctx):
            return path
    return listing.programs[0]


async def _observe_program(ctx: ProbeContext, listing: Listing, program: Program) -> None:
    """Probe one program: find its configuration from its build, then test and read it together."""
    at = ctx.elapsed()
    version_output = dict(listing.builds).get(program.path)
    if version_output is None:
        result = await ctx.machine.run(program.path, "-V")
        if result.failure is not None:
            _emit_not_observed(ctx, "nginx -V", result.failure.message, f"sudo {program.path} -V")
            return
        version_output = result.err + result.out
    build = nginx_parser.parse_build(version_output)
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
        _run_config_test(ctx, program, path, _is_restricted(ctx, listing)), _read_config(ctx, path)
    )
    await _observe_rejected_pairs(ctx)


def config_path(build: nginx_parser.Build, options: tuple[str, ...]) -> str:
    """Return the path of the configuration that a program reads with these options (nginx(8))."""
    option_values = dict(zip(options[::2], options[1::2], strict=False))
    prefix = option_values.get("-p", build.prefix)
    path = option_values.get("-c") or (
        posixpath.relpath(build.config, build.prefix)
        if "-p" in option_values and build.config.startswith(f"{build.prefix}/")
        else build.config
    )
    return posixpath.normpath(posixpath.join(prefix, path))


async def _observe_rejected_pairs(ctx: ProbeContext) -> None:
    """Emit the certificate and key named in the error of `nginx -t`, whatever their block."""
    fatal = next((test.fatal for test in ctx.observed(NginxTest)), None)
    config = next((config for config in ctx.observed(NginxConfig) if config.failure is None), None)
    if fatal is None or config is None:
        return
    folder = posixpath.dirname(config.path)
    named_paths = set(re.findall(r'"([^"]+)"', fatal.text))
    servers = [
        server
        for server in server_blocks.servers(config.main)
        for name in ("ssl_certificate", "ssl_certificate_key")
        if not named_paths.isdisjoint(
            posixpath.join(folder, p) for p in server_blocks.file_paths(server, name)
        )
    ]
    await _observe_pairs(ctx, folder, servers[:2])


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
    ctx: ProbeContext, program: Program, path: str, restricted: bool
) -> None:
    at = ctx.elapsed()
    argv = program.argv("-t")
    result = await ctx.machine.run(*argv)
    messages = nginx_parser.messages(result.err + "\n" + result.out)
    if result.status is None or _is_forbidden(result, restricted):
        reason = (
            "needs root"
            if _is_forbidden(result, restricted)
            else result.failure.message
            if result.failure
            else ""
        )
        _emit_not_observed(ctx, "nginx -t", clean(reason), f"sudo {shlex.join(argv)}")
        return
    ctx.emit(
        NginxTest(
            vantage=Vantage.SERVER,
            at=at,
            took=result.took,
            equivalent=shlex.join(argv),
            binary=program.path,
            passed=result.status == 0,
            messages=messages,
            config=path,
        )
    )


def _is_forbidden(result: CommandResult, restricted: bool) -> bool:
    """Whether `nginx -t` failed for lack of privileges, not because of the configuration.

    Without root, nginx warns about a "user" directive; that warning shows that we are not root.
    """
    unprivileged = restricted or "makes sense only if the master process runs" in result.err
    return result.status != 0 and unprivileged and "Permission denied" in result.err


async def _read_config(ctx: ProbeContext, path: str) -> None:
    """Read the configuration and its includes, one inclusion depth per round."""
    at = ctx.elapsed()
    folder = posixpath.dirname(path)
    files: dict[str, ConfigFile] = {}
    trees: dict[str, tuple[Directive, ...]] = {}
    matches: dict[str, tuple[str, ...]] = {}
    failure: Failure | None = None
    patterns = [path]
    while patterns:
        rounds = await asyncio.gather(*(_read_matching(ctx, pattern) for pattern in patterns))
        new: dict[str, tuple[Directive, ...]] = {}
        for pattern, contents in zip(patterns, rounds, strict=True):
            matches[pattern] = tuple(content.path for content in contents)
            for content in contents[: MAX_FILES - len(files)]:
                if content.path == path:
                    failure = content.failure
                if content.failure is None and content.path not in files:
                    files[content.path] = ConfigFile(
                        content.path, content.text, content.changed, content.real
                    )
                    new[content.path] = await asyncio.to_thread(
                        nginx_parser.parse, content.text, content.path
                    )
                elif content.failure and content.failure.kind == "denied" and content.path != path:
                    _emit_not_observed(
                        ctx, content.path, "needs root", f"sudo cat {shlex.quote(content.path)}"
                    )
        trees |= new
        included = (
            pattern for tree in new.values() for pattern in nginx_parser.includes(tree, folder)
        )
        patterns = [pattern for pattern in dict.fromkeys(included) if pattern not in matches]
    config = ctx.emit(
        NginxConfig(
            vantage=Vantage.SERVER,
            at=at,
            took=ctx.elapsed() - at,
            equivalent="nginx -T",
            failure=failure,
            path=path,
            main=nginx_parser.expand(path, trees, matches),
            files=tuple(files.values()),
        )
    )
    await _observe_certificates(ctx, config)


async def _read_matching(ctx: ProbeContext, pattern: str) -> tuple[FileContent, ...]:
    if re.search(r"[*?\[]", pattern):
        return await ctx.machine.read_all(pattern)
    return (await ctx.machine.read(pattern, LIMIT),)


async def _observe_certificates(ctx: ProbeContext, config: NginxConfig) -> None:
    """Emit the certificates and keys of the server blocks that answer the target."""
    folder = posixpath.dirname(config.path)
    servers = server_blocks.servers(config.main)
    host = ctx.target.host
    chosen = [
        server
        for socket in server_blocks.sockets(servers, ctx.target.port)
        for server in (
            server_blocks.select_server(socket, host)[0],
            *server_blocks.shadowed_servers(socket, host),
        )
    ]
    if is_address(host):  # no SNI is sent (RFC 6066 section 3): the default certificate is shown
        chosen += [socket.default for socket in server_blocks.sockets(servers, ctx.target.port)]
    await _observe_pairs(ctx, folder, chosen)


async def _observe_pairs(ctx: ProbeContext, folder: str, servers: Sequence[Server]) -> None:
    """Emit the certificates and keys of these blocks, except files already examined."""
    known_paths = {certificate.path for certificate in ctx.observed(CertificateFile)}
    known_paths |= {key.path for key in ctx.observed(KeyFile)}
    certificates = _named_files(folder, servers, "ssl_certificate", known_paths)
    keys = _named_files(folder, servers, "ssl_certificate_key", known_paths)
    await asyncio.gather(
        *(_observe_certificate(ctx, path) for path in certificates),
        *(_observe_key(ctx, path) for path in keys),
    )


def _named_files(
    folder: str, servers: Sequence[Server], name: str, known_paths: set[str]
) -> list[str]:
    paths = dict.fromkeys(
        posixpath.join(folder, path)
        for server in servers
        for path in server_blocks.file_paths(server, name)
    )
    return [path for path in paths if path not in known_paths][:MAX_PAIRS]


async def _observe_certificate(ctx: ProbeContext, path: str) -> None:
    at = ctx.elapsed()
    content = await ctx.machine.read(path, 65536)
    if content.failure is not None and content.failure.kind == "denied":
        _emit_not_observed(
            ctx, path, "needs root", f"sudo openssl x509 -noout -in {shlex.quote(path)}"
        )
        return
    # cryptography, which this imports, is also needed for the handshakes.
    chain, publics = await asyncio.to_thread(pem.certificates, content.text)
    is_bundle = len(chain) > 1 and pem.has_only_certificates(content.text)
    ctx.emit(
        CertificateFile(
            vantage=Vantage.SERVER,
            at=at,
            took=ctx.elapsed() - at,
            equivalent=f"openssl x509 -noout -fingerprint -sha256 -in {shlex.quote(path)}",
            failure=content.failure,
            path=path,
            sha256=fingerprint(content.text),
            changed=content.changed,
            real=content.real,
            chain=chain,
            publics=publics,
            labels=pem.labels(content.text),
            text=content.text if is_bundle else "",
        )
    )


async def _observe_key(ctx: ProbeContext, path: str) -> None:
    """Emit the key's public half, from the server's openssl, which asks for no passphrase here."""
    at = ctx.elapsed()
    argv = ("openssl", "pkey", "-in", path, "-pubout", "-passin", "pass:")
    result = await ctx.machine.run(*argv)
    if result.status is None:
        return
    key_type, public = pem.public_key(result.out)
    ctx.emit(
        KeyFile(
            vantage=Vantage.SERVER,
            at=at,
            took=result.took,
            equivalent=shlex.join(argv),
            failure=None
            if public
            else Failure("exit", clean(result.err) or "no key", result.status),
            path=path,
            key_type=key_type,
            public=public,
        )
    )


def fingerprint(pem_text: str) -> str:
    """Return the SHA-256 of the first certificate in a PEM text (RFC 7468), or ""."""
    import base64
    import binascii
    import hashlib

    begin, end = "-----BEGIN CERTIFICATE-----", "-----END CERTIFICATE-----"
    body = pem_text.partition(begin)[2].partition(end)[0]
    try:
        der = base64.b64decode("".join(body.split()), validate=True)
    except (binascii.Error, ValueError):
        return ""
    return hashlib.sha256(der).hexdigest() if der else ""


def _emit_not_observed(ctx: ProbeContext, subject: str, reason: str, enable: str) -> None:
    ctx.emit(
        Unseen(vantage=Vantage.SERVER, at=ctx.elapsed(), what=subject, why=reason, enable=enable)
    )
