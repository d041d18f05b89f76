"""What fills a file system, by the output of large_files.sh. No I/O."""

import re
from collections.abc import Iterator

from diagnose.model.resources import LargeFile, LargeKind
from diagnose.parsers.sanitize import clean
from diagnose.parsers.whole_numbers import whole_number

_ROW = re.compile(r"(file|journal|deleted) (\S{1,100}) (\d{1,18}) (/.{1,500})")
#: The output of a container, as Docker keeps it (json-file).
_CONTAINER = re.compile(r"/containers/([0-9a-f]{12,64})/\1-json\.log")
#: A log that was put aside: by number or date, often packed (logrotate(8)). Other files beside them
#: may have a date too, and be copies of data.
_ASIDE = re.compile(
    r"/var/log/(?:[^/]+/){0,6}(?:[^/]*(?:\.(?:log|err|out)|_log)|syslog|messages|debug|maillog|cron)[.-](?:\d{1,3}|\d{8}(?:-\d{1,10})?|\d{4}-\d\d-\d\d)"
    r"(?:\.(?:gz|xz|bz2|zst))?"
)
#: A log that a program writes. Those of databases are data ("000123.log", binlogs).
_LOG = re.compile(
    r"/var/log/(?:[^/]+/){0,6}(?:[^/]*\.(?:log|err|out)|[^/]*_log|syslog|messages|debug|user\.log)"
    r"|/.{0,400}/(?:nohup\.out|catalina\.out|access\.log|error\.log|access_log|error_log|laravel\.log"
    r"|debug\.log|production\.log|development\.log)"
)
#: What must be kept, or is no text: who came in is in some, and a full disk may hide an intruder.
_KEPT = re.compile(
    r"/var/log/(?:audit/|(?:auth|sudo|secure|fail2ban|dpkg|faillog|lastlog|[bw]tmp)(?:[._-]|$))"
    r"|/(?:mysql|mariadb|postgresql|mongodb|redis)/.*(?:bin|relay)"
)
#: Services that others need: a start of theirs ends more than a log.
_NEEDED = re.compile(r"systemd-|dbus|docker|containerd|podman|user@|NetworkManager|polkit")
_USER = re.compile(r"[a-z_][a-z0-9_-]{0,31}")
#: Most files.
_MAX = 24


def parse_large_files(text: str) -> Iterator[LargeFile]:
    """Yield the files that can be named in a command as they are shown."""
    for row in text.split("\n")[:_MAX]:
        match = _ROW.fullmatch(row)
        if match is None:
            continue
        word, holder, size, path = match[1], match[2], whole_number(match[3]) or 0, match[4]
        if path != clean(path, 500):
            continue
        kind = "journal" if word == "journal" else _kind(path)
        unit = owner = ""
        if word == "deleted":
            # Programs keep files of their work in this way: of these none is in the way.
            kind = "deleted" if kind in {"log", "aside"} else "other"
            is_free = holder != "-" and not _NEEDED.match(holder)
            unit = clean(holder, 100) if is_free else ""
        elif word == "file":
            owner = holder if _USER.fullmatch(holder) else ""
            kind = kind if owner else "other"
        yield LargeFile(path, size, kind, unit, owner)


def _kind(path: str) -> LargeKind:
    if _KEPT.search(path):
        return "other"
    if _CONTAINER.search(path):
        return "container"
    if _ASIDE.fullmatch(path):
        return "aside"
    return "log" if _LOG.fullmatch(path) else "other"
