"""The page's Content-Security-Policy has a slip, so that browsers leave a part of it out, or take
it for something else (W3C Content Security Policy Level 3, sections 2.2.1 and 2.3.1):
`default-src:`, `self` without its quotes, a semicolon that is missing between two directives.

It is judged if a message about the policy has the slip, or if the policy without its slip would
allow what the page needs and browsers block.
"""

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from checks.http import _page_files
from checks.http._policies import CSP, ShownPage, blocked_uses, shown_page
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
)
from diagnose.model.http import Exchange
from diagnose.model.pages import Page
from diagnose.parsers.content_security_policy import blocking_directive
from diagnose.parsers.sanitize import clean

if TYPE_CHECKING:
    from diagnose.parsers.policy_slips import PolicySlip

_LONGEST = 8000


@check(
    severity=Severity.WARNING,
    needs=[Page, Exchange],
    explains=[
        "http.file-blocked-by-policy", "http.scripts-blocked", "http.page-restricted",
        "websocket.blocked-by-policy",
    ],
)  # fmt: skip
def policy_misspelt(evidence: Evidence) -> Iterator[Claim]:
    shown, symptom = shown_page(evidence), evidence.target.symptom
    values = shown.values(CSP) if shown else []
    if shown is None or len(values) != 1 or "," in values[0] or len(values[0]) > _LONGEST:
        return
    # Imported late: few pages have a policy.
    from diagnose.parsers.policy_slips import policy_slips

    is_told = symptom is not None and symptom.kind == "csp"
    corrected, slips = policy_slips(values[0], guesses=is_told)
    message = symptom.text if symptom and is_told else ""
    is_named = any(_is_named(slip, message) for slip in slips)
    if not slips or not (is_named or _is_reason(evidence, shown, corrected)):
        return
    from checks.http._sent_fields import sent_field

    sent = sent_field(evidence, CSP, values)
    written = policy_slips(sent.value, guesses=is_told) if sent else ("", ())
    fix = sent.with_value(written[0]) if sent and written[1] else None
    first = slips[0]
    subject = _page_files.page_subject(shown.page)
    yield Claim(
        about=subject,
        covers=(subject, Subject(port=evidence.target.port)),
        because=(shown.page, shown.answer),
        confidence=Confidence.CERTAIN,
        location=sent.location if sent else None,
        facts={
            "page": shown.page.url,
            "written": clean(first.written, 100),
            "meant": clean(first.meant, 100),
            "others": tuple(
                f"{clean(slip.written, 100)} → {clean(slip.meant, 100)}" for slip in slips[1:8]
            ),
            "corrected": clean(corrected, 1000),
            "place": sent.place if sent else "",
            **{kind: first.kind == kind for kind in ("name", "keyword", "scheme", "semicolon")},
        },
        fix=fix or Fix((Manual("correct-the-policy", Where.SERVER),), Applicability.MANUAL),
    )


def _is_named(slip: "PolicySlip", message: str) -> bool:
    """Return whether a message has the part as it is written. Chrome names the semicolon itself."""
    if slip.kind in {"keyword", "scheme"}:
        return re.search(rf"(?<![\w'-]){re.escape(slip.written)}(?![\w:'])", message) is not None
    return slip.written in message or (slip.kind == "semicolon" and "semicolon" in message)


def _is_reason(evidence: Evidence, page: ShownPage, corrected: str) -> bool:
    """Return whether browsers block what the policy without its slips allows."""
    return any(
        blocking_directive((corrected,), page.url, use.url, use.kind) is None
        for use in blocked_uses(evidence, page)
    )
