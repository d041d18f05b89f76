"""The request in a line of an access log that a person pasted. No I/O.

The formats "common" and "combined" of Apache and nginx, which Traefik writes too: the visitor, the
request line, the status, the size, and mostly Referer and User-Agent (mod_log_config, "Custom Log
Formats"; ngx_http_log_module, "log_format"). HAProxy's `option httplog` (Configuration Manual,
section 8.2.3). JSON: that of Caddy (`log`, "format json"), of Traefik ("Access Logs", `format:
json`), and of nginx with its own names.
"""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from diagnose.model.frozen import frozen
from diagnose.parsers.lazy_pattern import lazy_pattern
from diagnose.parsers.sanitize import clean

#: Longest text that is looked at, in characters, and the longest User-Agent.
MAX_TEXT, MAX_AGENT = 8000, 200
_MAX_PATH = 2000

_LINE = lazy_pattern(
    r"\"(?P<method>[A-Z]{3,10}) (?P<path>/[^\s\"]{0,2000}) HTTP/(?P<version>\d(?:\.\d)?)\" "
    r"(?P<status>[1-5]\d\d)"
    r"(?: (?:\d{1,15}|-)(?: \"(?P<referer>[^\"]{0,2000})\" \"(?P<agent>[^\"]{0,1000})\")?)?(?!\S)"
)
#: The times, the status and the request line of HAProxy. Over HTTP/2 it writes the whole address.
_HAPROXY = lazy_pattern(
    r" -?\d{1,10}/-?\d{1,10}/-?\d{1,10}/-?\d{1,10}/\+?\d{1,10} (?P<status>[1-5]\d\d) \+?\d{1,15} "
    r"[^\"]{0,600}\"(?P<method>[A-Z]{3,10}) (?:https?://[^/\s\"]{1,260})?"
    r"(?P<path>/[^\s\"]{0,2000}) HTTP/(?P<version>\d(?:\.\d)?)\""
)
_JSON = lazy_pattern(r"\{\s?\"")
#: What programs call the parts of a request in a log of JSON.
_NAMES: Mapping[str, tuple[str, ...]] = {
    "method": ("method", "requestmethod", "request_method"),
    "path": ("uri", "requestpath", "request_uri", "path"),
    "status": ("status", "downstreamstatus"),
    "version": ("proto", "requestprotocol", "server_protocol"),
    "agent": ("user-agent", "request_user-agent", "http_user_agent", "user_agent"),
    "referer": ("referer", "request_referer", "http_referer"),
}


@frozen
class ToldRequest:
    """A request as the log has it, or as other words tell it. `path` has its query, and is "" if no
    words name one. `referer` and `agent` are "" where the format lacks them or the request had
    none, `version` ("1.0") and `method` where nothing tells them, and `status` is 0 then. `fields`
    are further header fields, by their names in lower case."""

    method: str
    path: str
    status: int = 0
    referer: str = ""
    agent: str = ""
    version: str = ""
    fields: tuple[tuple[str, str], ...] = ()


def told_request(text: str) -> ToldRequest | None:
    """Return the request of the first line of an access log in a message; None without one."""
    cut = text[:MAX_TEXT]
    line = _LINE.search(cut) or _HAPROXY.search(cut)
    if line is None:
        return _in_json(cut)
    return _request(line.groupdict())


def _in_json(text: str) -> ToldRequest | None:
    """Return the request of the first line of JSON that has its method, its path and its status."""
    start = _JSON.search(text)
    if start is None:
        return None
    try:
        value, _ = json.JSONDecoder().raw_decode(text, start.start())
    except (ValueError, RecursionError):
        return None
    parts = dict(_parts(value))
    values = {
        part: next((parts[name] for name in names if name in parts), "")
        for part, names in _NAMES.items()
    }
    is_request = values["method"].isascii() and values["method"].isupper()
    is_answered = len(values["status"]) == 3 and values["status"].isdigit()
    if not is_request or not is_answered or not values["path"].startswith("/"):
        return None
    return _request({**values, "version": values["version"].rpartition("/")[2]})


def _parts(value: Any, depth: int = 0) -> Iterator[tuple[str, str]]:
    """Yield the names in lower case and the values of an object and of those in it, the outer ones
    last. Caddy writes a list of values of each field."""
    if not isinstance(value, dict) or depth > 2:
        return
    for name, inner in value.items():
        if not name.startswith("resp"):
            yield from _parts(inner, depth + 1)
    for name, inner in value.items():
        plain = inner[0] if isinstance(inner, list) and inner else inner
        if isinstance(plain, str | int) and not isinstance(plain, bool):
            yield name.lower(), str(plain)


def _request(parts: Mapping[str, str | None]) -> ToldRequest:
    values = {name: "" if value in {None, "-"} else str(value) for name, value in parts.items()}
    agent = values.get("agent", "")
    return ToldRequest(
        values["method"],
        clean(values["path"], _MAX_PATH),
        int(values["status"]),
        clean(values.get("referer", ""), 2000),
        clean(agent, MAX_AGENT) if len(agent) <= MAX_AGENT else "",
        values.get("version", "")[:3],
    )
