"""What an answer says of a limit for requests: how many are left. No I/O.

https://datatracker.ietf.org/doc/draft-ietf-httpapi-ratelimit-headers/: RateLimit-Remaining of the
drafts up to 06, `RateLimit: limit=5, remaining=3` of draft 07, `RateLimit: "default";r=3` since
draft 08. X-RateLimit-Remaining and X-Rate-Limit-Remaining are older and still the most frequent.
"""

import re
from collections.abc import Iterable

from diagnose.parsers.whole_numbers import whole_number

_OWN_FIELDS = frozenset({"ratelimit-remaining", "x-ratelimit-remaining", "x-rate-limit-remaining"})
_WITHIN = re.compile(r"(?:^|[;,\s])(?:remaining|r)=(\d{1,9})(?!\d)", re.IGNORECASE)


def remaining_requests(fields: Iterable[tuple[str, str]]) -> int | None:
    """Return how many requests the fields of an answer say are left; None if they say nothing."""
    for name, value in fields:
        if name.lower() in _OWN_FIELDS:
            number = whole_number(value.strip(), 9)
        elif name.lower() == "ratelimit":
            match = _WITHIN.search(value[:200])
            number = int(match[1]) if match else None
        else:
            continue
        if number is not None:
            return number
    return None


_ABOUT_LIMITS = re.compile(
    r"rate.?limit|too many (?:\w{1,20} )?requests|ERR_ERL_|'trust proxy'|\b429\b"
    r"|限流|请求(?:过于)?频繁|请求过多",
    re.IGNORECASE,
)
#: express-rate-limit, where nginx's X-Forwarded-For comes and Express does not believe it.
_TRUST_IS_OFF = re.compile(
    r"ERR_ERL_UNEXPECTED_X_FORWARDED_FOR|'trust proxy' setting is false", re.IGNORECASE
)


def is_about_limits(text: str) -> bool:
    """Return whether a message is about a limit for the requests of a visitor."""
    return _ABOUT_LIMITS.search(text) is not None


def says_trust_is_off(text: str) -> bool:
    """Return whether an application of Express says that it believes no field of its proxy."""
    return _TRUST_IS_OFF.search(text) is not None
