"""Reads where the program on the target's port is told to listen on the loopback address alone,
after visitors' connections were refused. Only that line is kept (docs/adr/0092)."""

import posixpath
from collections.abc import Iterator
from dataclasses import replace

from diagnose.model import Vantage
from diagnose.model.applications import ReadSetting
from diagnose.parsers.applications import application_of_command
from diagnose.parsers.listen_addresses import (
    configuration_of,
    connector_line,
    keys_of,
    listen_settings,
    open_address,
    setting_of_key,
    spring_files,
)
from diagnose.parsers.program_place import ProgramPlace, candidate_files
from diagnose.parsers.read_settings import FileText, is_plain, read_setting
from diagnose.parsers.setting_values import setting_value
from diagnose.probes import ProbeContext
from diagnose.probes.inside.own_setting_files import MAX_FILE, unit_texts

#: Most files that are read.
MAX_FILES = 12


async def emit_listen_address(ctx: ProbeContext, place: ProgramPlace) -> None:
    """Emit the line that names the loopback address, if it is found."""
    if place.pid and not place.container:
        listening = await _by_call(ctx, place) or await _by_file(ctx, place)
        listening = listening or await _by_script(ctx, place)
        if listening is not None:
            ctx.emit(listening)


async def _by_call(ctx: ProbeContext, place: ProgramPlace) -> ReadSetting | None:
    """Return the option or the variable that names the loopback address."""
    setting = next(listen_settings(place, ctx.target.port), None)
    if setting is None:
        return None
    read = read_setting(
        configuration_of("env"), "program", setting, place, (), await unit_texts(ctx, place),
        ctx.target, "", "",
    )  # fmt: skip
    return _as_own(ctx, read) if read else None


async def _by_file(ctx: ProbeContext, place: ProgramPlace) -> ReadSetting | None:
    """Return the line of a file that names the loopback address."""
    if listening := await _of_tomcat(ctx, place):
        return listening
    for path, form, key in list(_files(place))[:MAX_FILES]:
        file = await ctx.machine.read(path, MAX_FILE)
        value = None if file.failure else setting_value(file.text, form, key)  # type: ignore[arg-type]
        if value is None or len(value.values) != 1:
            continue
        wanted = open_address(value.values[0], ctx.target.port)
        if not wanted:
            return None
        text = FileText(path, file.real or path, file.text, file.changed or 0.0)
        read = read_setting(
            configuration_of(form), "program", setting_of_key(key, wanted), place, (text,), (),
            ctx.target, "", "",
        )  # fmt: skip
        return _as_own(ctx, read) if read else None
    return None


def _files(place: ProgramPlace) -> Iterator[tuple[str, str, str]]:
    """Yield the files that may have the address, with their format and key."""
    at = place.folder or "/"
    for file in spring_files(place):
        yield posixpath.normpath(posixpath.join(at, file.path)), file.format, file.key
    application = application_of_command(place.command)
    configuration = application.configuration if application else None
    if application is None or configuration is None:
        return
    for path in candidate_files(place, configuration, ()):
        for key in keys_of(application.id) if "*" not in path else ():
            yield path, configuration.format, key


async def _of_tomcat(ctx: ProbeContext, place: ProgramPlace) -> ReadSetting | None:
    option = "-Dcatalina.base="
    base = next((word[len(option) :] for word in place.words if word.startswith(option)), "")
    if not base.startswith("/"):
        return None
    path = posixpath.join(base, "conf/server.xml")
    file = await ctx.machine.read(path, MAX_FILE)
    line = None if file.failure else connector_line(file.text, ctx.target.port)
    if line is None or not is_plain(line.line):
        return None
    return ReadSetting(
        vantage=Vantage.SERVER, at=ctx.elapsed(), application="program", topic="listen-address",
        key="address", file=file.real or path, number=line.number, line=line.line, new=line.new,
        process=place.process, unit=place.unit, starter=place.starter,
    )  # fmt: skip


async def _by_script(ctx: ProbeContext, place: ProgramPlace) -> ReadSetting | None:
    """Return the line of the program's own script that listens, and names the loopback address or
    takes it by default."""
    # Imported late: of most programs an option or a file tells it.
    from diagnose.parsers.listen_calls import SCRIPTS, listen_call

    word = next((each for each in place.words[:8] if each.endswith(SCRIPTS)), "")
    path = posixpath.normpath(posixpath.join(place.folder or "/", word))
    if not word or "/node_modules/" in path or "/site-packages/" in path:
        return None
    file = await ctx.machine.read(path, MAX_FILE)
    call = None if file.failure else listen_call(file.text, path)
    if call is None or not is_plain(call.line):
        return None
    return ReadSetting(
        vantage=Vantage.SERVER, at=ctx.elapsed(), application="program", topic="listen-address",
        key="host", file=file.real or path, number=call.number, line=call.line, new=call.new,
        process=place.process, unit=place.unit, starter=place.starter,
    )  # fmt: skip


def _as_own(ctx: ProbeContext, read: ReadSetting) -> ReadSetting:
    return replace(
        read, vantage=Vantage.SERVER, at=ctx.elapsed(), topic="listen-address", stale=False
    )
