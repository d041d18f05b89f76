"""Reads HAProxy: its process, its test, its configuration."""

import asyncio
import posixpath
import shlex
from collections.abc import Iterable
from dataclasses import replace

from diagnose.machine import FileContent
from diagnose.model import Vantage
from diagnose.model.frozen import frozen
from diagnose.model.web_servers import ServerFile, WebServer, WebServerConfig, WebServerTest
from diagnose.parsers.command_options import parse_command_line
from diagnose.parsers.haproxy.certificate_lists import certificate_lists
from diagnose.parsers.haproxy.config import Configuration, parse, split_words
from diagnose.parsers.haproxy.dynamic_backends import map_files
from diagnose.parsers.haproxy.messages import parse_test, parse_version
from diagnose.parsers.haproxy.sites import (
    COMPANIONS,
    certificate_paths,
    listens_of,
    sites_of,
)
from diagnose.parsers.sanitize import clean
from diagnose.probes import ProbeContext, emit_not_observed
from diagnose.probes.inside.web_servers.processes import Candidate, ServerProcess, ServerService
from diagnose.probes.inside.web_servers.readers import (
    Reader,
    command_name,
    config_test,
    emit_unreadable,
    identified_state,
    test_result,
    unit_command,
)
from diagnose.probes.inside.web_servers.unread_files import haproxy_sites, unread_sites

#: The file of Debian's, Red Hat's and others' packages.
DEFAULT_CONFIG = "/etc/haproxy/haproxy.cfg"

#: The file for the pid of a server that is started by hand.
PID_FILE = "/run/haproxy.pid"

#: Maximum number of files and bytes of each, of certificates of a folder or list.
MAX_FILES, MAX_BYTES, MAX_CERTIFICATES = 200, 1 << 20, 500

#: Maximum number of maps that are read.
MAX_MAPS = 10

#: Options of haproxy(1) that take an argument.
_WITH_ARGUMENT = {"-f", "-C", "-S", "-L", "-m", "-n", "-N", "-p", "-x", "-sf", "-st"}


@frozen
class Options:
    """The options of a command line that decide which configuration is loaded: the paths of "-f"
    and behind "--", and the folder of "-C"."""

    configs: tuple[str, ...] = ()
    folder: str = ""

    def from_folder(self, folder: str) -> "Options":
        """Return the options as they are from any working directory. `folder` is that of the
        process; relative paths begin there. If it is not known, such options name no file."""
        if all(path.startswith("/") for path in (self.folder or "/", *self.configs)):
            return self
        whole = posixpath.normpath(posixpath.join(folder, self.folder)) if folder else self.folder
        is_known = whole.startswith("/") or all(path.startswith("/") for path in self.configs)
        return replace(self, folder=whole) if is_known else Options()

    @property
    def words(self) -> tuple[str, ...]:
        folder = ("-C", self.folder) if self.folder else ()
        return (*folder, *(word for path in self.configs for word in ("-f", path)))


def parse_options(title: str) -> Options:
    """Return the options of a process from its command line (haproxy(1))."""
    values, further_words = parse_command_line(title, _WITH_ARGUMENT)
    configs = filter(None, (*values.get("-f", ()), *further_words))
    return Options(tuple(configs), "".join(values.get("-C", ())[-1:]))


class HaproxyReader:
    """The reader of HAProxy."""

    async def describe(self, ctx: ProbeContext, candidate: Candidate) -> WebServer | None:
        at = ctx.elapsed()
        state = await identified_state(ctx, "haproxy", candidate, "-v", parse_version)
        if state is None:
            return None
        process, unit = candidate.process, state.unit
        given = parse_options(process.title if process else "")
        if not given.configs:
            given = Options((DEFAULT_CONFIG,), given.folder)
        options = given.from_folder(process.folder if process else "")
        if not options.configs:
            return state
        words = (command_name(candidate.binary), *options.words)
        return replace(
            state,
            at=at,
            took=ctx.elapsed() - at,
            equivalent=shlex.join((words[0], "-v")),
            config=posixpath.join(options.folder, options.configs[0]),
            loaded=_loaded(process),
            complaint=_complaint(candidate.service),
            test=(*words, "-c"),
            reload=_reload(process, unit),
            start=unit_command("start", unit, (*words, "-W", "-D", "-p", PID_FILE), candidate),
            stop=unit_command("stop", unit, _stop(process), candidate),
        )

    async def run_test(self, ctx: ProbeContext, server: WebServer) -> WebServerTest | None:
        at = ctx.elapsed()
        result = await test_result(ctx, server) if server.test else None
        if result is None:
            return None
        error, other_lines = parse_test(f"{result.err}\n{result.out}")
        return config_test(server, at, result, error, other_lines)

    async def read_config(self, ctx: ProbeContext, server: WebServer) -> WebServerConfig | None:
        at = ctx.elapsed()
        if not server.test:
            emit_not_observed(ctx, "HAProxy's configuration", "it could not be read")
            return None
        options = parse_options(shlex.join(server.test))
        files = await _read_files(ctx, options)
        readable = [file for file in files if file.failure is None]
        if not readable:
            is_denied = any(file.failure and file.failure.kind == "denied" for file in files)
            enable = f"sudo cat {shlex.quote(server.config)}" if is_denied else ""
            reason = "needs root" if is_denied else "it could not be read"
            emit_not_observed(ctx, server.config, reason, enable)
            return None
        emit_unreadable(ctx, files)
        texts = [(file.path, file.text) for file in readable]
        config = await asyncio.to_thread(parse, texts)
        maps = await _maps(ctx, config)
        if maps:
            rows = [(map_file.path, map_file.text) for map_file in maps]
            config = await asyncio.to_thread(parse, texts, rows)
        resolved = await _certificates(ctx, config)
        sites = await asyncio.to_thread(sites_of, config, resolved)
        read = tuple(ServerFile(file.path, file.text, file.changed, file.real) for file in readable)
        return WebServerConfig(
            vantage=Vantage.SERVER,
            at=at,
            took=ctx.elapsed() - at,
            equivalent=f"cat {shlex.quote(server.config)}",
            product="haproxy",
            path=server.config,
            sites=sites,
            listens=listens_of(config),
            complete=config.complete and len(readable) == len(files) <= MAX_FILES,
            files=read,
            unread=await unread_sites(ctx, server, read, haproxy_sites),
            maps=maps,
        )


READER: Reader = HaproxyReader()


def _loaded(process: ServerProcess | None) -> float | None:
    """Return when the configuration was loaded: each reload makes a worker, and old ones may stay
    until their connections end. Without a master the process itself loaded it."""
    if process is None:
        return None
    starts = [start for _, start in process.workers if start is not None]
    return max(starts, default=process.started)


def _reload(process: ServerProcess | None, unit: str) -> tuple[str, ...]:
    """Return the command that loads the configuration: a master reloads on SIGUSR2 (Management
    Guide, section 4). A process without a master cannot."""
    if unit:
        return ("systemctl", "reload", unit)
    has_master = process is not None and bool(process.workers)
    return ("kill", "-USR2", str(process.pid)) if process and has_master else ()


def _stop(process: ServerProcess | None) -> tuple[str, ...]:
    """Return the command that stops it."""
    return ("kill", "-TERM", str(process.pid)) if process else ("pkill", "-F", PID_FILE)


def _complaint(service: ServerService | None) -> str:
    """Return the first error of the last failed start in the journal."""
    lines = service.journal if service else ()
    error, _ = parse_test("\n".join(lines[-20:]))
    return error.message


async def _read_files(ctx: ProbeContext, options: Options) -> tuple[FileContent, ...]:
    """Read the files in the order in which HAProxy loads them. Of a folder it loads the files that
    end in ".cfg", in alphabetical order (haproxy(1))."""
    groups = await asyncio.gather(
        *(_read_path(ctx, posixpath.join(options.folder, path)) for path in options.configs[:20])
    )
    return tuple(file for group in groups for file in group)[: MAX_FILES + 1]


async def _read_path(ctx: ProbeContext, path: str) -> Iterable[FileContent]:
    content = await ctx.machine.read(path, MAX_BYTES)
    if content.failure is None:
        return (content,)
    folder = await ctx.machine.read_all(f"{path.rstrip('/')}/*.cfg", MAX_BYTES)
    return folder or (content,)


async def _maps(ctx: ProbeContext, config: Configuration) -> tuple[ServerFile, ...]:
    """Return the map files by which a frontend chooses a backend, its crt-lists, and its lists of
    visitors' addresses."""
    paths = [*map_files(config)[:MAX_MAPS], *certificate_lists(config)[:MAX_MAPS]]
    if any("-f" in line.words for proxy in config.proxies for line in proxy.lines):
        # Imported late: few frontends have a list of addresses.
        from diagnose.parsers.haproxy.address_lists import list_files

        paths += list_files(config)
    contents = await asyncio.gather(*(ctx.machine.read(path, MAX_BYTES) for path in paths))
    return tuple(
        ServerFile(path, content.text, content.changed, content.real)
        for path, content in zip(paths, contents, strict=True)
        if content.failure is None
    )


async def _certificates(ctx: ProbeContext, config: Configuration) -> dict[str, tuple[str, ...]]:
    """Return the files that each `crt` and `crt-list` leads to; and the keys beside them."""
    pairs = certificate_paths(config)[:20]
    lists = await asyncio.gather(*(_certificate_files(ctx, *pair) for pair in pairs))
    resolved = {path: files for (_, path), files in zip(pairs, lists, strict=True) if files}
    files = [file for group in lists for file in group][:MAX_CERTIFICATES]
    folders = dict.fromkeys(posixpath.dirname(file) for file in files)
    keys = await asyncio.gather(
        *(ctx.machine.glob(f"{folder}/*.key") for folder in list(folders)[:20])
    )
    resolved |= {key: (key,) for group in keys for key in group[:MAX_CERTIFICATES]}
    return resolved


async def _certificate_files(ctx: ProbeContext, option: str, path: str) -> tuple[str, ...]:
    if option == "crt-list":
        content = await ctx.machine.read(path, MAX_BYTES)
        rows = (split_words(row) for row in content.text.splitlines()[:MAX_CERTIFICATES])
        return tuple(clean(words[0], 500) for words in rows if words)
    inside = await ctx.machine.glob(f"{path.rstrip('/')}/*")
    files = [file for file in inside if not file.endswith(COMPANIONS)]
    chosen = sorted(files, key=lambda file: ctx.target.host not in posixpath.basename(file))
    return tuple(chosen[:MAX_CERTIFICATES]) if inside else (path,)
