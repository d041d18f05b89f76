"""Apache's error log: why it could not answer a request (httpd, "ErrorLogFormat"). No I/O."""

import re
from collections.abc import Collection, Iterable
from datetime import datetime

from diagnose.model.frozen import frozen
from diagnose.model.web_servers import RequestErrorReason
from diagnose.parsers.sanitize import clean

#: Longest message that is kept, and longest line that is read, in characters.
MAX_TEXT, MAX_LINE = 500, 4000

_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_LINE = re.compile(
    r"\[\w{3} (\w{3}) (\d\d) (\d\d:\d\d:\d\d)(?:\.\d{1,6})? (\d{4})\] "
    r"(?:\[[^\]]{0,60}\] )*(?:\(\d{1,5}\)[^:\[\]]{1,80}: )?(?:\[[^\]]{0,80}\] )*(.*)"
)
#: mod_proxy, proxy_handler; ap_proxy_connection_create; ap_directory_walk and ap_file_walk;
#: core, default_handler; ap_parse_htaccess.
_HANDLER = re.compile(r"AH01144: No protocol handler was valid for the URL (\S+) \(scheme '(\w+)'")
_BACKEND_TLS = re.compile(r"AH00961: \w+: failed to enable ssl support for (\S+)")
_SEARCH = re.compile(r"AH00035: access to (\S+) denied \(filesystem path '([^']+)'\)")
_READ = re.compile(r"AH00132: file permissions deny server access: ([^,]+)")
_HTACCESS = re.compile(r"(/[^:]{0,1000}/\.htaccess): (?!AH)(.+)")
_HTACCESS_READ = re.compile(r"AH00529: (/\S{0,1000}/\.htaccess) pcfg_openfile")


@frozen
class RequestError:
    """Why a request was not answered. `scheme` is the one that no module serves, `file` the file or
    folder that may not be read, or the .htaccess that is faulty."""

    reason: RequestErrorReason
    message: str
    scheme: str = ""
    file: str = ""


@frozen
class RequestedSite:
    """What was requested: the paths, the folders of the sites that answer, and the backends
    ("host:port") that they pass these paths on to."""

    paths: Collection[str]
    roots: Collection[str]
    backends: Collection[str]


def last_request_error(
    text: str, now: str, seconds: float, requested: RequestedSite
) -> RequestError | None:
    """Return the last error about the requested site; None if there is none. Older lines than
    `seconds` are left out; `now` is the server's local time ("2026-11-26 08:07:18")."""
    for line in reversed(text.split("\n")):
        match = _LINE.match(line[:MAX_LINE])
        if match is None or not _is_recent(match, now, seconds):
            continue
        error = _error(match[5], requested)
        if error:
            return error
    return None


def _is_recent(match: re.Match[str], now: str, seconds: float) -> bool:
    """Return whether a line was written in the last `seconds`. Its clock is the server's."""
    if match[1] not in _MONTHS:
        return False
    written = f"{match[4]}-{_MONTHS.index(match[1]) + 1:02}-{match[2]} {match[3]}"
    try:
        age = (datetime.fromisoformat(now) - datetime.fromisoformat(written)).total_seconds()
    except ValueError:
        return False
    return -2 <= age <= seconds


def _error(text: str, requested: RequestedSite) -> RequestError | None:
    message = clean(text, MAX_TEXT)
    if (match := _HANDLER.search(text)) and match[1].partition("?")[0] in requested.paths:
        return RequestError("handler", message, scheme=match[2].lower())
    if (match := _BACKEND_TLS.search(text)) and match[1] in requested.backends:
        return RequestError("backend-tls", message)
    if (match := _SEARCH.search(text)) and match[1].partition("?")[0] in requested.paths:
        return RequestError("permission", message, file=clean(match[2], 300))
    if (match := _READ.search(text)) and _is_within(match[1], requested.roots):
        return RequestError("permission", message, file=clean(match[1], 300))
    if (match := _HTACCESS_READ.search(text)) and _is_on_the_way(match[1], requested.roots):
        return RequestError("permission", message, file=clean(match[1], 300))
    if (match := _HTACCESS.match(text)) and _is_on_the_way(match[1], requested.roots):
        return RequestError("htaccess", clean(match[2], MAX_TEXT), file=clean(match[1], 300))
    return None


def _is_within(file: str, roots: Iterable[str]) -> bool:
    return any(file.startswith(root.rstrip("/") + "/") for root in roots if root)


def _is_on_the_way(htaccess: str, roots: Iterable[str]) -> bool:
    """Return whether a .htaccess is in a site's folder, below it or above it."""
    folder = htaccess.rpartition("/")[0]
    return _is_within(htaccess, roots) or any(
        f"{root.rstrip('/')}/".startswith(f"{folder}/") for root in roots if root
    )
