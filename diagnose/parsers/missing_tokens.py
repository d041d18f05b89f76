"""Answers in which an application says that the request had no token of Authorization. No I/O.

The words are those of Shaarli ("JWT token not provided"), lexik/jwt-authentication-bundle ("JWT
Token not found"), tuupola/slim-jwt-auth ("Token not found."), the JWT plugin of WordPress
("Authorization header not found."), Flask-JWT-Extended ("Missing Authorization Header"),
express-jwt ("No authorization token was found") and Django REST framework ("Authentication
credentials were not provided."). "Missing or invalid" says nothing: a wrong token gets it, too.
"""

import re

from diagnose.parsers.lazy_pattern import lazy_pattern

_FIELD = r"(?:JWT|bearer|access|authori[sz]ation|auth|API)?[ _-]?(?:token|header)"
_ABSENT = (
    r"(?:not (?:provided|found|present|sent|set|given)|(?:is |was )?(?:missing|required|absent))"
)
_WORDS = lazy_pattern(
    rf"\b{_FIELD}\b[^<>{{}}]{{0,40}}{_ABSENT}"
    rf"|\b(?:missing|no)\b[^<>{{}}.]{{0,20}}\b(?:JWT|bearer|authori[sz]ation)[ _-]?"
    rf"(?:token|header)\b"
    r"|\bcredentials were not provided\b",
    re.IGNORECASE,
)
#: Other places of a token: a cookie of the session, a form's field against forgery, a key.
_OTHER = lazy_pattern(
    r"csrf|xsrf|cookie|session|api[ _-]?key|x-[a-z-]{2,30}|missing or invalid|invalid or missing",
    re.IGNORECASE,
)
#: Words of a program that has read a token, or a login of another kind.
_READ = lazy_pattern(
    r"\b(?:in|not |un)valid[ _]?(?:token|grant|signature)|\b(?:token|jwt)\b.{0,20}\binvalid\b"
    r"|\bexpired\b|\bsignature\b|csrf|xsrf|cookie|session|过期|无效|失效",
    re.IGNORECASE,
)
#: The words of Django REST framework: each of its classes takes the scheme of its own tokens alone.
_OF_ONE_SCHEME = "credentials were not provided"


def says_no_token(status: int | None, body: str) -> bool:
    """Return whether an answer says that the request had no token."""
    text = body[:2000]
    return status in {401, 403} and bool(_WORDS.search(text)) and not _OTHER.search(text)


def says_no_token_of_its_scheme(body: str) -> bool:
    """Return whether a program says so for a token of another scheme, too ("Bearer", "Token")."""
    return _OF_ONE_SCHEME in body[:2000]


def says_token_is_read(text: str) -> bool:
    """Return whether an answer, or a person's message, tells of a token that was read and is not
    valid, or of a login that is none by a token of Authorization."""
    return bool(_READ.search(text[:2000]))
