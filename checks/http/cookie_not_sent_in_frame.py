"""The page may be shown in a frame of another site, and its cookie is not sent there: it has no
SameSite=None (draft-ietf-httpbis-rfc6265bis, section 5.8.3; browsers take a cookie without SameSite
for Lax). So the application does not know its visitor inside of the frame, and refuses what the
page asks for.

Such a cookie is right for a site that nobody embeds. It is judged where the policy of the page
names another site (frame-ancestors) and requests of the page were refused, or where a person tells
of both, the frame and the lost login.
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
from diagnose.model.http import Exchange
from diagnose.model.pages import Page
from diagnose.parsers.content_security_policy import frame_ancestors
from diagnose.parsers.lazy_pattern import lazy_pattern
from diagnose.parsers.urls import parse_url

_HOST = re.compile(
    r"(?:https?://)?(?:\*\.)?([A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63}){1,8})(?::|/|$)"
)
_IN_FRAME = lazy_pattern(r"\bi?frames?\b|\bembed|嵌入|内嵌|嵌套|框架", re.IGNORECASE)
_LOST = lazy_pattern(
    r"cookies?\b|samesite|session|\blog(?:ged)?[ -]?(?:in|on|out)\b|authenticat|\b40[13]\b"
    r"|登[录陆入]|会话",
    re.IGNORECASE,
)
_KINDS = frozenset({"frame", "cookie", "login", "csrf", "other"})
_SAME_SITE = re.compile(r"(?i);\s*samesite\s*=\s*(none|lax|strict)")
_UNKNOWN_VISITOR = frozenset({401, 403, 419})


@check(
    severity=Severity.WARNING,
    needs=[Exchange, Page],
    explains=["nginx.other-requests-failed", "server.other-requests-failed"],
)
def cookie_not_sent_in_frame(evidence: Evidence) -> Iterator[Claim]:
    pages = [
        exchange
        for exchange in evidence.good(Exchange)
        if exchange.is_of_visit
        and 200 <= (exchange.status or 0) < 400
        and exchange.header("Set-Cookie") is not None
    ]
    is_told = _is_told(evidence) if pages else False
    site = next(filter(None, map(_embedding_site, _frame_pages(evidence))), "") if pages else ""
    if not evidence.target.uses_tls or not (is_told or site):
        return
    # Imported late: few pages are shown in frames.
    from checks.http._cookie_attributes import flags_fix, refused_requests, set_cookies
    from checks.nginx import Nginx
    from checks.upstream._comparisons import proxied_match
    from diagnose.parsers.set_cookie import cookie_pair

    failures = tuple(
        refused_request
        for refused_request in refused_requests(evidence)
        if refused_request.status in _UNKNOWN_VISITOR
    )
    cookies = [(cookie_pair(value)[0], value) for _, value in set_cookies(evidence)]
    sent = {name for name, value in cookies if _is_sent_everywhere(value)}
    lost = [(name, value) for name, value in cookies if name not in sent]
    if not lost or not (is_told or failures) or any(map(_keeps_out, _frame_pages(evidence))):
        return
    name, value = lost[0]
    same_site = _SAME_SITE.search(value)
    nginx, subjects = Nginx.of(evidence), endpoint_subjects(pages)
    match = proxied_match(nginx, evidence.target.path)
    # Imported late: few pages lie in a frame of another site.
    from checks.http._known_application import framework_facts

    yield Claim(
        about=merge_subjects(subjects),
        covers=subjects,
        because=(
            *pages,
            *(failures if site else ()),
            *([nginx.config] if match and nginx.config else []),
        ),
        confidence=Confidence.LIKELY,
        facts={
            "page": pages[0].url.partition("?")[0],
            "cookie": name,
            "others": tuple(dict.fromkeys(other for other, _ in lost if other != name)),
            "same_site": same_site[1].capitalize() if same_site else "",
            "site": site,
            "request": f"{failures[0].method} {failures[0].path}" if failures and site else "",
            "status": failures[0].status if failures and site else "",
            **framework_facts(evidence, "frame_cookie"),
        },
        fix=(match and flags_fix(nginx, match, [name], "secure samesite=none"))
        or Fix((Manual("send-it-there", Where.SERVER),), Applicability.MANUAL),
    )


def _frame_pages(evidence: Evidence) -> list[Exchange]:
    """Return the pages of this run that have a body for a frame."""
    return [page for page in evidence.good(Exchange) if page.is_of_visit and page.status == 200]


def _embedding_site(page: Exchange) -> str:
    """Return the first site that may show the page by its policy, and that is another for browsers:
    they compare the names without the first labels. "" if none is named."""
    policies = (value for name, value in page.headers if name.lower() == "content-security-policy")
    url = parse_url(page.url)
    for policy in policies:
        for source in frame_ancestors(policy).split() if url else ():
            host = _HOST.match(source)
            if host and url and _site(host[1].lower()) != _site(url.host):
                return source
    return ""


def _site(host: str) -> str:
    return ".".join(host.split(".")[-2:])


def _keeps_out(page: Exchange) -> bool:
    """Return whether no other site may show the page (http.framing-refused)."""
    policy = page.header("Content-Security-Policy") or ""
    if "frame-ancestors" in policy.lower():
        return not _embedding_site(page) and "*" not in policy
    return (page.header("X-Frame-Options") or "").strip().lower() in {"deny", "sameorigin"}


def _is_sent_everywhere(value: str) -> bool:
    same_site = _SAME_SITE.search(value)
    return same_site is not None and same_site[1].lower() == "none"


def _is_told(evidence: Evidence) -> bool:
    symptom = evidence.target.symptom
    if symptom is None or symptom.kind not in _KINDS:
        return False
    words = symptom.text[:2048]
    return _IN_FRAME.search(words) is not None and _LOST.search(words) is not None
