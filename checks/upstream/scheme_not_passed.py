"""The application refuses the page because nginx does not tell it that the visitor uses https:
there is no X-Forwarded-Proto, or it says http.

Keycloak and others answer 403 "HTTPS required" to plain http. Behind nginx every request is plain
http, and X-Forwarded-Proto alone says what the visitor uses. The evidence is the application
itself: it serves the page with "X-Forwarded-Proto: https", and refuses it again without. Others
redirect to https, which leads to the page itself: for ever on port 443, past it on another port.
After a message about a lost cookie or session, or where a page for signing in sets no cookie: the
application serves the page without its Secure cookie, and sets it with that field (express-session,
"cookie.secure"). Or it writes http: addresses of the site into its pages and answers, and https:
ones with that field.

A login is a POST, which is not sent. That its redirect leads to http, or that no session is kept
behind it, only a message says: then the page shows no difference, and that the field is missing is
the likely reason.
"""

import re
from collections.abc import Iterator
from dataclasses import replace

from checks.nginx import Nginx, _location_edits
from checks.nginx._edits import Changes, config_edits
from checks.upstream._comparisons import (
    CONSEQUENCES,
    DecisiveChange,
    comparison_claim,
    decided_by,
    proxied_match,
)
from diagnose.checking.registry import check
from diagnose.model import Applicability, Claim, Confidence, Evidence, Fix, Manual, Severity, Where
from diagnose.model.http import Exchange, page_exchanges
from diagnose.model.nginx import NginxConfig
from diagnose.model.pages import Page
from diagnose.model.requests import ComparedRequest, LoggedComparison
from diagnose.parsers.nginx.locations import LocationMatch, proxy_pass_of, proxy_set_header_of
from diagnose.parsers.nginx.proxied_request import SCHEME_FIELD
from diagnose.parsers.own_scheme import (
    is_about_http,
    is_written_in_script,
    names_itself_plain,
)
from diagnose.parsers.redirects import leads_to_itself, loses_port, redirect_target
from diagnose.parsers.upstream_answers import reproduces

#: Names of cookies that keep who has signed in, or protect a form.
_OF_A_LOGIN = re.compile(
    r"(?i)sess|sid\b|auth|tok|csrf|xsrf|login|jwt|user|account|identity|remember|cookie"
)
#: What the field changes in the application's answer.
_NO_EFFECT: dict[str, object] = {
    "cookie": "", "plain": "", "refused": False, "told": False, "login": False,
}  # fmt: skip


@check(
    severity=Severity.ERROR,
    needs=[NginxConfig],
    needs_fault=[ComparedRequest, LoggedComparison],
    explains=[
        *CONSEQUENCES,
        "http.redirect-wrong-host",
        "http.mixed-content",
        "http.form-over-http",
        "http.api-address-wrong",
        "websocket.mixed-content",
    ],
)
def scheme_not_passed(evidence: Evidence) -> Iterator[Claim]:
    for nginx, match, change in decided_by(evidence, "field"):
        request = change.request
        # http.redirect-loop adds a missing field itself.
        is_endless = change.is_loop and any(map(leads_to_itself, change.exchanges))
        is_other_finding = is_endless and request.change == "added"
        if request.name != SCHEME_FIELD or is_other_finding or _leads_on(evidence, change):
            continue
        directive = proxy_set_header_of(match, SCHEME_FIELD) or proxy_pass_of(match)
        yield comparison_claim(
            nginx,
            match,
            change,
            directive or match.block,
            {**_NO_EFFECT, "refused": True},
            _fix(nginx, match, change),
        )
    yield from _changed_answer(evidence)


def _changed_answer(evidence: Evidence) -> Iterator[Claim]:
    """Yield the claim about an answer with the same status in both cases: a cookie that the
    application sets only if it is told of https, or the http: addresses that it writes
    otherwise."""
    requests = evidence.of(ComparedRequest)
    as_nginx = tuple(request for request in requests if request.part == "none")
    scheme_requests = tuple(request for request in requests if request.name == SCHEME_FIELD)
    pages = tuple(
        page
        for page in page_exchanges(evidence)
        if as_nginx and reproduces(as_nginx[0], page) and 200 <= (page.status or 0) < 400
    )
    is_page = all((page.status or 0) < 300 for page in pages)
    facts = _effect(as_nginx, scheme_requests) if pages and scheme_requests else {}
    if not is_page and not facts.get("cookie"):
        facts = {}
    if pages and scheme_requests and is_page and not facts:
        yield from _reported_by_message(evidence, as_nginx, scheme_requests, pages)
    match = proxied_match(Nginx.of(evidence), scheme_requests[0].path) if facts else None
    if match is None:
        return
    nginx, change = Nginx.of(evidence), DecisiveChange(as_nginx, scheme_requests, pages)
    directive = proxy_set_header_of(match, SCHEME_FIELD) or proxy_pass_of(match) or match.block
    claim = comparison_claim(nginx, match, change, directive, facts, _fix(nginx, match, change))
    of_cookie = _cookie_severity(evidence, str(facts["cookie"]))
    yield replace(claim, severity=_severity(evidence, as_nginx) if facts["plain"] else of_cookie)


def _reported_by_message(
    evidence: Evidence,
    as_nginx: tuple[ComparedRequest, ...],
    scheme_requests: tuple[ComparedRequest, ...],
    pages: tuple[Exchange, ...],
) -> Iterator[Claim]:
    """Yield the claim that a message supports, where the page itself shows no difference: the
    answer to a form can only be tried by who may log in. The documentation of a known application
    that asks for the field makes it likely."""
    symptom, nginx = evidence.target.symptom, Nginx.of(evidence)
    match = proxied_match(nginx, scheme_requests[0].path)
    if symptom is None or match is None:
        return
    # A wrong address to return to has a wrong name, too, if the application does not get the name.
    is_name_kept = symptom.kind != "login-address" or proxy_set_header_of(match, "Host") is not None
    leads_to_http = is_about_http(symptom)
    # Imported late: only a message needs it.
    from checks.http._lost_logins import loses_login, wants_scheme

    is_login = loses_login(evidence)
    if not (leads_to_http or is_login):
        return
    is_likely = (leads_to_http and is_name_kept) or (is_login and wants_scheme(evidence))
    change = DecisiveChange(as_nginx, scheme_requests, pages)
    directive = proxy_set_header_of(match, SCHEME_FIELD) or proxy_pass_of(match) or match.block
    facts = {**_NO_EFFECT, "told": True, "login": is_login}
    yield replace(
        comparison_claim(
            nginx, match, change, directive, facts, _fix(nginx, match, change, sure=False),
            Confidence.LIKELY if is_likely else Confidence.POSSIBLE,
        ),
        severity=Severity.WARNING,
    )  # fmt: skip


def _effect(
    as_nginx: tuple[ComparedRequest, ...], scheme_requests: tuple[ComparedRequest, ...]
) -> dict[str, object]:
    """Return the cookie, or the http: address, that makes the difference; {} if nothing does."""
    is_lost = not any(request.secure_cookies for request in as_nginx)
    if is_lost and all(request.secure_cookies for request in scheme_requests):
        return {**_NO_EFFECT, "cookie": scheme_requests[0].secure_cookies[0]}
    is_written = all(request.plain_addresses for request in as_nginx)
    if is_written and not any(request.plain_addresses for request in scheme_requests):
        return {**_NO_EFFECT, "plain": as_nginx[0].plain_addresses[0]}
    return {}


def _severity(evidence: Evidence, as_nginx: tuple[ComparedRequest, ...]) -> Severity:
    """Browsers do not load files over http, nor what a script requests at such an address, as
    settings in the page name it. A link is led back to https."""
    host = evidence.target.host
    pages = [page for page in evidence.good(Page) if names_itself_plain(page, host)]
    if any(url in file.url for page in pages for file in page.files for url in _plain(as_nginx)):
        return Severity.ERROR
    bodies = (page.body for page in page_exchanges(evidence))
    is_asked_for = pages or any(is_written_in_script(body, host) for body in bodies)
    is_upgraded = any(page.upgrades for page in evidence.good(Page))
    # A WebSocket is no link: what the page names is opened.
    if not is_upgraded and any(url.startswith("ws:") for url in _plain(as_nginx)):
        return Severity.WARNING
    return Severity.NOTE if as_nginx[0].is_html and not is_asked_for else Severity.WARNING


def _cookie_severity(evidence: Evidence, name: str) -> Severity | None:
    """Nobody misses a cookie that may hold a language or a choice: a login may do without it."""
    is_told = evidence.target.symptom is not None
    return None if is_told or _OF_A_LOGIN.search(name) else Severity.NOTE


def _plain(requests: tuple[ComparedRequest, ...]) -> set[str]:
    return {url for request in requests for url in request.plain_addresses}


def _leads_on(evidence: Evidence, change: DecisiveChange) -> bool:
    """Return whether visitors get a page on the usual port, to which the application leads them."""
    onward = {redirect_target(page) for page in change.exchanges if loses_port(page)}
    return any(
        page.purpose == "redirect" and page.url in onward for page in evidence.good(Exchange)
    )


def _fix(nginx: Nginx, match: LocationMatch, change: DecisiveChange, sure: bool = True) -> Fix:
    """Send $scheme, which is right if nginx itself speaks TLS with the visitors; if it sends that
    already, only a person knows who does."""
    directive = proxy_set_header_of(match, SCHEME_FIELD)
    speaks_tls = all(selected.socket.ssl for selected in nginx.selected_servers())
    changes: Changes = {}
    if speaks_tls and (directive is None or directive.args[1:] != ("$scheme",)):
        lines = _location_edits.header_lines(nginx, match, {SCHEME_FIELD: "$scheme"}, changes)
        _location_edits.insert_lines(nginx, match, lines, changes)
    file_edits = config_edits(nginx, changes)
    if not file_edits:
        return Fix((Manual("pass-the-scheme", Where.SERVER),), Applicability.MANUAL)
    return _location_edits.location_fix(
        nginx, match, file_edits, sure=sure and change.request.change == "added"
    )
