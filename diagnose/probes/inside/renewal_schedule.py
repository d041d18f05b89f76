"""Reads what should start a renewal tool by itself. Asked only about a certificate that should have
been renewed."""

from collections.abc import Iterable
from dataclasses import replace

from diagnose.machine.script_files import read_script
from diagnose.model import Vantage
from diagnose.model.renewal import RenewalSchedule, RenewalStart
from diagnose.parsers.linux.renewal_schedules import parse
from diagnose.parsers.sanitize import clean
from diagnose.probes import ProbeContext

SCRIPT = read_script(__file__, "renewal_schedule.sh")
#: What a person types to see the same.
_EQUIVALENT = "systemctl list-timers --all; crontab -l; ls /etc/cron.d"


async def emit_schedules(ctx: ProbeContext, tools: Iterable[str]) -> None:
    """Emit what starts each of these tools."""
    at = ctx.elapsed()
    result = await ctx.machine.run("sh", "-c", SCRIPT)
    for observation in parse_schedules(result.out, tools):
        ctx.emit(replace(observation, at=at, took=result.took))


def parse_schedules(text: str, tools: Iterable[str]) -> Iterable[RenewalSchedule | RenewalStart]:
    """Parse the output of SCRIPT."""
    schedule = parse(text)
    now, up = schedule.number("now"), schedule.number("up")
    if now is None:
        return
    for tool in tools:
        last = schedule.number("last") if tool == "certbot" else None
        yield RenewalSchedule(
            vantage=Vantage.SERVER,
            equivalent=_EQUIVALENT,
            tool=tool,
            last_run=float(last) if last is not None else None,
            booted=float(now - up) if up is not None else None,
            is_complete=not {"denied", "container"} & schedule.values.keys(),
            program=schedule.program_of(tool),
            has_systemd=schedule.has_systemd,
            has_cron={"daemon", "folder"} <= schedule.values.keys(),
            by_hand=schedule.by_hand,
        )
        for start in schedule.starts(tool):
            yield RenewalStart(
                vantage=Vantage.SERVER,
                equivalent=_EQUIVALENT,
                tool=tool,
                source=start.source,
                line=start.line,
                text=start.text,
                fault=start.fault,
                program=start.program,
                unit=clean(schedule.values.get("unit", ""), 60).removesuffix(".service"),
                mode=start.mode,
            )
