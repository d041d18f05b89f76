"""Reads Caddy: its process, the configuration on disk, and the one that it runs with.

`caddy adapt` translates a Caddyfile and has no side effects; `caddy validate` would create files
(logs, an authority) as the user who runs it. What runs is asked of the admin API on the server's
own loopback address, with GET only.
"""

import asyncio
import posixpath
import re
import shlex
from dataclasses import replace

from diagnose.model import Unseen, Vantage
from diagnose.model.frozen import frozen
from diagnose.model.server_rules import AnsweringRule, ServedFolder
from diagnose.model.web_servers import (
    ServerFile,
    WebServer,
    WebServerConfig,
    WebServerTest,
    WebSite,
)
from diagnose.parsers.caddy.answering_rules import answering_rules, placed_rules
from diagnose.parsers.caddy.caddyfile import blocks_of, uses_environment
from diagnose.parsers.caddy.command_document import command_document
from diagnose.parsers.caddy.document import decode
from diagnose.parsers.caddy.messages import last_error, parse_error, parse_version
from diagnose.parsers.caddy.served_folders import served_folder
from diagnose.parsers.caddy.sites import admin_address, listens_of, named_sites, sites_of
from diagnose.parsers.command_options import parse_command_line
from diagnose.parsers.server_request import requests_of
from diagnose.parsers.whole_numbers import whole_number
from diagnose.probes import ProbeContext, emit_not_observed
from diagnose.probes.inside.unanswered import emit_unanswered
from diagnose.probes.inside.web_servers.caddy_files import DISK_SUBJECT, MAX_BYTES, Disk, read_disk
from diagnose.probes.inside.web_servers.caddy_log import issuance_complaint
from diagnose.probes.inside.web_servers.processes import Candidate, ServerProcess
from diagnose.probes.inside.web_servers.readers import (
    Reader,
    command_name,
    config_test,
    identified_state,
    test_result,
    unit_command,
)
from diagnose.probes.inside.web_servers.unread_files import (
    caddy_sites,
    takes_target,
    unread_sites,
)

#: The file of Debian's, Red Hat's and Caddy's own packages.
DEFAULT_CONFIG = "/etc/caddy/Caddyfile"

#: The file that is loaded from the working directory without `--config` (caddy run).
_DEFAULT_NAME = "Caddyfile"

#: Options of caddy(8) that take a value.
_VALUED = {"--config", "-config", "--adapter", "-adapter", "--envfile", "--pidfile"}


@frozen
class Options:
    """The options of a command line that decide which configuration is loaded (caddy(8)).
    `resumes` is True if it is the last one that the admin API got."""

    config: str = ""
    adapter: str = ""
    resumes: bool = False


def parse_options(title: str) -> Options:
    """Return the options of a process from its command line."""
    values, _ = parse_command_line(title, _VALUED)
    config = values.get("--config", values.get("-config", [""]))[-1]
    adapter = values.get("--adapter", values.get("-adapter", [""]))[-1]
    return Options(config, adapter, "--resume" in values)


async def _options(ctx: ProbeContext, process: ServerProcess | None) -> Options:
    """Return the options with the whole path of the file: it begins at the working directory of
    the process. Without `--config` that directory's Caddyfile is loaded, if it has one (caddy
    run)."""
    if process is None:
        return Options(DEFAULT_CONFIG)
    options = parse_options(process.title)
    if options.resumes or not process.folder:
        return options
    if options.config:
        path = posixpath.normpath(posixpath.join(process.folder, options.config))
        return replace(options, config=path)
    path = posixpath.join(process.folder, _DEFAULT_NAME)
    is_loaded = "run" in process.title.split()[1:2]
    is_there = is_loaded and (await ctx.machine.read(path, MAX_BYTES)).failure is None
    return replace(options, config=path) if is_there else options


class CaddyReader:
    """The reader of Caddy."""

    async def describe(self, ctx: ProbeContext, candidate: Candidate) -> WebServer | None:
        at = ctx.elapsed()
        state = await identified_state(ctx, "caddy", candidate, "version", parse_version)
        if state is None:
            return None
        process, service, unit = candidate.process, candidate.service, state.unit
        if process and command_document(process.title, process.folder):
            return _by_command(replace(state, at=at, took=ctx.elapsed() - at), process)
        options = await _options(ctx, process)
        name = command_name(candidate.binary)
        words = _config_words(options)
        is_readable = bool(words) and not options.resumes
        is_native = is_readable and "--adapter" not in words
        reload = unit_command("reload", unit, (name, "reload", *words, "--force"))
        if process and is_readable and await _is_admin_off(ctx, state, options.config):
            reload = unit_command("restart", unit, _restart(process, name, words))
        return replace(
            state,
            at=at,
            took=ctx.elapsed() - at,
            equivalent=f"{name} version",
            config=options.config if is_readable else "",
            loaded=process.started if process else None,
            complaint=last_error(service.journal) if service else "",
            test=(name, "adapt", *words) if is_readable and not is_native else (),
            reload=reload if is_readable else (),
            start=unit_command("start", unit, _start(name, words), candidate),
            stop=unit_command("stop", unit, (name, "stop"), candidate),
        )

    async def run_test(self, ctx: ProbeContext, server: WebServer) -> WebServerTest | None:
        at = ctx.elapsed()
        if not server.test:
            return None
        main, result = await asyncio.gather(
            ctx.machine.read(server.config, MAX_BYTES), test_result(ctx, server)
        )
        if result is None or uses_environment(main.text):
            return None
        error = parse_error(result.err)
        file = _whole_path(server.config, error.file) if error.file else ""
        return config_test(server, at, result, replace(error, file=file))

    async def read_config(self, ctx: ProbeContext, server: WebServer) -> WebServerConfig | None:
        at = ctx.elapsed()
        if given := command_document(server.arguments, server.folder):
            return _config_of_command(ctx, server, given)
        disk = await read_disk(ctx, server)
        running = await _running(ctx, server, disk.document)
        document = disk.document or running
        if document is None:
            enable = f"sudo {shlex.join(server.test)}" if server.test else ""
            if not any(unseen.what == DISK_SUBJECT for unseen in ctx.observed(Unseen)):
                emit_not_observed(ctx, DISK_SUBJECT, "it could not be read", enable)
            return None
        blocks = await asyncio.to_thread(
            blocks_of, [(file.path, file.text) for file in disk.files if file.failure is None]
        )
        sites = await asyncio.to_thread(sites_of, document, blocks)
        if disk.is_native:
            sites = tuple(_in_file(site, server.config) for site in sites)
        is_known = disk.document is not None and running is not None
        loaded = disk.document == running if is_known else None
        files = _files(disk)
        is_missing = not any(takes_target(site, ctx.target) for site in sites)
        unread = await unread_sites(ctx, server, files, caddy_sites, is_missing)
        rules = await asyncio.to_thread(_rules, ctx, running or document, files)
        folders = await asyncio.to_thread(_folders, ctx, running or document)
        return WebServerConfig(
            vantage=Vantage.SERVER,
            at=at,
            took=ctx.elapsed() - at,
            equivalent=shlex.join(server.test) or "curl http://localhost:2019/config/",
            product="caddy",
            path=server.config,
            sites=sites,
            listens=listens_of(sites),
            loaded=loaded,
            running=sites_of(running) if loaded is False else (),
            complaint=await issuance_complaint(ctx, server, sites, running or document),
            files=files,
            unread=unread,
            rules=rules,
            folders=folders,
        )


READER: Reader = CaddyReader()


async def refused_config(ctx: ProbeContext, server: WebServer) -> WebServerConfig | None:
    """Return the names, sockets and places of the sites of a Caddyfile that `caddy adapt` refuses,
    and its text: nothing else is known of them. None if no file could be read."""
    if not server.test:
        return None
    at, disk = ctx.elapsed(), await read_disk(ctx, server)
    files = _files(disk)
    if disk.document is not None or any(uses_environment(file.text) for file in files):
        return None
    texts = [(file.path, file.text) for file in files]
    sites = await asyncio.to_thread(lambda: named_sites(blocks_of(texts)))
    return (
        WebServerConfig(
            vantage=Vantage.SERVER,
            at=at,
            took=ctx.elapsed() - at,
            equivalent=shlex.join(server.test),
            product="caddy",
            path=server.config,
            sites=sites,
            listens=listens_of(sites),
            complete=False,
            files=files,
        )
        if files
        else None
    )


def _files(disk: Disk) -> tuple[ServerFile, ...]:
    return tuple(
        ServerFile(file.path, file.text, file.changed, file.real)
        for file in disk.files
        if file.failure is None
    )


def _rules(
    ctx: ProbeContext, document: object, files: tuple[ServerFile, ...]
) -> tuple[AnsweringRule, ...]:
    """Return Caddy's own answers to the target's page and WebSockets."""
    return tuple(
        rule
        for request in requests_of(ctx.target, ctx.options.request.method)
        for rule in placed_rules(answering_rules(document, request), files, request.path)
    )


def _folders(ctx: ProbeContext, document: object) -> tuple[ServedFolder, ...]:
    """Return the folders from which Caddy answers the target's page and WebSockets."""
    requests = requests_of(ctx.target, ctx.options.request.method)
    folders = (served_folder(document, request) for request in requests)
    return tuple(folder for folder in folders if folder is not None)


def _by_command(state: WebServer, process: ServerProcess) -> WebServer:
    """Return the server of a command that has its whole configuration in its options: nothing is
    tested or loaded, and a change of them needs another start."""
    unit = state.unit
    return replace(
        state,
        equivalent=f"ps -o args= -p {process.pid}",
        loaded=process.started,
        start=unit_command("restart", unit, ()),
        stop=unit_command("stop", unit, ("kill", "-TERM", str(process.pid))),
        arguments=process.title,
        folder=process.folder,
    )


def _config_of_command(
    ctx: ProbeContext, server: WebServer, document: dict[str, object]
) -> WebServerConfig:
    """Return the configuration of a command line; its sites stand in no file."""
    sites = sites_of(document)
    return WebServerConfig(
        vantage=Vantage.SERVER,
        at=ctx.elapsed(),
        equivalent=server.equivalent,
        product="caddy",
        path="",
        sites=sites,
        listens=listens_of(sites),
        loaded=True,
        rules=_rules(ctx, document, ()),
        folders=_folders(ctx, document),
    )


def _start(name: str, words: tuple[str, ...]) -> tuple[str, ...]:
    """Return the command that starts it in the background: the server keeps the output of `caddy
    start` open, so the command would not end for a program that reads it."""
    return ("sh", "-c", f"{shlex.join((name, 'start', *words))} >/dev/null 2>&1")


#: Where the admin API listens by default (Caddy's documentation, "admin").
_ADMIN_PORT = 2019
_ADMIN_OFF = re.compile(r"(?m)^[ \t]*admin[ \t]+off[ \t]*$")


async def _is_admin_off(ctx: ProbeContext, state: WebServer, path: str) -> bool:
    """Return whether a Caddy that runs has no admin API, which `caddy reload` would ask: its
    Caddyfile turns it off, and nothing of it listens there."""
    if not state.ports or _ADMIN_PORT in state.ports:
        return False
    main = await ctx.machine.read(path, MAX_BYTES)
    return _ADMIN_OFF.search(main.text) is not None


def _restart(process: ServerProcess, name: str, words: tuple[str, ...]) -> tuple[str, ...]:
    """Return the command that ends the process, waits for its end and starts Caddy again."""
    end = f"kill {process.pid} && timeout 15 tail --pid={process.pid} -f /dev/null"
    return ("sh", "-c", f"{end} && {_start(name, words)[2]}")


def _in_file(site: WebSite, path: str) -> WebSite:
    """Return a site with the file that defines it and its routes, the lines of which are not
    known."""
    return replace(
        site, file=path, routes=tuple(replace(route, file=path) for route in site.routes)
    )


def _config_words(options: Options) -> tuple[str, ...]:
    """Return the options that name the configuration; () if its path depends on a working
    directory that is not known, or if it is neither a Caddyfile nor Caddy's own JSON."""
    if not options.config.startswith("/"):
        return ()
    name = posixpath.basename(options.config)
    is_caddyfile = name.startswith(_DEFAULT_NAME) or name.endswith(".caddyfile")
    adapter = options.adapter or ("caddyfile" if is_caddyfile else "")
    if not adapter and name.endswith(".json"):
        return ("--config", options.config)
    return ("--config", options.config, "--adapter", adapter) if adapter else ()


def _whole_path(config: str, file: str) -> str:
    """Return the path of a file that Caddy names by its path or, older versions, its name."""
    if posixpath.basename(config) == file:
        return config
    return file if file.startswith("/") else ""


async def _running(ctx: ProbeContext, server: WebServer, document: object) -> object:
    """Return the configuration that runs, from the admin API; None if it is off or elsewhere.
    Only a port on which this Caddy listens is asked."""
    address = admin_address(document)
    port = address.rpartition(":")[2]
    if whole_number(port) not in server.ports:
        return None
    result = await ctx.machine.run(
        "curl", "-sf", "--noproxy", "*", "-m", "4", f"http://{address}/config/"
    )
    if result.status == 0:
        return await asyncio.to_thread(decode, result.out)
    command = f"curl http://{address}/config/"
    emit_unanswered(ctx, "the configuration with which Caddy runs", result, command)
    return None
