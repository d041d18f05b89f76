"""The message with which one framework refuses a body that is larger than its limit. No I/O."""

import re
from typing import NamedTuple

from diagnose.parsers.lazy_pattern import lazy_pattern


class LimitMessage(NamedTuple):
    """`framework` is a word for the page of a check, `limit` the limit as the message has it, ""
    if it names none, and `words` the part that was recognized."""

    framework: str
    limit: str
    words: str


#: Next.js (server actions), ASP.NET Core (Kestrel, then its reader of forms), Spring, and the
#: parsers of Node.js on raw-body (Express, NestJS, Koa, Strapi), in the words of their sources.
_MESSAGES: tuple[tuple[str, re.Pattern[str]], ...] = tuple(
    (framework, lazy_pattern(pattern))
    for framework, pattern in (
        ("next", r"(?i)\bBody exceeded (?P<limit>[\d.]{1,8} ?[kmg]b) limit"),
        ("kestrel", r"(?i)\bThe max request body size is (?P<limit>\d{1,16} bytes)"),
        ("forms", r"(?i)\bMultipart body length limit (?P<limit>\d{1,16}) exceeded"),
        (
            "spring",
            r"MaxUploadSizeExceededException|(?i:\bMaximum upload size"
            r"(?: of (?P<limit>\d{1,16} bytes))? exceeded)",
        ),
        # body-parser before 1.19 has the message alone; that of nginx has capitals.
        (
            "node",
            r"\bPayloadTooLargeError\b|\bentity\.too\.large\b"
            r"|\bError: request entity too large\b",
        ),
    )
)


def limit_message(text: str) -> LimitMessage | None:
    """Return whose limit a message names in words that no other program has; None if nobody's."""
    for framework, pattern in _MESSAGES:
        if match := pattern.search(text):
            limit = match.groupdict().get("limit") or ""
            return LimitMessage(framework, limit, match[0])
    return None
