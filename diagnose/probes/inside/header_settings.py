"""Reads where the program that refuses a large header has its limit: its systemd unit, Tomcat's
server.xml, Jetty's .ini files. Only the line of the limit is kept (docs/adr/0092)."""

import posixpath

from diagnose.model import Vantage
from diagnose.model.applications import ReadSetting
from diagnose.model.requests import HeaderTrial
from diagnose.parsers.header_sizes import SizeLine, jetty_size, tomcat_size, unit_size
from diagnose.parsers.program_place import ProgramPlace
from diagnose.parsers.read_settings import is_plain
from diagnose.probes import ProbeContext
from diagnose.probes.inside.own_setting_files import MAX_FILE

_INI_FILES = ("start.d/server.ini", "start.d/http.ini", "start.ini")
_PROGRAMS = ("gunicorn", "uvicorn")


async def emit_header_setting(ctx: ProbeContext, place: ProgramPlace, trial: HeaderTrial) -> None:
    """Emit the line that raises the limit of the program, if it is known."""
    if place.container or not place.pid:
        return
    found = list[tuple[str, SizeLine]]()
    for path, kind in _files(place):
        file = await ctx.machine.read(path, MAX_FILE)
        if file.failure is not None:
            continue
        line = (
            unit_size(file.text, kind, trial.served)
            if kind not in {"tomcat", "jetty"}
            else tomcat_size(file.text, trial.port)
            if kind == "tomcat"
            else jetty_size(file.text)
        )
        if line is not None and is_plain(line.line):
            found.append((file.real or path, line))
    for path, line in found[:1]:
        ctx.emit(
            ReadSetting(
                vantage=Vantage.SERVER,
                at=ctx.elapsed(),
                application="program",
                topic="header-limit",
                key=line.key,
                file=path,
                number=line.number,
                line=line.line,
                new=line.new,
                added=line.added,
                unsure=len(found) > 1,
                process=place.process,
                unit=place.unit,
                starter=place.starter,
            )
        )


def _files(place: ProgramPlace) -> list[tuple[str, str]]:
    """Return the files in which the limit may stand, and whose they are."""
    command = " ".join((place.process, *place.words))
    for option, kind, names in (
        ("-Dcatalina.base=", "tomcat", ("conf/server.xml",)),
        ("-Djetty.base=", "jetty", _INI_FILES),
    ):
        base = next((word[len(option) :] for word in place.words if word.startswith(option)), "")
        if base.startswith("/"):
            return [(posixpath.join(base, name), kind) for name in names]
    kind = next((each for each in _PROGRAMS if each in command), "")
    if not kind and place.process in {"node", "nodejs", "MainThread"}:
        kind = "node"
    # A folder of additions may set the command anew.
    units = [path for path in place.unit_files if path.endswith((".service", ".conf"))]
    return [(path, kind) for path in units] if kind else []
