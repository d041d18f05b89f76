"""What curl says of requests that it sent on one connection. No I/O."""

import re

from diagnose.model.frozen import frozen
from diagnose.parsers.whole_numbers import whole_number

#: What curl writes behind each answer: the status, the connections that it opened for it, and the
#: seconds (curl(1), --write-out).
WRITTEN = "answered %{http_code} %{num_connects} %{time_total}\\n"
_LINE = re.compile(r"^answered (\d{3}) (\d{1,3}) (\d{1,4}[.,]\d{1,9})\r?$", re.M)
_CLOSE = re.compile(r"^connection:[ \t]*close[ \t]*\r?$", re.I | re.M)
_IDLE = re.compile(r"^keep-alive:[^\n]{0,200}?\btimeout=(\d{1,6})\b", re.I | re.M)
_MAX = 65536


@frozen
class CurlAnswer:
    """One of the answers; `status` is None without one, and `opened` the new connections."""

    status: int | None
    opened: int
    seconds: float
    says_close: bool
    idle: int


def parse_answers(text: str) -> tuple[CurlAnswer, ...]:
    """Return the answers in the output of `curl -D - -o /dev/null -w WRITTEN`."""
    answers, start = [], 0
    text = text[:_MAX]
    for match in _LINE.finditer(text):
        head, start = text[start : match.start()], match.end()
        idle = _IDLE.search(head)
        answers.append(
            CurlAnswer(
                int(match[1]) or None,
                int(match[2]),
                float(match[3].replace(",", ".")),
                _CLOSE.search(head) is not None,
                whole_number(idle[1]) or 0 if idle else 0,
            )
        )
    return tuple(answers)
