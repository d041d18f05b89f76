"""Apache's error log: why an earlier request, which the access log has, was not answered. No I/O.

The line about the application has no path; a second line of the same client has it.
"""

import re
from collections.abc import Sequence
from datetime import datetime
from urllib.parse import unquote

from diagnose.model.frozen import frozen
from diagnose.parsers.apache.error_log import modsecurity_tags
from diagnose.parsers.http import MONTHS
from diagnose.parsers.sanitize import clean

#: Longest line that is read, longest message that is kept, in characters, and most lines.
MAX_LINE, MAX_TEXT, MAX_LINES = 4000, 500, 2000

#: Lines between the two about one request, at most: other requests may be logged at the same time.
_NEAR = 20

_TIME = re.compile(r"\[\w{3} (\w{3}) (\d\d) (\d\d:\d\d:\d\d)(?:\.\d{1,6})? (\d{4})\] ")
_CLIENT = re.compile(r"\[client (\S{2,60}:\d{1,5})\]")
#: mod_proxy, ap_proxyerror.
_RETURNED = re.compile(r"AH00898: [^/]{1,60} returned by (/\S{0,1000})")
#: APR_TIMEUP, in a response's first line (mod_proxy_http) and from PHP-FPM (mod_proxy_fcgi).
_TIMED_OUT = re.compile(
    r"\(70007\)[^:\[\]]{1,80}: \[client [^\]]{2,70}\] "
    r"(AH01102: error reading status line from remote server ([^\s,]{1,300}).{0,300}"
    r"|AH01075: Error dispatching request to [^\s,]{0,300}: \(?(?:polling|reading).{0,300})"
)
#: The time of a request in the access log (mod_log_config, "%t").
_WRITTEN = re.compile(r"\[?(\d\d)/([A-Z][a-z]{2})/(\d{4}):(\d\d:\d\d:\d\d) [+-]\d{4}\]?")


@frozen
class TimedOut:
    """The application did not answer in time: Apache's message, the application ("" if the message
    does not name it), and the seconds from the request to the line. `names_path` is True if a line
    names the path, False if only the time and the client's address fit."""

    message: str
    backend: str
    waited_s: float | None
    names_path: bool


def timed_out_request(text: str, path: str, written: str) -> TimedOut | None:
    """Return the wait that was given up for a request: its path without the query, and its
    time as the access log has it ("[28/Nov/2026:18:01:00 +0000]"). None if there is none.

    Both logs have the server's local time.
    """
    lines = [line[:MAX_LINE] for line in text.split("\n")[-MAX_LINES:]]
    began = _request_time(written)
    last = None
    for number, line in enumerate(lines):
        returned = _RETURNED.search(line)
        if returned and _is_path(returned[1], path):
            timed_out = _of_client(lines[max(0, number - _NEAR) : number], line, began)
            # Later lines are about later requests.
            if timed_out and timed_out.waited_s is not None:
                return timed_out
            last = timed_out or last
    return None if began else last


def timed_out_script(text: str, written: str) -> TimedOut | None:
    """Return the first wait for PHP-FPM that was given up after the time of a request; None if
    there is none, or if the time is not known."""
    began = _request_time(written)
    for line in text.split("\n")[-MAX_LINES:] if began else ():
        match = _TIMED_OUT.search(line[:MAX_LINE])
        waited = _waited(line, began) if match and not match[2] else None
        if match and waited:
            message = clean(match[1].partition(", referer: ")[0], MAX_TEXT)
            return TimedOut(message, "", waited, names_path=False)
    return None


@frozen
class LoggedReason:
    """Why a request failed, in the words of the error log. `rule` is the number of the rule of a
    web application firewall that refused it, or are those whose points added up, with blanks
    between them; `file` is where the first is written; both are "" without one. `names_path` is
    True if a line names the path, False if only the time fits."""

    message: str
    rule: str = ""
    file: str = ""
    names_path: bool = True


def logged_reason(text: str, path: str, written: str) -> LoggedReason | None:
    """Return what the error log says about a request: its path without the query, and its time as
    the access log has it. None if there is nothing, or if that is not known.

    A line may name the path, its file, or its address at the application; the other lines of the
    same connection belong to it. Without such a line, all lines of that second have to be those of
    one connection.
    """
    began = _request_time(written)
    lines = [line[:MAX_LINE] for line in text.split("\n")[-MAX_LINES:]] if began else []
    near = [
        (line, client[1])
        for line in lines
        if (client := _CLIENT.search(line)) and _FAULT.search(line[:200])
        if (waited := _waited(line, began)) is not None and waited <= _SOON
    ]
    clients = [client for line, client in near if _names(line, path)]
    if not clients and len({client for _, client in near}) != 1:
        return None
    own = [line for line, client in near if client == (clients or [near[-1][1]])[-1]]
    return _reason_of(own, bool(clients))


#: The levels of what is no news, and seconds from a request to the lines about it.
_FAULT, _SOON = re.compile(r"\[\w{1,40}:(?:error|crit|alert|emerg)\]"), 2.0
_FIREWALL = re.compile(r"ModSecurity: Access denied")
_WARNING = re.compile(r"ModSecurity: Warning\.")
_WORDS = re.compile(
    r"\] (?P<system>\((?:EAI )?\d{1,6}\)[^:\[\]]{1,80}: )?\[client [^\]]{2,70}\] "
    r"(?P<text>.{1,2000})"
)


def _names(line: str, path: str) -> bool:
    tags = modsecurity_tags(line)
    if tags.get("uri"):
        return tags["uri"].partition("?")[0] == path
    text = line.partition(", referer: ")[0]
    words = (word.strip("'\",;()").rstrip(".:").partition("?")[0] for word in text.split())
    return len(path) > 1 and any(unquote(word).endswith(unquote(path)) for word in words)


def _reason_of(lines: Sequence[str], names_path: bool) -> LoggedReason | None:
    """Return the reason that the lines of one connection give, the last three at most."""
    refusal = next((line for line in reversed(lines) if _FIREWALL.search(line)), "")
    if refusal:
        # The rule that adds up the points of others refuses for their sake (OWASP CRS, 949110).
        points = [line for line in lines if _WARNING.search(line)]
        own = [modsecurity_tags(line) for line in points or [refusal]]
        rules = dict.fromkeys(tag.get("id", "") for tag in own)
        tags = {name: clean(value, 300) for name, value in own[0].items()}
        tags["id"] = clean(" ".join(list(rules)[:10]), 100).strip()
        words = refusal[refusal.index("ModSecurity") :].partition(" [file ")[0]
        message = tags.get("msg") or clean(words, MAX_TEXT)
        return LoggedReason(message, tags.get("id", ""), tags.get("file", ""), names_path)
    matches = [match for line in lines[-3:] if (match := _WORDS.search(line))]
    texts = [
        clean(f"{match['system'] or ''}{match['text'].partition(', referer: ')[0]}", 200).strip()
        for match in matches
    ]
    return LoggedReason("; ".join(dict.fromkeys(texts)), names_path=names_path) if texts else None


def _of_client(before: Sequence[str], line: str, began: datetime | None) -> TimedOut | None:
    client = _CLIENT.search(line)
    for earlier in reversed(before):
        own = _CLIENT.search(earlier)
        if client and own and own[1] == client[1] and (match := _TIMED_OUT.search(earlier)):
            message = clean(match[1].partition(", referer: ")[0], MAX_TEXT)
            return TimedOut(
                message, clean(match[2] or "", 300), _waited(earlier, began), names_path=True
            )
    return None


def _is_path(logged: str, path: str) -> bool:
    """Return whether the error log's path is that of the access log: it is decoded there."""
    return unquote(logged.rstrip(",")).partition("?")[0] in {unquote(path), path}


def _waited(line: str, began: datetime | None) -> float | None:
    match = _TIME.match(line)
    when = _time(match[4], match[1], match[2], match[3]) if match else None
    seconds = (when - began).total_seconds() if when and began else -1.0
    return seconds if seconds >= 0 else None


def _request_time(written: str) -> datetime | None:
    match = _WRITTEN.fullmatch(written.strip())
    return _time(match[3], match[2], match[1], match[4]) if match else None


def _time(year: str, month: str, day: str, clock: str) -> datetime | None:
    if month not in MONTHS:
        return None
    try:
        return datetime.fromisoformat(f"{year}-{MONTHS.index(month) + 1:02}-{day} {clock}")
    except ValueError:
        return None
