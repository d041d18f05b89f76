"""A form of an https page is sent to an http address of the site (W3C Mixed Content, section 4.3.2,
"mixed forms"): browsers warn before they send it, and do not fill in passwords. If http redirects
to https, the redirect turns the POST into a GET (RFC 9110 section 15.4.2), and what was typed is
lost.

Usual reason: the application behind the proxy does not know that visitors use https.
"""

from collections.abc import Iterator

from checks.http import _page_files, exchanges_by_purpose
from checks.http._forwarded_names import unforwarded_port
from checks.http._forwarded_scheme import forwarded_scheme, server_fix
from checks.http._known_application import own_setting
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
)
from diagnose.model.applications import Topic
from diagnose.model.http import Exchange
from diagnose.model.pages import Page
from diagnose.parsers.nginx.locations import proxy_pass_of
from diagnose.parsers.redirects import REDIRECTS
from diagnose.parsers.urls import is_related_host, parse_url


@check(severity=Severity.WARNING, needs=[Page, Exchange])
def form_over_http(evidence: Evidence) -> Iterator[Claim]:
    page = _page_files.page_of(evidence)
    if page is None or not page.url.startswith("https:") or page.upgrades:
        return
    host = evidence.target.host
    forms = tuple(url for url in page.insecure_forms if _is_own(url, host))
    if not forms:
        return
    redirects = tuple(
        answer
        for answer in exchanges_by_purpose(evidence, "plain")
        if answer.status in REDIRECTS - {307, 308}
    )
    # Imported late: few pages have such a form.
    from checks.upstream._own_remedy import own_address_topics, plain_topics, with_own_remedy

    nginx = Nginx.of(evidence)
    matches = (match for match in nginx.location_matches(evidence.target.path))
    directive = next(filter(None, map(proxy_pass_of, matches)), None)
    scheme_place = forwarded_scheme(evidence, evidence.target.path)
    claim = Claim(
        about=_page_files.page_subject(page),
        because=(page, *redirects[:1]),
        confidence=Confidence.LIKELY,
        facts={
            "page": page.url,
            "form": forms[0].partition("?")[0],
            "lost": bool(redirects),
            "place": file_line(directive) if directive else "",
            "told": scheme_place,
            "port": unforwarded_port(evidence, forms[0]) if scheme_place else "",
            "origin": evidence.target.origin,
            **own_setting(evidence, *plain_topics(evidence)),
        },
        fix=(None if scheme_place else server_fix(evidence, evidence.target.path))
        or Fix((Manual("https-addresses", Where.APPLICATION),), Applicability.MANUAL),
    )
    if claim.facts["port"]:
        topics: tuple[Topic, ...] = ("public_url",)
    else:
        topics = plain_topics(evidence) if scheme_place else own_address_topics(evidence)
    yield with_own_remedy(evidence, claim, *topics)


def _is_own(url: str, host: str) -> bool:
    parsed = parse_url(url)
    return parsed is not None and is_related_host(host, parsed.host)
