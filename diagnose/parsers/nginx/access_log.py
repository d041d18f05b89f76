"""Parse nginx's access log by the `log_format` with which it is written. No I/O.

https://nginx.org/en/docs/http/ngx_http_log_module.html
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime

from diagnose.model.frozen import frozen
from diagnose.model.nginx import Directive
from diagnose.parsers.http import MONTHS
from diagnose.parsers.lazy_pattern import lazy_pattern
from diagnose.parsers.nginx.config import children
from diagnose.parsers.nginx.locations import LocationMatch
from diagnose.parsers.sanitize import clean
from diagnose.parsers.urls import parse_url

#: The format that nginx defines itself.
COMBINED = (
    '$remote_addr - $remote_user [$time_local] "$request" $status $body_bytes_sent '
    '"$http_referer" "$http_user_agent"'
)

#: Longest line that is read, and longest path that is kept, in characters.
MAX_LINE, MAX_PATH = 8192, 300

_VARIABLE = lazy_pattern(r"\$(?:\{(\w{1,60})\}|(\w{1,60}))")
_REQUEST = lazy_pattern(r"([A-Z]{3,10}) (\S+) HTTP/")
#: What browsers send (RFC 3986 section 3.3).
_PATH = lazy_pattern(r"/[\w.~:/@!$&'()*+,;=%-]*", re.ASCII)
_LOCAL_TIME = lazy_pattern(
    r"(\d{2})/([A-Z][a-z]{2})/(\d{4}):(\d{2}:\d{2}:\d{2}) ([+-]\d{2})(\d{2})", re.ASCII
)

#: The variables that hold the name under which a visitor asked, the most exact first.
_HOSTS = ("host", "http_host", "server_name")


@frozen
class LogFormat:
    """What stands in a line: a literal text before each variable, and one after the last."""

    literals: tuple[str, ...]
    variables: tuple[str, ...]

    @property
    def names_host(self) -> bool:
        """Whether a line says which site was asked."""
        return not set(_HOSTS).isdisjoint(self.variables)


@frozen
class AccessLog:
    """A log that nginx writes: its path, in which variables may stand, and its format. The format
    is None if lines of it say too little, or cannot be told apart."""

    path: str
    line_format: LogFormat | None


@frozen
class AccessLine:
    """A request in the log. `when` is in seconds since the epoch, `written` the time as printed.

    `path` is without its query, of which only `has_query` is kept. `host` and `agent` are "" if the
    format lacks them; `referer` is the address of the page that a browser showed, "" if unknown.
    """

    when: float
    written: str
    method: str
    path: str
    has_query: bool
    status: int
    client: str = ""
    host: str = ""
    referer: str = ""
    agent: str = ""


def access_logs(matches: Iterable[LocationMatch], default: str) -> tuple[AccessLog, ...]:
    """Return the logs that these locations write, each once. Without an `access_log` nginx writes
    `default` (from the build) in the format "combined"."""
    logs: dict[str, AccessLog] = {}
    for match in matches:
        http, directives = match.blocks[0], match.directives("access_log")
        if not directives and default:
            logs.setdefault(default, AccessLog(default, log_format(http, "combined")))
        for directive in directives:
            path, *parameters = directive.args or ("off",)
            name = next((word for word in parameters if "=" not in word and word != "gzip"), "")
            if path != "off" and not path.startswith("syslog:"):
                logs.setdefault(path, AccessLog(path, log_format(http, name or "combined")))
    return tuple(logs.values())


def log_format(http: Directive, name: str) -> LogFormat | None:
    """Return the format of this name; None if it is not defined or no line of it can be read."""
    for directive in children(http, "log_format"):
        if directive.args[:1] == (name,):
            texts = [text for text in directive.args[1:] if not text.startswith("escape=")]
            return parse_format("".join(texts))
    return parse_format(COMBINED) if name == "combined" else None


def parse_format(text: str) -> LogFormat | None:
    """Return a format; None if two variables touch, so that nobody can tell where one ends, or if
    it lacks the time, the status or the request."""
    literals, variables, start = [], list[str](), 0
    for match in _VARIABLE.finditer(text):
        literals.append(text[start : match.start()])
        variables.append(match[1] or match[2])
        start = match.end()
    literals.append(text[start:])
    is_ambiguous = any(not literal for literal in literals[1:-1])
    names = set(variables)
    has_request = "request" in names or {"request_method"} <= names
    has_path = "request" in names or not names.isdisjoint({"request_uri", "uri"})
    has_time = not names.isdisjoint({"time_local", "time_iso8601", "msec"})
    if is_ambiguous or not (has_request and has_path and has_time and "status" in names):
        return None
    return LogFormat(tuple(literals), tuple(variables))


def parse(text: str, line_format: LogFormat) -> Iterator[AccessLine]:
    """Yield the requests in a log, in order. Lines that are cut off or in another format, and
    requests that are no HTTP, are left out."""
    for line in text.split("\n"):
        values = _values(line, line_format) if len(line) <= MAX_LINE else None
        if values and (access_line := _line(values)):
            yield access_line


def _values(line: str, line_format: LogFormat) -> dict[str, str] | None:
    """Return the variables' values, or None. nginx escapes quotation marks in values, so that the
    next literal text ends one."""
    first, *literals = line_format.literals
    if not line.startswith(first):
        return None
    values: dict[str, str] = {}
    position = len(first)
    for name, literal in zip(line_format.variables, literals, strict=True):
        end = line.find(literal, position) if literal else len(line)
        if end < 0:
            return None
        values.setdefault(name, line[position:end])
        position = end + len(literal)
    return values


def _line(values: Mapping[str, str]) -> AccessLine | None:
    match = _REQUEST.match(values.get("request", ""))
    method = match[1] if match else values.get("request_method", "")
    url = match[2] if match else values.get("request_uri") or values.get("uri", "")
    when, status = _epoch(values), values["status"]
    path, _, query = url.partition("?")
    if when is None or not _PATH.fullmatch(path) or not re.fullmatch("[1-5][0-9]{2}", status):
        return None
    return AccessLine(
        when=when,
        written=clean(values.get("time_local") or values.get("time_iso8601") or "", 40),
        method=clean(method, 10),
        path=clean(path, MAX_PATH),
        has_query=bool(query),
        status=int(status),
        client=clean(values.get("remote_addr", ""), 60),
        host=clean(_first(values, _HOSTS), 253).lower(),
        referer=clean(_known(values.get("http_referer", "")), MAX_PATH),
        agent=clean(_known(values.get("http_user_agent", "")), 200),
    )


def _first(values: Mapping[str, str], names: Iterable[str]) -> str:
    return next((values[name] for name in names if values.get(name, "-") not in {"-", ""}), "")


def _known(value: str) -> str:
    """Return a value; nginx writes "-" for one that is missing."""
    return "" if value == "-" else value


def _epoch(values: Mapping[str, str]) -> float | None:
    """Return the time of a line in seconds since the epoch; None if it has none that is valid."""
    if re.fullmatch(r"[0-9]{1,12}\.[0-9]{3}", values.get("msec", "")):
        return float(values["msec"])
    match = _LOCAL_TIME.fullmatch(values.get("time_local", ""))
    text = values.get("time_iso8601", "")
    if match and match[2] in MONTHS:
        month = MONTHS.index(match[2]) + 1
        text = f"{match[3]}-{month:02}-{match[1]}T{match[4]}{match[5]}:{match[6]}"
    try:
        time = datetime.fromisoformat(text)
        return time.timestamp() if time.tzinfo else None
    except (ValueError, OverflowError):
        return None


def host_of(url: str) -> str:
    """Return the host of a page's address, "" if it is none."""
    parsed = parse_url(url)
    return parsed.host if parsed else ""
