"""The requests in Caddy's log: all of them where a site has the directive `log`, else those that
failed (https://caddyserver.com/docs/logging). No I/O."""

import contextlib
import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime

from diagnose.model.web_servers import SiteAccessLog
from diagnose.parsers.access_log import AccessLine, access_line
from diagnose.parsers.caddy.document import at, dictionary, text_of, texts
from diagnose.parsers.caddy.request_log import MAX_LINE, entry_of
from diagnose.parsers.sanitize import clean

#: What Caddy calls the loggers of all requests, and of those that failed.
ALL, FAILED = "http.log.access", "http.log.error"

#: The status that a visitor gets where no route has written one: the log has 0 for it.
_UNWRITTEN = 200

#: Maximum number of logs.
MAX_LOGS = 5


def access_logs(document: object) -> tuple[SiteAccessLog, ...]:
    """Return the files of the logs. Their lines have the site's name, so that one may be written by
    all sites."""
    writers = [at(log, "writer") for log in dictionary(at(document, "logging", "logs")).values()]
    files = [
        text_of(at(writer, "filename")) for writer in writers if at(writer, "output") == "file"
    ]
    return tuple(SiteAccessLog(clean(file, 300), "json") for file in files if file)[:MAX_LOGS]


def parse(text: str) -> Iterator[AccessLine]:
    """Yield the requests, in order. A request that failed is in both logs, and is yielded once.
    Lines in another format than "json" and "console" are left out."""
    entries = [_entry(line) for line in text.split("\n") if len(line) <= MAX_LINE]
    logged = {_host(entry) for entry in entries if _logger(entry).startswith(ALL)}
    for entry in entries:
        logger = ALL if _host(entry) in logged else FAILED
        if _logger(entry).startswith(logger) and (line := _line(entry)):
            yield line


def _entry(line: str) -> dict[str, object]:
    """Return what a line holds. In the format "console" its JSON follows the time, the level, the
    logger and the message, with a tab between each two of them, and a colour in the level."""
    entry = entry_of(line)
    words = line.partition("{")[0].split("\t")
    if len(words) < 4 or "ts" in entry:
        return entry
    return {**entry, "ts": words[0], "logger": words[2]}


def _logger(entry: Mapping[str, object]) -> str:
    return text_of(entry.get("logger"))


def _host(entry: Mapping[str, object]) -> str:
    return text_of(at(entry, "request", "host")).partition(":")[0]


def _time(value: object) -> float | None:
    """Return the seconds since the epoch of a time: a number, also of milliseconds, or a text of
    `time_format`, "wall" or ISO 8601, which is in UTC unless it has a zone."""
    if isinstance(value, str) and re.match(r"[0-9]{4}[-/]", value):
        with contextlib.suppress(ValueError, OverflowError):
            time = datetime.fromisoformat(value.replace("/", "-"))
            return (time if time.tzinfo else time.replace(tzinfo=UTC)).timestamp()
    if not isinstance(value, float | int) or not 0 < value < 1e14:
        return None
    return float(value) if value < 1e11 else value / 1000


def _line(entry: Mapping[str, object]) -> AccessLine | None:
    request, status = dictionary(entry.get("request")), entry.get("status")
    when = _time(entry.get("ts"))
    if when is None or not isinstance(status, int):
        return None
    written = datetime.fromtimestamp(when, UTC).isoformat(" ", "seconds")
    line = access_line(
        when=when,
        written=written,
        method=text_of(request.get("method")),
        url=text_of(request.get("uri")),
        status=str(status or _UNWRITTEN),
        client=text_of(request.get("remote_ip")),
        host=text_of(request.get("host")),
        referer=_field(request, "Referer"),
        agent=_field(request, "User-Agent"),
        version=text_of(request.get("proto")).partition("/")[2],
        # Only a password that is right names a user (Caddy, "http.auth.user.id").
        has_user=bool(text_of(entry.get("user_id"))),
    )
    if line is None:
        return None
    given = next(iter(texts(at(entry, "resp_headers", "Content-Type"))), "")
    media_type = clean(given.partition(";")[0].strip().lower(), 100)
    is_nothing = entry.get("size") == 0 and not media_type
    is_usual = (line.method, line.status) == ("GET", _UNWRITTEN)
    duration = entry.get("duration")
    return replace(
        line,
        accept=clean(_field(request, "Accept"), 200),
        media_type=media_type,
        is_empty=is_nothing and (status == 0 or is_usual),
        lasted_s=float(duration) if isinstance(duration, float | int) else None,
    )


def _field(request: Mapping[str, object], name: str) -> str:
    return next(iter(texts(at(request, "headers", name))), "")
