"""What a server starts by a plan and what ends a program of the site: what planned_jobs.sh prints.
No I/O."""

import re
from collections.abc import Iterator, Mapping, Sequence

from diagnose.model.frozen import frozen
from diagnose.parsers.lazy_pattern import lazy_pattern
from diagnose.parsers.linux.planned_times import (
    MONTH,
    WEEK,
    calendar_days,
    calendar_minutes,
    cron_days,
    cron_minutes,
    interval_minutes,
    span_seconds,
)
from diagnose.parsers.sanitize import clean
from diagnose.parsers.told_schedules import ToldSchedule
from diagnose.parsers.whole_numbers import whole_number

_MAX_LINES, _MAX_TEXT = 400, 400
_PLACE = lazy_pattern(r"(?P<file>/[^:\n]{1,300}):(?P<line>\d{1,6}):(?P<text>.*)")
#: What ends a program: a service by its name, containers, pm2, the machine.
_SERVICE = lazy_pattern(
    r"\bsystemctl(?:\s+--?[\w=-]{1,40}){0,3}\s+(?P<verb>(?:try-)?restart|stop)\s+"
    r"(?P<names>[^;&|<>#\n]{1,200})"
    r"|\b(?:service|rc-service|invoke-rc\.d)\s+(?P<name>[\w@.-]{1,60})\s+(?P<verb2>restart|stop)\b"
    r"|/etc/init\.d/(?P<script>[\w.-]{1,60})\s+(?P<verb3>restart|stop)\b"
)
_OTHERS = (
    ("containers",
     r"\b(?:docker|podman)(?:[ -]compose)?\b[^;&|\n]{0,120}?\s(?:restart|stop|kill|down)\b"),
    ("pm2", r"\bpm2\s+(?:restart|stop|kill|delete)\b"
     r"|\bsupervisorctl\b[^;&|\n]{0,80}?\s(?:restart|stop)\b"),
    ("machine",
     r"(?:^|[\s;&|/])(?:reboot|shutdown\s+-r|init\s+6)\b|\bsystemctl\s+reboot\b"),
    ("process", r"\b(?:pkill|killall)\s+(?!(?:-s\s+)?-?(?:HUP|USR1|SIGHUP|SIGUSR1|1)\b)(?:-\w+\s+)*"
     r"(?P<name>[\w.-]{2,40})"),
)  # fmt: skip
#: A line that begins a job of its own on the line: nobody knows what else it does.
_MORE = lazy_pattern(r"&&|\|\||;|\|")
#: A program that orders certificates runs its hooks only where it renews one.
_RENEWS = lazy_pattern(r"\b(?:certbot|acme\.sh|dehydrated|lego)\b")
#: Services that ends with the name of the other: apache2 and httpd.
_SAME = {"httpd": "apache2", "apache2": "apache2"}
#: What has the port of a container.
_ENGINES = {"docker-proxy", "docker", "containerd", "conmon", "rootlessport"}
#: Minutes by which the told time may be another, where its minute is told.
_NEAR = 15
_FEW_A_DAY, _NIGHT_ENDS = 4, 8 * 60
_DAY = 86_400


@frozen
class PlannedEnd:
    """What a plan ends. `file` and `line` are where the command stands, `text` the line, `plan`
    where the time stands if that is another place ("FILE:NUMBER" or a timer). `minutes` are those
    of a day, `interval` the seconds between two runs. `ended` are the names of services, or
    "containers", "pm2", "machine". `only`: the line does nothing else."""

    file: str
    line: int
    text: str
    ended: tuple[str, ...]
    minutes: tuple[int, ...]
    interval: int
    plan: str = ""
    stops: bool = False
    only: bool = False
    source: str = "job"


def planned_ends(text: str) -> tuple[PlannedEnd, ...]:
    """Return what the output of planned_jobs.sh says that plans end, of the site's units."""
    units, times = set[str](), dict[str, tuple[int, ...]]()
    lines = [clean(line, _MAX_TEXT * 2) for line in text.split("\n")[:_MAX_LINES]]
    for line in lines:
        word, _, rest = line.partition(" ")
        if word == "unit":
            units.add(_plain(rest.partition(" ")[2]))
        elif word == "at":
            name, _, clock = rest.partition(" ")
            times.setdefault(name, _clock(clock))
    ends = _ends(lines, times)
    return tuple(end for end in ends if _concerns(end, units))[:12]


def _plain(name: str) -> str:
    own = name.strip().removesuffix(".service")
    return _SAME.get(own, own)


def _clock(text: str) -> tuple[int, ...]:
    hour, _, minute = text.partition(":")
    at = (whole_number(hour, 2), whole_number(minute, 2))
    return (at[0] * 60 + at[1],) if at[0] is not None and at[1] is not None else ()


def _ends(lines: Sequence[str], times: Mapping[str, tuple[int, ...]]) -> Iterator[PlannedEnd]:
    run = _Run()
    for line in lines:
        word, _, rest = line.partition(" ")
        if word == "reboot":
            at, text = _clock(rest) or (0,), "Unattended-Upgrade::Automatic-Reboot"
            yield PlannedEnd("", 0, text, ("machine",), at, _DAY, source="upgrades")
            continue
        if word == "timer":
            run, command = _timer(rest)
            yield from _end(run, "", 0, command, word)
            continue
        period, rest = rest.split(" ", 1) if word == "folder" and " " in rest else ("", rest)
        match = _PLACE.match(rest) if word in {"job", "script", "folder", "rotate"} else None
        if match is None:
            continue
        if word == "job":
            minutes = cron_minutes(match["text"])
            seconds = cron_days(match["text"]) * _DAY
            interval = seconds if seconds > _DAY else interval_minutes(minutes) * 60
            run = _Run(minutes, interval, f"{match['file']}:{match['line']}")
        elif word == "folder" and period == "hourly":
            run = _Run(tuple(range(17, 1440, 60)), 3600, "/etc/cron.hourly")
        elif word == "folder":
            days = {"weekly": WEEK, "monthly": MONTH}.get(period, 1)
            run = _Run(times.get("cron", ()), days * _DAY, f"/etc/cron.{period}")
        elif word == "rotate":
            run = _Run(times.get("logrotate", times.get("cron", ())), _DAY, "logrotate")
        yield from _end(run, match["file"], int(match["line"]), match["text"].strip(), word)


@frozen
class _Run:
    """When something runs, and where that stands."""

    minutes: tuple[int, ...] = ()
    interval: int = 0
    plan: str = ""


def _timer(text: str) -> tuple[_Run, str]:
    name, calendar, span, command = (*text.split("|", 3), "", "", "")[:4]
    minutes = calendar_minutes(calendar)
    days = calendar_days(calendar) * _DAY
    interval = days if days > _DAY else span_seconds(span) or interval_minutes(minutes) * 60
    return _Run(minutes, interval, name), command.strip("; ")


def _end(run: _Run, file: str, line: int, text: str, source: str) -> Iterator[PlannedEnd]:
    ended, stops = _ended(text)
    if ended:
        is_alone = _MORE.search(text) is None
        yield PlannedEnd(
            file, line, text, ended, run.minutes, run.interval, run.plan, stops, is_alone, source
        )


def _ended(command: str) -> tuple[tuple[str, ...], bool]:
    """Return what a command ends, and whether it only stops it."""
    if _RENEWS.search(command) and not re.search(r"\bstop\b", command):
        return (), False
    names, stops = list[str](), False
    for match in _SERVICE.finditer(command[:_MAX_TEXT]):
        verb = match["verb"] or match["verb2"] or match["verb3"]
        stops = stops or verb == "stop"
        words = (match["names"] or match["name"] or match["script"]).split()
        names += [_plain(word) for word in words if not word.startswith("-")]
    if not names:
        for name, pattern in _OTHERS:
            other = re.search(pattern, command[:_MAX_TEXT])
            if other:
                names.append(_plain(other["name"]) if name == "process" else name)
                break
    return tuple(dict.fromkeys(names)), stops


def reloading(command: str) -> str:
    """Return a command that reloads the services which it restarted; what else it names stays."""
    spans = [
        match.span(verb)
        for match in _SERVICE.finditer(command)
        for verb in ("verb", "verb2", "verb3")
        if match[verb] in {"restart", "try-restart"}
    ]
    for start, end in reversed(spans):
        command = f"{command[:start]}reload{command[end:]}"
    return command


def _concerns(end: PlannedEnd, units: set[str]) -> bool:
    """Return whether a plan ends something of the site. Containers of another one may be meant."""
    if "machine" in end.ended:
        return True
    if "containers" in end.ended:
        return not units.isdisjoint(
            {"docker-proxy", "docker", "containerd", "conmon", "rootlessport"}
        )
    if "pm2" in end.ended:
        return any(unit.startswith(("pm2", "PM2", "supervisor", "node")) for unit in units)
    return not units.isdisjoint(end.ended)


def agrees(told: ToldSchedule, minutes: Sequence[int], interval: int) -> bool:
    """Return whether a plan with these minutes of a day, and these seconds between two runs, runs
    when a person says that the fault comes back."""
    runs = len(minutes)
    if told.period == _DAY and interval > _DAY:
        return False
    if told.minute is not None:
        return 0 < runs <= _FEW_A_DAY and any(_is_near(told, minute) for minute in minutes)
    if told.period >= _DAY:
        is_rare = interval >= _DAY or 0 < runs <= 2
        return is_rare and (
            not told.at_night or not runs or any(minute < _NIGHT_ENDS for minute in minutes)
        )
    return bool(interval) and abs(interval - told.period) <= told.period / 10


def _is_near(told: ToldSchedule, minute: int) -> bool:
    if told.is_about and minute // 60 == (told.minute or 0) // 60:
        return True
    gap = abs(minute - (told.minute or 0))
    return min(gap, 1440 - gap) <= _NEAR
