"""The time after which a client of SignalR gives up without a message of the hub, and the line of
the program's settings that says how often the hub sends one. No I/O.

The client waits for 30 seconds unless it is told otherwise, and the hub sends a ping every 15
(ASP.NET Core SignalR configuration, "serverTimeout", "KeepAliveInterval"): the client's time should
be twice the hub's.
"""

import re

from diagnose.model.symptom import Symptom
from diagnose.parsers.header_sizes import SizeLine
from diagnose.parsers.lazy_pattern import lazy_pattern

#: Seconds that a client waits without a setting.
USUAL_S = 30.0
_MAX_LINES, _MAX_LINE = 4000, 400
#: The clients of JavaScript ("Server timeout elapsed"), .NET and Java ("Server timeout
#: (30000.00ms) elapsed").
_TOLD = lazy_pattern(
    r"(?i)\bServer timeout (?:\((\d{1,7})(?:[.,]\d{1,3})? ?ms\) )?elapsed without receiving a "
    r"message from the server"
)
#: `"KeepAliveInterval": "00:00:50"` (TimeSpan: [d.]hh:mm:ss), or a number of seconds.
_INTERVAL = re.compile(
    r"(?P<head>\s{0,80}[{,]?\s{0,9}\"(?P<key>[A-Za-z]{0,20}KeepAlive(?:Interval)?(?:InSeconds|Seconds)?)\""
    r"\s{0,9}:\s{0,9})(?P<value>\"(?:\d{1,3}\.)?\d{1,2}:\d{2}:\d{2}(?:\.\d{1,7})?\"|\d{1,5})"
    r"(?P<end>\s{0,9}[,}]?[\s}]{0,20})"
)


def told_timeout(symptom: Symptom | None) -> float:
    """Return the seconds that a client of SignalR waited in vain for a message of the hub, by what
    it wrote; 0 if the words are about something else."""
    told = _TOLD.search(symptom.text) if symptom is not None else None
    if told is None:
        return 0.0
    return int(told[1]) / 1000 if told[1] else USUAL_S


def late_interval(text: str, timeout_s: float) -> SizeLine | None:
    """Return the line of a program's settings by which the hub sends a ping too seldom for a client
    that waits for so many seconds, with half of these in it; None if there is none, or several."""
    lines = text.split("\n")
    if len(lines) > _MAX_LINES:
        return None
    matches = [
        (number, line, match)
        for number, line in enumerate(lines, 1)
        if len(line) <= _MAX_LINE and (match := _INTERVAL.fullmatch(line.rstrip("\r")))
    ]
    if len(matches) != 1:
        return None
    number, line, match = matches[0]
    wanted = max(round(timeout_s / 2), 1)
    # What is sent just before the end of the time may come after it.
    if _seconds(match["value"]) < timeout_s - 1:
        return None
    shown = f"{wanted // 3600:02d}:{wanted // 60 % 60:02d}:{wanted % 60:02d}"
    value = f'"{shown}"' if '"' in match["value"] else str(wanted)
    carriage = "\r" if line.endswith("\r") else ""
    return SizeLine(match["key"], number, line, f"{match['head']}{value}{match['end']}{carriage}")


def _seconds(value: str) -> float:
    """Return the seconds of a TimeSpan or a number."""
    bare = value.strip('"')
    if ":" not in bare:
        return float(bare)
    hours, minutes, seconds = bare.split(":")
    days, _, hours = hours.rpartition(".")
    return int(days or 0) * 86400 + int(hours) * 3600 + int(minutes) * 60 + float(seconds)
