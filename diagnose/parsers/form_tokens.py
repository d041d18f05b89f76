"""Tokens against forged forms (CSRF): the fields of a form that hold one, and the words in which a
framework refuses one. No I/O.

The page has the token, and a cookie tells the application whose token it is (OWASP, "Cross-Site
Request Forgery Prevention"): of the session, or with the same token. Without that cookie every
form is refused.
"""

import re

from diagnose.parsers.lazy_pattern import lazy_pattern

#: The frameworks by the name of the field, in lower case. "" is one that several of them use.
_FIELDS = {
    "csrfmiddlewaretoken": "django",
    "authenticity_token": "rails",
    "_csrf": "express",
    "_token": "laravel",
    "__requestverificationtoken": "aspnet",
    "csrf_token": "",
    "_csrf_token": "",
    "csrftoken": "",
    "csrf": "",
}
#: What stands in the field before a script writes a token there, and the cookie too (Symfony).
_PLACEHOLDER = "csrf-token"

#: csurf, lusca, csrf-csrf; Rails; Laravel; Django; Flask-WTF; Spring; Symfony; ASP.NET Core.
_REFUSAL = lazy_pattern(
    r"csrf token mismatch|invalid csrf token|can'?t verify csrf token|tokenmismatchexception"
    r"|csrf (?:session )?(?:token|cookie)s? (?:is |has |are )?(?:missing|incorrect|not set|expired|"
    r"invalid|do not match|from (?:POST|the))|csrf (?:token )?validation failed"
    r"|invalid(?:authenticitytoken| authenticity token)|antiforgery token (?:validation failed|"
    r"could not be)",
    re.IGNORECASE,
)
#: Longest line, in characters, and most lines of a log that are read.
_MAX_LINE, _MAX_LINES = 1000, 2000
#: The path at the end of Django's line ("Forbidden (CSRF token missing.): /login/").
_LOGGED_PATH = lazy_pattern(r"\): (/\S{0,300})\s*$")


def is_token_field(name: str, value: str) -> bool:
    """Return whether a hidden field of a form holds a token."""
    return name.strip().lower() in _FIELDS and value.strip() not in {"", _PLACEHOLDER}


def framework_of_field(name: str) -> str:
    """Return the framework that calls its field so: "django", "rails", "express", "laravel",
    "aspnet", or "" if it is not known."""
    return _FIELDS.get(name.strip().lower(), "")


def refuses_token(words: str) -> bool:
    """Return whether a program or a person says that a form's token was refused."""
    return _REFUSAL.search(words[:2048]) is not None


def logged_token_refusal(text: str, path: str) -> tuple[str, int]:
    """Return the last line in a program's log in which it refuses the token of a form of this path,
    as far as the line names any, and the number of such lines; "" and 0 without one."""
    lines = [
        line
        for raw in text.split("\n")[-_MAX_LINES:]
        if refuses_token(line := raw[:_MAX_LINE])
        and ((named := _LOGGED_PATH.search(line)) is None or named[1].partition("?")[0] == path)
    ]
    return (lines[-1].strip(), len(lines)) if lines else ("", 0)
