"""The application refuses the page because nginx does not tell it that the visitor uses https:
there is no X-Forwarded-Proto, or it says http.

Keycloak and others answer 403 "HTTPS required" to plain http. Behind nginx every request is plain
http, and X-Forwarded-Proto alone says what the visitor uses. The evidence is the application
itself: it serves the page with "X-Forwarded-Proto: https", and refuses it again without. Others
redirect to https, which leads to the page itself: for ever on port 443, past it on another port.
After a message about a lost cookie or session: the application serves the page without its Secure
cookie, and sets it with that field (express-session, "cookie.secure").
"""

from collections.abc import Iterator

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
from diagnose.model import Applicability, Claim, Evidence, Fix, Manual, Severity, Where
from diagnose.model.http import Exchange, page_exchanges
from diagnose.model.nginx import NginxConfig
from diagnose.model.requests import ComparedRequest, LoggedComparison
from diagnose.parsers.nginx.locations import LocationMatch, proxy_pass_of, proxy_set_header_of
from diagnose.parsers.nginx.proxied_request import SCHEME_FIELD
from diagnose.parsers.redirects import leads_to_itself, loses_port, redirect_target
from diagnose.parsers.upstream_answers import reproduces


@check(
    severity=Severity.ERROR,
    needs=[NginxConfig],
    needs_fault=[ComparedRequest, LoggedComparison],
    explains=[*CONSEQUENCES, "http.redirect-wrong-host"],
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
            {"cookie": ""},
            _fix(nginx, match, change),
        )
    yield from _lost_cookie(evidence)


def _lost_cookie(evidence: Evidence) -> Iterator[Claim]:
    """Yield the claim about a cookie that the application sets only if it is told of https."""
    requests = evidence.of(ComparedRequest)
    as_nginx = tuple(request for request in requests if request.part == "none")
    told = tuple(request for request in requests if request.name == SCHEME_FIELD)
    pages = tuple(
        page
        for page in page_exchanges(evidence)
        if as_nginx and reproduces(as_nginx[0], page) and 200 <= (page.status or 0) < 300
    )
    is_lost = not any(request.secure_cookies for request in as_nginx)
    if not pages or not told or not is_lost or not all(each.secure_cookies for each in told):
        return
    nginx, change = Nginx.of(evidence), DecisiveChange(as_nginx, told, pages)
    match = proxied_match(nginx, told[0].path)
    if match is None:
        return
    directive = proxy_set_header_of(match, SCHEME_FIELD) or proxy_pass_of(match) or match.block
    facts = {"cookie": told[0].secure_cookies[0]}
    yield comparison_claim(nginx, match, change, directive, facts, _fix(nginx, match, change))


def _leads_on(evidence: Evidence, change: DecisiveChange) -> bool:
    """Return whether visitors get a page on the usual port, to which the application leads them."""
    onward = {redirect_target(page) for page in change.exchanges if loses_port(page)}
    return any(
        page.purpose == "redirect" and page.url in onward for page in evidence.good(Exchange)
    )


def _fix(nginx: Nginx, match: LocationMatch, change: DecisiveChange) -> Fix:
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
        nginx, match, file_edits, sure=change.request.change == "added"
    )
