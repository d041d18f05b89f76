"""The page's Content-Security-Policy blocks the scripts that stand in the page itself (W3C Content
Security Policy Level 3, section 6.7.3.2).

Often nginx adds a policy from a list of security headers, and the application does not know of it.
It is a fault if nginx adds it, if the page shows nothing without scripts, or after a pasted
message; else the policy may be meant so.

A nonce or a hash allows a script: that none of them is the script's is told after a message alone.

A policy without 'unsafe-eval' stops scripts that run a text as a program (section 4.4). A script
may have such a call and never come to it: after a message about a blank page a policy that nginx
adds is named.
"""

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from checks.http import _page_files
from checks.http._policies import CSP
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
from diagnose.model.pages import Page, PageFileResponse
from diagnose.parsers.content_security_policy import (
    Blocked,
    evaluation_blocked_by,
    inline_scripts_blocked_by,
    policies,
    script_directives,
    with_directive,
)
from diagnose.parsers.lazy_pattern import lazy_pattern

if TYPE_CHECKING:
    from checks.http._sent_fields import SentField

#: "Refused to evaluate a string as JavaScript because 'unsafe-eval' is not an allowed source" of
#: Chromium, "call to eval() blocked by CSP" of Firefox, and the error that a script meets
#: (ECMAScript, EvalError), which browsers throw for a policy alone.
_EVALUATION = lazy_pattern(
    r"unsafe-eval' is not|evaluat\w{1,3} a string as JavaScript|\b(?:wasm-)?unsafe-eval\b"
    r"|'wasm-eval'|\bEvalError\b|\(\) blocked by CSP|blocked a JavaScript eval",
    re.IGNORECASE,
)
#: The same of a program for WebAssembly, which a narrower keyword allows too.
_OF_WASM = lazy_pattern(r"WebAssembly|wasm-", re.IGNORECASE)
_UNSAFE, _WASM_UNSAFE = "'unsafe-eval'", "'wasm-unsafe-eval'"


@check(severity=Severity.WARNING, needs=[Page, Exchange])
def scripts_blocked(evidence: Evidence) -> Iterator[Claim]:
    page = _page_files.page_of(evidence)
    answers = evidence.good(Exchange)
    answer = next((answer for answer in answers if page and answer.url == page.url), None)
    symptom = evidence.target.symptom
    is_told = symptom is not None and bool(_EVALUATION.search(symptom.text))
    if page is None or answer is None:
        return
    values = [value for name, value in answer.headers if name.lower() == CSP]
    page_policies = tuple(policies(values, ""))
    inline = inline_scripts_blocked_by(page_policies) if page.inline_scripts else None
    refused: tuple[str, ...] = ()
    if inline is None and symptom is not None and symptom.kind == "csp":
        inline, refused = _unproven(page, page_policies)
    is_blank = symptom is not None and symptom.kind == "blank" and inline is None
    evaluating = [file for file in evidence.good(PageFileResponse) if file.evaluates]
    is_evaluation = is_told or (is_blank and bool(evaluating))
    of_wasm = is_told and symptom is not None and bool(_OF_WASM.search(symptom.text))
    keyword = (_WASM_UNSAFE if of_wasm else _UNSAFE) if is_evaluation else "'unsafe-inline'"
    blocked = evaluation_blocked_by(page_policies, of_wasm=of_wasm) if is_evaluation else inline
    if blocked is None:
        return
    # Imported late: few policies block scripts of their page.
    from checks.http._sent_fields import sent_field

    sent = sent_field(evidence, CSP, values)
    is_pasted = is_told or (symptom is not None and symptom.kind == "csp")
    if not (sent or page.is_empty or is_pasted):
        return
    yield Claim(
        about=_page_files.page_subject(page),
        because=(page, answer, *(evaluating if is_evaluation else ())),
        severity=Severity.ERROR if page.is_empty else Severity.WARNING,
        confidence=Confidence.LIKELY if is_evaluation and not is_told else Confidence.CERTAIN,
        location=sent.location if sent else None,
        facts={
            "page": page.url,
            "number": page.inline_scripts,
            "directive": blocked.text[:200],
            "place": sent.place if sent else "",
            "empty": page.is_empty,
            "evaluation": is_evaluation,
            "wasm": of_wasm,
            "keyword": keyword,
            "script": evaluating[0].url if is_evaluation and evaluating else "",
            "name": blocked.directive,
            "unproven": len(refused),
            "nonce": _nonce(refused),
        },
        fix=_fix(evidence, answer, sent, blocked, values, keyword)
        if is_evaluation or not refused
        else Fix((Manual("change-the-policy", Where.SERVER),), Applicability.MANUAL),
    )


def _nonce(refused: tuple[str, ...]) -> str:
    """Return the nonce of the first script, "" without."""
    if not refused:
        return ""
    # Imported late: few messages are about a policy.
    from diagnose.parsers.inline_scripts import nonce_of

    return nonce_of(refused[0])


def _unproven(page: Page, page_policies: tuple[str, ...]) -> tuple[Blocked | None, tuple[str, ...]]:
    """Return the directive whose nonces and hashes a script in the page does not have, and these
    scripts: page and policy come of two programs, or one of them from a cache."""
    # Imported late: few messages are about a policy.
    from diagnose.parsers.inline_scripts import unproven

    for directive in script_directives(page_policies):
        if refused := tuple(unproven(page.proofs, directive.sources)):
            return directive, refused
    return None, ()


def _fix(
    evidence: Evidence,
    answer: Exchange,
    sent: "SentField | None",
    blocked: Blocked,
    values: list[str],
    keyword: str,
) -> Fix:
    """Ask a person whether such scripts are to run: it gives up a part of the protection."""
    # Imported late: few policies block scripts of their page.
    from checks.http._field_overrides import override_step

    name = "script-src" if blocked.directive == "default-src" else blocked.directive
    kept = [word for word in blocked.sources if word.lower() != "'none'"]
    directive = " ".join((name, *kept, keyword))
    value = with_directive(sent.value if sent else "; ".join(values), directive)
    fix = sent.with_value(value) if sent and value else None
    typed = tuple(step for step in (fix.steps if fix else ()) if not isinstance(step, Manual))
    others: tuple[Manual, ...] = ()
    if sent is None and value:
        others = override_step(evidence, answer, "Content-Security-Policy", value)
    step = Manual("change-the-policy", Where.SERVER, commands=typed)
    return Fix((step, *others), Applicability.MANUAL)
