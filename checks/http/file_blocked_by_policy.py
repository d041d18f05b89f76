"""The page's Content-Security-Policy does not allow what the page asks for: a style sheet or script
(W3C Content Security Policy Level 3, sections 6.1.10 and 6.1.11), a picture, a font, a film, a
frame, or an address that its scripts ask (6.1.2 to 6.1.9). Browsers do not request it.

Often the policy is from a list of security headers, and the page takes a library from a CDN.
"""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from checks.http import _page_files
from checks.http._policies import (
    CSP,
    BlockedUse,
    ShownPage,
    blocked_uses,
    corrected_directive,
    kind_facts,
    origin_of,
    shown_page,
)
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
from diagnose.model.pages import Page
from diagnose.parsers.content_security_policy import with_directive

if TYPE_CHECKING:
    from checks.http._sent_fields import SentField

#: What is no file: another check judges it.
_OTHERS = {"form", "base"}
#: What a page names, and does not need in each visit: a font is loaded for the texts that have it,
#: and a script may never come to its request.
_CONDITIONAL = {"font", "request", "style"}


@check(severity=Severity.WARNING, needs=[Page, Exchange])
def file_blocked_by_policy(evidence: Evidence) -> Iterator[Claim]:
    shown = shown_page(evidence)
    if shown is None:
        return
    blocked = [use for use in blocked_uses(evidence, shown) if use.kind not in _OTHERS]
    if not blocked:
        return
    # Imported late: few pages ask for what their policy forbids.
    from checks.http._sent_fields import direct_question, sent_field

    sent = sent_field(evidence, CSP, shown.values(CSP))
    blocked = [use for use in blocked if use.kind != "style" or sent]
    if not blocked:
        return
    first = min(blocked, key=lambda use: (use.is_optional, use.kind == "style"))
    sent = None if first.is_by_meta else sent
    severity = _severity(shown, blocked)
    files = tuple(dict.fromkeys(use.url for use in blocked if use.url != first.url))
    yield Claim(
        about=_page_files.page_subject(shown.page),
        because=tuple(dict.fromkeys((shown.page, shown.answer, *(use.source for use in blocked)))),
        severity=severity,
        confidence=Confidence.LIKELY if first.kind in _CONDITIONAL else Confidence.CERTAIN,
        location=sent.location if sent else None,
        facts={
            "page": shown.page.url,
            "file": first.url,
            "others": tuple(url for url in files if url != shown.page.url),
            "directive": first.directive.text[:200],
            "name": first.directive.directive,
            "origin": origin_of(first.url),
            "breaks": severity is Severity.ERROR,
            "embedded": first.url in {"data:", "blob:"},
            "source": first.source.url,
            "corrected": corrected_directive(first, shown.url)[:300],
            "place": sent.place if sent else "",
            "meta": first.is_by_meta,
            "direct": "" if sent or first.is_by_meta else direct_question(evidence, CSP),
            **kind_facts(first.kind),
        },
        fix=_fix(evidence, sent, shown, first),
    )


def _severity(page: ShownPage, blocked: Sequence[BlockedUse]) -> Severity:
    """Return how much it matters: what only decorates is a note."""
    files = [use.url for use in blocked if use.kind in {"stylesheet", "script", "module"}]
    if files:
        return _page_files.severity(page.page, files)
    return Severity.NOTE if all(use.is_optional for use in blocked) else Severity.WARNING


def _step(first: BlockedUse) -> str:
    return "allow-styles" if first.kind == "style" else "allow"


def _fix(evidence: Evidence, sent: "SentField | None", page: ShownPage, first: BlockedUse) -> Fix:
    """Allow the address. Inline styles take a person: to allow them gives up a protection."""
    fix = None
    if sent is not None and first.kind != "style":
        value = with_directive(sent.value, corrected_directive(first, page.url))
        fix = sent.with_value(value) if value else None
    if fix is not None:
        return fix
    others: tuple[Manual, ...] = ()
    if sent is None and first.kind != "style" and not first.is_by_meta:
        # Imported late: few policies are the application's.
        from checks.http._field_overrides import override_step

        policy = with_directive("; ".join(page.values(CSP)), corrected_directive(first, page.url))
        others = override_step(evidence, page.answer, "Content-Security-Policy", policy)
    return Fix((Manual(_step(first), Where.SERVER), *others), Applicability.MANUAL)
