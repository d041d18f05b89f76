"""Hides the values of secrets in a line of a log or of a page that a report quotes.

`hide_secrets` hides whatever may be one. Here the words have to stay that carry the cause: "(using
password: YES)", "SECRET_KEY must not be empty", "Unexpected token: '<'". So the value behind an
equals sign goes, and behind a colon only what no sentence has: digits, or capitals inside a word.
Each pattern takes time proportional to the text's length.
"""

import re
from typing import Any

from diagnose.parsers.lazy_pattern import lazy_pattern
from diagnose.parsers.secrets import HIDDEN

#: The name of a setting, a parameter or a field, perhaps in quotes ("password", :password,
#: [password]), and what stands before its value: `=`, `:=`, `=>`, `:`. No comparison.
_NAME = lazy_pattern(
    r"(?:(?<![\w.$-])|(?<=\s-)|(?<=\s--))([A-Za-z_][\w.-]{0,63})[\"'\]]?"
    r"(?P<sign>[ \t]{0,4}(?:=>|:=|=(?![=~])|:(?![:=]))[ \t]{0,4})"
)
_SECRET = lazy_pattern(
    r"(?i)passw(?:or)?d|passphrase|passwd|pwd|secret|token(?!s)|credential|signature|(?:^|[_.-])pass$"
    r"|(?:api|app|access|account|auth|encryption|encrypt|license|master|private|secret|session"
    r"|shared|signing|storage|jwt|hmac|csrf)[_.-]?key$|(?:^|[_.-])salt$|(?:^|[_.-])dsn$"
    r"|(?:php|j)?sess(?:ion)?[_.-]?id$|^connect\.sid$"
)
#: Names that tell of a secret and are none: how long it is, where it is, what may be done with it.
_ABOUT = lazy_pattern(
    r"(?i)(?:age|algorithm|attempts?|bytes|class|count|domain|driver|enabled|endpoint|error|errors"
    r"|expir(?:y|es|ed|ation)|field|file|header|host|id_field|issuer|length|lifetime|limit|max|method"
    r"|min|name|path|policy|prefix|provider|required|reset|secure|samesite|size|status|timeout|ttl"
    r"|type|uri|url|user|valid|validators|version)$"
)
#: Values that are none: nothing, a switch, a mask, a variable, a place for one.
_NO_VALUE = lazy_pattern(
    r"(?i)(?:true|false|yes|no|on|off|none|null|nil|undefined|empty|missing|unset|invalid|required"
    r"|expired|wrong|incorrect|default|\*+|x+|\.{3}|…|\[\w{1,20}\]|[%$<{(`*].*|/[\w.-]+/.*)?"
)
_QUOTED = r"\"(?:[^\"\\\n]|\\.){0,400}\"?|'(?:[^'\\\n]|\\.){0,400}'?"
_VALUE = lazy_pattern(rf"\\?(?:{_QUOTED})|[^\s\"'&;,<>)\]}}|\\]{{1,400}}")
#: What a sentence has not: a digit in a word, capitals behind small letters, or a sign in it.
_UNLIKE_WORDS = lazy_pattern(
    r"(?=.{4})(?=.*(?:[A-Za-z]\d|\d[A-Za-z]|[a-z][A-Z]|\d{4}|\w[!#$%&*+@^~=/]\w))"
)
_SENTENCE = lazy_pattern(r"\S\s+\S")
#: An error's name, a place in a source file, an address, a time: no secret behind a colon.
_OF_MESSAGES = lazy_pattern(
    r"(?:[\w.$\\]+(?:Error|Exception|Warning)|https?://\S+|[\w./-]+\.\w{1,5}:\d+|\d{1,4}[:-]\d\d[:-]\d.*"
    r"|E[A-Z]{4,}|\d{3}|[A-Za-z_]+\(.*|/[\w./-]*)[.:,;]?"
)

#: A password in an address ("postgres://shop:…@db"). A port with a path before an "@" is none.
_URL_PASSWORD = lazy_pattern(
    r"(://[^\s/:@\"'<>?#]{0,100}:)(?!\d{1,5}/)(?!\*+@|\$)([^\s\"'<>@]{1,200}(?:@[^\s\"'<>@/]{1,100})*)(?=@[\w\[])"
)
_SCHEME = lazy_pattern(
    r"\b((?:[Bb]earer|[Bb]asic|BEARER|BASIC)[ \t]{1,4})([A-Za-z0-9._~+/-]{8,}={0,2})"
)
_COOKIES = lazy_pattern(r"(?i)\b((?:set-)?cookie2?:[ \t]{0,4})([^\n\"']{1,2000})")
_COOKIE = lazy_pattern(r"([^\s=;]{1,100}=)([^;\s]{4,})")
_COOKIE_ATTRIBUTES = lazy_pattern(r"(?i)(?:domain|path|expires|max-age|samesite|version)=")
_OPTION = lazy_pattern(
    r"(?i)(?<!\S)(--?[\w-]{0,40}(?:password|passwd|secret|token|api-?key)[ \t]{1,4})(?!-)"
    r"([^\s\"',;]{4,200})"
)
_IDENTIFIED = lazy_pattern(rf"(?i)(\bIDENTIFIED (?:WITH \S{{1,60}} )?(?:BY|AS) )({_QUOTED})")
#: Tokens that are known by their look (RFC 7519; GitHub, GitLab, Slack, Stripe, AWS, Google).
_KNOWN = lazy_pattern(
    r"(?:(?<![\w-])eyJ[\w-]{6,}|\beyJ[\w-]{6,300})\.[\w-]{4,}(?:\.[\w-]*)?|\b(?:[srp]k_(?:live|test)_|whsec_|gh[opsur]_|github_pat_"
    r"|glpat-|xox[abeprs]-|sk-(?:proj-)?|AKIA|ASIA|AIza)[\w-]{10,}"
)
_PRIVATE_KEY = lazy_pattern(r"(-----BEGIN [A-Z ]{0,40}PRIVATE KEY-----)[^-]{1,8000}")


#: One of these stands in each text with something to hide but a password in an address, in small
#: letters.
_SIGNS = (
    "pass", "pwd", "secret", "token", "credential", "signature", "key", "salt", "dsn", "sess",
    "connect.sid", "cookie", "bearer", "basic", "identified", "eyj", "_live_", "_test_",
    "whsec_", "gho_", "ghp_", "ghr_", "ghs_", "ghu_", "github_pat_", "glpat-", "xox", "sk-",
    "akia", "asia", "aiza",
)  # fmt: skip


def hide_values(text: str) -> str:
    """Return a quoted text with HIDDEN in place of the values of secrets: passwords, tokens, keys,
    cookies. Words about them stay."""
    if "@" in text and "://" in text:
        text = _URL_PASSWORD.sub(rf"\1{HIDDEN}", text)
    lower = text.lower()
    if not any(sign in lower for sign in _SIGNS):
        return text
    # A pattern is compiled when it is used first, and most texts have at most a name.
    if "PRIVATE KEY-----" in text:
        text = _PRIVATE_KEY.sub(rf"\1{HIDDEN}", text)
    if "cookie" in lower:
        text = _COOKIES.sub(_without_cookies, text)
    text = _hide_named(text)
    if "bearer" in lower or "basic" in lower:
        text = _SCHEME.sub(_hide_unlike_words, text)
    text = _OPTION.sub(_hide_unlike_words, text)
    if "identified" in lower:
        text = _IDENTIFIED.sub(rf"\1'{HIDDEN}'", text)
    return _KNOWN.sub(HIDDEN, text)


def hide_in(value: Any) -> Any:
    """Return a fact or a field with the values of secrets hidden in all its texts."""
    if isinstance(value, str):
        return hide_values(value)
    if isinstance(value, tuple):
        return tuple(map(hide_in, value))
    if isinstance(value, list):
        return [hide_in(item) for item in value]
    if isinstance(value, dict):
        return {key: hide_in(item) for key, item in value.items()}
    return value


def _hide_named(text: str) -> str:
    pieces, end = list[str](), 0
    for name in _NAME.finditer(text):
        if name.start() < end or not _SECRET.search(name[1]) or _ABOUT.search(name[1]):
            continue
        value = _VALUE.match(text, name.end())
        if value is None or not _is_secret(value[0], name["sign"].strip()):
            continue
        quote = value[0][:1] if value[0][:1] in {'"', "'"} else ""
        closing = quote if value[0].endswith(quote) else ""
        pieces += [text[end : name.end()], quote, HIDDEN, closing]
        end = value.end()
    return "".join([*pieces, text[end:]])


def _is_secret(value: str, sign: str) -> bool:
    """Return whether a value behind the name of a secret is one."""
    inner = value.strip("\\\"'")
    if _NO_VALUE.fullmatch(inner):
        return False
    if sign != ":":
        return True
    is_told = _SENTENCE.search(inner) or _OF_MESSAGES.fullmatch(inner)
    return not is_told and _UNLIKE_WORDS.match(inner) is not None


def _hide_unlike_words(match: re.Match[str]) -> str:
    is_value = _UNLIKE_WORDS.match(match[2]) and not _OF_MESSAGES.fullmatch(match[2])
    return f"{match[1]}{HIDDEN}" if is_value else match[0]


def _without_cookies(match: re.Match[str]) -> str:
    return match[1] + _COOKIE.sub(_without_cookie, match[2])


def _without_cookie(match: re.Match[str]) -> str:
    is_attribute = _COOKIE_ATTRIBUTES.fullmatch(match[1])
    return match[0] if is_attribute else f"{match[1]}{HIDDEN}"
