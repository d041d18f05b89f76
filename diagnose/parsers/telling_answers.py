"""Answers below 500 in whose words an application says that the setup is wrong. No I/O.

Each has its source: the texts of the programs themselves.
"""

import re
from typing import Literal

from diagnose.parsers.lazy_pattern import lazy_pattern

#: PHP does not find the script ("No input file specified.", "File not found.", sapi/cgi, sapi/fpm;
#: also behind the stars of a masked body); Tomcat refuses
#: characters in the address (org.apache.coyote.http11); an application refuses the address of the
#: proxy, which it takes for the visitor's.
AnswerReason = Literal["script", "characters", "proxy-address"]

_PRIVATE = (
    r"(?:127\.\d{1,3}\.\d{1,3}\.\d{1,3}|::1|172\.(?:1[6-9]|2\d|3[01])\.\d{1,3}\.\d{1,3}"
    r"|10\.\d{1,3}\.\d{1,3}\.\d{1,3}|192\.168\.\d{1,3}\.\d{1,3})"
)
_REFUSED = (
    r"(?:not allowed|denied|forbidden|blocked|not in the|not permitted|unauthorized|拒绝|禁止)"
)
_PATTERNS: tuple[tuple[AnswerReason, re.Pattern[str]], ...] = (
    ("script", lazy_pattern(r"^\s*(?:\*\*\* )?(?:No input file specified|File not found)\.\s*$")),
    ("characters", lazy_pattern(r"Invalid character found in the request target")),
    (
        "proxy-address",
        lazy_pattern(
            rf"\b(?:IP|address|client|host)\b.{{0,60}}{_PRIVATE}.{{0,80}}{_REFUSED}"
            rf"|{_REFUSED}.{{0,60}}\b(?:IP|address|client)\b.{{0,40}}{_PRIVATE}",
            re.IGNORECASE | re.DOTALL,
        ),
    ),
)


def answer_reason(status: int | None, body: str) -> AnswerReason | None:
    """Return what an answer with 4xx says is wrong; None if it says nothing that is known."""
    if not 400 <= (status or 0) < 500:
        return None
    text = body[:4000]
    return next((reason for reason, pattern in _PATTERNS if pattern.search(text)), None)
