"""Reads how often the services behind the site's WebSockets ended in the last hours, after a person
tells that WebSockets end: a program that ends closes those it has."""

import shlex

from diagnose.machine.script_files import read_script
from diagnose.model import Vantage
from diagnose.model.server import Listeners
from diagnose.model.services import EndReason, ServiceEnds
from diagnose.parsers.linux.service_ends import (
    ServiceEnd,
    ServiceHistory,
    interval_of,
    parse_service_history,
)
from diagnose.parsers.quoted_secrets import hide_values
from diagnose.probes import ProbeContext
from diagnose.probes.inside.program_logs import is_front
from diagnose.probes.inside.websocket_programs import websocket_programs

SCRIPT = read_script(__file__, "service_ends.sh")
#: Seconds for the script.
_PATIENCE = 6.0
#: Seconds: an end before them is not what a person tells of, unless there were more.
_RECENT = 3600
#: Seconds. What ends less often than this is no reason for WebSockets that end again and again.
_RARE = 3 * 3600
#: systemd's names of the limits, as they are written in a unit.
_SETTINGS: dict[EndReason, tuple[str, str]] = {
    "runtime": ("RuntimeMaxUSec", "RuntimeMaxSec"),
    "watchdog": ("WatchdogUSec", "WatchdogSec"),
    "memory": ("MemoryMax", "MemoryMax"),
}


async def emit_service_ends(ctx: ProbeContext, listeners: Listeners, place_script: str) -> None:
    """Emit it once for each program, and the limit by which it ended a worker that blocked;
    `place_script` is program_place.sh with what it needs."""
    for endpoint in websocket_programs(ctx):
        is_program = endpoint.isdecimal() and not is_front(listeners, endpoint)
        if is_program and ctx.further_requests.begin(f"how the service of {endpoint} ended"):
            at = ctx.elapsed()
            words = ("sh", "-c", SCRIPT, "sh", endpoint)
            history = parse_service_history((await ctx.machine.run(*words, timeout=_PATIENCE)).out)
            for end in history.ends:
                if _matters(history, end):
                    ctx.emit(_observation(at, endpoint, history, end))
                    if end.reason == "worker" and "Autorestarting" not in end.message:
                        await _emit_limit(ctx, endpoint, place_script)
                    break


async def _emit_limit(ctx: ProbeContext, endpoint: str, script: str) -> None:
    from diagnose.parsers.program_place import parse_place
    from diagnose.probes.inside.time_limits import emit_time_limits

    result = await ctx.machine.run("sh", "-c", script, "sh", endpoint, timeout=_PATIENCE)
    await emit_time_limits(ctx, parse_place(result.out), None)


def _matters(history: ServiceHistory, end: ServiceEnd) -> bool:
    """Return whether it ends often enough, and lately, to be what a person tells of."""
    if not history.unit and not history.manager:
        return False
    if end.reason in {"runtime", "watchdog"} and not _setting(history, end):
        return False  # the limit was taken away since
    is_lately = history.now - end.times[-1] < _RECENT
    if end.reason in {"crash", "plan", "source"}:
        is_often = len(end.times) > 1 and interval_of(end.times) < _RARE
        return is_lately and (is_often or (end.reason == "source" and bool(history.without_reload)))
    return is_lately


def _setting(history: ServiceHistory, end: ServiceEnd) -> str:
    """Return the setting of the unit that ends it, "" if it is not set."""
    name, shown = _SETTINGS.get(end.reason, ("", ""))
    value = history.properties.get(name, "")
    return "" if value in {"", "infinity", "0"} else f"{shown}={value}"


def _observation(at: float, endpoint: str, history: ServiceHistory, end: ServiceEnd) -> ServiceEnds:
    command = history.without_reload if end.reason == "source" else ""
    unit = f"-u {shlex.quote(f'{history.unit}.service')}" if history.unit else ""
    by_hand = (
        "tail -n 400 ~/.pm2/pm2.log"
        if history.manager == "pm2"
        else f"ss -ltnp 'sport = :{endpoint}'"
    )
    return ServiceEnds(
        vantage=Vantage.SERVER,
        at=at,
        equivalent=f"journalctl --since -6h {unit}" if unit else by_hand,
        unit=history.unit,
        endpoint=endpoint,
        reason=end.reason,
        times=len(end.times),
        manager=history.manager or "systemd",
        interval=interval_of(end.times),
        ago=max(history.now - end.times[-1], 0),
        message=end.message,
        setting=_setting(history, end),
        restarter=history.restarter if end.reason == "plan" else "",
        command_line=command if hide_values(command) == command else "",
    )
