"""Reads Apache (apache2 on Debian, httpd elsewhere): its process, its test, its configuration."""

import asyncio
import posixpath
import re
import shlex
from collections.abc import Sequence
from dataclasses import replace

from diagnose.machine import FileContent
from diagnose.model import Vantage
from diagnose.model.frozen import frozen
from diagnose.model.server_rules import AnsweringRule
from diagnose.model.web_servers import (
    ServerFile,
    SiteAlias,
    WebServer,
    WebServerConfig,
    WebServerTest,
    WebSite,
)
from diagnose.parsers.apache.loading import (
    ConfigSource,
    LoadedConfig,
    environment,
    load,
    parameters_of,
)
from diagnose.parsers.apache.messages import parse_build, parse_dump, parse_test
from diagnose.parsers.apache.settings import holds_settings
from diagnose.parsers.apache.sites import listens_of, main_error_log, shared_aliases, sites_of
from diagnose.parsers.command_options import parse_command_line
from diagnose.parsers.sanitize import clean
from diagnose.probes import ProbeContext, emit_not_observed
from diagnose.probes.inside.unanswered import emit_unanswered
from diagnose.probes.inside.web_servers.apache_files import (
    MAX_BYTES,
    Tree,
    read_tree,
    whole_command_line,
)
from diagnose.probes.inside.web_servers.apache_places import place_of, suse_flags
from diagnose.probes.inside.web_servers.apache_rules import target_rules
from diagnose.probes.inside.web_servers.apache_sites import completed_sites, htaccess_files
from diagnose.probes.inside.web_servers.processes import Candidate, ServerProcess, ServerService
from diagnose.probes.inside.web_servers.readers import (
    Reader,
    command_name,
    config_test,
    emit_unreadable,
    program_output,
    server_state,
    test_result,
    unit_command,
)

#: Debian's program: it needs the variables of a file, which apachectl reads.
_DEBIAN = "apache2"
_ENVVARS = "/etc/apache2/envvars"
#: SUSE's: apachectl gives it the options of /etc/sysconfig/apache2 and writes what it includes.
_SUSE = "httpd-"

#: Where packages let Apache write the number of its process (PidFile).
_PID_FILES = (
    "/run/apache2/apache2.pid",
    "/run/httpd/httpd.pid",
    "/usr/local/apache2/logs/httpd.pid",
)

#: Maximum number of folders in which files that no include reads are looked for.
MAX_FOLDERS = 6
#: Maximum number of aliases that are not loaded.
MAX_ALIASES = 50

#: Endings of the copies that editors, packages and people put aside.
_PUT_ASIDE = (
    "~", ".bak", ".old", ".orig", ".save", ".swp", ".disabled", ".off", ".rpmsave", ".rpmnew",
    ".rpmorig", ".dpkg-old", ".dpkg-dist", ".dpkg-new", ".dpkg-bak", ".ucf-dist", ".ucf-old",
)  # fmt: skip

#: Options of httpd(8) that take an argument.
_WITH_ARGUMENT = {"-d", "-f", "-C", "-c", "-D", "-k", "-e", "-E"}
#: A line of the configuration among them: it has blanks, and extends to the next option.
_LINE_OPTION = re.compile(r"(?<= )(-[Cc]) ([^ -][^ ]{0,300}(?: [^ -][^ ]{0,300}){0,20})")
_MAX_TITLE = 8192


@frozen
class _Options:
    """Options of the command line that decide which configuration is loaded. `before` and `after`
    are lines that are read before and after its files (-C, -c)."""

    root: str = ""
    config: str = ""
    defines: tuple[str, ...] = ()
    before: tuple[str, ...] = ()
    after: tuple[str, ...] = ()

    @property
    def words(self) -> tuple[str, ...]:
        pairs = [("-d", self.root), ("-f", self.config)]
        pairs += [("-D", name) for name in self.defines]
        pairs += [("-C", line) for line in self.before] + [("-c", line) for line in self.after]
        return tuple(word for option, value in pairs if value for word in (option, value))


def parse_options(title: str) -> _Options:
    """Return the options of a process from its command line."""
    values, _ = parse_command_line(title, _WITH_ARGUMENT)
    defines = tuple(name for name in values.get("-D", ()) if name not in {"FOREGROUND", ""})
    lines = _LINE_OPTION.findall(title[:_MAX_TITLE])
    return _Options(
        next(iter(values.get("-d", ())), ""),
        next(iter(values.get("-f", ())), ""),
        defines,
        tuple(line.strip() for option, line in lines if option == "-C"),
        tuple(line.strip() for option, line in lines if option == "-c"),
    )


class ApacheReader:
    """The reader of Apache."""

    async def describe(self, ctx: ProbeContext, candidate: Candidate) -> WebServer | None:
        at = ctx.elapsed()
        process = candidate.process
        binary = candidate.program or candidate.binary
        state = server_state("apache", binary, candidate)
        foreign, unit = state.foreign, state.unit
        output = "" if foreign or not binary.startswith("/") else await _build_output(ctx, binary)
        build = parse_build(output)
        if build is None and not foreign:
            return None
        options = parse_options(process.title if process else "")
        if options.root and process:
            options = replace(options, root=posixpath.join(process.folder, options.root))
        name = posixpath.basename(binary)
        root = options.root or (build.root if build else "")
        config = posixpath.join(root, options.config or (build.config if build else ""))
        is_wrapped = name == _DEBIAN or (process is None and name.startswith(_SUSE))
        control = ("apachectl",) if is_wrapped else (command_name(binary),)
        place = await place_of(ctx, binary) if process is None else None
        if place:
            options = replace(options, defines=place.defines)
        elif process is None and name.startswith(_SUSE):
            options = replace(options, defines=await suse_flags(ctx))
        words = (*control, *options.words)
        start, stop = _control(words, "start"), _control(words, "stop")
        start, stop = (place.start, place.stop) if place and place.start else (start, stop)
        graceful = await _graceful(ctx, words, process, unit)
        return replace(
            state,
            at=at,
            took=ctx.elapsed() - at,
            equivalent=shlex.join((*control, "-V")),
            version=build.version if build else "",
            config=config,
            loaded=process.oldest_worker if process else None,
            complaint=_complaint(candidate.service),
            test=(*words, "-t"),
            reload=unit_command("reload", unit, graceful),
            start=unit_command("start", unit, start, candidate),
            stop=unit_command("stop", unit, stop, candidate),
        )

    async def run_test(self, ctx: ProbeContext, server: WebServer) -> WebServerTest | None:
        at = ctx.elapsed()
        result = await test_result(ctx, server)
        if result is None:
            return None
        error, other_lines = parse_test(f"{result.err}\n{result.out}")
        return config_test(server, at, result, error, other_lines if result.status else ())

    async def read_config(self, ctx: ProbeContext, server: WebServer) -> WebServerConfig | None:
        at = ctx.elapsed()
        debian = posixpath.basename(server.binary) == _DEBIAN
        dump_argv = (*server.test, "-D", "DUMP_VHOSTS", "-D", "DUMP_MODULES")
        dump, variables = await asyncio.gather(ctx.machine.run(*dump_argv), _variables(ctx, debian))
        options = parse_options(" ".join(server.test))
        command_line = whole_command_line(server.config, options.before, options.after)
        tree = await read_tree(ctx, server.config, options.root, variables, command_line)
        if tree is None:
            enable = f"sudo cat {shlex.quote(server.config)}"
            emit_not_observed(ctx, server.config, "needs root", enable)
            return None
        if dump.status is None:
            emit_unanswered(
                ctx, "Apache's own list of its virtual hosts", dump, shlex.join(dump_argv)
            )
        emit_unreadable(ctx, tree.files)
        modules, places = parse_dump(dump.out)
        loaded = load(tree.start, tree.source, tree.root, variables, modules, options.defines)
        sites = await completed_sites(ctx, sites_of(loaded, tree.root), loaded)
        dumped = dump.status == 0 and bool(places)
        read_places = {(site.file, site.line) for site in sites}
        idle, idle_aliases = await _idle_sites(ctx, tree, loaded, variables, debian)
        left_out = _sites_left_out(tree, loaded, variables, options.defines)
        idle = (*left_out, *idle)
        refused = parse_test(f"{dump.err}\n{dump.out}")[0].file if dump.status else ""
        config = WebServerConfig(
            vantage=Vantage.SERVER,
            at=at,
            took=ctx.elapsed() - at,
            equivalent=shlex.join((*server.test, "-D", "DUMP_VHOSTS")),
            product="apache",
            path=server.config,
            sites=sites,
            listens=listens_of(loaded),
            modules=tuple(clean(module, 60) for module in loaded.modules),
            idle=idle,
            idle_aliases=idle_aliases,
            complete=loaded.complete and (not dumped or read_places == places),
            files=(
                *_site_files(tree.files, sites, loaded, idle, refused),
                *await htaccess_files(ctx, sites, loaded),
            ),
            error_log=main_error_log(loaded, tree.root),
        )
        rules = await target_rules(ctx, loaded, config)
        files = (*config.files, *_lists(tree.files, config, rules))
        return replace(config, rules=rules, files=files)


READER: Reader = ApacheReader()


async def _build_output(ctx: ProbeContext, binary: str) -> str:
    result = await program_output(ctx, "apache", binary, "-V")
    return f"{result.out}\n{result.err}"


async def _graceful(
    ctx: ProbeContext, words: tuple[str, ...], process: ServerProcess | None, unit: str
) -> tuple[str, ...]:
    """Return the command that loads the configuration. `graceful` starts a second Apache where the
    file of its process number is lost: SIGUSR1 reaches the process itself ("Stopping and Restarting
    Apache HTTP Server", "Graceful Restart")."""
    if process is None or unit or process.foreign:
        return _control(words, "graceful")
    files = await asyncio.gather(*(ctx.machine.read(path) for path in _PID_FILES))
    numbers = {file.text.strip() for file in files if not file.failure}
    is_denied = any(file.failure is not None and file.failure.kind == "denied" for file in files)
    if str(process.pid) in numbers or is_denied:
        return _control(words, "graceful")
    return ("kill", "-USR1", str(process.pid))


def _control(words: tuple[str, ...], verb: str) -> tuple[str, ...]:
    """Return the command that sends httpd a verb. Debian's apachectl handles the bare verb itself:
    it tests the configuration, and knows of systemd."""
    return (*words, verb) if words == ("apachectl",) else (*words, "-k", verb)


def _complaint(service: ServerService | None) -> str:
    """Return the last error of a failed start in the journal."""
    lines = service.journal if service else ()
    errors = [line for line in lines if "AH0" in line and "AH00558" not in line]
    # What follows a reason says only that the start ended.
    reasons = [line for line in errors if not re.search(r"AH000(?:15|16)\b", line)]
    return next(iter((reasons or errors)[-1:]), "")


async def _variables(ctx: ProbeContext, debian: bool) -> dict[str, str]:
    if not debian:
        return {}
    content = await ctx.machine.read(_ENVVARS, 65536)
    return environment(content.text)


def _sites_left_out(
    tree: Tree, loaded: LoadedConfig, variables: dict[str, str], defines: Sequence[str]
) -> tuple[WebSite, ...]:
    """Return the sites that stand in <IfModule ssl_module> while that module is not loaded, or in
    an <IfDefine> whose parameter nothing defines."""
    parameters = parameters_of(tree.source.texts.values())
    if "ssl" in loaded.modules and not parameters:
        return ()
    modules = (*loaded.modules, "ssl")
    whole = load(tree.start, tree.source, tree.root, variables, modules, (*defines, *parameters))
    places = {(site.file, site.line) for site in sites_of(loaded, tree.root)}
    return tuple(
        site for site in sites_of(whole, tree.root) if (site.file, site.line) not in places
    )


async def _idle_sites(
    ctx: ProbeContext, tree: Tree, loaded: LoadedConfig, variables: dict[str, str], debian: bool
) -> tuple[tuple[WebSite, ...], tuple[SiteAlias, ...]]:
    """Return the sites of files that lie beside those of an include and that it does not read, as
    shop.cfg beside conf.d/*.conf, and those of Debian's sites-available that no link enables
    (a2ensite(8)); and the aliases of its conf-available (a2enconf(8))."""
    root = tree.root.rstrip("/")
    patterns = [pattern for pattern in map(_whole_folder, tree.source.matches) if pattern]
    if debian:
        available_sites = f"{root}/sites-available/*.conf"
        patterns = [
            f"{root}/sites-enabled/*",
            available_sites,
            f"{root}/conf-available/*.conf",
            *patterns,
        ]
    patterns = list(dict.fromkeys(patterns))[:MAX_FOLDERS]
    groups = await asyncio.gather(*(ctx.machine.read_all(p, MAX_BYTES) for p in patterns))
    available = [file for group in groups for file in group if not _is_put_aside(file.path)]
    used = {path for file in tree.files for path in (file.path, file.real)}
    modules = (*loaded.modules, "ssl")
    sites: list[WebSite] = []
    aliases: list[SiteAlias] = []
    for file in available[:200]:
        if file.path in used or file.failure is not None:
            continue
        source = ConfigSource({file.path: file.text}, {})
        idle = load(file.path, source, tree.root, variables, modules)
        sites += sites_of(idle, tree.root)
        aliases += shared_aliases(idle) if "/conf-available/" in file.path else ()
    return tuple(sites), tuple(aliases[:MAX_ALIASES])


def _whole_folder(pattern: str) -> str:
    """Return the pattern of all files in the folder of an include of sites; "" if it names one
    file, or modules."""
    folder, _, name = pattern.rpartition("/")
    is_modules = posixpath.basename(folder) in {"mods-enabled", "conf.modules.d"}
    return "" if "*" not in name or "*" in folder or is_modules else f"{folder}/*"


def _is_put_aside(path: str) -> bool:
    """Return whether a file is a copy that an editor, a package or a person put aside."""
    return path.endswith(_PUT_ASIDE) or posixpath.basename(path).startswith((".", "#"))


def _lists(
    files: Sequence[FileContent], config: WebServerConfig, rules: Sequence[AnsweringRule]
) -> tuple[ServerFile, ...]:
    """Return the included files with the addresses that a rule refuses or lets in."""
    places = {test.file for rule in rules for test in rule.refuses}
    return tuple(
        ServerFile(file.path, file.text, file.changed, file.real)
        for file in files
        if file.path in places and config.file(file.path) is None
    )


def _site_files(
    files: Sequence[FileContent],
    sites: Sequence[WebSite],
    loaded: LoadedConfig,
    idle: Sequence[WebSite],
    refused: str,
) -> tuple[ServerFile, ...]:
    """Return the files that define sites and sockets, and those that pass requests on or give
    other folders: they may be the main server's, or included. And the file in which Apache's own
    test stops (`refused`)."""
    named = {site.file for site in (*sites, *idle)}
    named |= {route.file for site in sites for route in site.routes}
    named |= {alias.file for site in sites for alias in site.aliases}
    named |= {socket.file for socket in listens_of(loaded)} | {refused}
    return tuple(
        ServerFile(file.path, file.text, file.changed, file.real)
        for file in files
        if file.path in named or (file.failure is None and holds_settings(file.text))
    )
