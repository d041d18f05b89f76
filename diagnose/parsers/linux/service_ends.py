"""How often a service ended in the last hours, and why: what service_ends.sh prints. No I/O.

The words are systemd's (src/core/service.c, unit.c), those of uvicorn, Django, Flask, nodemon,
gunicorn and uWSGI where they start themselves or a worker again, and pm2's (lib/Watcher.js,
God/ActionMethods.js).
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import field
from itertools import pairwise
from statistics import median

from diagnose.model.frozen import frozen
from diagnose.model.services import EndReason
from diagnose.parsers.lazy_pattern import lazy_pattern
from diagnose.parsers.sanitize import clean
from diagnose.parsers.whole_numbers import whole_number

_MAX_LINES, _MAX_TEXT, _MAX_COMMAND = 400, 300, 600
#: Ends within so many seconds are one end, which has several lines.
_TOGETHER = 3
#: Seconds that a program usually needs to end when it is told to.
_STOPS_WITHIN = 10
#: The surest words first: a service that is killed for its memory also "exited".
_REASONS: tuple[tuple[EndReason, str], ...] = (
    ("runtime", r"runtime time limit"),
    ("watchdog", r"Watchdog timeout"),
    ("memory", r"oom-kill|OOM killer|exceeds --max-memory-restart"),
    (
        "source",
        r"[Dd]etected (?:a )?(?:file )?changes?\b|restarting due to changes"
        r"|Change detected on path",
    ),
    ("worker", r"WORKER TIMEOUT|HARAKIRI ON WORKER|Autorestarting worker"),
    ("crash", r"Main process exited|exited with code \[?[1-9]"),
)
_COMPILED = tuple((reason, re.compile(pattern)) for reason, pattern in _REASONS)
_CRASH_WORDS = lazy_pattern(r"[Ee]rror:|Uncaught|panic:|F(?:atal|ATAL)")
#: A stop that somebody asked for, or a plan.
_STOPPING = lazy_pattern(r"\bStopping [^\s.]")
#: What a program prints when a person stops it, and systemd of an end that was asked for.
_STOPPED = lazy_pattern(r"code=(?:exited, status=0|killed, status=15/TERM|exited, status=143)")
#: An option by which a program starts itself again when a file changes (uvicorn, gunicorn).
_RELOADS = re.compile(r"\s--reload(?=\s|$)")


@frozen
class ServiceEnd:
    """Ends of a service for one reason: when, in seconds since the epoch, and the last line."""

    reason: EndReason
    times: tuple[int, ...]
    message: str


@frozen
class ServiceHistory:
    """A service by its journal. `command` is its line ExecStart=, and `restarter` what restarts it
    by a plan ("FILE:NUMBER:LINE")."""

    unit: str = ""
    manager: str = ""
    now: int = 0
    properties: dict[str, str] = field(default_factory=dict)
    command: str = ""
    restarter: str = ""
    ends: tuple[ServiceEnd, ...] = ()

    @property
    def without_reload(self) -> str:
        """The command without the option by which it starts itself again, "" if it has none, or if
        it was not read to its end."""
        if self.command.endswith(("…", "\\")):
            return ""
        new = _RELOADS.sub("", self.command)
        return new if new != self.command else ""


def interval_of(times: Sequence[int]) -> int:
    """Return the usual seconds between ends, 0 of fewer than two."""
    gaps = [later - earlier for earlier, later in pairwise(times)]
    return round(median(gaps)) if gaps else 0


def parse_service_history(text: str) -> ServiceHistory:
    """Return what the output of service_ends.sh says."""
    facts, properties = dict[str, str](), dict[str, str]()
    lines = list[tuple[int, str]]()
    for line in text.split("\n")[:_MAX_LINES]:
        word, _, rest = line.partition(" ")
        if word == "log":
            when, _, message = rest.partition(" ")
            seconds = whole_number(when)
            if seconds is not None and seconds < 1 << 40:
                lines.append((seconds, clean(message, _MAX_TEXT)))
        elif word == "property":
            name, _, value = rest.partition("=")
            properties[clean(name, 60)] = clean(value, 60)
        else:
            facts.setdefault(word, clean(rest, _MAX_COMMAND))
    return ServiceHistory(
        facts.get("unit", "").removesuffix(".service"),
        facts.get("manager", ""),
        min(whole_number(facts.get("now", "")) or 0, 1 << 40),
        properties,
        facts.get("command", ""),
        facts.get("restarter", ""),
        tuple(_ends(lines, bool(facts.get("restarter")))),
    )


def _ends(lines: Sequence[tuple[int, str]], is_planned: bool) -> Iterator[ServiceEnd]:
    """Yield the ends by reason, the surest reason of lines at the same time."""
    explained = set[int]()
    stops = [when for when, message in lines if _STOPPING.search(message)]
    for reason, pattern in _COMPILED:
        matches = [
            (when, message)
            for when, message in lines
            if pattern.search(message)
            and not (reason == "crash" and _STOPPED.search(message))
            and not explained.intersection(range(when - _TOGETHER, when + _TOGETHER + 1))
        ]
        if reason == "crash":
            # A program may leave with an error where it is told to end.
            matches = [match for match in matches if not _is_stopped(match[0], stops)]
        # Who stopped it since may have mended it.
        if matches and max(stops, default=0) <= matches[-1][0]:
            last = matches[-1]
            explained.update(when for when, _ in matches)
            message = _words_of_crash(lines, last) if reason == "crash" else last[1]
            yield ServiceEnd(reason, _apart([when for when, _ in matches]), message)
    planned = [
        when
        for when in stops
        if not explained.intersection(range(when - _TOGETHER, when + _TOGETHER + 1))
    ]
    if is_planned and planned:
        yield ServiceEnd("plan", _apart(planned), "")


def _is_stopped(when: int, stops: Sequence[int]) -> bool:
    return any(stop <= when <= stop + _STOPS_WITHIN for stop in stops)


def _words_of_crash(lines: Sequence[tuple[int, str]], last: tuple[int, str]) -> str:
    """Return the program's own words just before it ended, or systemd's."""
    own = [
        message
        for when, message in lines
        if last[0] - _TOGETHER <= when <= last[0] and _CRASH_WORDS.search(message)
    ]
    return own[-1] if own else last[1]


def _apart(times: Sequence[int]) -> tuple[int, ...]:
    ends = list[int]()
    for when in sorted(times):
        if not ends or when - ends[-1] > _TOGETHER:
            ends.append(when)
    return tuple(ends)
