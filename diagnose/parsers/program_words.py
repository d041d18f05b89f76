"""Finds the line that says most in what a program wrote: an exception, something refused or
missing, a warning. It knows the forms of Python, Node.js, Java, Go, PHP and Ruby. No I/O.
"""

import re
from collections.abc import Iterator, Sequence

from diagnose.model.frozen import frozen
from diagnose.model.program_logs import Weight
from diagnose.parsers.sanitize import clean

#: Longest line and number of lines that are read, and longest message.
MAX_LINE, MAX_LINES, MAX_TEXT = 2000, 800, 400
#: Lines below the bare name of an exception in which its text is looked for.
MAX_BELOW = 8

#: Lines of requests: a method with a path, and mostly a status. They repeat what visitors got.
_REQUEST = re.compile(
    r"\b(?:GET|HEAD|POST|PUT|OPTIONS) (?:https?:/)?/\S{0,500}.{0,40}\b[1-5]\d\d\b(?!\.\d)"
)
#: Lines that repeat a status and a path, and no reason (Django: "Not Found: /favicon.ico").
_STATUS = re.compile(
    r"(?:(?:Not Found|Forbidden|Unauthorized|Bad Request|Internal Server Error): |"
    r"Error handling request )/\S*\s*$"
)
#: The kernel ended a program because memory ran out (systemd.service(5), OOMPolicy=).
_MEMORY = re.compile(r"killed by the OOM killer|result 'oom-kill'|Out of memory: Killed process")
#: Frames of a stack, and the line below a frame that shows the place.
_FRAME = re.compile(
    r"\s*(?:File \".{1,300}\", line \d|at .{1,300}[(:]|from /.{1,300}:\d|\.{3} \d+ more|[\^~\s]+$"
    r"|Traceback \(most recent call last\)|node:internal|Node\.js v\d|goroutine \d"
    r"|Emitted '\w{1,40}' event on)"
)
_EXCEPTION = re.compile(
    r"(?:^|[\s\]:|(])(?:(?:[A-Za-z_][\w.$]{0,150})?(?:Error|Exception|Panic)\b[^\w]"
    r"|DisallowedHost|socket\.gaierror: |panic: |PHP (?:Fatal|Parse) error|Caused by: "
    r"|(?:Uncaught|Unhandled) )"
)
_FATAL = re.compile(
    r"\b(?:FATAL|FTL|CRITICAL|CRIT|EMERG|ALERT|ERROR|ERR|SEVERE|HARAKIRI|error|fatal|panic)\b",
    re.ASCII,
)
_REFUSED = re.compile(
    r"\b(?:denied|refused|rejected|reject|disallowed|forbidden|unauthori[sz]ed|not allowed"
    r"|untrusted|not trusted|cannot|can't|could not|couldn't|unable to|failed|failure"
    r"|timed out|timeout|no such|not found|no space left|read-only file system"
    r"|time limit|too many|out of memory|invalid|unsupported|not supported|no supported"
    r"|mismatch|missing|exceeded|killed|no route"
    r"|E(?:ACCES|ADDRINUSE|CONNREFUSED|CONNRESET|MFILE|NFILE|NOENT|NOSPC|PERM|ROFS|TIMEDOUT)"
    r"|[Ww]rong|abort(?:ed|ing)?|not set[- ]up|no python application found)\b"
    r"|拒绝|失败|错误|找不到|不允许",
    re.IGNORECASE,
)
_WARNING = re.compile(r"\bwarn(?:ing)?\b", re.IGNORECASE)
#: What systemd writes about a unit: it says that a program ended, and not why.
_MANAGER = re.compile(
    r"(?:\S{1,200}\.service: (?:Killed unit|Main process exited|Failed with result"
    r"|Scheduled restart|Start request|Consumed|Deactivated|Control process|Failed to spawn"
    r"|Failed to run)"
    r"|Failed to start |Starting |Started |Stopped |Stopping )"
)
#: What a program's manager writes at its end: that it did not start, and not why (php_fpm's main,
#: gunicorn's arbiter, npm, yarn); Action Cable's end of a refusal.
_OUTCOME = re.compile(
    r"FPM initialization failed|Worker failed to boot|Worker \(pid:\d+\) exited with code"
    r"|\[ERROR\] Shutting down: Master|npm ERR! (?:code|errno|path|command|A complete log)\b"
    r"|error Command failed with exit code|Failed to upgrade to WebSocket \("
    r"|Application startup failed\. Exiting|ERROR:\s+Traceback \(most recent call last\)"
)
#: What a closed connection leaves behind: this run closes its own early.
_CLOSED = re.compile(
    r"ConnectionReset|BrokenPipe|[Bb]roken pipe|EPIPE|ECONNRESET|reset by peer"
    r"|[Cc]lient disconnected|Exception occurred during processing of request from"
)
#: The name of an exception alone: what it says stands below.
_BARE = re.compile(r"\s*[\w.$:]{0,150}(?:Error|Exception):?\s*$")
#: A line in JSON (bunyan, pino, structlog): its words, and the levels that are errors.
_JSON_TEXT = re.compile(
    r'"(msg|message|error|err|exception|reason)"\s{0,4}:\s{0,4}"((?:[^"\\]|\\.){1,400})"'
)
_JSON_ERROR = re.compile(
    r'"(?:level|severity|lvl)"\s{0,4}:\s{0,4}(?:[56]0\b|"(?:error|err|fatal|critical|alert|emerg))',
    re.IGNORECASE,
)
_COLOURS = re.compile(r"\x1b\[[0-9;]{0,20}m")


@frozen
class TellingLine:
    """A line and how much it tells (`diagnose.model.program_logs.Weight`)."""

    text: str
    weight: Weight


def telling_line(text: str) -> TellingLine | None:
    """Return the last of the lines that tell most; None if no line tells anything. Of an exception
    that spans lines it is the line that names it, and of two lines of a weight the one with an
    exception."""
    lines = list(_lines(text))
    if not lines:
        return None
    highest = max((line.weight, _names_exception(line)) for line in lines)
    return next(
        line for line in reversed(lines) if (line.weight, _names_exception(line)) == highest
    )


def _names_exception(line: TellingLine) -> bool:
    return _EXCEPTION.search(f"{line.text} ") is not None


def _lines(text: str) -> Iterator[TellingLine]:
    lines = text.split("\n")[-MAX_LINES:]
    for number, line in enumerate(lines):
        bare = _COLOURS.sub("", line[:MAX_LINE])
        if bare.lstrip().startswith("{") and (telling := _of_json(bare)):
            yield telling
            continue
        if _BARE.match(bare):
            bare = f"{bare.strip()} {_text_below(lines[number + 1 : number + 1 + MAX_BELOW])}"
        if _MEMORY.search(bare):
            yield TellingLine(clean(bare.strip(), MAX_TEXT), 3)
        if (
            _STATUS.search(bare)
            or _FRAME.match(bare)
            or _REQUEST.search(bare)
            or _MANAGER.match(bare.strip())
        ):
            continue
        if _CLOSED.search(bare) or _OUTCOME.search(bare):
            continue
        if weight := _weight(f"{bare} "):
            yield TellingLine(clean(bare.strip(), MAX_TEXT), weight)


def _text_below(lines: Sequence[str]) -> str:
    """Return the first line that says what was refused or missing; "" if none does."""
    texts = (_COLOURS.sub("", line[:MAX_LINE]).strip() for line in lines)
    return next((text for text in texts if _says_why(text)), "")


def _says_why(text: str) -> bool:
    return bool(_REFUSED.search(text)) and not text.endswith(":") and not _FRAME.match(text)


def _of_json(line: str) -> TellingLine | None:
    """Return the words of a line in JSON; None if it is no error, or has no words."""
    words = dict.fromkeys(text for _, text in _JSON_TEXT.findall(line))
    text = clean(": ".join(words).replace('\\"', '"'), MAX_TEXT)
    weight = 3 if _JSON_ERROR.search(line) else _weight(f"{text} ")
    return TellingLine(text, weight) if text and weight else None


def _weight(line: str) -> Weight | None:
    if _EXCEPTION.search(line) or _FATAL.search(line):
        return 3
    if _REFUSED.search(line):
        return 2
    return 1 if _WARNING.search(line) else None
