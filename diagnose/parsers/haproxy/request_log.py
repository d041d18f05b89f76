"""The requests in HAProxy's log (Configuration Manual, section 8.2.3, "HTTP log format"; also with
what `option httpslog` adds, and behind a header of syslog). No I/O."""

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import datetime

from diagnose.parsers.access_log import MAX_LINE, AccessLine, access_line
from diagnose.parsers.http import MONTHS
from diagnose.parsers.lazy_pattern import lazy_pattern

#: Client, time of the accept, frontend, backend and server, timers, status, bytes, two captured
#: cookies, termination state, connections, queues, captured header fields, request.
_LINE = lazy_pattern(
    r"(?:^|\s)(?P<client>[0-9A-Fa-f.:]{2,45}):[0-9]{1,5}"
    r" \[(?P<day>[0-9]{2})/(?P<month>[A-Z][a-z]{2})/(?P<year>[0-9]{4}):(?P<time>[0-9:]{8})"
    r"(?P<fraction>\.[0-9]{1,6})?\] (?P<frontend>[\w.:-]{1,100})~? (?P<backend>\S{1,200})/\S{1,200}"
    r" [0-9/+-]{7,50}/\+?(?P<total>[0-9]{1,10})"
    r" (?P<status>[0-9]{3}) \+?[0-9]{1,20}"
    r" \S{1,200} \S{1,200} (?P<ending>[A-Za-z-]{4}) [0-9/+]{9,60} [0-9/]{3,30}"
    r"(?P<captures>(?: \{[^{}]{0,2000}\}){0,2})(?: [^\" ]{1,200}){0,4}"
    r" \"(?P<method>[A-Z]{3,10}) (?P<url>[^\s\"]{1,4000})(?: HTTP/(?P<version>[0-9](?:\.[0-9])?))?"
)
#: What captured header fields are, by their own form: Host, Referer, User-Agent.
_HOST = lazy_pattern(r"(?:[A-Za-z0-9-]{1,63}\.){1,8}[A-Za-z]{2,63}(?::[0-9]{1,5})?")
_REFERER = lazy_pattern(r"https?://\S{1,2000}")
_AGENT = lazy_pattern(r"[A-Za-z][\w.-]{0,60}/.{1,1000}")
#: A request of HTTP/2 is logged with its whole address.
_ORIGIN = lazy_pattern(r"https?://([^/?]{1,255})(?=/)")


def parse(
    text: str, frontends: Collection[str], hosts: Mapping[str, str] | None = None
) -> Iterator[AccessLine]:
    """Yield the requests of these frontends, in order. `hosts` are the sites that alone have a
    backend, by its name. Times have no zone: they are taken for UTC. Lines in another format are
    left out."""
    hosts = hosts or {}
    for line in text.split("\n"):
        match = _match(line)
        if match is None or match["frontend"] not in frontends:
            continue
        if entry := _entry(match, hosts):
            yield entry


def request_of(line: str) -> AccessLine | None:
    """Return the request of a line of any frontend; None for a line in another format."""
    match = _match(line)
    return _entry(match, {}) if match else None


def _match(line: str) -> re.Match[str] | None:
    return _LINE.search(line) if len(line) <= MAX_LINE else None


def _entry(match: re.Match[str], hosts: Mapping[str, str]) -> AccessLine | None:
    when = _time(match["year"], match["month"], match["day"], match["time"])
    if when is None:
        return None
    captured = match["captures"].replace("{", "|").replace("}", "|").split("|")
    origin = _ORIGIN.match(match["url"])
    entry = access_line(
        when=when + float(match["fraction"] or 0),
        written=f"{match['day']}/{match['month']}/{match['year']}:{match['time']}",
        method=match["method"],
        url=match["url"][origin.end() if origin else 0 :],
        status=match["status"],
        client=match["client"],
        host=origin[1] if origin else _first(captured, _HOST) or hosts.get(match["backend"], ""),
        referer=_first(captured, _REFERER),
        agent=_first(captured, _AGENT),
        version=match["version"] or "",
    )
    if entry is None:
        return None
    return replace(entry, ending=match["ending"], lasted_s=int(match["total"]) / 1000)


def _first(captured: Iterable[str], pattern: re.Pattern[str]) -> str:
    return next((value for value in captured if pattern.fullmatch(value)), "")


def _time(year: str, month: str, day: str, time: str) -> float | None:
    try:
        number = MONTHS.index(month) + 1
        return datetime.fromisoformat(f"{year}-{number:02}-{day}T{time}+00:00").timestamp()
    except (ValueError, OverflowError):
        return None
