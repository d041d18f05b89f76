"""Reads why a browser refuses a cookie by its own sentence, or by a person's words. No I/O.

Chromium: the tools' "Issues", and the tooltips of a request's cookies. Firefox: its console
(netwerk's necko.properties). The cookie is mostly set by the answer to a form.
"""

import re

from diagnose.model.frozen import frozen
from diagnose.parsers.lazy_pattern import lazy_pattern
from diagnose.parsers.sanitize import clean
from diagnose.parsers.set_cookie import CookieRefusal

#: What each sentence says, its words in English and Chinese. "cross-site": the cookie is not for
#: requests from a page of another site (SameSite=Lax is the default).
_SENTENCES: tuple[tuple[CookieRefusal, str], ...] = (
    (
        "same-site",
        r"marked with .?SameSite=None.? must also be marked with .?Secure"
        r"|Mark cross-site cookies as Secure"
        r"|SameSite=None.{0,3} attribute,? but (?:did not have|does not have|is missing|lacks) the "
        r".?secure|SameSite.{1,40}None.{1,60}without the .?secure"
        r"|SameSite=None.{0,30}(?:缺少|没有|未设置|未指定|未标记|不含).{0,8}Secure"
        r"|SameSite=None.{0,16}(?:必须|需要).{0,12}Secure",
    ),
    (
        "insecure",
        r"Secure.{0,3} attribute but was not received over a secure connection"
        r"|non-HTTPS cookie can.?t be set as .?secure|非 ?HTTPS.{0,6}cookie.{0,16}secure",
    ),
    (
        "domain",
        r"Domain attribute was invalid with regards to the current host|rejected for invalid domain"
        r"|cookie.{0,80}(?:域名?|Domain)(?:属性)?无效",
    ),
    (
        "prefix",
        r"__(?:Host|Secure)-.{0,40}prefix in its name and broke|rejected for invalid prefix",
    ),
    (
        "cross-site",
        r"SameSite=(?:Lax|Strict).{0,3} attribute (?:but came from|and the request was made from)"
        r"|treated as .?SameSite=Lax.? by default|cross-site context and its .?SameSite.? is"
        r"|is foreign and does not have the .?Partitioned",
    ),
)
#: Firefox in other languages: a cookie in quotes, the word that it is refused, and the attribute.
_REFUSED = (
    r"(?:abgelehnt|rechazad|rejeté|refusé|rifiutat|rejeitad|recusad|отклон|отверг|odrzucon"
    r"|被拒|拒绝|拒絕|拒否|거부|geweigerd)"
)
_NAMED_COOKIE = r"\bcookie ?[“\"'‘「«„]"
_OTHER_WORDS: tuple[tuple[CookieRefusal, str], ...] = (
    ("same-site", r"SameSite\W{0,3}None.{0,80}\bsecure\b"),
    ("cross-site", r"SameSite\W.{0,60}\bLax\b.{0,20}\bStrict\b"),
    ("prefix", r"(?:Präfix|préfixe|prefi[jks]|prefisso|prefixo|префикс|前缀|前綴|接頭|접두)"),
    ("domain", r"(?:\bDom[aä]in|dominio|domínio|\bdomen|домен|域名?|網域|ドメイン|도메인|domein)"),
)
_READ = tuple((reason, lazy_pattern(f"(?i){pattern}")) for reason, pattern in _SENTENCES)
_REFUSED_ELSEWHERE = lazy_pattern(f"(?i){_NAMED_COOKIE}.{{0,300}}{_REFUSED}")
_READ_ELSEWHERE = tuple(
    (reason, lazy_pattern(f"(?i){pattern}")) for reason, pattern in _OTHER_WORDS
)

#: A page in a frame of another site, and the cookie that does not come there, in a person's words.
_FRAMED = lazy_pattern(
    r"(?i)\bi?frames?\b|embed|third[- ]party|cross[- ]site|嵌套|嵌入|内嵌|跨站|第三方"
)
_KEPT = lazy_pattern(
    r"(?i)SameSite|cookies?[^,.;，。；]{0,60}?(?:\bnot\b|n.t\b|never|lost|missing|blocked|reject"
    r"|丢|失效|没有|无法|不(?:上|了|到|能)|存不|带不|拿不|未)"
    r"|(?:no|without|lose[sd]?) (?:the |its |any )?(?:\w{1,12} )?cookie"
)
_NAME = lazy_pattern(
    r"(?i)\bcookie ?[“\"'‘「«„] ?([\w.-]{1,100}) ?[”\"'’」»“]"
    r"|Set-Cookie: ?([\w.-]{1,100})=",
    re.ASCII,
)


@frozen
class RefusedCookie:
    """Why browsers refuse a cookie, its name ("" if nobody says it), and whether a browser's own
    sentence says so."""

    reason: CookieRefusal
    name: str
    is_quoted: bool


def refused_cookie(text: str) -> RefusedCookie | None:
    """Return the cookie that a message says is refused; None if it gives no reason."""
    for reason, pattern in _READ:
        if pattern.search(text):
            return RefusedCookie(reason, _name(text), True)
    if _REFUSED_ELSEWHERE.search(text):
        for reason, pattern in _READ_ELSEWHERE:
            if pattern.search(text):
                return RefusedCookie(reason, _name(text), True)
    is_framed = _FRAMED.search(text) is not None and _KEPT.search(text) is not None
    return RefusedCookie("cross-site", _name(text), False) if is_framed else None


def _name(text: str) -> str:
    named = _NAME.search(text)
    return clean(named[1] or named[2], 100) if named else ""
