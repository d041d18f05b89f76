"""The requests that a program has in its own log, in whatever form it writes them ("413 | PUT |
/jar", "POST /upload 413 1.2 ms"), and the words of frameworks about a request that is larger than
their limit. No I/O."""

import re

from diagnose.model.frozen import frozen
from diagnose.parsers.sanitize import clean

#: Longest line that is read, longest line that is kept, in characters, and most lines.
MAX_LINE, MAX_TEXT, MAX_LINES = 2000, 300, 2000

#: The colours of a terminal.
_COLOURS = re.compile(r"\x1b\[[0-9;]{0,12}m")
_METHOD = re.compile(r"(?<![A-Za-z0-9_/.-])(PUT|POST|PATCH|DELETE)(?![A-Za-z0-9_/-])")
#: A path as it begins, also behind `path=` and quotation marks.
_PATH = re.compile(r"(?<![\w/.:-])(/[^\s\"'|,;]{0,300})")
#: A number that is no part of an address, a time or a size ("413kb", "127.0.0.413", "0.413s").
_NUMBER = r"(?<![\w./-])(?<!\d:){}(?![\w:/-]|\.\d)"
_SUCCESS = re.compile(_NUMBER.format(r"[23]\d\d"))
#: What frameworks write: SvelteKit's adapter-node; body-parser, multer and Fastify (Node.js);
#: Next.js; Kestrel; net/http (Go); Spring and Tomcat; Django; Werkzeug; PHP.
_TOO_LARGE = re.compile(
    r"Content-length of \d+ exceeds limit of \d+|PayloadTooLargeError|MulterError: File too large"
    r"|\bError: request entity too large"
    r"|FST_ERR_CTP_BODY_TOO_LARGE|\bBody exceeded [\d.]+ ?[kmg]?b limit"
    r"|Request body too large\. The max request body size|Multipart body length limit \d+ exceeded"
    r"|http: request body too large|MaxUploadSizeExceededException|SizeLimitExceededException"
    r"|exceeds its maximum permitted size of \d+|RequestDataTooBig"
    r"|The data value transmitted exceeds the capacity limit"
    r"|POST Content-Length of \d+ bytes exceeds the limit of \d+",
    re.IGNORECASE,
)


@frozen
class RefusedRequest:
    """A request that a program refused, by its own log. `times` counts the lines about the same
    method and path, "" where a line names none; `text` is the last one."""

    method: str
    path: str
    text: str
    times: int


def refused_request(text: str, status: int) -> RefusedRequest | None:
    """Return the last request in a log with this status; None without one. A line counts that has
    one method, a path and the status, unless a later one says that the same request succeeded."""
    number = re.compile(_NUMBER.format(status))
    requests: list[tuple[str, str, str]] = []
    for raw in text.split("\n")[-MAX_LINES:]:
        line = _COLOURS.sub("", raw[:MAX_LINE])
        methods, paths = set(_METHOD.findall(line)), _PATH.findall(line)
        if len(methods) != 1 or not paths:
            continue
        key = methods.pop(), clean(paths[0].partition("?")[0], MAX_TEXT)
        if number.search(line):
            requests.append((*key, clean(line.strip(), MAX_TEXT)))
        elif _SUCCESS.search(line):
            requests = [request for request in requests if request[:2] != key]
    if not requests:
        return None
    method, path, last = requests[-1]
    return RefusedRequest(
        method, path, last, sum(request[:2] == (method, path) for request in requests)
    )


def oversized_request(text: str) -> RefusedRequest | None:
    """Return the words of a framework about a request that is larger than its limit; None without
    any."""
    lines = [
        clean(_COLOURS.sub("", line).strip(), MAX_TEXT)
        for line in (raw[:MAX_LINE] for raw in text.split("\n")[-MAX_LINES:])
        if _TOO_LARGE.search(line)
    ]
    return RefusedRequest("", "", lines[-1], len(lines)) if lines else None
