"""Reads what this server starts by a plan and what ends a program of the site, after a person tells
at which times a fault comes back."""

from dataclasses import replace
from typing import cast

from diagnose.machine.script_files import read_script
from diagnose.model import Vantage
from diagnose.model.services import PlannedRestart, PlanSource
from diagnose.parsers.linux.planned_jobs import PlannedEnd, planned_ends
from diagnose.probes import ProbeContext
from diagnose.probes.inside.websocket_programs import websocket_programs

SCRIPT = read_script(__file__, "planned_jobs.sh")
#: Seconds for the script, and most runs of a day that are kept.
_PATIENCE, _MAX_RUNS = 8.0, 24
#: Longest file that is read, in bytes.
_MAX_BYTES = 1 << 16
_EQUIVALENT = "cat /etc/crontab /etc/cron.d/*; crontab -l; systemctl list-timers --all"


async def emit_planned_restarts(ctx: ProbeContext) -> None:
    """Emit the plans, once in a run."""
    if not ctx.further_requests.begin("what is restarted by a plan"):
        return
    ports = [port for port in websocket_programs(ctx) if port.isdecimal()]
    at = ctx.elapsed()
    words = ("sh", "-c", SCRIPT, "sh", *dict.fromkeys((str(ctx.target.port), *ports)))
    result = await ctx.machine.run(*words, timeout=_PATIENCE)
    texts: dict[str, str] = {}
    for end in planned_ends(result.out):
        if end.file and end.file not in texts:
            content = await ctx.machine.read(end.file, _MAX_BYTES)
            texts[end.file] = "" if content is None or content.failure else content.text
        observation = _observation(end, texts.get(end.file, ""))
        ctx.emit(replace(observation, at=at, took=result.took))


def _observation(end: PlannedEnd, text: str) -> PlannedRestart:
    return PlannedRestart(
        vantage=Vantage.SERVER,
        equivalent=_EQUIVALENT,
        command=end.text,
        source=cast("PlanSource", end.source),
        ended=end.ended,
        file=end.file,
        line=end.line,
        text=text,
        plan=end.plan,
        minutes=end.minutes[:_MAX_RUNS],
        interval=end.interval,
        stops=end.stops,
        is_alone=end.only,
    )
