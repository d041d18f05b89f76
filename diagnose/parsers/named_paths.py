"""The path of the site that a pasted message names: that of a request, or one beside the status
that it got. No I/O."""

import re
from itertools import islice

from diagnose.parsers.lazy_pattern import lazy_pattern
from diagnose.parsers.pasted_text import condensed

#: A request line in a log or a message ("GET /live?room=1 HTTP/1.1" 404): RFC 9112 section 3. Gin
#: and Rails have the path in quotes; uvicorn and Daphne name a handshake in the method's place.
_REQUEST_LINE = re.compile(
    r"(?<![\w/])(?:\[?(?:GET|HEAD)\]? {1,8}\"?"
    r"|\bWebSocket (?:(?:HANDSHAKING|REJECT|CONNECT|DISCONNECT) )?)"
    r"(/[^\s\"'<>`“”‘’]{0,500})"
)
#: The address of the program on the machine itself: who compares it with the site means the path.
_INNER_PATH = lazy_pattern(
    r"(?<![\w.])(?:localhost|127\.0\.0\.1|0\.0\.0\.0|\[::1?\])(?::\d{2,5})?"
    r"(/[\w~%-][\w~%./-]{0,300})"
)
#: Apache: an encoded slash in the path (AllowEncodedSlashes).
_REFUSED_PATH = re.compile(
    r"AH00026: found %\w{2} .{0,40}?in URI path '(/[^\s']{1,500})'", re.IGNORECASE
)
#: Maximum number of request lines of a message that are read.
_MAX_REQUEST_LINES = 50
#: A path beside the status that it got ("404 /chat/api/status", "/api/users 404 (Not Found)",
#: "/api/users 返回 404"), and what sends something: to ask for that is another request.
_STATUS = r"(?:4[0-2]\d|431|451|5[0-3]\d)(?![\w.%]|:\d)"
_PATH = (
    r"(/(?!(?:etc|var|usr|srv|home|opt|root|run|tmp|proc|www)/)"
    # "500 /month" is a rate.
    r"(?!(?:sec|second|min|minute|hour|day|week|month|year)s?(?![\w~%./?&=-]))"
    r"[\w~%.-][\w~%./?&=-]{0,400})"
)
_ARROW = r"(?:->|=>|[-–—→>|])"
_FAILED_PATH = lazy_pattern(
    rf"(?<![\w.:/]){_STATUS}:?(?: \(?[A-Z][\w -]{{2,30}}\)?)?"
    rf"(?: | ?{_ARROW} ?)(?:(?:for|on|at|from) )?[\"'“`]?{_PATH}"
    rf"|(?<![^\s\"'“`(访问]){_PATH}[\"'”`]?[:,]?"
    r"(?: (?:(?:returns?|gives?|gets?|got|is|with|status|error|answers|shows|an?) ){0,3}"
    rf"| ?(?:{_ARROW}|=|接口)? ?|[ ,，]?(?:返回|报错?|出现|提示|就?是)[:： ]?)"
    rf"\(?{_STATUS}"
)
#: A path among words, and no date, share or folder of the machine ("/ws/room does not connect").
_WORD = lazy_pattern(
    r"(?<![^\s\"'“`(，。：]) ?(/(?!dev/(?:null|shm|std|[svx]d))"
    r"(?!(?:etc|var|usr|srv|home|opt|root|run|tmp|proc|sys|mnt|media|boot)/)"
    r"[A-Za-z][\w~%-]{0,60}(?:/[\w~%.-]{1,60}){0,8}/?)(?![\w.:/])"
)
_SENDS = lazy_pattern(r"\b(?:POST|PUT|DELETE|PATCH|OPTIONS)\b")
_MAX_FAILED_PATHS = 8


def requested_path(text: str) -> str:
    """Return the path with query that a message says was requested by GET; "" if it names none, or
    several."""
    whole = condensed(text)
    if refused := _REFUSED_PATH.search(whole):
        return refused[1]
    lines = _REQUEST_LINE.finditer(whole)
    paths = {
        path.rstrip("/"): path
        for match in islice(lines, _MAX_REQUEST_LINES)
        for path in [match[1].rstrip(",;")]
    }
    return next(iter(paths.values())) if len(paths) == 1 else ""


def failed_path(text: str) -> str:
    """Return the path beside the status that it got; "" if a message names none, or several, or one
    to which something was sent."""
    message = condensed(text)
    matches = islice(_FAILED_PATH.finditer(message), _MAX_FAILED_PATHS)
    paths = dict.fromkeys((match[1] or match[2]).rstrip(".,:?") for match in matches)
    is_asked = len(paths) == 1 and not _SENDS.search(message)
    return next(iter(paths)) if is_asked else ""


def inner_path(text: str) -> str:
    """Return the path in the address of a program on the machine itself; "" if a message names
    none, or several."""
    matches = islice(_INNER_PATH.finditer(condensed(text)), _MAX_FAILED_PATHS)
    paths = dict.fromkeys(match[1].rstrip(".") for match in matches)
    return next(iter(paths)) if len(paths) == 1 else ""


def path_in_words(text: str) -> str:
    """Return the path of the site that stands among the words of a message; "" if there is none, or
    several."""
    matches = islice(_WORD.finditer(condensed(text)), _MAX_FAILED_PATHS)
    paths = dict.fromkeys(match[1] for match in matches)
    return next(iter(paths)) if len(paths) == 1 else ""
