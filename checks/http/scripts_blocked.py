"""The page's Content-Security-Policy blocks the scripts that stand in the page itself (W3C Content
Security Policy Level 3, section 6.7.3.2).

Often nginx adds a policy from a list of security headers, and the application does not know of it.
It is a fault if nginx adds it, if the page shows nothing without scripts, or after a pasted
message; else the policy may be meant so.
"""

from collections.abc import Iterator

from checks.http import _page_files
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
from diagnose.model.http import Exchange
from diagnose.model.nginx import Directive
from diagnose.model.pages import Page
from diagnose.parsers.content_security_policy import inline_scripts_blocked_by, policies

_HEADER = "content-security-policy"


@check(severity=Severity.WARNING, needs=[Page, Exchange])
def scripts_blocked(evidence: Evidence) -> Iterator[Claim]:
    page = _page_files.page_of(evidence)
    answers = evidence.good(Exchange)
    answer = next((answer for answer in answers if page and answer.url == page.url), None)
    if page is None or answer is None or not page.inline_scripts:
        return
    values = [value for name, value in answer.headers if name.lower() == _HEADER]
    blocked = inline_scripts_blocked_by(policies(values, ""))
    nginx, symptom = Nginx.of(evidence), evidence.target.symptom
    directive = _directive(nginx) if blocked else None
    is_pasted = symptom is not None and symptom.kind == "csp"
    if blocked is None or not (directive or page.is_empty or is_pasted):
        return
    yield Claim(
        about=_page_files.page_subject(page),
        because=(page, answer),
        severity=Severity.ERROR if page.is_empty else Severity.WARNING,
        confidence=Confidence.CERTAIN,
        location=nginx.location(directive) if directive else None,
        facts={
            "page": page.url,
            "number": page.inline_scripts,
            "directive": blocked.text[:200],
            "place": file_line(directive) if directive else "",
            "empty": page.is_empty,
        },
        fix=Fix((Manual("change-the-policy", Where.SERVER),), Applicability.MANUAL),
    )


def _directive(nginx: Nginx) -> Directive | None:
    """Return the add_header that sends the policy; None if the application does."""
    for match in nginx.location_matches(nginx.evidence.target.path):
        for directive in match.directives("add_header"):
            if directive.args[:1] and directive.args[0].lower() == _HEADER:
                return directive
    return None
