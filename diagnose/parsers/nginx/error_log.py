"""nginx's error log, from text to values, and the lines in it that are about something. Pure.

A line is made by ngx_log_error_core and, where it is about a request, ngx_http_log_error:
time, [level], pid#tid, the connection's number, the message, then ", client: …, server: …,
request: "…", upstream: "…", host: "…"". https://nginx.org/en/docs/ngx_core_module.html#error_log
"""

import posixpath
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime

from diagnose.model import Vantage
from diagnose.model.frozen import frozen
from diagnose.model.logs import LogLine
from diagnose.model.nginx import Directive
from diagnose.parsers.nginx.server_blocks import Place
from diagnose.parsers.sanitize import clean

#: Levels, the gravest first.
LEVELS = ("emerg", "alert", "crit", "error", "warn", "notice", "info", "debug")

#: So much of a message is kept.
LONGEST = 500

_LINE = re.compile(
    r"(\d{4}/\d\d/\d\d \d\d:\d\d:\d\d) \[(\w+)\] (\d+)#\d+: (?:\*\d+ )?(.*)", re.DOTALL
)
_PARTS = re.compile(r", (client|server|request|subrequest|upstream|host|referrer|login): ")


@frozen
class Clock:
    """The server's clock at one moment: since the epoch, and as its local time."""

    epoch: float
    local: str

    def when(self, written: str) -> float | None:
        """A local time of the log, since the epoch."""
        try:
            return self.epoch + (_time(written) - _time(self.local)).total_seconds()
        except ValueError:
            return None


def _time(written: str) -> datetime:
    return datetime.fromisoformat(written.replace("/", "-"))


def parse(text: str, file: str, clock: Clock) -> tuple[LogLine, ...]:
    """The lines of a log, in its order. What a program behind nginx printed over several lines
    is one; a first line that was cut is left out."""
    found = (_line(one, file, clock) for one in _whole(text))
    return tuple(one for one in found if one)


def _whole(text: str) -> Iterator[str]:
    held: list[str] = []
    for line in text.split("\n"):
        if _LINE.match(line):
            if held:
                yield "\n".join(held)
            held = [line]
        elif held and len(held) < 20 and line.strip():
            held.append(line)
    if held:
        yield "\n".join(held)


def _line(text: str, file: str, clock: Clock) -> LogLine | None:
    match = _LINE.match(text)
    when = clock.when(match[1]) if match else None
    if match is None or when is None:
        return None
    message, *rest = _PARTS.split(match[4])
    said: dict[str, str] = {}
    for name, value in zip(rest[::2], rest[1::2], strict=True):
        # What a visitor put into a request cannot stand in for what nginx says after it only by
        # coming first: it is the visitor's own request all the same.
        said.setdefault(name, clean(value.strip().strip('"'), LONGEST))
    number = re.search(r"\((\d{1,5}): ", message)
    doing = message.rpartition(" while ")[2] if " while " in message else ""
    return LogLine(
        vantage=Vantage.SERVER,
        file=file,
        when=when,
        written=match[1],
        level=match[2],
        pid=int(match[3]),
        text=clean(message, LONGEST),
        errno=int(number[1]) if number else None,
        doing=clean(doing, 100),
        client=said.get("client", ""),
        server=said.get("server", ""),
        request=_without_query(said.get("request", "")),
        upstream=_without_query(said.get("upstream", "")),
        host=said.get("host", ""),
    )


def _without_query(text: str) -> str:
    return re.sub(r"\?\S*", "", text)


def kept(lines: Sequence[LogLine], host: str, since: float, most: int = 40) -> tuple[LogLine, ...]:
    """The lines since then that are worth keeping: each thing once, those about the host first,
    of the others the gravest and newest; and what stops a configuration from being loaded,
    however old. In the order in which they were written."""
    single: dict[tuple[object, ...], LogLine] = {}
    for line in sorted(lines, key=lambda one: one.when):
        if line.when < since and line.level != "emerg":
            continue
        pid = line.pid if line.level == "emerg" else 0
        key = (line.file, line.level, pid, line.text, line.request, line.upstream, line.host)
        before = single.pop(key, None)
        single[key] = replace(line, times=before.times + 1) if before else line
    named = list(about(single.values(), host))
    order = sorted(
        single.values(),
        key=lambda one: (one not in named, LEVELS.index(one.level) > 2, -one.when),
    )
    return tuple(sorted(order[:most], key=lambda one: one.when))


# Which lines are about something


def about(
    lines: Iterable[LogLine],
    host: str | None = None,
    path: str | None = None,
    upstream: str | None = None,
    errno: int | None = None,
    says: str = "",
    since: float = 0.0,
) -> tuple[LogLine, ...]:
    """The lines that are about all of what is given.

    `host`: the Host field asked for, or, where a line has none, the first name of the block that
    took the connection. `path`: the path asked for, without its query. `upstream`: "host:port" of
    the application ("127.0.0.1:3000", "unix:/run/app.sock"). `says`: a regular expression that
    the message matches somewhere. `since`: seconds since the epoch.
    """
    return tuple(
        one
        for one in lines
        if (host is None or host.lower() == (_bare(one.host) or one.server).lower())
        and (path is None or one.path == path.partition("?")[0])
        and (upstream is None or authority(one) == upstream.lower())
        and (errno is None or one.errno == errno)
        and (not says or re.search(says, one.text))
        and one.when >= since
    )


def authority(line: LogLine) -> str:
    """The application that a line names: "127.0.0.1:3000", "unix:/run/app.sock"; "" if none."""
    rest = line.upstream.partition("://")[2].lower()
    if rest.startswith("unix:"):
        # "http://unix:/run/app.sock:/path"
        return "unix:" + rest[5:].split(":", 1)[0]
    return rest.split("/", 1)[0]


def _bare(host: str) -> str:
    """A Host field without its port."""
    return re.sub(r":\d+$", "", host)


# What nginx says when it has run out of something (ngx_get_connection; accept(2), EMFILE)

NO_CONNECTIONS = r"^\d+ worker_connections are not enough"
NO_FILES = r"failed \(24: "


def exhausted(lines: Iterable[LogLine]) -> tuple[LogLine, ...]:
    """The lines that say that a worker had no connection or no file descriptor left."""
    return about(lines, says=f"{NO_CONNECTIONS}|{NO_FILES}")


# Which logs there are


@frozen
class Log:
    """Where messages of a level and above go: a path, or another place that is no file
    ("stderr", "syslog:server=…", "memory:…")."""

    to: str
    level: str = "error"

    @property
    def is_file(self) -> bool:
        return self.to != "stderr" and not self.to.startswith(("syslog:", "memory:"))


def logs(
    main: tuple[Directive, ...], places: Iterable[Place], default: str, prefix: str
) -> tuple[Log, ...]:
    """Where the errors of these locations and of nginx itself are written: what the innermost
    level says is in force, `default` (of the build, or the option -e) where none says anything."""
    own = [one for one in main if one.name == "error_log"]
    given = list(own)
    for place in places:
        given += place.all("error_log")
    found = {} if own else {default: "error"}
    for one in given:
        if one.args:
            level = next((word for word in one.args[1:] if word in LEVELS), "error")
            # Where two blocks write to one file, what is certain to be there is the graver.
            found[one.args[0]] = min(level, found.get(one.args[0], level), key=LEVELS.index)
    made = (Log(to, level) for to, level in found.items() if to)
    return tuple(
        Log(posixpath.normpath(posixpath.join(prefix, one.to)), one.level) if one.is_file else one
        for one in made
    )
