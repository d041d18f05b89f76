"""The page sends visitors to a login, and names an address with http, or of the server itself, to
which the login has to lead back (RFC 6749 section 3.1.2, redirect_uri).

A provider compares it with what is registered: "redirect_uri_mismatch", "Invalid parameter:
redirect_uri". Usual reason: the application behind the proxy does not know that visitors use https.
nginx's lines show which fields it does not get: X-Forwarded-Proto, Host, or another one that the
documentation of a recognized application asks for.
"""

from collections.abc import Iterator

from checks.http import endpoint_subjects, exchanges_by_purpose
from checks.http._logins import return_address
from checks.nginx import Nginx, file_line
from diagnose.checking.registry import check
from diagnose.model import (
    Claim,
    Confidence,
    Evidence,
    Severity,
    merge_subjects,
)
from diagnose.model.applications import Topic
from diagnose.model.frozen import frozen
from diagnose.model.http import Exchange
from diagnose.model.pages import Page
from diagnose.parsers.nginx.locations import proxy_pass_of
from diagnose.parsers.redirects import named_address, redirect_target
from diagnose.parsers.sanitize import clean
from diagnose.parsers.urls import is_internal_host, is_related_host, parse_url


@check(severity=Severity.WARNING, needs=[Exchange])
def login_return_address(evidence: Evidence) -> Iterator[Claim]:
    target = evidence.target
    wrong = [login for login in _logins(evidence) if _is_wrong(login, target.host)]
    if not wrong or not target.uses_tls or is_internal_host(target.host):
        return
    pages, first = tuple(login.page for login in wrong), wrong[0]
    subjects = endpoint_subjects(pages)
    nginx = Nginx.of(evidence)
    # Imported late: most sites have no such login.
    from checks.http import _login_fields
    from checks.http._known_application import own_setting
    from checks.http._setting_lines import setting_facts

    match = _login_fields.passing_location(nginx, first.page.url)
    directive = proxy_pass_of(match) if match else None
    url = parse_url(first.address)
    is_inner = url is not None and is_internal_host(url.host)
    fields = _login_fields.missing_fields(nginx, match, is_inner) if match else {}
    from checks.upstream._own_remedy import plain_topics, with_own_remedy

    topics: tuple[Topic, ...] = ("public_url",) if is_inner else plain_topics(evidence)

    claim = Claim(
        about=merge_subjects(subjects),
        covers=subjects,
        because=pages,
        confidence=Confidence.LIKELY,
        facts={
            "url": first.page.url,
            "address": clean(first.address.partition("?")[0], 200),
            "provider": _host(first.onward),
            "link": first.is_link,
            "inner": is_inner,
            "place": file_line(directive) if directive else "",
            "missing": tuple(fields),
            **setting_facts(evidence, first.address, "" if is_inner else target.origin),
            **own_setting(evidence, "trusted_proxy", "public_url"),
        },
        fix=(None if match else _login_fields.server_fix(evidence, first.page.url, is_inner))
        or _login_fields.address_fix(nginx, match, fields),
    )
    yield with_own_remedy(evidence, claim, *topics)


@frozen
class _Login:
    """A login elsewhere: the page that leads there by a redirect or a link, where to, and the
    address to which it has to lead back."""

    page: Exchange | Page
    onward: str
    address: str
    is_link: bool = False


def _logins(evidence: Evidence) -> Iterator[_Login]:
    for purpose in ("target", "redirect", "login"):
        for answer in exchanges_by_purpose(evidence, purpose):
            if address := return_address(answer):
                yield _Login(answer, redirect_target(answer) or "", address)
    for page in evidence.good(Page):
        for link in page.logins:
            if address := named_address(link):
                yield _Login(page, link, address, is_link=True)


def _is_wrong(login: _Login, host: str) -> bool:
    """Return whether browsers of visitors must not be led there: the site's own address with http,
    or an address inside."""
    url = parse_url(login.address)
    if url is None or not login.page.url.startswith("https:"):
        return False
    is_own = is_related_host(host, url.host) and not url.secure
    return is_own or is_internal_host(url.host)


def _host(url: str) -> str:
    parsed = parse_url(url)
    return parsed.host if parsed else ""
