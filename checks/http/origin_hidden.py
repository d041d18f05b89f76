"""The page forbids browsers to say where its forms come from: with `Referrer-Policy: no-referrer` a
form is sent with `Origin: null` and without Referer (Fetch standard, "append a request Origin
header"). An application that compares them (CSRF) refuses every form.

It is judged after a pasted message about a refused form, or if a POST was refused in such words:
the header alone is no fault.
"""

from collections.abc import Iterator

from checks.http import endpoint_subjects
from checks.nginx import Nginx, file_line
from checks.nginx._commands import reload_steps
from checks.nginx._edits import config_edits
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
from diagnose.model.nginx import Directive
from diagnose.parsers.nginx import edits
from diagnose.parsers.origin_refusals import HIDDEN_ORIGIN, refuses_origin

_HEADER = "Referrer-Policy"
_KEPT = "strict-origin-when-cross-origin"


@check(severity=Severity.WARNING, needs=[Exchange], explains=["upstream.origin-mismatch"])
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
    nginx, is_null = Nginx.of(evidence), bool(symptom and HIDDEN_ORIGIN.search(symptom.text))
    directive, subjects = _directive(nginx), endpoint_subjects(pages)
    yield Claim(
        about=merge_subjects(subjects),
        covers=subjects,
        because=tuple(pages),
        confidence=Confidence.CERTAIN if is_null else Confidence.LIKELY,
        location=nginx.location(directive) if directive else None,
        facts={
            "url": pages[0].url,
            "place": file_line(directive) if directive else "",
            "application": directive is None,
        },
        fix=_fix(nginx, directive),
    )


def _policy(page: Exchange) -> str:
    """Return the policy in effect: the last one that browsers know (Referrer Policy, section
    8.1)."""
    return (page.header(_HEADER) or "").rpartition(",")[2].strip().lower()


def _is_refused(page: Exchange) -> bool:
    return page.method == "POST" and refuses_origin(page.status, page.body)


def _directive(nginx: Nginx) -> Directive | None:
    """Return the add_header that sends the policy; None if the application does."""
    for match in nginx.location_matches(nginx.evidence.target.path):
        for directive in match.directives("add_header"):
            name, value = (*directive.args, "", "")[:2]
            if name.lower() == _HEADER.lower() and value.lower() == "no-referrer":
                return directive
    return None


def _fix(nginx: Nginx, directive: Directive | None) -> Fix:
    if directive is not None:
        always = " always" if "always" in directive.args else ""
        line = f"add_header {_HEADER} {_KEPT}{always};"
        file_edits = config_edits(
            nginx, {directive.file: [edits.replace_directive(directive, line)]}
        )
        if file_edits:
            return Fix((*file_edits, *reload_steps(nginx)), Applicability.REVIEW)
    return Fix((Manual("change-the-policy", Where.SERVER),), Applicability.MANUAL)
