"""The page's own Content Security Policy forbids the WebSocket: no source of `connect-src` (or
`default-src`) matches its URL. Browsers then do not even try; every other client succeeds.

If the page itself names the WebSocket, this is an error. Otherwise another page with another policy
may open it. A policy is enforced in documents: that of a JSON answer means no WebSocket (Content
Security Policy Level 3, section 4.1).
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING

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
from diagnose.model.websocket_attempts import Attempt, websocket_attempts
from diagnose.parsers import content_security_policy
from diagnose.parsers.content_security_policy import Blocked, with_directive
from diagnose.parsers.urls import parse_url

if TYPE_CHECKING:
    from checks.http._sent_fields import SentField

_HEADER = "content-security-policy"


@check(severity=Severity.ERROR, needs=[Exchange])
def blocked_by_policy(evidence: Evidence) -> Iterator[Claim]:
    page = next(
        (
            exchange
            for exchange in evidence.good(Exchange)
            if exchange.purpose == "target"
            and exchange.status == 200
            and "json" not in (exchange.header("Content-Type") or "")
        ),
        None,
    )
    for attempt in websocket_attempts(evidence) if page else ():
        assert page is not None
        if claim := _claim(evidence, page, attempt):
            yield claim


def _claim(evidence: Evidence, page: Exchange, attempt: Attempt) -> Claim | None:
    page_url, socket_url = parse_url(page.url), parse_url(attempt.first.url)
    if page_url is None or socket_url is None:
        return None
    header_values = [value for name, value in page.headers if name.lower() == _HEADER]
    policies = content_security_policy.policies(header_values, page.body)
    blocked = content_security_policy.blocked_by(policies, page_url, socket_url)
    if blocked is None:
        return None
    named = any(
        url is not None and url.host == socket_url.host and url.path == socket_url.path
        for url in map(parse_url, page.mentions)
    )
    # Imported late: few pages have such a policy.
    from checks.http._sent_fields import sent_field

    source = f"{socket_url.scheme}://{socket_url.host}"
    sent = sent_field(evidence, _HEADER, header_values) if header_values else None
    return Claim(
        about=merge_subjects(attempt.subjects),
        covers=attempt.subjects,
        because=(page, *attempt.same),
        confidence=Confidence.CERTAIN
        if named and not blocked.without_scheme
        else Confidence.LIKELY,
        severity=None if named else Severity.WARNING,
        facts={
            "url": page.url,
            "socket": attempt.first.url.partition("?")[0],
            "directive": blocked.directive,
            "rule": blocked.text,
            "source": source,
            "fallback": blocked.directive == "default-src",
            "without_scheme": blocked.without_scheme,
            "meta": not header_values,
            "named": named,
            "place": sent.place if sent else "",
        },
        location=sent.location if sent else None,
        fix=(sent and _fix(sent, blocked, source))
        or Fix((Manual("allow-it", Where.APPLICATION),), Applicability.MANUAL),
    )


def _fix(sent: "SentField", blocked: Blocked, source: str) -> Fix | None:
    """Allow the WebSocket beside what the policy allows already: of `default-src` what scripts may
    ask is the site itself and addresses."""
    kept = [word for word in blocked.sources if word.lower() != "'none'"]
    if blocked.directive == "default-src":
        kept = [word for word in kept if not word.startswith("'") or word.lower() == "'self'"]
    value = with_directive(sent.value, " ".join(("connect-src", *kept, source)))
    return sent.with_value(value) if value else None
