"""Answers in which an application says that the request had no token of Authorization. No I/O.

The words are those of Shaarli ("JWT token not provided"), lexik/jwt-authentication-bundle ("JWT
Token not found"), tuupola/slim-jwt-auth ("Token not found."), the JWT plugin of WordPress
("Authorization header not found."), Flask-JWT-Extended ("Missing Authorization Header") and
express-jwt ("No authorization token was found").
"""

import re

from diagnose.parsers.lazy_pattern import lazy_pattern

_FIELD = r"(?:JWT|bearer|access|authori[sz]ation|auth|API)?[ _-]?(?:token|header)"
_ABSENT = (
    r"(?:not (?:provided|found|present|sent|set|given)|(?:is |was )?(?:missing|required|absent))"
)
_WORDS = lazy_pattern(
    rf"\b{_FIELD}\b[^<>{{}}]{{0,20}}{_ABSENT}"
    rf"|\b(?:missing|no)\b[^<>{{}}.]{{0,20}}\b(?:JWT|bearer|authori[sz]ation)[ _-]?"
    rf"(?:token|header)\b",
    re.IGNORECASE,
)
#: Other places of a token: a cookie of the session, a form's field against forgery, a key.
_OTHER = lazy_pattern(r"csrf|xsrf|cookie|session|api[ _-]?key|x-[a-z-]{2,30}", re.IGNORECASE)


def says_no_token(status: int | None, body: str) -> bool:
    """Return whether an answer says that the request had no token."""
    text = body[:2000]
    return status in {401, 403} and bool(_WORDS.search(text)) and not _OTHER.search(text)
