"""The page forbids browsers to say where its forms come from: with `Referrer-Policy: no-referrer` a
form is sent with `Origin: null` and without Referer (Fetch standard, "append a request Origin
header"). An application that compares them (CSRF) refuses every form.

It is judged after a pasted message about a refused form, or if a POST was refused in such words:
the header alone is no fault.
"""

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
from diagnose.model.http import Exchange, page_exchanges
from diagnose.parsers.origin_refusals import HIDDEN_ORIGIN, refuses_origin

_HEADER = "Referrer-Policy"
_KEPT = "strict-origin-when-cross-origin"


@check(
    severity=Severity.WARNING,
    needs=[Exchange],
    explains=[
        "http.form-without-origin",
        "server.form-not-sent",
        "server.form-refused",
        "upstream.origin-mismatch",
    ],
)
def origin_hidden(evidence: Evidence) -> Iterator[Claim]:
    symptom = evidence.target.symptom
    is_pasted = symptom is not None and symptom.kind == "csrf"
    pages = [
        page
        for page in page_exchanges(evidence)
        if _policy(page) == "no-referrer" and (is_pasted or _is_refused(page))
    ]
    if not pages:
        return
    # Imported late: few pages have such a policy, and such a message.
    from checks.http._field_overrides import override_step
    from checks.http._sent_fields import sent_field

    is_null = bool(symptom and HIDDEN_ORIGIN.search(symptom.text))
    values = [value for name, value in pages[0].headers if name.lower() == _HEADER.lower()]
    sent, subjects = sent_field(evidence, _HEADER, values), endpoint_subjects(pages)
    sent = sent if sent and sent.value.lower() == "no-referrer" else None
    yield Claim(
        about=merge_subjects(subjects),
        covers=subjects,
        because=tuple(pages),
        confidence=Confidence.CERTAIN if is_null else Confidence.LIKELY,
        location=sent.location if sent else None,
        facts={
            "url": pages[0].url,
            "place": sent.place if sent else "",
            "application": sent is None,
        },
        fix=(sent.with_value(_KEPT) if sent else None)
        or Fix(
            (
                Manual("change-the-policy", Where.SERVER),
                *override_step(evidence, pages[0], _HEADER, _KEPT),
            ),
            Applicability.MANUAL,
        ),
    )


def _policy(page: Exchange) -> str:
    """Return the policy in effect: the last one that browsers know (Referrer Policy, section
    8.1)."""
    return (page.header(_HEADER) or "").rpartition(",")[2].strip().lower()


def _is_refused(page: Exchange) -> bool:
    return page.method == "POST" and refuses_origin(page.status, page.body)
