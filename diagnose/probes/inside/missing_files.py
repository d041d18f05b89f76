"""Reads which setting names the file whose absence ended the program of a service: TLS of the
program, which the web server in front does already. Only that line is kept (docs/adr/0092)."""

import posixpath

from diagnose.model import Vantage
from diagnose.model.applications import Application, ReadSetting
from diagnose.parsers.applications import application_ids, application_of, application_of_command
from diagnose.parsers.program_place import ProgramPlace, candidate_files
from diagnose.parsers.read_settings import is_plain
from diagnose.parsers.tls_switches import missing_file, tls_switch, without_tls
from diagnose.probes import ProbeContext

#: Seconds for the unit's command, most files that are read, and bytes of one.
PATIENCE, MAX_FILES, MAX_FILE = 3.0, 8, 128 << 10


async def emit_switch(ctx: ProbeContext, unit: str, message: str) -> None:
    """Emit the line by which a known application speaks TLS with a file that is not there."""
    missing = missing_file(message)
    if not missing:
        return
    shown = await ctx.machine.run(
        "systemctl", "show", f"{unit}.service", "-p", "ExecStart", "-p", "WorkingDirectory",
        timeout=PATIENCE,
    )  # fmt: skip
    rows = dict(line.partition("=")[::2] for line in shown.out.split("\n")[:20] if "=" in line)
    command = rows.get("ExecStart", "").partition("argv[]=")[2].partition(" ;")[0]
    words = tuple(command.split()[:60])
    folder = rows.get("WorkingDirectory", "").lstrip("-!")
    application = _application(words)
    if application is None or application.configuration is None:
        return
    switch = tls_switch(application.id)
    place = ProgramPlace(folder=folder, words=words)
    above = (posixpath.dirname(folder),) if folder.startswith("/") else ()
    paths = candidate_files(place, application.configuration, above)
    for path in list(paths)[:MAX_FILES] if switch else ():
        file = await ctx.machine.read(path, MAX_FILE)
        line = without_tls(switch, file.text, missing) if switch and not file.failure else None
        if line is not None and is_plain(f"{line[1]}\n{line[2]}"):
            ctx.emit(
                ReadSetting(
                    vantage=Vantage.SERVER, at=ctx.elapsed(), application=application.id,
                    topic="own-tls", key=switch.key if switch else "", file=file.real or path,
                    number=line[0], line=line[1], new=line[2], unit=f"{unit}.service",
                )
            )  # fmt: skip
            return


def _application(words: tuple[str, ...]) -> Application | None:
    """Return the application of a command, by its program or by the folder in which that lies."""
    if application := application_of_command(" ".join(words)):
        return application
    parts = words[0].lower().split("/")[:-1] if words else []
    ids = set(parts) & set(application_ids())
    return application_of(ids.pop()) if len(ids) == 1 else None
