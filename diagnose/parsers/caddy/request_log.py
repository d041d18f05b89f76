"""Caddy's log: why it could not answer a request (caddyserver.com/docs/logging, "http.log.error").
No I/O."""

import json
import re

from diagnose.parsers.sanitize import clean

#: Longest line that is read, and longest message, in characters.
MAX_LINE, MAX_TEXT = 20_000, 400

#: Messages of checks of their own: nothing listens, TLS with the application, its name, health.
_OTHERS = re.compile(
    r"connection refused|x509|\btls: |first record does not look|no such host|server misbehaving"
    r"|no upstreams available|context canceled|context deadline|i/o timeout|no route to host"
    r"|no such file"
)


def request_error(text: str, host: str, paths: tuple[str, ...]) -> str:
    """Return the message of the last error about a request of this host for one of the paths; ""
    without one, and for a message that other checks explain."""
    for line in reversed(text.split("\n")):
        entry = entry_of(line[:MAX_LINE])
        request = entry.get("request")
        if not str(entry.get("logger", "")).startswith("http.log.error"):
            continue
        if not isinstance(request, dict) or request.get("host", "").partition(":")[0] != host:
            continue
        message = str(entry.get("msg", ""))
        if str(request.get("uri", "")).partition("?")[0] in paths:
            return "" if _OTHERS.search(message) else clean(message, MAX_TEXT)
    return ""


def entry_of(line: str) -> dict[str, object]:
    """Return what a line of JSON holds; nothing for another line."""
    start = line.find("{")
    try:
        entry = json.loads(line[start:]) if start >= 0 else {}
    except (ValueError, RecursionError):
        return {}
    return entry if isinstance(entry, dict) else {}


#: What Caddy's own limit writes (modules/caddyhttp/requestbody): net/http's words behind the
#: status, as the reader of the body gives it on. An application in Go may have the words alone.
_BODY_REFUSAL = re.compile(r"(?:requestbody\.|HTTP 413: )[^\n]{0,200}?request body too large")


def is_body_refusal(message: str) -> bool:
    """Return whether a message says that `request_body` refused the request for its size."""
    return _BODY_REFUSAL.search(message) is not None


def body_refusal(text: str, host: str, path: str) -> str:
    """Return the message of the last request of this host and path (without its query) that was
    larger than `request_body` allows; "" without one."""
    for line in reversed(text.split("\n")):
        if "request body too large" not in line:
            continue
        entry = entry_of(line[:MAX_LINE])
        request, message = entry.get("request"), str(entry.get("msg", ""))
        if not isinstance(request, dict) or not is_body_refusal(message):
            continue
        is_own = str(request.get("host", "")).partition(":")[0] == host
        if is_own and str(request.get("uri", "")).partition("?")[0] == path:
            return clean(message, MAX_TEXT)
    return ""
