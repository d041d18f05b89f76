"""A person says that search engines do not show the site, and the page itself forbids them to: the
field `X-Robots-Tag`, or the element `<meta name="robots">`, says "noindex" or "none" (Google,
"Robots meta tag, data-nosnippet, and X-Robots-Tag specifications"). Packages, and lists of security
headers, have such a line for applications that nobody is to find.

A site that nobody is to find is healthy: only a person's words say that this one is to be found.
"""

import re
from collections.abc import Iterator

from checks.http import endpoint_subjects
from diagnose.checking.registry import check
from diagnose.model import (
    Applicability,
    Claim,
    Confidence,
    Evidence,
    Fix,
    Manual,
    Severity,
    Where,
    merge_subjects,
)
from diagnose.model.http import Exchange, page_exchanges
from diagnose.parsers.html_tags import Tag, tokens
from diagnose.parsers.sanitize import clean

_FIELD = "x-robots-tag"
#: Search engines and what they do, in several languages; the terms are those of their own reports.
_TELLS = re.compile(
    r"(?i)x-robots-tag|\bnoindex\b|search console|\b(?:google|bing|yandex|baidu)(?:bot)?\b.{0,60}?"
    r"\b(?:index|crawl|find|search|show|list)|\bsearch engines?\b|\bindex(?:ed|ing|able|ation)\b"
    r".{0,40}?\b(?:google|bing|yandex|search)|(?:谷歌|百度|必应|搜索引擎).{0,20}?(?:收录|索引|抓取|搜)"
    r"|(?:没有|不|未)被?收录|Suchmaschine|(?:google|bing|yandex).{0,40}?(?:indexiert|indexé|indexad|индекс"
    r"|インデックス)|moteurs? de recherche|buscador|поисков"
)
#: What a person says who misses the site there: it is not found, excluded, gone, or to be found.
_MISSES_IT = re.compile(
    r"(?i)\b(?:no|not|never|cannot|no longer|can.?t|\w{2,6}n['’`]t|dont|doesnt|isnt)\b"
    r"[^,.;\n]{0,25}?\b(?:index|crawl|find|found|show|list|appear|rank|search)"
    r"|\b(?:exclud|prevent|block|forbid|disallow|deindex|drop|disappear|vanish|remov|missing)"
    r"|\bdetected\b|\bnot (?:on|in)\b"
    r"|\b(?:get|let|make|allow|want)\w{0,3}\b.{0,30}?\bto (?:index|crawl|find|show|be )"
    r"|\bto be (?:index|found|listed|crawl)|(?:没有?|未|不|无法|拒绝|阻止|排除|禁止)"
    r"|\b(?:nicht|kein\w{0,2}|pas|não|non|no|не|нет)\b|ません|ない|されず"
)
#: Who wants to keep search engines away has what he wants.
_WANTS_IT = re.compile(
    r"(?i)\b(?:how (?:to|can|do)|want(?:ed)? to|need to|trying to|should)\b.{0,20}?"
    r"\b(?:prevent|stop|block|hide|forbid|disallow|deindex|remove)\b"
    r"|\bstill\b.{0,30}?\b(?:shows?|found|indexed|listed|crawl\w{0,4}|appears?)\b"
    r"|\b(?:indexed|crawled|listed|appears?|shows? up)\b.{0,20}?"
    r"\b(?:although|despite|even though)\b"
    r"|(?:如何|怎么|怎样|想要?)(?:禁止|阻止|屏蔽|防止)"
    r"|(?:\b(?:not|never|dont)|n['’`]t)\s+(?:want|wish|like|intend)|\bplease (?:do not|don.?t)\b"
    r"|\b(?:should|must|shall|supposed|want\w{0,2})\b[^,.;\n]{0,25}?\b(?:not|never)\b"
    r"|\b(?:shouldn|mustn)['’`]?t\b|\b(?:keep|stay)\b.{0,40}?\b(?:out of|away|off)\b"
    r"|\bnoindex\b.{0,40}?(?:\bignor|\bnot work|n['’`]?t work|\bnot respect|\bno effect)"
    r"|\bignor\w{1,4}\b.{0,40}?\bnoindex"
    r"|(?:不想|不希望|不要|避免|不愿|防止).{0,12}?(?:收录|索引|抓取|搜)|(?:还是|仍然?|却|依然|依旧)被"
)
#: Most characters of a message that are looked at.
_MAX_TEXT = 4000
_FORBIDS = re.compile(r"(?i)(?:^|[\s,])(?:noindex|none)(?=[\s,]|$)")
#: The name of a single robot before its rules: those of others than search engines.
_NAMED = re.compile(r"(?i)^\s*([\w-]{1,60})\s*:")
_ENGINES = re.compile(r"(?i)googlebot|bingbot|yandex|baiduspider|slurp|duckduckbot")
_NO_ROBOT = frozenset(
    {"unavailable_after", "max-snippet", "max-image-preview", "max-video-preview"}
)


@check(severity=Severity.WARNING, needs=[Exchange], needs_message=True)
def indexing_forbidden(evidence: Evidence) -> Iterator[Claim]:
    symptom = evidence.target.symptom
    if symptom is None or not _misses_it(symptom.text[:_MAX_TEXT]):
        return
    pages = [page for page in page_exchanges(evidence) if page.status == 200]
    by_field = [page for page in pages if any(map(_forbids, _values(page)))]
    forbidding = by_field or [page for page in pages if _element(page)]
    if not forbidding:
        return
    # Imported late: few messages are about search engines.
    from checks.http._field_overrides import override_step
    from checks.http._sent_fields import direct_question, sent_field

    first, subjects = forbidding[0], endpoint_subjects(forbidding)
    values = [value for value in _values(first) if _forbids(value)]
    sent = sent_field(evidence, _FIELD, values) if values else None
    fix = sent.without() if sent else None
    step = "leave-the-field-out" if values else "change-the-page"
    where = Where.SERVER if values else Where.APPLICATION
    yield Claim(
        about=merge_subjects(subjects),
        covers=subjects,
        because=tuple(forbidding),
        confidence=Confidence.LIKELY,
        location=sent.location if sent else None,
        facts={
            "page": first.url,
            "field": bool(values),
            "value": clean(values[0] if values else _element(first), 120),
            "place": sent.place if sent else "",
            "direct": "" if sent or not values else direct_question(evidence, _FIELD),
        },
        fix=fix
        or Fix(
            (
                Manual(step, where),
                *(() if sent or not values else override_step(evidence, first, "X-Robots-Tag", "")),
            ),
            Applicability.MANUAL,
        ),
    )


def _misses_it(text: str) -> bool:
    """Return whether a person misses the site in search engines, and does not want it out of
    them."""
    about = _TELLS.search(text) and _MISSES_IT.search(text)
    return about is not None and not _WANTS_IT.search(text)


def _values(page: Exchange) -> list[str]:
    return [value for name, value in page.headers if name.lower() == _FIELD]


def _forbids(value: str) -> bool:
    """Return whether a value keeps a page out of the results of search engines."""
    named = _NAMED.match(value)
    if named and named[1].lower() not in _NO_ROBOT:
        return bool(_ENGINES.search(named[1])) and bool(_FORBIDS.search(value[named.end() :]))
    return bool(_FORBIDS.search(value))


def _element(page: Exchange) -> str:
    """Return the content of the element that forbids it; "" if there is none."""
    if "robots" not in page.body.lower():
        return ""
    for token in tokens(page.body):
        if isinstance(token, Tag) and token.name == "meta":
            name = (token.attribute("name") or "").strip().lower()
            content = token.attribute("content") or ""
            if name in {"robots", "googlebot", "bingbot"} and _FORBIDS.search(content):
                return content
    return ""
