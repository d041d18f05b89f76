"""The request in a line of an access log that a person pasted. No I/O.

The formats "common" and "combined" of Apache and nginx, which Traefik writes too: the visitor, the
request line, the status, the size, and mostly Referer and User-Agent (mod_log_config, "Custom Log
Formats"; ngx_http_log_module, "log_format").
"""

from diagnose.model.frozen import frozen
from diagnose.parsers.lazy_pattern import lazy_pattern
from diagnose.parsers.sanitize import clean

#: Longest text that is looked at, in characters, and the longest User-Agent.
MAX_TEXT, MAX_AGENT = 8000, 200

_LINE = lazy_pattern(
    r"\"(?P<method>[A-Z]{3,10}) (?P<path>/[^\s\"]{0,2000}) HTTP/\d(?:\.\d)?\" (?P<status>[1-5]\d\d)"
    r"(?: (?:\d{1,15}|-)(?: \"(?P<referer>[^\"]{0,2000})\" \"(?P<agent>[^\"]{0,1000})\")?)?(?!\S)"
)


@frozen
class ToldRequest:
    """A request as the log has it. `path` has its query. `referer` and `agent` are "" where the
    format lacks them or the request had none."""

    method: str
    path: str
    status: int
    referer: str = ""
    agent: str = ""


def told_request(text: str) -> ToldRequest | None:
    """Return the request of the first line of an access log in a message; None without one."""
    line = _LINE.search(text[:MAX_TEXT])
    if line is None:
        return None
    values = {
        name: "" if value in {None, "-"} else value for name, value in line.groupdict().items()
    }
    return ToldRequest(
        line["method"],
        clean(line["path"], 2000),
        int(line["status"]),
        clean(values["referer"], 2000),
        clean(values["agent"], MAX_AGENT) if len(values["agent"]) <= MAX_AGENT else "",
    )
