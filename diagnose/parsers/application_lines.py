"""Find the lines of an application's log that say why it failed. No I/O."""

import re

from diagnose.parsers.sanitize import clean
from diagnose.parsers.secrets import hide_secrets

#: Lines that are read, and characters of one that are kept.
MAX_LINES, MAX_LENGTH = 400, 300

#: The last line of a traceback or an exception: Python, Java, .NET, Node, Ruby, PHP, Go, Rust.
_EXCEPTION = re.compile(
    r"^(?:Caused by: )?(?:[\w$]{1,80}[.:\\]){0,12}\w{0,80}"
    r"(?:Error|Exception|DoesNotExist|Fault)\b[:( ]"
    r"|PHP (?:Fatal|Parse) error|\bUncaught \w|^panic: |panicked at"
    r"|unhandled (?:rejection|exception)"
    r"|\b(?:SQLSTATE|FATAL|CRITICAL)\b",
    re.IGNORECASE,
)
_TROUBLE = re.compile(
    r"error|exception|fatal|denied|refused|failed|failure|not found|no such|cannot|can't|could not"
    r"|unable|timed? ?out|no \w+ application|out of memory|killed|missing|invalid",
    re.IGNORECASE,
)
#: A frame of a traceback, a line of an access log, or a separator.
_FRAME = re.compile(
    r"^\s*(?:File \"|at |from /|\.\.\. \d+ more|#\d+ |[\^~]+$|[-=]{5,}$)|^Traceback \(most recent"
    r"|\"(?:GET|POST|HEAD|PUT|OPTIONS) \S+ HTTP/|\b(?:GET|POST) /\S* => generated"
)
#: What programs write before the message: a time, a level, a process.
_HEAD = re.compile(
    r"^(?:\[?\d{4}[-/]\d\d[-/]\d\d[T ]\d\d:\d\d:\d\d[^ \]]{0,12}\]?(?: [+-]\d{4}\]?)?[ ,]*"
    r"|[A-Z], \[[^\]]{1,60}\] {1,3}[A-Z]{3,8} -- : ?|\[[0-9a-f-]{3,40}\] ?"
    r"|\[\d+\] ?|\[(?:ERROR|CRITICAL|FATAL)\] ?)+"
)


def telling_lines(text: str, limit: int = 3) -> tuple[str, ...]:
    """Return at most `limit` lines, in order, of which the last says most: the innermost exception,
    else the last line about trouble, else the last line."""
    lines = [line.rstrip()[:2000] for line in text.splitlines()[-MAX_LINES:]]
    candidates = [line for line in lines if line.strip() and not _FRAME.search(line)]
    if not candidates:
        return ()
    bare = [_HEAD.sub("", line.strip()) for line in candidates]
    ranked = sorted(range(len(bare)), key=lambda index: (_rank(bare[index]), index))
    best = ranked[-1]
    earlier = [index for index in ranked[:-1] if _rank(bare[index]) > 0][-(limit - 1) :]
    chosen = [*sorted(index for index in earlier if index != best), best]
    # A line that is repeated keeps its last place.
    shown = dict.fromkeys(_shown(bare[index]) for index in reversed(chosen))
    return tuple(reversed(shown))


def _rank(line: str) -> int:
    return 2 if _EXCEPTION.search(line) else 1 if _TROUBLE.search(line) else 0


def _shown(line: str) -> str:
    return hide_secrets(clean(line, MAX_LENGTH))
