"""Looks for what closes a site for maintenance, after its page was 503: the files and lines that
tell its program so. Magento: var/.maintenance.flag; WordPress: .maintenance; Laravel:
storage/framework/down; Moodle: climaintenance.html; Nextcloud, Joomla and Matomo: a line of their
settings, of which no other is read."""

import shlex

from diagnose.machine.script_files import read_script
from diagnose.model import Vantage
from diagnose.model.site_folders import MaintenanceMark
from diagnose.parsers.maintenance_marks import parse_marks, working_command
from diagnose.parsers.sanitize import UNSAFE
from diagnose.probes import ProbeContext
from diagnose.probes.inside.unanswered import emit_if_too_slow
from diagnose.probes.inside.web_folders import web_folders

SCRIPT = read_script(__file__, "maintenance_marks.sh")
#: Seconds for the script, and most folders.
_PATIENCE, _MAX_FOLDERS = 4.0, 4


async def emit_marks(ctx: ProbeContext) -> None:
    """Emit what closes the site, of its own folders and those of their projects."""
    folders = [path for path in dict.fromkeys(web_folders(ctx)) if path.startswith("/")]
    folders = [path.rstrip("/") for path in folders if not UNSAFE.search(path)][:_MAX_FOLDERS]
    if not any(folders) or not ctx.further_requests.begin("marks of maintenance"):
        return
    at = ctx.elapsed()
    result = await ctx.machine.run("sh", "-c", SCRIPT, "sh", *folders, timeout=_PATIENCE)
    emit_if_too_slow(ctx, "the marks of maintenance", result)
    for mark in parse_marks(result.out)[:1]:
        ctx.emit(
            MaintenanceMark(
                vantage=Vantage.SERVER, at=at, took=result.took, program=mark.program,
                equivalent=f"ls -l {shlex.quote(mark.path)}", path=mark.path, owner=mark.owner,
                line=mark.line, number=mark.number, age=mark.age,
                working=working_command(result.out),
            )
        )  # fmt: skip
