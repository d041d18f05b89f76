"""nginx asks for a password (ngx_http_auth_basic_module), and so does the application behind it. A
request has one field Authorization (RFC 9110 section 11.6.2), and nginx passes it on: what nginx
accepts, the application refuses, and browsers ask again and again.

Where both know the same users all is well, so it is a note. The evidence is the application, asked
as nginx asks it for somebody who has sent no password. Where its page is open, and an address that
the page's scripts read is not, somebody has to report a login that fails: the scripts send their
own login in the same field, and nginx refuses it. So it is where a person writes that the right
password does not end the question, and nginx's log refuses no user.
"""

from collections.abc import Iterator

from checks.http import endpoint_subjects
from checks.nginx import Nginx, file_line
from checks.nginx._repeated_prompt import opening_edits, repeated_prompt
from checks.upstream._comparisons import proxied_match
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
from diagnose.model.backends import BackendLogin
from diagnose.model.http import Exchange, page_exchanges
from diagnose.model.nginx import Directive, NginxConfig
from diagnose.model.requests import ComparedRequest
from diagnose.parsers.http import proxy_page
from diagnose.parsers.nginx.locations import LocationMatch, proxy_pass_of, proxy_set_header_of


@check(
    severity=Severity.NOTE,
    needs=[NginxConfig, Exchange],
    explains=["nginx.own-answer", "upstream.own-answer"],
)
def password_twice(evidence: Evidence) -> Iterator[Claim]:
    nginx = Nginx.of(evidence)
    refused = [
        request
        for request in evidence.of(ComparedRequest)
        if request.part == "none" and request.status == 401
    ]
    pages = [
        page
        for page in page_exchanges(evidence)
        if page.status == 401 and proxy_page(page.body) == "nginx"
    ]
    guarded = () if refused else _guarded(evidence)
    repeated = () if refused or guarded or not pages else repeated_prompt(evidence)
    path = refused[0].path if refused else evidence.target.path
    is_seen = (refused or guarded or repeated) and pages
    match = proxied_match(nginx, path) if is_seen else None
    asking = match.directive("auth_basic") if match else None
    if match is None or asking is None or asking.args[:1] in {(), ("off",)}:
        return
    if proxy_set_header_of(match, "Authorization") and not repeated:
        return  # the application gets another password, or none
    subjects, passing = endpoint_subjects(pages), proxy_pass_of(match) or match.block
    yield Claim(
        about=merge_subjects(subjects),
        covers=subjects,
        because=(*pages, *refused[:1], *guarded[:1], *repeated, *nginx.configs),
        confidence=Confidence.LIKELY,
        severity=Severity.WARNING if guarded or repeated else None,
        location=nginx.location(asking),
        facts={
            "url": pages[0].url,
            "directive": asking.text,
            "place": file_line(asking),
            "application": refused[0].endpoint if refused else (*guarded, *repeated)[0].target,
            "repeated": bool(repeated),
            "guarded": guarded[0].requested if guarded else "",
            "passing": file_line(passing),
        },
        is_reported=bool(repeated),
        fix=_fix(nginx, match, asking, is_repeated=bool(repeated)),
    )


def _fix(nginx: Nginx, match: LocationMatch, asking: Directive, *, is_repeated: bool) -> Fix:
    """Return the question, whose first answer opens the site to all whom the application lets in,
    where a person reports that both cannot be."""
    typed = opening_edits(nginx, match, asking) if is_repeated else ()
    step = Manual("ask-once", Where.SERVER, commands=typed)
    return Fix((step,), Applicability.MANUAL)


def _guarded(evidence: Evidence) -> tuple[BackendLogin, ...]:
    """Return the addresses of the page's scripts for which an application wants a login of its own,
    whose page is open."""
    logins = evidence.good(BackendLogin)
    is_open = [login for login in logins if 200 <= (login.status or 999) < 400]
    if not {False, True} <= {login.with_password for login in is_open}:
        return ()
    pages = {login.requested for login in is_open}
    return tuple(login for login in logins if login.status == 401 and login.requested not in pages)
