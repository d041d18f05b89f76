"""Browsers refuse a cookie of the page, because its attributes do not fit each other or the site
(draft-ietf-httpbis-rfc6265bis, section 5.7): the Domain of another site, SameSite=None without
Secure, a name with __Host- or __Secure-, Secure over http, or more than 4096 bytes. A login is not
kept then.

A cookie that the same answer sets in a second way, which browsers take, is no fault. Nor is one
that it takes away: it need not be there. But where its Domain is an address of an inside network,
the application gives that Domain to the cookie that it sets at the login too. A browser's own
sentence that a person pasted names the reason of a cookie that only the answer to a form sets,
which no run sends.
"""

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

from checks.http import endpoint_subjects
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
from diagnose.model.server import Listeners
from diagnose.parsers.nginx import upstreams
from diagnose.parsers.nginx.locations import LocationMatch, proxy_pass_of
from diagnose.parsers.sanitize import clean
from diagnose.parsers.set_cookie import CookieRefusal, cookie_domain, cookie_refusal
from diagnose.parsers.urls import is_internal_host, parse_url

if TYPE_CHECKING:
    from checks.http._forwarded_names import ForwardedName

_REASONS: tuple[CookieRefusal, ...] = (
    "domain", "insecure", "prefix", "same-site", "size", "cross-site",
)  # fmt: skip
#: Maximum number of cookies that are named.
_MOST_NAMES = 10
#: The port of https (RFC 9110 section 4.2.2).
_HTTPS_PORT = 443
#: What a message is about whose own words count, where they quote no browser.
_TOLD_KINDS = frozenset({"cookie", "login", "frame"})


@check(severity=Severity.WARNING, needs=[Exchange])
def cookie_refused(evidence: Evidence) -> Iterator[Claim]:
    refused = [
        (page, value, reason)
        for page in evidence.good(Exchange)
        if page.is_of_visit
        for value, reason in _refusals(page)
    ]
    if not refused:
        if evidence.target.symptom is not None:
            yield from _reported_refusal(evidence, evidence.target.symptom)
        return
    from checks.http._forwarded_names import visitors_name_fix
    from checks.upstream._comparisons import proxied_match

    page, value, reason = next((each for each in refused if not _is_deleted(each[1])), refused[0])
    names = _names(refused, value, reason)
    pattern = f"(?:{'|'.join(names)})"
    pages = tuple(dict.fromkeys(page for page, _, _ in refused))
    nginx, subjects = Nginx.of(evidence), endpoint_subjects(pages)
    match = proxied_match(nginx, evidence.target.path)
    directive = proxy_pass_of(match) if match else None
    domain_place = (
        _forwarded_domain(nginx, page, match, cookie_domain(value)) if reason == "domain" else None
    )
    own_fix = visitors_name_fix(nginx, domain_place) if domain_place else None
    line = domain_place.directive if domain_place else directive
    claim = Claim(
        about=merge_subjects(subjects),
        covers=subjects,
        because=(*pages, *([nginx.config] if nginx.config and directive else [])),
        confidence=Confidence.LIKELY if _is_deleted(value) else Confidence.CERTAIN,
        location=nginx.location(line) if line else None,
        facts={
            "url": page.url,
            "host": evidence.target.host,
            "cookie": _name(value),
            "reported": False,
            "quoted": False,
            "others": names[1:],
            "flagged": names[0] if len(names) == 1 else f"~^{pattern}$",
            "matched": names[0] if len(names) == 1 else pattern,
            "removed": _is_deleted(value),
            "cookie_domain": cookie_domain(value) if reason == "domain" else "",
            "place": file_line(directive) if directive else "",
            "setting_place": "",
            "told": domain_place.value if domain_place and own_fix else "",
            "told_place": domain_place.place if domain_place and own_fix else "",
            **{name.replace("-", "_"): name == reason for name in _REASONS},
        },
        fix=Fix(own_fix.steps, Applicability.REVIEW)
        if own_fix
        else _fix(nginx, match, reason, names, value),
    )
    if reason == "domain" and own_fix is None:
        claim = _with_domain(nginx, match, claim, cookie_domain(value))
    if reason == "insecure":
        claim = _with_plain_cookie(evidence, claim)
    yield _with_own_setting(evidence, claim) if reason == "same-site" else claim


def _with_plain_cookie(evidence: Evidence, claim: Claim) -> Claim:
    """Return the claim with the edit of the setting that makes the program's cookies Secure, where
    nothing of this server has the port of https."""
    from checks.upstream._own_remedy import source_remedy

    own = source_remedy(evidence, "plain_cookie")
    if own is None or any(listeners.on(_HTTPS_PORT) for listeners in evidence.good(Listeners)):
        return claim
    read, remedy = own
    return replace(
        claim,
        because=(*claim.because, read),
        facts={**claim.facts, **remedy.facts, "setting_place": read.place},
        fix=remedy.fix,
    )


def _with_domain(nginx: Nginx, match: LocationMatch | None, claim: Claim, domain: str) -> Claim:
    """Return the claim with the edit of the program's setting that has this Domain, or else of
    the web server's configuration."""
    from checks.http._cookie_settings import domain_remedy, nginx_domain_fix, server_domain_fix

    remedy = domain_remedy(nginx.evidence, domain)
    if remedy is not None:
        return replace(claim, fix=remedy.fix, facts={**claim.facts, **remedy.facts})
    evidence = nginx.evidence
    fix = nginx_domain_fix(nginx, match, domain) if match else server_domain_fix(evidence, domain)
    return replace(claim, fix=fix) if fix else claim


def _with_own_setting(evidence: Evidence, claim: Claim) -> Claim:
    """Return the claim with the setting of the known program before the others: a person chooses
    one of them."""
    from checks.upstream._own_remedy import own_remedy

    remedy = own_remedy(evidence, "secure_cookie")
    if remedy is None or claim.fix is None:
        return claim
    steps = remedy.fix.steps
    typed = tuple(step for step in steps if not isinstance(step, Manual))
    first = Manual("change-the-setting", Where.APPLICATION, commands=typed)
    own = (first,) if typed else steps
    return replace(
        claim,
        facts={**claim.facts, **remedy.facts},
        fix=Fix((*own, *claim.fix.steps), Applicability.MANUAL),
    )


def _fix(
    nginx: Nginx,
    match: LocationMatch | None,
    reason: CookieRefusal,
    names: tuple[str, ...],
    value: str,
) -> Fix:
    """Let a person correct the application's setting; beside it the edit by which the web server
    does. `value` is the field as it was sent, "" if only a message tells of it."""
    from checks.http._cookie_attributes import correcting_commands
    from checks.http._server_cookie_edits import server_commands

    if match:
        typed = correcting_commands(nginx, match, reason, names, cookie_domain(value))
    else:
        typed = server_commands(nginx.evidence, names, reason, value)
    step = Manual("correct-the-cookie", Where.APPLICATION, commands=typed)
    return Fix((step,), Applicability.MANUAL)


def _reported_refusal(evidence: Evidence, symptom: Symptom) -> Iterator[Claim]:
    """Yield the claim about a cookie that a browser refuses by the message: this run got none that
    it refuses. It is silent where the web server already gives cookies what they lack."""
    from diagnose.parsers.cookie_messages import refused_cookie

    told, pages = refused_cookie(symptom.text), list(page_exchanges(evidence))
    if told is None or not pages or (not told.is_quoted and symptom.kind not in _TOLD_KINDS):
        return
    nginx, reason = Nginx.of(evidence), told.reason
    from checks.http._reported_cookies import is_corrected, is_taken
    from checks.upstream._comparisons import proxied_match

    if is_taken(pages, told) or is_corrected(evidence, told):
        return
    match = proxied_match(nginx, evidence.target.path)
    directive, subjects = proxy_pass_of(match) if match else None, endpoint_subjects(pages)
    yield Claim(
        about=merge_subjects(subjects),
        covers=subjects,
        because=(*pages, *([nginx.config] if nginx.config and directive else [])),
        confidence=Confidence.LIKELY if told.is_quoted else Confidence.POSSIBLE,
        location=nginx.location(directive) if directive else None,
        facts={
            "url": pages[0].url,
            "host": evidence.target.host,
            "cookie": told.name,
            "reported": True,
            "quoted": told.is_quoted,
            "others": (),
            "flagged": told.name or "~",
            "matched": told.name or "[^=]+",
            "removed": False,
            "cookie_domain": "",
            "place": file_line(directive) if directive else "",
            "setting_place": "",
            "told": "",
            "told_place": "",
            **{name.replace("-", "_"): name == reason for name in _REASONS},
        },
        fix=_fix(nginx, match, reason, (told.name,), ""),
    )


def _forwarded_domain(
    nginx: Nginx, page: Exchange, match: LocationMatch | None, domain: str
) -> "ForwardedName | None":
    """Return the field by which nginx tells the application the name that it makes the Domain of:
    "127.0.0.1:3000", or the name of an upstream group."""
    from checks.http._forwarded_names import forwarded_name

    variables = upstreams.request_variables(nginx.evidence.target)
    passed = upstreams.proxy_target_of(match, variables) if match and domain else None
    ports = dict.fromkeys(endpoint.port for endpoint in passed.endpoints) if passed else ()
    names = (domain, *(f"{domain}:{port}" for port in ports)) if passed else ()
    return next(filter(None, (forwarded_name(nginx, page, name) for name in names)), None)


def _refusals(page: Exchange) -> Iterator[tuple[str, CookieRefusal]]:
    url = parse_url(page.url)
    values = [value for name, value in page.headers if name.lower() == "set-cookie"]
    if url is None:
        return
    reasons = [(value, cookie_refusal(value, url.host, url.secure)) for value in values]
    accepted_names = {_name(value) for value, reason in reasons if not reason}
    yield from (
        (value, reason)
        for value, reason in reasons
        if reason and _name(value) not in accepted_names
        if not _is_deleted(value) or (reason == "domain" and is_internal_host(cookie_domain(value)))
    )


def _names(
    refused: list[tuple[Exchange, str, CookieRefusal]], value: str, reason: CookieRefusal
) -> tuple[str, ...]:
    """Return the names of the cookies that are refused as this one is, which comes first: what is
    corrected for one of them leaves the others refused."""
    domain = cookie_domain(value)
    alike = (own for _, own, its in refused if its == reason and cookie_domain(own) == domain)
    return tuple(dict.fromkeys(map(_name, (value, *alike))))[:_MOST_NAMES]


def _is_deleted(value: str) -> bool:
    """Return whether the field takes a cookie away: it need not be there."""
    text = value.lower().replace(" ", "")
    return (
        "max-age=0" in text or "max-age=-" in text or "01-jan-1970" in text or "01jan1970" in text
    )


def _name(value: str) -> str:
    return clean(value.partition("=")[0].strip(), 100)
