"""Probe for the files of the site that nginx's workers may not read. Its error log names them."""

from dataclasses import fields

from diagnose.model.files import PageAccess
from diagnose.model.logs import LogLine
from diagnose.parsers.nginx import error_log
from diagnose.probes import ProbeContext, probe
from diagnose.probes.inside.file_access import read_access
from diagnose.probes.inside.nginx_processes import own_masters

#: Maximum number of files that are examined.
MAX_FILES = 4


@probe(after=LogLine)
async def denied(ctx: ProbeContext, log_line: LogLine) -> None:
    """Emit the permissions on the path to a page's file, as they are for a worker."""
    match = error_log.FILE_DENIED.match(log_line.text)
    known = {access.path for access in ctx.observed(PageAccess)}
    if match is None or match[1] in known or len(known) >= MAX_FILES or not _is_page(ctx, log_line):
        return
    worker = next((pid for master in own_masters(ctx) for pid in master.workers), None)
    if worker is None:
        return
    at = ctx.elapsed()
    for access in await read_access(ctx.machine, "", str(worker), [match[1]]):
        values = {field.name: getattr(access, field.name) for field in fields(access)}
        ctx.emit(PageAccess(**{**values, "at": at}))


def _is_page(ctx: ProbeContext, log_line: LogLine) -> bool:
    return bool(error_log.matching_lines([log_line], host=ctx.target.host, path=ctx.target.path))
