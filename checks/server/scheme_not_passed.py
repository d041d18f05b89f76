"""The application redirects to https for ever, or away from it to http, because the server does not
tell it that visitors use https already: it gets plain HTTP, without X-Forwarded-Proto or with a
wrong one. Asked directly with that header, it does not redirect so.

Or the page comes, without the Secure cookie that the application sets with that header
(express-session, "cookie.secure"), or with http: addresses of the site that it does not write with
it. How it answers a form cannot be tried, because a POST changes something: after a message about a
lost session, about a redirect to http, or of `docker push` about an unknown upload, the missing
header is the likely reason.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from checks.server import (
    ServerView,
    manual_fix,
    place_text,
    reload_steps,
    server_on_port,
)
from checks.server._backend_answers import answer_with, answers_with, route_to_application
from checks.server._haproxy import place
from checks.server._haproxy_scheme import says_https, scheme_edit, scheme_line
from checks.server._scheme_lines import scheme_line_facts, scheme_steps
from checks.server._visitor_fields import SCHEME, visitor_fix
from diagnose.checking.registry import check
from diagnose.model import (
    Applicability,
    Claim,
    Confidence,
    Evidence,
    Fix,
    Observation,
    Severity,
    Step,
    Subject,
)
from diagnose.model.http import Exchange, page_exchanges
from diagnose.model.web_servers import SiteRoute, WebServer, WebServerConfig
from diagnose.parsers.own_scheme import is_about_http
from diagnose.parsers.redirects import (
    REDIRECTS,
    follow_redirects,
    leads_to_http,
    redirect_target,
)


@check(
    severity=Severity.ERROR,
    needs=[WebServer, WebServerConfig, Exchange],
    explains=[
        "server.application-answers",
        "http.redirect-loop",
        "http.redirect-downgrade",
        "websocket.redirected",
        "http.api-address-wrong",
        "http.form-over-http",
        "http.mixed-content",
        "websocket.mixed-content",
        "http.page-reloads",
        "server.form-refused",
        "server.other-requests-failed",
    ],
)
def scheme_not_passed(evidence: Evidence) -> Iterator[Claim]:
    view = server_on_port(evidence)
    route, pages = route_to_application(view) if view else None, page_exchanges(evidence)
    if view is None or route is None or not evidence.target.uses_tls or not pages:
        return
    if all(redirect_target(page) for page in pages):
        yield from _redirect(view, route, pages)
    elif _loses_upload(evidence, pages):
        yield from _upload(view, route, pages)
    elif all(200 <= (page.status or 0) < 300 for page in pages):
        yield from _other_answer(view, route, pages)


def _redirect(view: ServerView, route: SiteRoute, pages: Sequence[Exchange]) -> Iterator[Claim]:
    evidence, target = view.evidence, view.evidence.target
    plain = answer_with(evidence, route, target.authority, "")
    secure = answer_with(evidence, route, target.authority, "https")
    if plain is None or secure is None or plain.status not in REDIRECTS:
        return
    to_http = any(leads_to_http(page) for page in pages)
    if to_http and secure.location.startswith("http:"):
        return
    if view.server.product == "haproxy" and (line := scheme_line(view)) and says_https(line):
        return  # the application is told: the redirect is HAProxy's own
    # The application's own redirect is the one that visitors get.
    is_same = plain.location in {page.header("Location") for page in pages}
    if not is_same or (secure.status in REDIRECTS and secure.location == plain.location):
        return
    yield _claim(
        view,
        route,
        (plain, secure, *pages),
        {
            "status": plain.status,
            "location": plain.location,
            "other_status": secure.status,
            "to_http": to_http,
            "loop": not to_http,
        },
        _severity(evidence, pages[0]) if to_http else None,
    )


def _other_answer(view: ServerView, route: SiteRoute, pages: Sequence[Exchange]) -> Iterator[Claim]:
    """Yield the claim about a page that comes: its cookie, its addresses, or a message."""
    evidence, target = view.evidence, view.evidence.target
    # Imported late: only a finding needs it.
    from checks.http._forwarded_scheme import forwarded_scheme

    host = target.authority if route.keeps_host else route.replacement_host
    plain, secure = (answers_with(evidence, route, host, proto) for proto in ("", "https"))
    if not plain or not secure or forwarded_scheme(evidence, target.path):
        return
    if any(answer.status not in {page.status for page in pages} for answer in (*plain, *secure)):
        return
    because = (*plain, *secure, *pages)
    is_kept_back = not any(answer.secure_cookies for answer in plain)
    is_lost = is_kept_back and not any(page.header("Set-Cookie") for page in pages)
    if is_lost and all(answer.secure_cookies for answer in secure):
        cookie = secure[0].secure_cookies[0]
        yield _claim(view, route, because, {"cookie": cookie, "url": pages[0].url}, None)
        return
    written = plain[0].plain_addresses
    is_served = bool(written) and all(written[0] in page.body for page in pages)
    if is_served and not any(answer.plain_addresses for answer in secure):
        facts = {"plain": written[0], "url": pages[0].url}
        yield _claim(view, route, because, facts, Severity.WARNING)
        return
    symptom = evidence.target.symptom
    leads_to_http = is_about_http(symptom)
    if symptom is None:
        return
    # Imported late: only a message needs it.
    from checks.http._lost_logins import loses_login, wants_scheme

    is_login = loses_login(evidence)
    if leads_to_http or is_login:
        claim = _claim(
            view,
            route,
            because,
            {"told": True, "login": is_login, "url": pages[0].url},
            Severity.WARNING,
        )
        is_likely = leads_to_http or wants_scheme(evidence)
        confidence = Confidence.LIKELY if is_likely else Confidence.POSSIBLE
        yield _reviewed(claim, confidence)


def _reviewed(claim: Claim, confidence: Confidence) -> Claim:
    """Return a claim that rests on a message: a person reads its edit first."""
    fix = claim.fix
    if fix is not None and fix.applicability is not Applicability.MANUAL:
        fix = replace(fix, applicability=Applicability.REVIEW)
    return replace(claim, confidence=confidence, fix=fix)


def _upload(view: ServerView, route: SiteRoute, pages: Sequence[Exchange]) -> Iterator[Claim]:
    """Yield the claim about a registry that does not know the upload that it began. Asked by GET it
    answers the same with and without the field."""
    # Imported late: only a finding needs it.
    from checks.http._forwarded_scheme import forwarded_scheme

    target = view.evidence.target
    if forwarded_scheme(view.evidence, target.path):
        return
    effect = {"told": True, "upload": True, "url": pages[0].url, "origin": target.origin}
    yield _reviewed(_claim(view, route, pages, effect, Severity.WARNING), Confidence.LIKELY)


def _loses_upload(evidence: Evidence, pages: Sequence[Exchange]) -> bool:
    """Return whether a registry of images (OCI Distribution Specification) is said not to know an
    upload that it has begun: it gave the client an address with http for the next part."""
    symptom = evidence.target.symptom
    is_registry = evidence.target.path.startswith("/v2/") or any(
        page.header("Docker-Distribution-Api-Version") for page in pages
    )
    return is_registry and symptom is not None and "blob upload unknown" in symptom.text.lower()


#: What the field changes in the application's answer.
_NO_EFFECT: dict[str, object] = {
    "status": "", "location": "", "other_status": "", "url": "", "cookie": "", "plain": "",
    "to_http": False, "loop": False, "told": False, "login": False, "upload": False,
    "origin": "",
}  # fmt: skip


def _claim(
    view: ServerView,
    route: SiteRoute,
    because: Sequence[Observation],
    effect: Mapping[str, object],
    severity: Severity | None,
) -> Claim:
    target, written = view.evidence.target, scheme_line(view)
    return Claim(
        about=Subject(port=target.port, path=target.path),
        covers=(Subject(port=target.port), Subject(port=80)),
        because=(view.server, *because),
        facts={
            **view.facts,
            "application": route.authority,
            "place": place_text(route.file, route.line),
            **_NO_EFFECT,
            **effect,
            "redirects": bool(effect.get("location")),
            **_own_line(view, route),
            "written": " ".join(written.words) if written else "",
            "written_place": place(written) if written else "",
            view.server.product: True,
        },
        severity=severity,
        fix=_fix(view, route),
    )


def _severity(evidence: Evidence, page: Exchange) -> Severity | None:
    """Return a warning for a redirect to http that leads back to https: visitors get the page."""
    chain = follow_redirects(page, evidence.of(Exchange))
    is_back = chain.end == "answer" and chain.steps[-1].url.startswith("https:")
    return Severity.WARNING if is_back else None


def _own_line(view: ServerView, route: SiteRoute) -> dict[str, object]:
    is_apache = view.server.product == "apache"
    return scheme_line_facts(view, route) if is_apache else {"own_line": "", "own_place": ""}


def _fix(view: ServerView, route: SiteRoute) -> Fix:
    steps: tuple[Step, ...] = ()
    if view.server.product == "haproxy":
        edit = scheme_edit(view)
        steps = (edit,) if edit else ()
    elif view.server.product == "apache":
        steps = scheme_steps(view, route)
    elif view.server.product == "caddy":
        # The line may tell of another proxy in front, so a person reads the edit.
        fix = visitor_fix(view, view.evidence.target.path, SCHEME)
        return fix or manual_fix(view, "pass-the-scheme")
    if not steps:
        return manual_fix(view, "pass-the-scheme")
    return Fix((*steps, *reload_steps(view.server)), Applicability.AUTOMATIC)
