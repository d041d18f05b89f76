"""Parse nginx's error log and select lines by subject. No I/O.

ngx_log_error_core writes a line, and ngx_http_log_error adds to it if it is about a request:
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
from diagnose.parsers.lazy_pattern import lazy_pattern
from diagnose.parsers.nginx.locations import LocationMatch
from diagnose.parsers.sanitize import clean

#: Levels, the most severe first.
LEVELS = ("emerg", "alert", "crit", "error", "warn", "notice", "info", "debug")

#: Longest message text that is kept, in characters.
MAX_TEXT = 500
#: The message for a request that a rule refuses (ngx_http_access_module).
REFUSED_BY_RULE = "access forbidden by rule"
#: Clients of equal lines that are kept.
MAX_CLIENTS = 8

_LINE = lazy_pattern(
    r"(\d{4}/\d\d/\d\d \d\d:\d\d:\d\d) \[(\w+)\] (\d+)#\d+: (?:\*\d+ )?(.*)", re.DOTALL
)
_PARTS = lazy_pattern(r", (client|server|request|subrequest|upstream|host|referrer|login): ")


@frozen
class Clock:
    """The server's clock at one moment: seconds since the epoch, and the local time."""

    epoch: float
    local: str

    def to_epoch(self, local_time: str) -> float | None:
        """Return a local time of the log as seconds since the epoch, or None if it is invalid."""
        try:
            return self.epoch + (_parse_time(local_time) - _parse_time(self.local)).total_seconds()
        except ValueError:
            return None


def _parse_time(local_time: str) -> datetime:
    return datetime.fromisoformat(local_time.replace("/", "-"))


def parse(text: str, file: str, clock: Clock) -> tuple[LogLine, ...]:
    """Return the lines of a log in order. The lines of a multi-line message become one; an
    incomplete message at the beginning is left out."""
    log_lines = (_line(message, file, clock) for message in _complete_messages(text))
    return tuple(log_line for log_line in log_lines if log_line)


def _complete_messages(text: str) -> Iterator[str]:
    message_lines: list[str] = []
    for line in text.split("\n"):
        if _LINE.match(line):
            if message_lines:
                yield "\n".join(message_lines)
            message_lines = [line]
        elif message_lines and len(message_lines) < 20 and line.strip():
            message_lines.append(line)
    if message_lines:
        yield "\n".join(message_lines)


def _line(text: str, file: str, clock: Clock) -> LogLine | None:
    match = _LINE.match(text)
    when = clock.to_epoch(match[1]) if match else None
    if match is None or when is None:
        return None
    message, *field_parts = _PARTS.split(match[4])
    fields: dict[str, str] = {}
    for name, value in zip(field_parts[::2], field_parts[1::2], strict=True):
        # The first field of a name wins. A visitor could only forge one by putting it into the
        # request, which is the visitor's own request anyway.
        fields.setdefault(name, clean(value.strip().strip('"'), MAX_TEXT))
    number = re.search(r"\((\d{1,5}): ", message)
    action = message.rpartition(" while ")[2] if " while " in message else ""
    return LogLine(
        vantage=Vantage.SERVER,
        file=file,
        when=when,
        written=match[1],
        level=match[2],
        pid=int(match[3]),
        text=clean(message, MAX_TEXT),
        errno=int(number[1]) if number else None,
        doing=clean(action, 100),
        client=fields.get("client", ""),
        server=fields.get("server", ""),
        request=_without_query(fields.get("request", "")),
        upstream=_without_query(fields.get("upstream", "")),
        host=fields.get("host", ""),
        referrer=_without_query(fields.get("referrer", "")),
    )


def _without_query(text: str) -> str:
    return re.sub(r"\?\S*", "", text)


def relevant_lines(
    lines: Sequence[LogLine], host: str, since: float, limit: int = 40
) -> tuple[LogLine, ...]:
    """Return the relevant lines since a time (seconds since the epoch), oldest first.

    Equal lines are merged. Lines about the host are preferred, then severe and recent ones. An
    "emerg" line is considered at any age, because it keeps a configuration from being loaded.
    """
    unique: dict[tuple[object, ...], LogLine] = {}
    for line in sorted(lines, key=lambda line: line.when):
        if line.when < since and line.level != "emerg":
            continue
        pid = line.pid if line.level == "emerg" else 0
        key = (line.file, line.level, pid, line.text, line.request, line.upstream, line.host)
        previous = unique.pop(key, None)
        unique[key] = _merged(previous, line) if previous else line
    host_lines = list(matching_lines(unique.values(), host=host))
    ranked = sorted(
        unique.values(),
        key=lambda line: (line not in host_lines, LEVELS.index(line.level) > 2, -line.when),
    )
    return tuple(sorted(ranked[:limit], key=lambda line: line.when))


def _merged(previous: LogLine, line: LogLine) -> LogLine:
    """Return equal lines as one. A page that sent one of the requests is kept: a program that sends
    it again names none."""
    referrer = line.referrer or previous.referrer
    known = previous.clients or (previous.client,)
    earlier = [client for client in known if client and client != line.client]
    clients = (*earlier, line.client)[-MAX_CLIENTS:] if earlier and line.client else ()
    return replace(line, times=previous.times + 1, referrer=referrer, clients=clients)


# Selecting lines by subject


def matching_lines(
    lines: Iterable[LogLine],
    *,
    host: str | None = None,
    path: str | None = None,
    upstream: str | None = None,
    errno: int | None = None,
    pattern: str = "",
    since: float = 0.0,
) -> tuple[LogLine, ...]:
    """Return the lines that meet all the given conditions.

    `host`: the requested Host, or, if a line has none, the first name of the server block that
    accepted the connection. `path`: the requested path, without its query. `upstream`: "host:port"
    of the application ("127.0.0.1:3000", "unix:/run/app.sock"). `pattern`: a regular expression
    that the message contains. `since`: seconds since the epoch.
    """
    return tuple(
        line
        for line in lines
        if (host is None or host.lower() == (_without_port(line.host) or line.server).lower())
        and (path is None or line.path == path.partition("?")[0])
        and (upstream is None or upstream_authority(line) == upstream.lower())
        and (errno is None or line.errno == errno)
        and (not pattern or re.search(pattern, line.text))
        and line.when >= since
    )


def upstream_authority(line: LogLine) -> str:
    """Return the application in a line: "127.0.0.1:3000", "unix:/run/app.sock"; "" if none."""
    address = line.upstream.partition("://")[2].lower()
    if address.startswith("unix:"):
        # "http://unix:/run/app.sock:/path"
        return "unix:" + address[5:].split(":", 1)[0]
    return address.split("/", 1)[0]


def _without_port(host: str) -> str:
    """Return a Host field without its port."""
    return re.sub(r":\d+$", "", host)


# Messages about exhausted resources (ngx_get_connection; accept(2), EMFILE)

NO_CONNECTIONS = r"^\d+ worker_connections are not enough"
NO_FILES = r"failed \(24: "


#: ngx_http_core_module.c and ngx_http_request_body.c: of a chunked body, what had come and the next
#: chunk ("4194304+1048576 bytes").
TOO_LARGE = r"client intended to send too large (?:chunked )?body: (\d{1,15})(?:\+(\d{1,15}))?"


def refused_body_size(message: str) -> int:
    """Return the size of the body that a message of nginx refuses, in bytes; 0 for any other
    message. Of a chunked body it is what had come when it became too large."""
    match = re.search(TOO_LARGE, message)
    return int(match[1]) + int(match[2] or 0) if match else 0


def exhaustion_lines(lines: Iterable[LogLine]) -> tuple[LogLine, ...]:
    """Return the lines that report a worker without free connections or file descriptors."""
    return matching_lines(lines, pattern=f"{NO_CONNECTIONS}|{NO_FILES}")


# Messages about a file of the site

#: The file may not be read (EACCES): ngx_http_static_module, ngx_http_index_module,
#: ngx_http_core_module (try_files).
FILE_DENIED = re.compile(
    r'(?:(?:open|stat|openat|readlink|opendir)\(\) )?"(/[^"]*)" '
    r"(?:failed|is forbidden) \(13: Permission denied\)"
)


# Log destinations


def temp_folder(path: str) -> str:
    """Return the folder of a kind of temporary files: nginx makes up to three levels of folders of
    one to three digits in it (proxy_temp_path)."""
    folder = posixpath.dirname(path)
    for _ in range(3):
        if re.fullmatch(r"\d{1,3}", posixpath.basename(folder)):
            folder = posixpath.dirname(folder)
    return folder


def denied_temp_folders(message: str) -> tuple[str, ...]:
    """Return the folders in which nginx was not allowed to write a temporary file: that of the kind
    of files, and the file's own in it."""
    match = re.match(r'[a-z]+\(\) "(/[^"]+)" failed \(13: ', message)
    if match is None or not re.search(r"/(?:[^/]*\d{10}|\d{1,3})$", match[1]):
        return ()
    return tuple(dict.fromkeys((temp_folder(match[1]), posixpath.dirname(match[1]))))


def written_level(directive: Directive) -> str:
    """Return the level of an `error_log`; without one it is "error"."""
    return next((argument for argument in directive.args[1:] if argument in LEVELS), "error")


def keeps_request_errors(level: str) -> bool:
    """Return whether a log of this level says why a request failed: nginx uses "error" for that."""
    return level not in LEVELS[: LEVELS.index("error")]


@frozen
class LogDestination:
    """Where messages of a level and above are written: a path, or a destination that is not a
    file ("stderr", "syslog:server=…", "memory:…")."""

    target: str
    level: str = "error"

    @property
    def is_file(self) -> bool:
        return self.target != "stderr" and not self.target.startswith(("syslog:", "memory:"))


def log_destinations(
    main: tuple[Directive, ...], locations: Iterable[LocationMatch], default: str, prefix: str
) -> tuple[LogDestination, ...]:
    """Return where the errors of these locations and of nginx itself are written: the innermost
    error_log is in force; without any it is `default` (from the build or the option -e)."""
    main_directives = [directive for directive in main if directive.name == "error_log"]
    directives = list(main_directives)
    for location in locations:
        directives += location.directives("error_log")
    levels = {} if main_directives else {default: "error"}
    for directive in directives:
        if directive.args:
            level = written_level(directive)
            # If two blocks write to one file, only the more severe level is certain to be there.
            levels[directive.args[0]] = min(
                level, levels.get(directive.args[0], level), key=LEVELS.index
            )
    destinations = (LogDestination(target, level) for target, level in levels.items() if target)
    return tuple(
        LogDestination(
            posixpath.normpath(posixpath.join(prefix, destination.target)), destination.level
        )
        if destination.is_file
        else destination
        for destination in destinations
    )
