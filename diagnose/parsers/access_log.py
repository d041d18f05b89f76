"""Parse an access log by the format with which a web server writes it. No I/O.

A format is literal text and variables between it. The variables have nginx's names
(https://nginx.org/en/docs/http/ngx_http_log_module.html), whatever server writes the log.
"""

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from datetime import datetime

from diagnose.model.frozen import frozen
from diagnose.parsers.http import MONTHS
from diagnose.parsers.lazy_pattern import lazy_pattern
from diagnose.parsers.sanitize import clean
from diagnose.parsers.urls import parse_url
from diagnose.parsers.whole_numbers import whole_number

#: Longest line that is read without its query and with it, and longest path that is kept, in
#: characters.
MAX_LINE, MAX_WHOLE_LINE, MAX_PATH = 8192, 65_536, 300

_REQUEST = lazy_pattern(r"([A-Z]{3,10}) (\S+) HTTP/([0-9](?:\.[0-9])?)?")
#: nginx logs as much of a request line as its buffer holds, where that is too long (414).
_CUT_REQUEST = lazy_pattern(r"([A-Z]{3,10}) (/[^\s?]{0,300}\?\S?)\S{0,9000}()")
_URI_TOO_LONG = "414"
_END_OF_QUERY = lazy_pattern(r"[\s\"]")
#: What browsers send (RFC 3986 section 3.3).
_PATH = lazy_pattern(r"/[\w.~:/@!$&'()*+,;=%-]*", re.ASCII)
_LOCAL_TIME = lazy_pattern(
    r"(\d{2})/([A-Z][a-z]{2})/(\d{4}):(\d{2}:\d{2}:\d{2}) ([+-]\d{2})(\d{2})", re.ASCII
)

#: What the User-Agent of every browser begins with.
_BROWSER = "Mozilla/"

#: The variables that hold the name under which a visitor asked, the most exact first.
_HOSTS = ("host", "http_host", "server_name")


@frozen
class LogFormat:
    """What stands in a line: a literal text before each variable, and one after the last."""

    literals: tuple[str, ...]
    variables: tuple[str, ...]


@frozen
class AccessLine:
    """A request in the log. `when` is in seconds since the epoch, `written` the time as printed.

    `path` is without its query, of which only `has_query` is kept. `host` and `agent` are "" if the
    format lacks them; `referer` is the address of the page that a browser showed, "" if unknown.
    `ending` is HAProxy's termination state ("SC--"), "" for other servers, and `lasted_s` the
    seconds from the request to the end (HAProxy, Caddy), None for others. `version` is that of
    HTTP ("1.1"), "" if unknown. `has_user` is True if the request had a user of HTTP's basic
    authentication (RFC 7617), False also if the format does not say so. `accept` is the field
    Accept of the request, and `media_type` the type of the answer ("text/html"), both "" if
    unknown. `acts_as_browser` is True if what the client loads shows that it is a browser: then
    `referer` is not that of the log, but the page that the browser probably showed
    (`likely_browsers`). `is_empty` is True if the answer was 200, nothing else and no type, as
    Caddy answers what no route takes; False also if the log does not say so. `sent` is the number
    of bytes that the visitor got, None if unknown.
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
    ending: str = ""
    lasted_s: float | None = None
    version: str = ""
    has_user: bool = False
    accept: str = ""
    media_type: str = ""
    acts_as_browser: bool = False
    is_empty: bool = False
    sent: int | None = None

    @property
    def is_served(self) -> bool:
        """Whether the visitor got what is at the path, or was led elsewhere."""
        return self.status < 400 and not self.is_empty

    @property
    def is_of_browser(self) -> bool:
        """Whether a browser sent it, or a program that calls itself one."""
        return self.acts_as_browser or self.agent.startswith(_BROWSER)


def complete_format(literals: Iterable[str], variables: Iterable[str]) -> LogFormat | None:
    """Return a format; None if two variables touch, so that nobody can tell where one ends, or if
    it lacks the time, the status or the request."""
    parts = LogFormat(tuple(literals), tuple(variables))
    names = set(parts.variables)
    is_ambiguous = any(not literal for literal in parts.literals[1:-1])
    has_request = "request" in names or "request_method" in names
    has_path = "request" in names or not names.isdisjoint({"request_uri", "uri"})
    has_time = not names.isdisjoint({"time_local", "time_iso8601", "msec", "epoch"})
    is_complete = has_request and has_path and has_time and "status" in names
    return parts if is_complete and not is_ambiguous else None


def parse(text: str, line_format: LogFormat) -> Iterator[AccessLine]:
    """Yield the requests in a log, in order. Lines that are cut off or in another format, and
    requests that are no HTTP, are left out."""
    for line in text.split("\n"):
        if MAX_LINE < len(line) <= MAX_WHOLE_LINE:
            line = _without_long_query(line)
        values = _values(line, line_format) if len(line) <= MAX_LINE else None
        if values and (access_line := _line(values)):
            yield access_line


def _without_long_query(line: str) -> str:
    """Return a line with one character of its first query, by which it is too long."""
    head, _, rest = line.partition("?")
    end = _END_OF_QUERY.search(rest, 1)
    return f"{head}?{rest[:1]}{rest[end.start() :]}" if end else line


def _values(line: str, line_format: LogFormat) -> dict[str, str] | None:
    """Return the variables' values, or None. Servers escape quotation marks in values, so that the
    next literal text ends one: nginx by a number, Apache by a backslash."""
    if "\\" in line:
        line = line.replace("\\\\", "%5C").replace('\\"', "%22")
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
    request = values.get("request", "")
    match = _REQUEST.match(request)
    if match is None and values["status"] == _URI_TOO_LONG:
        match = _CUT_REQUEST.fullmatch(request)
    when = _epoch(values)
    if when is None:
        return None
    return access_line(
        when=when,
        written=values.get("time_local") or values.get("time_iso8601") or "",
        method=match[1] if match else values.get("request_method", ""),
        url=match[2] if match else values.get("request_uri") or values.get("uri", ""),
        status=values["status"],
        client=values.get("remote_addr", ""),
        host=_first(values, _HOSTS),
        referer=_value(values.get("http_referer", "")),
        agent=_value(values.get("http_user_agent", "")),
        version=(match[3] if match else values.get("server_protocol", "").partition("/")[2]) or "",
        has_user=bool(_value(values.get("remote_user", ""))),
        sent=whole_number(values.get("body_bytes_sent") or values.get("bytes_sent", ""), 15),
    )


def access_line(
    *,
    when: float,
    written: str,
    method: str,
    url: str,
    status: str,
    client: str,
    host: str,
    referer: str,
    agent: str,
    version: str = "",
    has_user: bool = False,
    sent: int | None = None,
) -> AccessLine | None:
    """Return a line of what a log has, each value cleaned and bounded; None if it is no request
    for a path, or has no status of HTTP."""
    path, _, query = url.partition("?")
    if not _PATH.fullmatch(path) or not re.fullmatch("[1-5][0-9]{2}", status):
        return None
    return AccessLine(
        when=when,
        written=clean(written, 40),
        method=clean(method, 10),
        path=clean(path, MAX_PATH),
        has_query=bool(query),
        status=int(status),
        client=clean(client, 60),
        host=clean(host, 253).lower(),
        referer=clean(referer, MAX_PATH),
        agent=clean(agent, 200),
        version=clean(version, 3),
        has_user=has_user,
        sent=sent,
    )  # fmt: skip


def _first(values: Mapping[str, str], names: Iterable[str]) -> str:
    return next((values[name] for name in names if values.get(name, "-") not in {"-", ""}), "")


def _value(value: str) -> str:
    """Return a value; nginx writes "-" for one that is missing."""
    return "" if value == "-" else value


def _epoch(values: Mapping[str, str]) -> float | None:
    """Return the time of a line in seconds since the epoch; None if it has none that is valid."""
    if re.fullmatch(r"[0-9]{1,12}\.[0-9]{3}", values.get("msec", "")):
        return float(values["msec"])
    if match := re.fullmatch(r"([0-9]{9,11})([0-9]{3}|[0-9]{6})?", values.get("epoch", "")):
        # Seconds, milliseconds or microseconds.
        return int(match[1]) + float(f"0.{match[2] or 0}")
    if (local := local_epoch(values.get("time_local", ""))) is not None:
        return local
    return _iso_epoch(values.get("time_iso8601", ""))


def local_epoch(text: str) -> float | None:
    """Return the time that a log has in the common form ("01/Dec/2026:18:38:53 +0000"), in seconds
    since the epoch; None if it is not valid."""
    match = _LOCAL_TIME.fullmatch(text)
    if match is None or match[2] not in MONTHS:
        return None
    month = MONTHS.index(match[2]) + 1
    return _iso_epoch(f"{match[3]}-{month:02}-{match[1]}T{match[4]}{match[5]}:{match[6]}")


def _iso_epoch(text: str) -> float | None:
    try:
        time = datetime.fromisoformat(text)
        return time.timestamp() if time.tzinfo else None
    except (ValueError, OverflowError):
        return None


def port_of(line: AccessLine, names: Collection[str]) -> int:
    """Return the port of the site with these names at which a visitor asked, as the page that sent
    the request or the Host tells; 0 if neither does."""
    page = parse_url(line.referer)
    if page is not None and page.host in names:
        return page.port
    port = line.host.partition(":")[2]
    return int(port) if re.fullmatch("[0-9]{1,5}", port) else 0


def host_of(url: str) -> str:
    """Return the host of a page's address, "" if it is none."""
    parsed = parse_url(url)
    return parsed.host if parsed else ""
