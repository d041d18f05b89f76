"""The files in which the settings of an application lie, and what they say.

A program in a container is read through the root of its process; the file is named as the server
has it, by the container's mounts.
"""

import posixpath
from dataclasses import replace

from diagnose.machine import FileContent
from diagnose.model import Vantage
from diagnose.model.applications import (
    Application,
    OwnConfiguration,
    OwnSetting,
    Topic,
)
from diagnose.model.containers import NginxContainer
from diagnose.model.frozen import frozen
from diagnose.model.nginx import NginxConfig
from diagnose.model.web_servers import WebServerConfig
from diagnose.parsers.address_roles import untrusted_proxy
from diagnose.parsers.hostnames import is_address
from diagnose.parsers.nginx.locations import location_pattern
from diagnose.parsers.program_place import ProgramPlace, candidate_files
from diagnose.parsers.read_settings import FileText, read_setting, unread_setting
from diagnose.parsers.web_sites import routes_of_name
from diagnose.probes import ProbeContext, emit_not_observed
from diagnose.probes.inside.program_logs import is_own_host
from diagnose.probes.inside.upstream_routes import find_route
from diagnose.probes.inside.web_folders import web_folders

#: Bytes of a file, and most files of a pattern.
MAX_FILE, MAX_MATCHES = 128 << 10, 6


@frozen
class FoundFiles:
    """The files of a configuration in the order in which they are read. `unsure` is True if it may
    be another program's, `denied` one that may not be read."""

    texts: tuple[FileText, ...] = ()
    unsure: bool = False
    denied: str = ""


async def emit_settings(
    ctx: ProbeContext,
    application: Application,
    configuration: OwnConfiguration,
    place: ProgramPlace,
    topics: frozenset[Topic],
) -> None:
    """Record the settings of these topics, as they are in force."""
    folders, at = tuple(web_folders(ctx)), ctx.elapsed()
    wanted = [
        own_setting
        for own_setting in application.own_settings
        if own_setting.topic in topics and own_setting.is_of(place.version)
    ]
    setting_files = (
        await _find_files(ctx, configuration, place, folders) if wanted else FoundFiles()
    )
    if setting_files.denied and not setting_files.texts:
        emit_not_observed(
            ctx,
            setting_files.denied,
            "Permission denied",
            f"sudo cat {setting_files.denied}",
            at=at,
        )
    folder, strips = folder_of_site(ctx)
    unit_files = await _unit_files(ctx, place, wanted)
    for setting in wanted:
        if not setting_files.texts and not place.pid and not place.container:
            continue
        read = read_setting(
            configuration, application.id, setting, place, setting_files.texts, unit_files,
            ctx.target, _proxy(ctx, place), folder,
        )  # fmt: skip
        if read is None and (place.pid or place.container) and not setting_files.denied:
            read = unread_setting(
                configuration,
                application.id,
                setting,
                place,
                ctx.target,
                _proxy(ctx, place),
                folder,
            )
        if read is not None and read.file.endswith("/.env"):
            # Imported late: few applications have such a file.
            from diagnose.probes.inside.cached_settings import with_cached

            read = await with_cached(ctx, read)
        if read is not None:
            is_unsure = read.unsure or (setting_files.unsure and read.source == "file")
            ctx.emit(replace(read, vantage=Vantage.SERVER, at=at, unsure=is_unsure, strips=strips))


def _proxy(ctx: ProbeContext, place: ProgramPlace) -> str:
    """Return the address from which a program sees the web server of its machine, as its message
    names it if somebody pasted that; "" for one in a container, whose address changes."""
    text = ctx.target.symptom.text if ctx.target.symptom else ""
    if untrusted := untrusted_proxy(text):
        return untrusted
    if place.container:
        return place.gateway
    bare = ctx.target.path_without_query
    for server in ctx.observed(WebServerConfig):
        for route in routes_of_name(server, ctx.target.port, ctx.target.host, bare)[:1]:
            if is_address(route.host) and is_own_host(ctx, route.host):
                # A machine asks its own address from the same address (RFC 1122, 3.3.4.3).
                return route.host
    is_beside = place.is_front or (place.pid and not ctx.observed(NginxContainer))
    return "127.0.0.1" if is_beside else ""


async def _find_files(
    ctx: ProbeContext,
    configuration: OwnConfiguration,
    place: ProgramPlace,
    folders: tuple[str, ...],
) -> FoundFiles:
    prefix = f"/proc/{place.pid}/root" if place.container and place.pid else ""
    paths = tuple(candidate_files(place, configuration, folders))
    own = [path for path in paths if path not in configuration.files]
    usual = [path for path in paths if path in configuration.files]
    found, denied, is_usual = list[tuple[str, FileContent]](), "", False
    for group in (own, usual):
        for path in group:
            files = await _read_all(ctx, prefix, path)
            found += [(name, file) for name, file in files if file.failure is None]
            denied = denied or next(
                (name for name, file in files if file.failure and file.failure.kind == "denied"), ""
            )
            # Of its own places the first one counts; of the usual ones another program may be.
            if denied or (found and group is own):
                break
        if denied or found:
            is_usual = group is usual
            break
    if not found:
        return FoundFiles(denied=denied)
    texts, base = [_text(place, *found[0])], posixpath.dirname(found[0][0])
    for overlay in configuration.overlays:
        for name, file in await _read_all(ctx, prefix, posixpath.join(base, overlay)):
            if file.failure is None and name != found[0][0]:
                texts.append(_text(place, name, file))
    # Where the web server serves a folder of its own, the usual place may be another program's.
    is_other = is_usual and not place.pid and bool(folders)
    return FoundFiles(tuple(texts), is_other or bool(denied) or len(found) > 1, denied)


def _text(place: ProgramPlace, name: str, file: FileContent) -> FileText:
    real = "" if place.container else file.real
    return FileText(name, real or place.host_path(name), file.text, file.changed or 0.0)


async def _read_all(ctx: ProbeContext, prefix: str, path: str) -> list[tuple[str, FileContent]]:
    if "*" not in path:
        return [(path, await ctx.machine.read(f"{prefix}{path}", MAX_FILE))]
    names = (await ctx.machine.glob(f"{prefix}{path}"))[:MAX_MATCHES]
    return [(name.removeprefix(prefix), await ctx.machine.read(name, MAX_FILE)) for name in names]


async def _unit_files(
    ctx: ProbeContext, place: ProgramPlace, wanted: list[OwnSetting]
) -> tuple[FileText, ...]:
    """Return the files of the unit, or the one compose file, that may set a variable."""
    return await unit_texts(ctx, place) if any(each.variable for each in wanted) else ()


async def unit_texts(ctx: ProbeContext, place: ProgramPlace) -> tuple[FileText, ...]:
    texts = [FileText(path, path, (await ctx.machine.read(path, MAX_FILE)).text)
             for path in _variable_files(place)[:8]]  # fmt: skip
    if place.container and place.service and texts and "env_file" in texts[0].text:
        # Imported late: few applications have such files.
        from diagnose.parsers.compose_env_files import env_files_of

        for path in env_files_of(texts[0].text, place.service, place.compose):
            texts.append(FileText(path, path, (await ctx.machine.read(path, MAX_FILE)).text))
    return tuple(text for text in texts if text.text)


def _variable_files(place: ProgramPlace) -> tuple[str, ...]:
    if not place.container:
        return place.unit_files
    return (place.compose,) if place.compose.startswith("/") and "," not in place.compose else ()


def folder_of_site(ctx: ProbeContext) -> tuple[str, bool]:
    """Return the folder below which the application is passed on ("" for the root of the site), and
    whether it is taken off the path of its requests."""
    path = ctx.target.path_without_query
    for config in ctx.observed(NginxConfig)[:1]:
        route = find_route(ctx, config, path)
        pattern = location_pattern(route.place.block) if route else None
        if route is not None and pattern is not None and pattern.modifier in {"", "=", "^~"}:
            return pattern.text.rstrip("/"), route.upstream_path != path
    for server_config in ctx.observed(WebServerConfig):
        sites = routes_of_name(server_config, ctx.target.port, ctx.target.host, path)
        for site_route in sites[:1]:
            if not site_route.pattern:
                folder = site_route.path.rstrip("/")
                return folder, site_route.backend_path.rstrip("/") != folder
    return "", False
