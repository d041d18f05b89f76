"""The page's Content-Security-Policy has `sandbox` without the word that the page needs, or demands
Trusted Types, and the page's script assigns plain text (CSP level 3, section 6.3; W3C Trusted
Types). Browsers then run no script of the page, keep its storage from it, send no form, or end the
script.

Both are protections, and no faults: they are judged after the browser's own message, which names
the word. An attribute `sandbox` of a frame is another page's.
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
from diagnose.parsers.limiting_policies import SANDBOX, limits, told_limit, without_limit

_CSP = "Content-Security-Policy"


@check(
    severity=Severity.WARNING,
    needs=[Exchange],
    needs_message=True,
    explains=["http.page-restricted"],
)
def policy_limits_page(evidence: Evidence) -> Iterator[Claim]:
    symptom = evidence.target.symptom
    directive, word = told_limit(symptom.text) if symptom else ("", "")
    limited = [
        (page, policy)
        for page in page_exchanges(evidence)
        for policy in _policies(page)
        if directive and limits(policy, directive, word)
    ]
    if not limited:
        return
    # Imported late: few messages are about such a policy.
    from checks.http._sent_fields import sent_field

    page, policy = limited[0]
    sent = sent_field(evidence, _CSP, [policy])
    value = without_limit(sent.value, directive, word) if sent else ""
    fix = None
    if sent is not None and limits(sent.value, directive, word):
        fix = sent.with_value(value) if value else sent.without()
    subjects = endpoint_subjects([page])
    yield Claim(
        about=merge_subjects(subjects),
        covers=subjects,
        because=(page,),
        confidence=Confidence.CERTAIN,
        location=sent.location if sent else None,
        facts={
            "url": page.url,
            "value": policy[:300],
            "directive": directive,
            "word": word,
            "sandbox": directive == SANDBOX,
            "place": sent.place if sent else "",
        },
        fix=fix or Fix((Manual("change-the-policy", Where.SERVER),), Applicability.MANUAL),
    )


def _policies(page: Exchange) -> list[str]:
    return [value for name, value in page.headers if name.lower() == _CSP.lower()]
