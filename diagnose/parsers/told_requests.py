"""The request in a line of an access log that a person pasted. No I/O.

The formats "common" and "combined" of Apache and nginx, which Traefik writes too: the visitor, the
request line, the status, the size, and mostly Referer and User-Agent (mod_log_config, "Custom Log
Formats"; ngx_http_log_module, "log_format"). HAProxy's HTTP format. Rows of JSON and of `key=value`
by the names that servers and programs give the fields (Caddy, "Logging"; Traefik, "Access Logs";
nginx, `escape=json`; Grafana, lograge).
"""

from diagnose.model.frozen import frozen
from diagnose.parsers.lazy_pattern import lazy_pattern
from diagnose.parsers.sanitize import clean

#: Longest text that is looked at, in characters, and the longest User-Agent.
MAX_TEXT, MAX_AGENT = 8000, 200

_LINE = lazy_pattern(
    r"(?:(?<!\S)(?P<client>[0-9A-Fa-f.:]{3,45})(?: \S{1,60}){2} \[[^\]\n]{10,40}\] )?"
    r"\"(?P<method>[A-Z]{3,10}) (?P<path>/[^\s\"]{0,2000}) HTTP/(?P<version>\d(?:\.\d)?)\" "
    r"(?P<status>[1-5]\d\d)"
    r"(?: (?:\d{1,15}|-)(?: \"(?P<referer>[^\"]{0,2000})\" \"(?P<agent>[^\"]{0,1000})\")?)?(?!\S)"
)
#: A field of a row: "key":"text", "key":["text"], "key":number, key=value.
_FIELD = lazy_pattern(
    r"\"(?P<key>[A-Za-z_-]{2,30})\"\s{0,3}:\s{0,3}"
    r"(?:\[\s{0,3})?(?:\"(?P<text>(?:[^\"\\\n]|\\.){0,2000})\"|(?P<number>\d{1,15})(?![\w.]))"
    r"|(?<![^\s,])(?P<name>[A-Za-z_]{2,30})=(?:\"(?P<quoted>[^\"\n]{0,2000})\"|(?P<word>[^\s\",]{1,2000}))"
)
#: What a field means, by its key in small letters without marks.
_KEYS = {
    key: meaning
    for meaning, keys in {
        "method": "method requestmethod verb httpmethod",
        "path": "uri requesturi requestpath path url",
        "status": "status statuscode downstreamstatus responsestatus responsecode",
        "client": "remoteip clientip clienthost remoteaddr remoteaddress xforwardedfor ip",
        "agent": "useragent httpuseragent requestuseragent",
        "referer": "referer httpreferer referrer requestreferer",
        "version": "proto requestprotocol serverprotocol",
        "request": "request",
    }.items()
    for key in keys.split()
}
_REQUEST_LINE = lazy_pattern(
    r"(?P<method>[A-Z]{3,10}) (?P<path>/\S{0,2000}) HTTP/(?P<version>\d(?:\.\d)?)"
)
_METHOD = lazy_pattern(r"[A-Z]{3,10}")
_STATUS = lazy_pattern(r"[1-5]\d\d")


@frozen
class ToldRequest:
    """A request as the log has it, or as other words tell it. `path` has its query, and is "" if no
    words name one. `referer`, `agent` and `client`, the address of who asked, are "" where the
    format lacks them or the request had none, `version` ("1.0") and `method` where nothing tells
    them, and `status` is 0 then. `fields` are further header fields, by their names in lower case.
    """

    method: str
    path: str
    status: int = 0
    referer: str = ""
    agent: str = ""
    version: str = ""
    fields: tuple[tuple[str, str], ...] = ()
    client: str = ""


def told_request(text: str) -> ToldRequest | None:
    """Return the request of the first line of an access log in a message; None without one."""
    own = text[:MAX_TEXT]
    line = _LINE.search(own)
    if line is not None:
        return _told({name: value or "" for name, value in line.groupdict().items()})
    values = _fields(own)
    if values and _METHOD.fullmatch(values.get("method", "")) and "status" in values:
        return _told(values)
    return _of_haproxy(own)


def _told(values: dict[str, str]) -> ToldRequest | None:
    path, status = values.get("path", ""), values.get("status", "")
    if not path.startswith("/") or not _STATUS.fullmatch(status):
        return None
    given = {name: "" if value == "-" else value for name, value in values.items()}
    agent = given.get("agent", "")
    return ToldRequest(
        values["method"],
        clean(path, 2000),
        int(status),
        clean(given.get("referer", ""), 2000),
        clean(agent, MAX_AGENT) if len(agent) <= MAX_AGENT else "",
        given.get("version", "").rpartition("/")[2][:3],
        client=_address(given.get("client", "")),
    )


def _address(text: str) -> str:
    """Return an address without its port; "" for anything else."""
    # Imported late: few messages are lines of a log.
    from contextlib import suppress
    from ipaddress import ip_address

    for bare in (text.strip("[]"), text.rpartition(":")[0].strip("[]")):
        with suppress(ValueError):
            return str(ip_address(bare))
    return ""


def _fields(text: str) -> dict[str, str]:
    """Return the fields of a row that are known, the first of each meaning."""
    values = dict[str, str]()
    for match in _FIELD.finditer(text) if "status" in text.lower() else ():
        key = (match["key"] or match["name"]).lower().replace("_", "").replace("-", "")
        given = (match[name] for name in ("text", "number", "quoted", "word"))
        value = next((value for value in given if value is not None), "")
        meaning = _KEYS.get(key, "")
        if meaning == "request":
            line = _REQUEST_LINE.fullmatch(value)
            values |= line.groupdict() if line else {}
        elif meaning:
            values.setdefault(meaning, value.replace("\\/", "/"))
    return values


def _of_haproxy(text: str) -> ToldRequest | None:
    if "] " not in text or "/" not in text:
        return None
    # Imported late: few messages are lines of HAProxy.
    from diagnose.parsers.haproxy.request_log import request_of

    line = next(filter(None, map(request_of, text.split("\n"))), None)
    if line is None:
        return None
    return ToldRequest(
        line.method,
        line.path,
        line.status,
        line.referer,
        line.agent,
        line.version,
        client=line.client,
    )
