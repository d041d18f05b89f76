"""What fills a file system, by the output of large_files.sh. No I/O."""

import re
from collections.abc import Iterator

from diagnose.model.resources import LargeFile, LargeKind
from diagnose.parsers.sanitize import clean
from diagnose.parsers.whole_numbers import whole_number

_ROW = re.compile(
    r"(file|journal) (\d{1,18}) (/.{1,500})|(deleted) (\d{1,18}) (\S{1,100}) (/.{1,500})"
)
#: The output of a container, as Docker keeps it (json-file).
_CONTAINER = re.compile(r"/containers/([0-9a-f]{12,64})/\1-json\.log")
#: A log that was put aside: by number or date, often packed (logrotate(8)).
_ASIDE = re.compile(
    r"/var/log/(?:[^/]+/){0,6}[^/]+[.-](?:\d{1,3}|\d{8}(?:-\d{1,10})?|\d{4}-\d\d-\d\d)"
    r"(?:\.(?:gz|xz|bz2|zst))?"
)
#: A log that a program writes. Those of databases are data ("000123.log", binlogs).
_LOG = re.compile(
    r"/var/log/(?:[^/]+/){0,6}(?:[^/]*\.(?:log|err|out)|[^/]*_log|syslog|messages|debug|user\.log)"
    r"|/.{0,400}/(?:nohup\.out|catalina\.out|access\.log|error\.log|access_log|error_log|laravel\.log"
    r"|debug\.log|production\.log|development\.log)"
)
#: What must be kept, or is no text.
_KEPT = re.compile(r"/var/log/audit/|/(?:mysql|mariadb|postgresql|mongodb|redis)/.*(?:bin|relay)")
#: Most files.
_MAX = 24


def parse_large_files(text: str) -> Iterator[LargeFile]:
    """Yield the files that can be named in a command as they are shown."""
    for row in text.split("\n")[:_MAX]:
        match = _ROW.fullmatch(row)
        if match is None:
            continue
        word, size = match[1] or match[4], whole_number(match[2] or match[5]) or 0
        path, unit = match[3] or match[7], match[6] or ""
        if path != clean(path, 500):
            continue
        unit = clean(unit, 100) if unit != "-" else ""
        kind = "journal" if word == "journal" else _kind(path)
        if word == "deleted":
            # Programs keep files of their work in this way: of these none is in the way.
            kind = "deleted" if kind in {"log", "aside"} else "other"
        yield LargeFile(path, size, kind, unit)


def _kind(path: str) -> LargeKind:
    if _KEPT.search(path):
        return "other"
    if _CONTAINER.search(path):
        return "container"
    if _ASIDE.fullmatch(path):
        return "aside"
    return "log" if _LOG.fullmatch(path) else "other"
