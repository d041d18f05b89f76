"""A browser does not give this answer to the page of another site that asked for it (Fetch
standard, sections 4.9 "CORS check" and 4.8 "CORS-preflight fetch"): the preflight is redirected or
gets an error, the answer does not name the page's origin, or allows every origin with cookies.

It is judged only for a request that named an origin of another site (`--origin`, or a pasted
message about CORS), or that the site's own page sends to another name or port of its server: for a
font of its style sheet, a module, data of its scripts. Pages of the own origin, and other programs,
get the answer. Where the message names no origin, one is sent that nobody has: that it is not
allowed is no fault by itself, but for a font beside a list of nginx's that permits other endings of
fonts. After a message that names a status alone ("OPTIONS … 405"), the
status alone is judged.
"""

import re
from collections.abc import Iterator
from typing import Literal

from checks.http import addresses, endpoint_subjects, exchanges_by_purpose
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
    Symptom,
    Where,
    merge_subjects,
)
from diagnose.model.http import Exchange, page_exchanges
from diagnose.model.other_requests import OtherRequest
from diagnose.parsers.http import proxy_page
from diagnose.parsers.lazy_pattern import lazy_pattern
from diagnose.parsers.nginx.locations import proxy_pass_of
from diagnose.parsers.redirects import redirect_target
from diagnose.parsers.request_fields import (
    UNKNOWN_ORIGIN,
    shown_origin,
    shown_preflight_fields,
)
from diagnose.parsers.sanitize import clean

_ORIGIN = "Access-Control-Allow-Origin"
_PREFLIGHT = "OPTIONS"

#: Why a browser keeps the answer to itself.
CorsRefusal = Literal[
    "redirected", "failed", "missing", "other", "wildcard", "cookies", "field",
]  # fmt: skip
_REASONS: tuple[CorsRefusal, ...] = (
    "redirected", "failed", "missing", "other", "wildcard", "cookies", "field",
)  # fmt: skip
_CREDENTIALS_FIELD = "Access-Control-Allow-Credentials"
_CREDENTIALS = lazy_pattern(r"credentials|wildcard|with cookies?\b|携带 ?cookie", re.IGNORECASE)
_FONT = re.compile(r"\.(?:woff2?|ttf|ttc|otf|eot)$", re.IGNORECASE)


@check(severity=Severity.WARNING, needs=[Exchange])
def cors_refused(evidence: Evidence) -> Iterator[Claim]:
    judged = [
        (page, reason) for page in page_exchanges(evidence) if (reason := _refusal(evidence, page))
    ] or [(page, "wildcard") for page in _answers_for_any_site(evidence)]
    fonts = [] if judged else _unlisted_fonts(evidence)
    judged = judged or [(page, "missing") for page in fonts]
    if not judged:
        return
    # Imported late: few pages are refused so.
    from checks.http._cors_remedies import with_cors_remedy
    from checks.http._preflight_lines import with_listing
    from checks.http._preflights import is_reported_twice, takes_other_methods

    pages, reason = [page for page, _ in judged], judged[0][1]
    first, is_unlike = pages[0], takes_other_methods(evidence, pages[0])
    if is_unlike and is_reported_twice(evidence):
        return
    if _sent_origin(first) == UNKNOWN_ORIGIN and _is_about_inner_address(evidence):
        return
    claim = _claim(evidence, pages, reason, is_unlike=is_unlike, is_of_fonts=bool(fonts))
    claim = with_cors_remedy(evidence, claim, first, _sends_credentials(evidence))
    yield with_listing(evidence, first, claim)


def _claim(
    evidence: Evidence,
    pages: list[Exchange],
    reason: CorsRefusal | Literal["method"],
    *,
    is_unlike: bool,
    is_of_fonts: bool,
) -> Claim:
    # Imported late: few pages are asked for by another site.
    from checks.http._hidden_fields import field_source
    from checks.http._preflights import preflight_facts
    from checks.http._setting_lines import setting_facts

    first, subjects, nginx = pages[0], endpoint_subjects(pages), Nginx.of(evidence)
    origin, asked = _sent_origin(first), _page_request(evidence)
    source = field_source(nginx, [_ORIGIN])
    if source and not source.added and any(proxy_page(page.body) for page in pages):
        source = None  # nginx answers itself: a rule, a password.
    directive = source.directive if source else None
    listing = _listing_fix(nginx, first, reason)
    return Claim(
        about=merge_subjects(subjects),
        covers=subjects,
        because=(*pages, *nginx.configs),
        confidence=_confidence(
            reason,
            origin,
            is_listed=listing is not None,
            is_unsure=is_unlike
            or (reason == "wildcard" and not _sends_credentials(evidence))
            or (reason == "method" and _leaves_method_open(evidence)),
        ),
        # Pages of the own site get the font, and nobody said that another one asks for it.
        severity=Severity.NOTE if is_of_fonts else None,
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
            "name": _refused_field(first),
            "method_open": _leaves_method_open(evidence),
            "listed": is_of_fonts,
            **_use_facts(asked),
            "place": file_line(directive) if directive else "",
            "added": source is not None and source.added,
            **{name: name == reason for name in _REASONS},
            **preflight_facts(evidence, first),
            **setting_facts(evidence, origin, origin),
        },
        fix=listing
        or _permitting_fix(nginx, first, reason, asked)
        or _manual_fix(evidence, first, reason),
    )


def _manual_fix(evidence: Evidence, page: Exchange, reason: CorsRefusal | Literal["method"]) -> Fix:
    from checks.http._preflights import preflight_steps

    steps = preflight_steps(evidence, page) if _is_refused(page, reason) else ()
    return Fix((Manual("answer-the-origin", Where.SERVER), *steps), Applicability.MANUAL)


def _use_facts(asked: OtherRequest | None) -> dict[str, object]:
    """Return what the page wants the file for."""
    use = asked.use if asked else ""
    return {"use": use, "font": use == "font", "module": use == "module"}


def _confidence(
    reason: CorsRefusal | Literal["method"], origin: str, *, is_listed: bool, is_unsure: bool
) -> Confidence:
    """Return how sure a refusal is: less so if the origin of the page that asks is not known, but
    for a file that a list of nginx's lacks (`is_listed`)."""
    if reason == "missing" and origin == UNKNOWN_ORIGIN and not is_listed:
        return Confidence.POSSIBLE
    is_guess = is_listed and origin in {UNKNOWN_ORIGIN, ""}
    return Confidence.LIKELY if is_unsure or is_guess else Confidence.CERTAIN


def _is_about_inner_address(evidence: Evidence) -> bool:
    """Return whether the browser asked an address that no visitor can use, and none of the site."""
    from checks.http._reported_addresses import reported_addresses
    from diagnose.parsers.urls import is_internal_host, is_loopback_host, parse_url

    hosts = {
        url.host
        for reported_address in reported_addresses(evidence)
        if (url := parse_url(reported_address))
    }
    inner = (is_internal_host(host) or is_loopback_host(host) for host in hosts)
    return bool(hosts) and evidence.target.host not in hosts and all(inner)


def _answers_for_any_site(evidence: Evidence) -> Iterator[Exchange]:
    """Yield the answers to the page of another site that allow every site, and cookies: whichever
    site the message is about, its requests with cookies are refused."""
    symptom = evidence.target.symptom
    if symptom is None or symptom.kind != "cors":
        return
    for answer in exchanges_by_purpose(evidence, "cross-origin"):
        fields = [answer.header(name) or "" for name in (_ORIGIN, _CREDENTIALS_FIELD)]
        if [field.strip() for field in fields] == ["*", "true"]:
            yield answer


def _unlisted_fonts(evidence: Evidence) -> list[Exchange]:
    """Return the answers to a font as the target that permit no site, where a location of nginx
    permits every site to use fonts of a list of endings, and the list lacks this one."""
    target = evidence.target
    if target.symptom is not None or not _FONT.search(target.path_without_query):
        return []
    pages = [page for page in page_exchanges(evidence) if page.header(_ORIGIN) is None]
    nginx = Nginx.of(evidence)
    return [page for page in pages if _listing_fix(nginx, page, "missing")]


def _page_request(evidence: Evidence) -> OtherRequest | None:
    """Return the request of the site's own page for another origin of its server; None if another
    site's page asks."""
    requests = (item for item in evidence.of(OtherRequest) if not item.observations)
    return next((request for request in requests if request.elsewhere), None)


def _listing_fix(nginx: Nginx, page: Exchange, reason: str) -> Fix | None:
    """Return the edit of a location's list of endings, which lacks that of the refused file."""
    if reason != "missing" or page.status != 200 or page.method == _PREFLIGHT:
        return None
    from checks.http._neighbour_lists import listing_fix
    from diagnose.parsers.urls import parse_url

    url = parse_url(page.url)
    is_own = url is not None and url.host == nginx.evidence.target.host
    return listing_fix(nginx, url.path.partition("?")[0]) if url and is_own else None


def _permitting_fix(
    nginx: Nginx, page: Exchange, reason: str, asked: OtherRequest | None
) -> Fix | None:
    """Permit the site's own page what it asks for, where nginx answers and nobody else says who
    may. Which other sites may ask is a person's choice: of a file, the message names the one."""
    from checks.http import _cors_edits

    origin = _sent_origin(page)
    if asked is None and reason == "wildcard" and origin not in {"", UNKNOWN_ORIGIN}:
        from checks.http._wildcard_origins import server_naming_fix

        own = server_naming_fix(nginx.evidence, page, origin)
        return own or _cors_edits.naming_fix(nginx, origin)
    if asked is None and page.method == _PREFLIGHT:
        return _reported_preflight_fix(nginx, page, reason)
    if asked is None:
        is_told = nginx.evidence.target.symptom is not None and reason == "missing"
        origin = _sent_origin(page) if is_told else ""
        is_named = origin not in {"", UNKNOWN_ORIGIN}
        return _cors_edits.permitting_file_fix(nginx, page, origin) if is_named else None
    if page.method != _PREFLIGHT:
        is_answered = reason == "missing" and 200 <= (page.status or 0) < 300
        permit = _cors_edits.permitting_fix
        return permit(nginx, asked.origin, asked.with_cookies) if is_answered else None
    match = next(iter(nginx.location_matches(nginx.evidence.target.path)), None)
    is_passed = match is not None and match.block.name == "location" and proxy_pass_of(match)
    if match is None or not is_passed or not _is_refused(page, reason):
        return None
    may_answer = _cors_edits.permits_others(match) and not proxy_page(page.body)
    return _cors_edits.answering_fix(nginx, match, asked.fields) if may_answer else None


def _reported_preflight_fix(nginx: Nginx, page: Exchange, reason: str) -> Fix | None:
    """Answer the preflight of a message in nginx, if a line of its own permits that very origin
    already, and the application knows no OPTIONS."""
    from checks.http import _cors_edits
    from checks.http._preflight_answers import permitted_fields

    origin = _sent_origin(page)
    match = next(iter(nginx.location_matches(nginx.evidence.target.path)), None)
    is_passed = match is not None and match.block.name == "location" and proxy_pass_of(match)
    if match is None or not is_passed or not _is_refused(page, reason) or proxy_page(page.body):
        return None
    permitted = _cors_edits.permitted_origins(match)
    # Firefox names no page: the one that is permitted gets this answer too.
    is_permitted = origin in permitted or (origin == UNKNOWN_ORIGIN and bool(permitted))
    if not is_permitted or page.status == 403:
        return None
    return _cors_edits.answering_fix(nginx, match, permitted_fields(page))


def _is_refused(page: Exchange, reason: str) -> bool:
    """Return whether a preflight is refused as if it were the request itself."""
    return reason == "failed" and page.method == _PREFLIGHT and page.status in {401, 403, 404, 405}


def _sent_origin(page: Exchange) -> str:
    return shown_origin(page.equivalent)


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
    elif _page_request(evidence) and 400 <= page.status < 500:
        return None  # Visitors who have logged in may get another answer.
    if origin == UNKNOWN_ORIGIN and not is_pasted:
        return None  # Whether the site that asked is allowed is not known.
    reason = _field_refusal(evidence, page, origin)
    if is_preflight and reason is None and len(page.header(_ORIGIN) or "") > 0:
        from checks.http._preflight_lines import lacking_methods

        return "method" if lacking_methods(evidence, page) else None
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
    allows_cookies = (page.header(_CREDENTIALS_FIELD) or "").strip() == "true"
    symptom = evidence.target.symptom
    asked = _page_request(evidence)
    if values[0] == "*":
        if allows_cookies or _sends_credentials(evidence):
            return "wildcard"
    elif values[0] != origin:
        return None if origin == UNKNOWN_ORIGIN else "other"
    if values[0] == origin and _sends_cookies(asked, symptom):
        from diagnose.parsers.cross_origin_answers import permits_cookies

        if not permits_cookies(page.headers):
            return "cookies"
    return "field" if page.method == _PREFLIGHT and _refused_field(page) else None


def _sends_credentials(evidence: Evidence) -> bool:
    """Return whether the request that is refused may send cookies: the page's script says so, or
    the message speaks of them."""
    asked, symptom = _page_request(evidence), evidence.target.symptom
    is_told = symptom is not None and bool(_CREDENTIALS.search(symptom.text))
    return is_told or (asked is not None and asked.with_cookies)


def _leaves_method_open(evidence: Evidence) -> bool:
    from diagnose.parsers.cors_messages import leaves_method_open

    symptom = evidence.target.symptom
    return symptom is not None and leaves_method_open(symptom.text)


def _sends_cookies(asked: OtherRequest | None, symptom: Symptom | None) -> bool:
    """Return whether the request certainly sends cookies: the page's script says so, or the
    browser's message names the field."""
    is_told = symptom is not None and "Allow-Credentials" in symptom.text
    return is_told or (asked is not None and asked.with_cookies)


def _refused_field(page: Exchange) -> str:
    """Return the first header field that a preflight asks for and the answer does not allow; else
    the first that it asks for."""
    names = [name.strip() for name in shown_preflight_fields(page.equivalent).split(",")]
    allowed = {
        part.strip().lower()
        for part in (page.header("Access-Control-Allow-Headers") or "").split(",")
    }
    if "*" in allowed:
        return ""
    return next((name for name in names if name.lower() not in allowed), "")
