"""A browser does not give this answer to the page of another site that asked for it (Fetch
standard, sections 4.9 "CORS check" and 4.8 "CORS-preflight fetch"): the preflight is redirected or
gets an error, the answer does not name the page's origin, or allows every origin with cookies.

It is judged only for a request that named an origin of another site (`--origin`, or a pasted
message about CORS). Pages of the own site, and other programs, get the answer. Where the message
names no origin, one is sent that nobody has: that it is not allowed is no fault by itself. After a
message that names a status alone ("OPTIONS … 405"), the status alone is judged.
"""

import re
from collections.abc import Iterator
from typing import Literal

from checks.http import addresses, endpoint_subjects
from checks.http._hidden_fields import field_source
from checks.nginx import Nginx, file_line
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
from diagnose.parsers.http import proxy_page
from diagnose.parsers.lazy_pattern import lazy_pattern
from diagnose.parsers.redirects import redirect_target
from diagnose.parsers.request_fields import UNKNOWN_ORIGIN
from diagnose.parsers.sanitize import clean

_ORIGIN = "Access-Control-Allow-Origin"
_PREFLIGHT = "OPTIONS"

#: Why a browser keeps the answer to itself.
CorsRefusal = Literal["redirected", "failed", "missing", "other", "wildcard", "field"]
_REASONS: tuple[CorsRefusal, ...] = (
    "redirected", "failed", "missing", "other", "wildcard", "field",
)  # fmt: skip
_CREDENTIALS = lazy_pattern(r"credentials|wildcard", re.IGNORECASE)
_SENT = re.compile(r"-H '?Origin: ([^'\s]{1,300})")
_FIELD = re.compile(r"-H '?Access-Control-Request-Headers: ([\w-]{1,60})")


@check(severity=Severity.WARNING, needs=[Exchange])
def cors_refused(evidence: Evidence) -> Iterator[Claim]:
    judged = [
        (page, reason) for page in page_exchanges(evidence) if (reason := _refusal(evidence, page))
    ]
    if not judged:
        return
    # Imported late: few pages are refused so.
    from checks.http._preflight_lines import with_listing
    from checks.http._preflights import preflight_facts, preflight_steps
    from checks.http._setting_lines import setting_facts

    pages, reason = [page for page, _ in judged], judged[0][1]
    first, subjects, nginx = pages[0], endpoint_subjects(pages), Nginx.of(evidence)
    origin = _sent_origin(first)
    source = field_source(nginx, [_ORIGIN])
    if source and not source.added and any(proxy_page(page.body) for page in pages):
        source = None  # nginx answers itself: a rule, a password.
    directive = source.directive if source else None
    claim = Claim(
        about=merge_subjects(subjects),
        covers=subjects,
        because=(*pages, *([nginx.config] if nginx.config else [])),
        confidence=Confidence.POSSIBLE
        if reason == "missing" and origin == UNKNOWN_ORIGIN
        else Confidence.CERTAIN,
        location=nginx.location(directive) if directive else None,
        facts={
            "url": first.url,
            "origin": "" if origin == UNKNOWN_ORIGIN else origin,
            "addresses": addresses(pages),
            "method": first.method,
            "status": first.status or "",
            "preflight": first.method == _PREFLIGHT,
            "value": clean(first.header(_ORIGIN) or "", 200),
            "to": redirect_target(first) or "",
            "name": _asked_field(first),
            "place": file_line(directive) if directive else "",
            "added": source is not None and source.added,
            **{name: name == reason for name in _REASONS},
            **preflight_facts(evidence, first),
            **setting_facts(evidence, origin, origin),
        },
        fix=Fix(
            (
                Manual("answer-the-origin", Where.SERVER),
                *(preflight_steps(evidence, first) if _is_refused(first, reason) else ()),
            ),
            Applicability.MANUAL,
        ),
    )
    yield with_listing(evidence, first, claim)


def _is_refused(page: Exchange, reason: str) -> bool:
    """Return whether a preflight is refused as if it were the request itself."""
    return reason == "failed" and page.method == _PREFLIGHT and page.status in {401, 403, 404, 405}


def _sent_origin(page: Exchange) -> str:
    match = _SENT.search(page.equivalent)
    return match[1] if match else ""


def _refusal(evidence: Evidence, page: Exchange) -> CorsRefusal | Literal["method"] | None:
    """Return why a browser refuses the answer to a page of that origin; None if it does not, or if
    the question is not about another site."""
    origin = _sent_origin(page)
    if not origin or origin == evidence.target.origin or page.status is None:
        return None
    is_preflight = page.method == _PREFLIGHT
    symptom = evidence.target.symptom
    is_pasted = symptom is not None and symptom.kind == "cors"
    if evidence.target.is_websocket and not is_pasted:
        return None  # The origin is that of a WebSocket. No CORS is needed to open one.
    if is_preflight:
        if redirect_target(page):
            return "redirected"
        if not 200 <= page.status < 300:
            # An application may refuse a site that it does not know.
            return None if page.status == 403 and origin == UNKNOWN_ORIGIN else "failed"
    elif redirect_target(page):
        return None
    if origin == UNKNOWN_ORIGIN and not is_pasted:
        return None  # Whether the site that asked is allowed is not known.
    reason = _field_refusal(evidence, page, origin)
    if is_preflight and reason is None and len(page.header(_ORIGIN) or "") > 0:
        from checks.http._preflight_lines import refused_method

        return "method" if refused_method(page) else None
    # A page is not read by other sites' scripts: that nothing is allowed is no fault of it.
    is_data = is_preflight or is_pasted or "html" not in (page.header("Content-Type") or "html")
    return reason if is_data or reason == "wildcard" else None


def _field_refusal(evidence: Evidence, page: Exchange, origin: str) -> CorsRefusal | None:
    """Judge the fields (Fetch standard, "CORS check")."""
    values = [value.strip() for name, value in page.headers if name.lower() == _ORIGIN.lower()]
    if not values:
        return "missing"
    if len(values) > 1:
        return None  # http.cors-twice
    allows_cookies = (page.header("Access-Control-Allow-Credentials") or "").strip() == "true"
    symptom = evidence.target.symptom
    wants_cookies = symptom is not None and bool(_CREDENTIALS.search(symptom.words))
    if values[0] == "*":
        if allows_cookies or wants_cookies:
            return "wildcard"
    elif values[0] != origin:
        return None if origin == UNKNOWN_ORIGIN else "other"
    name = _asked_field(page).lower()
    allowed = {
        part.strip().lower()
        for part in (page.header("Access-Control-Allow-Headers") or "").split(",")
    }
    is_refused = bool(name) and page.method == _PREFLIGHT and not {name, "*"} & allowed
    return "field" if is_refused else None


def _asked_field(page: Exchange) -> str:
    """Return the header field that a preflight asks for."""
    match = _FIELD.search(page.equivalent)
    return match[1] if match else ""
