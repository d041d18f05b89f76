"""The page's own Content Security Policy forbids the WebSocket: no source of `connect-src` (or
`default-src`) matches its URL. Browsers then do not even try; every other client succeeds.

If the page itself names the WebSocket, or the browser's message does, this is an error. Otherwise
another page with another policy may open it. A WebSocket of the page's scripts need not be tried:
the browser does not try it either. A policy is enforced in documents: that of a JSON answer means
no WebSocket (Content Security Policy Level 3, section 4.1).
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
    Subject,
    Where,
    merge_subjects,
)
from diagnose.model.http import Exchange
from diagnose.model.pages import WebSocketPath
from diagnose.model.websocket_attempts import Attempt, websocket_attempts
from diagnose.parsers import content_security_policy
from diagnose.parsers.content_security_policy import Blocked, with_directive
from diagnose.parsers.urls import Url, parse_url

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
    if page is None:
        return
    told = _told_socket(evidence)
    attempts = websocket_attempts(evidence)
    for attempt in attempts:
        if claim := _claim(evidence, page, parse_url(attempt.first.url), attempt):
            yield claim
            told = None
    if told is not None:
        if claim := _claim(evidence, page, told, is_told=True):
            yield claim
        return
    tried = {attempt.path for attempt in attempts}
    for named in evidence.good(WebSocketPath):
        url = parse_url(f"{page.url.partition('://')[0].replace('http', 'ws')}://"
                        f"{evidence.target.authority}{named.path}")  # fmt: skip
        # Without a login the program may not open it at all.
        if named.path not in tried and not named.library and (
            claim := _claim(evidence, page, url, source=named)
        ):  # fmt: skip
            yield claim
            return


def _told_socket(evidence: Evidence) -> Url | None:
    """Return the address of the site's WebSocket that a browser refused by its message."""
    symptom = evidence.target.symptom
    if symptom is None or symptom.kind != "csp":
        return None
    # Imported late: most runs have no message.
    from diagnose.parsers.policy_messages import refused_socket

    url = refused_socket(symptom.text)
    return url if url and url.host == evidence.target.host else None


def _claim(
    evidence: Evidence,
    page: Exchange,
    socket_url: Url | None,
    attempt: Attempt | None = None,
    source: WebSocketPath | None = None,
    *,
    is_told: bool = False,
) -> Claim | None:
    """Return the claim about a WebSocket that was tried (`attempt`), that a script of the page
    opens (`source`), or that the message names (`is_told`); None if the policy allows it."""
    page_url = parse_url(page.url)
    if page_url is None or socket_url is None:
        return None
    header_values = [value for name, value in page.headers if name.lower() == _HEADER]
    policies = content_security_policy.policies(header_values, page.body)
    blocked = content_security_policy.blocked_by(policies, page_url, socket_url)
    is_old = blocked is None and is_told
    if is_old:
        blocked = content_security_policy.blocked_by(policies, page_url, socket_url, by_self=False)
    if blocked is None:
        return None
    named = is_told or any(
        url is not None and url.host == socket_url.host and url.path == socket_url.path
        for url in map(parse_url, page.mentions)
    )
    # Imported late: few pages have such a policy.
    from checks.http._sent_fields import sent_field

    origin = f"{socket_url.scheme}://{socket_url.host}"
    sent = sent_field(evidence, _HEADER, header_values) if header_values else None
    place = Subject(port=page.port, path=socket_url.path.partition("?")[0])
    subjects = attempt.subjects if attempt else (place,)
    return Claim(
        about=merge_subjects(subjects),
        covers=subjects,
        because=(page, *(attempt.same if attempt else ()), *([source] if source else ())),
        confidence=Confidence.CERTAIN
        if named and not blocked.without_scheme
        else Confidence.LIKELY,
        severity=None if named else Severity.WARNING,
        facts={
            "url": page.url,
            "socket": str(socket_url).partition("?")[0],
            "directive": blocked.directive,
            "rule": blocked.text,
            "source": origin,
            "old": is_old,
            "fallback": blocked.directive == "default-src",
            "without_scheme": blocked.without_scheme,
            "meta": not header_values,
            "named": named,
            "place": sent.place if sent else "",
        },
        location=sent.location if sent else None,
        fix=(sent and _fix(sent, blocked, origin))
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
