"""A page has a form with a token against forged forms, and its answer sets no cookie at all: the
application cannot know whose token it is, and refuses every form ("CSRF token mismatch", "invalid
csrf token"). Mostly the cookie is for https alone (`cookie.secure` of express-session, `secure:
true` of Rails), and the application takes the visitor's request for plain http: it does not trust
the proxy's X-Forwarded-Proto, or gets none.

The page alone proves nothing: a script may set a cookie. So it is judged where a form of the page
was refused, by the web server's log or by a person's words. What the application itself wrote about
the token makes it certain.
"""

import re
from collections.abc import Iterator

from checks.http import endpoint_subjects
from checks.nginx import Nginx
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
from diagnose.model.web_servers import WebServerConfig
from diagnose.parsers.request_fields import is_own_origin
from diagnose.parsers.urls import parse_url

#: What a cache says of an answer that it has from another visitor.
_CACHES = ("x-cache", "cf-cache-status", "x-cache-status", "x-proxy-cache", "x-nginx-cache")
#: Directives of nginx, and lines of Apache, Caddy and HAProxy, that leave a field out.
_HIDING = ("proxy_hide_header", "fastcgi_hide_header", "uwsgi_hide_header")
_TAKING = re.compile(
    r"(?im)^[^#\n]{0,200}(?:unset|del-header|header(?:_down)?)[ \t]+[\"']?-?Set-Cookie[\"']?"
    r"[ \t]*(?:$|if\b)"
)
_EXPIRED = 419
_FRAMEWORKS = ("express", "rails", "laravel", "django", "aspnet")


@check(
    severity=Severity.WARNING,
    needs=[Exchange, Page],
    explains=[
        "nginx.other-requests-failed",
        "server.form-refused",
        "server.other-requests-failed",
        "upstream.origin-mismatch",
        "upstream.scheme-not-passed",
    ],
)
def session_cookie_missing(evidence: Evidence) -> Iterator[Claim]:
    pages = [page for page in evidence.good(Page) if page.tokens and _own_posts(evidence, page)]
    if not pages or _gets_cookies(evidence):
        return
    answers = tuple(
        exchange
        for exchange in evidence.good(Exchange)
        if exchange.is_of_visit and exchange.url == pages[0].url
    )
    if not answers or any(map(_is_cached, answers)):
        return
    # Imported late: few pages have such a form and no cookie.
    from checks.http._refused_forms import logged_token_forms, reported_refusal
    from diagnose.parsers.form_tokens import framework_of_field, refuses_token
    from diagnose.parsers.origin_refusals import names_origin

    paths = {path for page in pages for path in _own_posts(evidence, page)}
    form = next(
        (
            logged_token_form
            for logged_token_form in logged_token_forms(evidence)
            if logged_token_form.failure.path in paths
        ),
        None,
    )
    told, words = reported_refusal(evidence), form.words if form else ""
    is_refused = form is not None or refuses_token(told) or _is_expired(evidence)
    if not is_refused or names_origin(told) or _withholds_cookies(evidence):
        return
    from checks.http._forwarded_scheme import forwarded_scheme

    subjects, name = endpoint_subjects(answers), pages[0].tokens[0]
    framework = framework_of_field(name) or ("express" if _is_express(answers) else "")
    place = forwarded_scheme(evidence, evidence.target.path) if evidence.target.uses_tls else ""
    yield Claim(
        about=merge_subjects(subjects),
        covers=subjects,
        because=(
            *answers,
            *([form.failure] if form else []),
            *([form.refusal] if form and form.refusal else []),
        ),
        confidence=Confidence.CERTAIN if words else Confidence.LIKELY,
        facts={
            "page": answers[0].url.partition("?")[0],
            "field": name,
            "place": place,
            "untold": evidence.target.uses_tls and not place,
            "url": f"{evidence.target.origin}{form.failure.path}" if form else "",
            "status": form.failure.status if form else "",
            "log": form.failure.file if form else "",
            "words": words,
            "words_log": form.refusal.equivalent if form and form.refusal else "",
            "other": framework not in _FRAMEWORKS,
            **{each: each == framework for each in _FRAMEWORKS},
        },
        fix=(_telling_fix(evidence) if evidence.target.uses_tls and not place else None)
        or Fix((Manual("trust-the-proxy", Where.APPLICATION),), Applicability.MANUAL),
    )


def _is_expired(evidence: Evidence) -> bool:
    """Return whether a person tells the status of Laravel for a token: 419, "Page Expired"."""
    symptom = evidence.target.symptom
    return symptom is not None and symptom.number == _EXPIRED


def _own_posts(evidence: Evidence, page: Page) -> list[str]:
    """Return the paths of the site to which the page's forms are sent."""
    urls = (parse_url(form) for form in page.posts if is_own_origin(evidence.target, form))
    return [url.path.partition("?")[0] for url in urls if url]


def _gets_cookies(evidence: Evidence) -> bool:
    """Return whether an answer of this run sets a cookie, or this run sends one: then the
    application may know its visitor."""
    return any(
        "cookie:" in exchange.equivalent.lower() or exchange.header("Set-Cookie") is not None
        for exchange in evidence.good(Exchange)
    )


def _is_cached(page: Exchange) -> bool:
    """Return whether the answer was made for another visitor: caches leave the cookie out."""
    fields = (page.header(name) or "" for name in _CACHES)
    return page.header("Age") is not None or any("hit" in value.lower() for value in fields)


def _withholds_cookies(evidence: Evidence) -> bool:
    """Return whether a line of a web server may take the application's cookies out of its answers
    (upstream.request-parts-dropped has those of nginx)."""
    match = next(iter(Nginx.of(evidence).location_matches(evidence.target.path)), None)
    lines = [line for name in _HIDING for line in match.directives(name)] if match else []
    if any("".join(line.args).lower() == "set-cookie" for line in lines):
        return True
    files = (file for config in evidence.good(WebServerConfig) for file in config.files)
    return any(_TAKING.search(file.text) for file in files)


def _is_express(answers: tuple[Exchange, ...]) -> bool:
    return any((page.header("X-Powered-By") or "").lower() == "express" for page in answers)


def _telling_fix(evidence: Evidence) -> Fix | None:
    """Return the edit after which the server in front tells the application of https."""
    from checks.http._forwarded_scheme import server_fix
    from checks.upstream._origin_edits import origin_fix
    from checks.upstream._origins import form_route
    from diagnose.parsers.nginx.proxied_request import SCHEME_FIELD

    path = evidence.target.path
    if fix := server_fix(evidence, path):
        return fix
    route = form_route(Nginx.of(evidence), path)
    if route is None or SCHEME_FIELD not in route.told.wrong_fields:
        return None
    fix = origin_fix(route, sure=False)
    return fix if fix.applicability is not Applicability.MANUAL else None
