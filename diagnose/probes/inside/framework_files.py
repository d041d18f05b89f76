"""What the web framework of the site's application lacks in its own source, its unit or its compose
file, after a symptom has pointed at it.

The folder is that of the program that answers, or the one that the web server serves. A few files
of it are read, and only the lines of the change become an observation (docs/adr/0092).
"""

import posixpath
from collections.abc import Iterator
from dataclasses import replace

from diagnose.model import Vantage
from diagnose.model.applications import OwnConfiguration, OwnSetting, ReadSetting, Topic
from diagnose.model.containers import NginxContainer
from diagnose.model.frozen import frozen
from diagnose.model.nginx import NginxConfig
from diagnose.model.pages import PageFileResponse
from diagnose.model.web_servers import WebServerConfig
from diagnose.parsers import frameworks as known
from diagnose.parsers.frameworks import Framework, FrameworkChange
from diagnose.parsers.nginx.file_paths import served_file
from diagnose.parsers.nginx.final_requests import final_location
from diagnose.parsers.nginx.server_blocks import servers_behind
from diagnose.parsers.program_place import ProgramPlace, argument_value
from diagnose.parsers.read_settings import FileText, is_plain, read_setting
from diagnose.parsers.secrets import hide_secrets
from diagnose.parsers.urls import parse_url
from diagnose.parsers.web_sites import answering_sites
from diagnose.probes import ProbeContext
from diagnose.probes.inside.answering_blocks import answering_blocks
from diagnose.probes.inside.own_setting_files import (
    MAX_FILE,
    folder_of_site,
    unit_texts,
)
from diagnose.probes.inside.web_folders import web_folders

#: Most files of a framework that are read, most matches of a pattern, and folders never looked at.
MAX_READ, MAX_MATCHES = 16, 8
_TOO_WIDE = frozenset({"", "/", "/etc", "/usr", "/usr/bin", "/bin", "/usr/local/bin", "/tmp"})
#: Topics of which it is recorded that a source has the right line: a message of the framework is
#: of the time before then.
_TOLD_BEFORE = frozenset({"body_limit", "allowed_origin"})
#: Arguments that name the folder of a program's source (gunicorn, uvicorn, Tomcat).
_FOLDERS = ("--chdir", "--app-dir", "-Dcatalina.base")
#: Folders of a program in which its script or its server's file lies (Rails: bin/rails, and
#: config/puma.rb).
_PARTS = frozenset({"bin", "config"})
_SCRIPTS = (".py", ".js", ".mjs", ".cjs", ".jar", ".rb", ".dll")


@frozen
class _Site:
    """What an edit is written for: the address of the proxy, or that it comes by a Unix socket and
    has none; the folder of the application, whether that is taken off, and the paths that the page
    asks for."""

    proxy: str
    is_socket: bool
    folder: str
    strips: bool
    asked: tuple[str, ...]


async def emit_frameworks(
    ctx: ProbeContext, place: ProgramPlace, topics: frozenset[Topic], endpoint: str
) -> None:
    """Record what the framework lacks: of its source first, then of the server that runs it."""
    site = _site(ctx, place, is_socket=endpoint.startswith("/"))
    bases = tuple(source_folders(place))
    served = tuple(dict.fromkeys((*_inner_folders(ctx, endpoint), *web_folders(ctx))))
    settings = list[ReadSetting]()
    for framework, change in known.frameworks_for(topics, site.asked, site.folder):
        if any(
            setting.topic == change.topic and (setting.new or setting.stale) for setting in settings
        ):
            continue
        reads = (
            await _of_page(ctx, framework, change, site)
            if framework.page
            else await _of_source(ctx, framework, change, place, bases, served, site)
        )
        outside = await _of_process(ctx, framework, change, place, site, bool(reads))
        strips = site.strips and not change.stripped
        settings += [replace(each, strips=strips) for each in (*reads, *outside)]
    at = ctx.elapsed()
    settings += _named(place, topics, site)
    for topic in sorted(topics):
        reads = [setting for setting in settings if setting.topic == topic]
        # One that can be edited is worth more than one of which only the name is known.
        best = next((read for read in reads if read.new or read.stale), None)
        best = best or next(iter(reads), None)
        if best is not None:
            ctx.emit(replace(best, vantage=Vantage.SERVER, at=at))


def _named(place: ProgramPlace, topics: frozenset[Topic], site: _Site) -> Iterator[ReadSetting]:
    """Yield that the process is this framework's, which has a setting of the topic that is in no
    file: its name takes the place of a list of programs. What can be read was looked for, and what
    was not found fits."""
    # Imported late: few sites have such a symptom.
    from diagnose.parsers.known_frameworks import frameworks_of_command

    for framework in frameworks_of_command(" ".join((place.process, *place.words))):
        read = {change.topic for change in framework.changes}
        for topic in (topics & framework.settings.keys()) - read:
            yield ReadSetting(
                application=framework.id, topic=topic, key=framework.settings[topic],
                source="unread", proxy=site.proxy, folder=site.folder, process=place.process,
                unit=place.unit, container=place.container, engine=place.engine,
                starter=place.starter,
            )  # fmt: skip


def _site(ctx: ProbeContext, place: ProgramPlace, *, is_socket: bool) -> _Site:
    folder, strips = folder_of_site(ctx)
    # A container sees a program of the machine by another address than 127.0.0.1, and the program
    # the container by its own, which changes.
    is_local = not ctx.observed(NginxContainer)
    proxy = place.gateway if place.container else "127.0.0.1" if is_local else ""
    urls = (parse_url(file.url) for file in ctx.observed(PageFileResponse) if file.shows_fault)
    asked = tuple(url.path for url in urls if url is not None and url.host == ctx.target.host)
    if not folder and not place.pid:
        folder = ctx.target.path_without_query.rpartition("/")[0]
    return _Site(proxy, is_socket, folder, strips, asked)


def source_folders(place: ProgramPlace) -> Iterator[str]:
    """Yield the folders of a program's source: that of its script first, then where it was
    started."""
    at = place.folder or "/"
    named = [argument_value(place.words, option) for option in _FOLDERS]
    scripts = [word for word in place.words[:12] if word.endswith(_SCRIPTS) and word[0] != "-"]
    folders = (
        *(posixpath.join(at, each) for each in named if each),
        *(posixpath.dirname(posixpath.join(at, script)) for script in scripts[:2]),
        place.folder,
    )
    normal_folders = [posixpath.normpath(folder) for folder in folders if folder]
    normal_folders = [folder for folder in normal_folders if folder not in _TOO_WIDE]
    # What lies in one of these folders belongs to the program above them.
    above = [
        posixpath.dirname(normal_folder)
        for normal_folder in normal_folders
        if posixpath.basename(normal_folder) in _PARTS
    ]
    for each in dict.fromkeys((*normal_folders, *above)):
        if each not in _TOO_WIDE:
            yield each


def _inner_folders(ctx: ProbeContext, endpoint: str) -> Iterator[str]:
    """Yield the folders of another web server of this machine that the site is passed on to."""
    port = int(endpoint) if endpoint.isdigit() and len(endpoint) < 6 else 0
    path = ctx.target.path_without_query
    for nginx in ctx.observed(NginxConfig)[:1] if port and port != ctx.target.port else ():
        for _, block in servers_behind(nginx.main, "127.0.0.1", port, ctx.target.host):
            roots = final_location(block, path).directives("root")[:1]
            yield from (root.args[0] for root in roots if root.args)
    for config in ctx.observed(WebServerConfig) if port and port != ctx.target.port else ():
        for site in answering_sites(config, port, ctx.target.host):
            if site.root:
                yield site.root


async def _of_source(
    ctx: ProbeContext, framework: Framework, change: FrameworkChange, place: ProgramPlace,
    bases: tuple[str, ...], served: tuple[str, ...], site: _Site,
) -> list[ReadSetting]:  # fmt: skip
    """Return the change of the file that lacks it; none where any file of the folder has it, or
    where the environment has it, which wins against a file."""
    if change.variable and place.variables.get(change.variable):
        return []
    prefix = f"/proc/{place.pid}/root" if place.container and place.pid else ""
    above = [posixpath.normpath(posixpath.join(base, up)) for base in bases for up in framework.web]
    groups = [(base, prefix) for base in dict.fromkeys((*bases, *above)) if base not in _TOO_WIDE]
    folders = [posixpath.normpath(posixpath.join(root, up)) for root in served
               for up in framework.web]  # fmt: skip
    if not place.container:
        groups += [(folder, "") for folder in dict.fromkeys(folders) if folder not in _TOO_WIDE]
    for base, root in groups:
        files = await _files(ctx, framework, base, root, place)
        is_production = place.variables.get("NODE_ENV") == "production"
        if not any(known.wants_it(change, file.text, is_production) for file in files):
            continue
        lacking = [
            (file, edit)
            for file in files
            if known.is_for(change, file.path)
            if (edit := known.source_edit(change, file.text, ctx.target, site.proxy, site.folder))
        ]
        having = [file for file in files if known.has_it(change, file.text, ctx.target)]
        if having and change.topic != "base_path":
            newest = max(having, key=lambda file: file.changed)
            is_old = 0 < place.started < newest.changed - 2
            bare = _bare(framework, change, place, site, base)
            if not is_old and change.topic not in _TOLD_BEFORE:
                return []
            return [replace(bare, source="file", file=newest.host_path, stale=is_old)]
        if lacking and not having:
            file, edit = lacking[0]
            bare = _bare(framework, change, place, site, base)
            return [_edited(bare, file, edit, len(lacking) > 1)]
    return []


async def _files(
    ctx: ProbeContext, framework: Framework, base: str, root: str, place: ProgramPlace
) -> list[FileText]:
    names = dict[str, None]()
    for pattern in framework.files:
        path = f"{root}{posixpath.join(base, pattern)}"
        matches = (await ctx.machine.glob(path))[:MAX_MATCHES] if "*" in pattern else (path,)
        names.update(dict.fromkeys(matches))
    files = list[FileText]()
    for name in list(names)[: MAX_READ * 2]:
        file = await ctx.machine.read(name, MAX_FILE)
        if file.failure is None and known.is_source_of(framework, file.text):
            inside = name.removeprefix(root) if root else name
            here = place.host_path(inside) if root else file.real or name
            files.append(FileText(inside, here, file.text, file.changed or 0.0))
        if len(files) == MAX_READ:
            break
    return files


def _bare(
    framework: Framework, change: FrameworkChange, place: ProgramPlace, site: _Site, base: str
) -> ReadSetting:
    host_base = place.host_path(base) or base
    return ReadSetting(
        application=framework.id, topic=change.topic, key=change.key, source="nowhere",
        proxy=site.proxy, folder=site.folder, process=place.process, unit=place.unit,
        container=place.container, engine=place.engine,
        compose=place.compose.partition(",")[0], service=place.service,
        load=tuple(word.replace("{base}", host_base) for word in framework.load),
        build=tuple(word.replace("{base}", host_base) for word in change.build),
        needs_restart=framework.needs_restart, starter=place.starter,
    )  # fmt: skip


def _edited(
    bare: ReadSetting, file: FileText, edit: known.SourceEdit, is_unsure: bool
) -> ReadSetting:
    read = replace(bare, file=file.host_path or file.path, number=edit.number, unsure=is_unsure)
    is_shown = is_plain(edit.old + edit.new) and hide_secrets(edit.old) == edit.old
    if not file.host_path or not is_shown:
        return replace(read, wanted=hide_secrets(edit.new.strip()))
    return replace(
        read, line=edit.old, new=edit.new, added=not edit.old, wanted=edit.new.strip(),
        unended=edit.number == len(file.text.split("\n")) and bool(edit.old),
    )  # fmt: skip


async def _of_page(
    ctx: ProbeContext, framework: Framework, change: FrameworkChange, site: _Site
) -> list[ReadSetting]:
    """Return the change of the page's own file, where a web server serves it."""
    for path in _page_paths(ctx):
        file = await ctx.machine.read(path, MAX_FILE)
        if file.failure is None and (
            edit := known.source_edit(change, file.text, ctx.target, site.proxy, site.folder)
        ):
            bare = _bare(framework, change, ProgramPlace(), site, "")
            text = FileText(path, file.real or path, file.text)
            return [replace(_edited(bare, text, edit, False), needs_restart=False)]
    return []


def _page_paths(ctx: ProbeContext) -> Iterator[str]:
    """Yield where the file of the page is on this machine."""
    path = ctx.target.path_without_query
    names = (
        (path,) if path.endswith((".html", ".htm")) else (f"{path.rpartition('/')[0]}/index.html",)
    )
    containers = ctx.observed(NginxContainer)
    for config in ctx.observed(NginxConfig)[:1]:
        for _, server in answering_blocks(ctx, config):
            for name in names:
                served = served_file(final_location(server, path), name)
                if served is not None:
                    yield containers[0].source_of(served.path) if containers else served.path
    for server_config in ctx.observed(WebServerConfig):
        for site in answering_sites(server_config, ctx.target.port, ctx.target.host):
            if site.root:
                yield from (f"{site.root.rstrip('/')}{name}" for name in names)


async def _of_process(
    ctx: ProbeContext, framework: Framework, change: FrameworkChange, place: ProgramPlace,
    site: _Site, is_sourced: bool,
) -> list[ReadSetting]:  # fmt: skip
    """Return the change of the program's arguments or environment: its unit or compose file."""
    is_run = (
        known.is_named(framework, (place.process, *place.words))
        if framework.words
        else bool(framework.asks)
    )
    is_set = bool(change.variable) and change.variable in place.variables
    is_own = is_run and (not framework.files or is_sourced or is_set)
    if not (change.variable or change.argument) or not is_own or not (place.pid or place.container):
        return []
    socket_form = change.socket_value if site.is_socket else ""
    form = socket_form or change.value
    setting = OwnSetting(
        topic=change.topic, means="proxy-list" if "{proxy}" in form else "host",
        variable=change.variable, argument=change.argument,
        form=form.replace("{folder}", site.folder),
    )  # fmt: skip
    value = place.variables.get(change.variable) or argument_value(place.words, change.argument)
    if not value and site.proxy in change.trusts and not socket_form:
        return []
    # Without an argument the program has its default, or a file of its own.
    if not value and not change.variable:
        return []
    files = await unit_texts(ctx, place)
    read = read_setting(
        OwnConfiguration(format="env"), framework.id, setting, place, (), files,
        ctx.target, site.proxy, site.folder,
    )  # fmt: skip
    if read is None or read.wanted in read.values or "*" in read.values:
        return []
    return [_in_unit(read, files) if read.source == "nowhere" and not read.new else read]


def _in_unit(read: ReadSetting, files: tuple[FileText, ...]) -> ReadSetting:
    """Return it with a new line in the unit's own file, where a person wrote that."""
    own = [file for file in files if file.path.startswith("/etc/systemd/system/")]
    for file in own if read.unit and not read.container and read.wanted else ():
        lines = file.text.split("\n")
        if "[Service]" in lines:
            return replace(
                read, file=file.path, number=lines.index("[Service]") + 1, added=True,
                new=f'Environment="{read.key}={read.wanted}"',
            )  # fmt: skip
    return read
