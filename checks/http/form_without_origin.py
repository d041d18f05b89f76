"""The page has the policy `no-referrer` and a form of an application that compares the form's
Origin, as Django and Rails do. Browsers send "Origin: null" with a POST from such a page (Fetch
standard, "append a request `Origin` header"; W3C Referrer Policy section 3.1), and no Referer. So
the application answers 403 or 422: "Origin checking failed - null does not match any trusted
origins", "The browser returned a 'null' origin".

The policy is often one of a list of "security headers" that nginx adds.
"""

import re
from collections.abc import Iterator

from checks.http import endpoint_subjects
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
from diagnose.parsers.request_fields import is_own_origin

_FIELD = "Referrer-Policy"
#: The policies of the standard: browsers take the last that they know.
_POLICIES = {
    "no-referrer", "no-referrer-when-downgrade", "same-origin", "origin", "strict-origin",
    "origin-when-cross-origin", "strict-origin-when-cross-origin", "unsafe-url",
}  # fmt: skip
#: What the same site needs, and other sites learn nothing of.
_BETTER = "same-origin"
#: The cookie of Django's CsrfViewMiddleware, and what Rails writes into the head of a page.
_DJANGO, _RAILS = "csrftoken", re.compile(r'name="csrf-param" content="authenticity_token"')


@check(severity=Severity.WARNING, needs=[Exchange, Page])
def form_without_origin(evidence: Evidence) -> Iterator[Claim]:
    forms = [
        form
        for page in evidence.good(Page)
        for form in page.posts
        if is_own_origin(evidence.target, form)
    ]
    pages = tuple(
        exchange
        for exchange in evidence.good(Exchange)
        if exchange.is_of_visit and exchange.status == 200
        if _policy(exchange) == "no-referrer" and _framework(exchange)
    )
    if not forms or not pages or not evidence.target.uses_tls:
        return
    # Imported late: few pages have such a policy.
    from checks.http._field_overrides import override_step
    from checks.http._sent_fields import sent_field

    values = [value for name, value in pages[0].headers if name.lower() == _FIELD.lower()]
    sent, subjects = sent_field(evidence, _FIELD, values), endpoint_subjects(pages)
    yield Claim(
        about=merge_subjects(subjects),
        covers=subjects,
        because=pages,
        confidence=Confidence.LIKELY,
        location=sent.location if sent else None,
        facts={
            "page": pages[0].url,
            "form": forms[0].partition("?")[0],
            "framework": _framework(pages[0]),
            "place": sent.place if sent else "",
        },
        fix=(sent.with_value(_BETTER) if sent else None)
        or Fix(
            (
                Manual("another-policy", Where.SERVER),
                *(() if sent else override_step(evidence, pages[0], _FIELD, _BETTER)),
            ),
            Applicability.MANUAL,
        ),
    )


def _policy(exchange: Exchange) -> str:
    values = (value for name, value in exchange.headers if name.lower() == _FIELD.lower())
    words = [word.strip().lower() for value in values for word in value[:1024].split(",")]
    return next((word for word in reversed(words) if word in _POLICIES), "")


def _framework(exchange: Exchange) -> str:
    cookies = (value for name, value in exchange.headers if name.lower() == "set-cookie")
    if any(value.strip().startswith(f"{_DJANGO}=") for value in cookies):
        return "Django"
    return "Rails" if _RAILS.search(exchange.body) else ""
