"""The requests in Caddy's log: all of them where a site has the directive `log`, else those that
failed (https://caddyserver.com/docs/logging). No I/O."""

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
    Lines in another format than JSON, and with a time as text, are left out."""
    entries = [entry_of(line) for line in text.split("\n") if len(line) <= MAX_LINE]
    has_all = any(text_of(entry.get("logger")).startswith(ALL) for entry in entries)
    logger = ALL if has_all else FAILED
    for entry in entries:
        if text_of(entry.get("logger")).startswith(logger) and (line := _line(entry)):
            yield line


def _line(entry: Mapping[str, object]) -> AccessLine | None:
    request, when, status = dictionary(entry.get("request")), entry.get("ts"), entry.get("status")
    if not isinstance(when, float | int) or not isinstance(status, int) or not 0 < when < 1e11:
        return None
    written = datetime.fromtimestamp(when, UTC).isoformat(" ", "seconds")
    line = access_line(
        when=float(when),
        written=written,
        method=text_of(request.get("method")),
        url=text_of(request.get("uri")),
        status=str(status),
        client=text_of(request.get("remote_ip")),
        host=text_of(request.get("host")),
        referer=_field(request, "Referer"),
        agent=_field(request, "User-Agent"),
        # Only a password that is right names a user (Caddy, "http.auth.user.id").
        has_user=bool(text_of(entry.get("user_id"))),
    )
    if line is None:
        return None
    given = next(iter(texts(at(entry, "resp_headers", "Content-Type"))), "")
    media_type = clean(given.partition(";")[0].strip().lower(), 100)
    duration = entry.get("duration")
    return replace(
        line,
        accept=clean(_field(request, "Accept"), 200),
        media_type=media_type,
        lasted_s=float(duration) if isinstance(duration, float | int) else None,
    )


def _field(request: Mapping[str, object], name: str) -> str:
    return next(iter(texts(at(request, "headers", name))), "")
