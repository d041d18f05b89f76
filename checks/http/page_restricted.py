"""A policy takes from the page itself what it does: its Content-Security-Policy puts it into a
sandbox without scripts or forms (W3C Content Security Policy Level 3, section 6.3.2; HTML standard,
7.1.5), forbids to send its form (`form-action`, 6.4.1), or ignores its `<base>` (`base-uri`).

The page comes whole and looks well. Only who presses a button notices.
"""

import posixpath
import re
from collections.abc import Iterator
from typing import Literal

from checks.http import _page_files
from checks.http._policies import (
    CSP,
    BlockedUse,
    ShownPage,
    blocked_uses,
    corrected_directive,
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
from diagnose.model.pages import SCRIPTS, Page
from diagnose.parsers.content_security_policy import sandboxed_by, with_directive
from diagnose.parsers.urls import parse_url

#: Where visitors' own files are: a sandbox is meant for them.
_UPLOADS = re.compile(
    r"/(?:\w{1,20}[-_])?(?:upload|attachment|download|file|media|raw|user-?content|avatar|object|blob)"
    r"s?(?:/|$)",
    re.IGNORECASE,
)

#: What the policy takes: the sandbox all scripts, or the forms; form-action a form; base-uri the
#: address at which the page's relative addresses begin.
Restriction = Literal["scripts", "sandboxed-form", "form", "base"]


@check(severity=Severity.WARNING, needs=[Page, Exchange], explains=["http.scripts-blocked"])
def page_restricted(evidence: Evidence) -> Iterator[Claim]:
    shown = shown_page(evidence)
    restriction = _restriction(evidence, shown) if shown else None
    if shown is None or restriction is None:
        return
    kind, address, text, corrected = restriction
    # Imported late: few policies take anything from their page.
    from checks.http._sent_fields import direct_question, sent_field

    sent = sent_field(evidence, CSP, shown.values(CSP))
    value = with_directive(sent.value, corrected) if sent else ""
    breaks = kind == "scripts" and shown.page.is_empty
    yield Claim(
        about=_page_files.page_subject(shown.page),
        because=(shown.page, shown.answer),
        severity=Severity.ERROR if breaks else None,
        confidence=Confidence.CERTAIN if kind == "scripts" else Confidence.LIKELY,
        location=sent.location if sent else None,
        facts={
            "page": shown.page.url,
            "address": address.partition("?")[0],
            "directive": text[:200],
            "corrected": corrected[:300],
            "place": sent.place if sent else "",
            "direct": "" if sent else direct_question(evidence, CSP),
            "breaks": breaks,
            "scripts": kind == "scripts",
            "form": kind in {"form", "sandboxed-form"},
            "base": kind == "base",
            "sandbox": kind in {"scripts", "sandboxed-form"},
        },
        fix=(sent.with_value(value) if sent and value else None)
        or _by_hand(evidence, shown, "" if sent else corrected),
    )


def _by_hand(evidence: Evidence, page: ShownPage, corrected: str) -> Fix:
    """Ask a person to change the policy, or let the web server send it in the application's
    place."""
    # Imported late: few policies are the application's.
    from checks.http._field_overrides import override_step

    policy = with_directive("; ".join(page.values(CSP)), corrected) if corrected else ""
    others = override_step(evidence, page.answer, "Content-Security-Policy", policy)
    manual = Manual("change-the-policy", Where.SERVER)
    return Fix((manual, *(others if policy else ())), Applicability.MANUAL)


def _restriction(evidence: Evidence, page: ShownPage) -> tuple[Restriction, str, str, str] | None:
    """Return what is taken, an address, the directive as written, and the one that allows it."""
    return _sandbox(page) or _blocked(evidence, page)


def _sandbox(shown: ShownPage) -> tuple[Restriction, str, str, str] | None:
    words = sandboxed_by(shown.values(CSP))
    if words is None or _UPLOADS.search(shown.url.path.partition("?")[0]):
        return None
    text, page = " ".join(("sandbox", *words)), shown.page
    scripts = [file.url for file in page.files if file.kind in SCRIPTS]
    if "allow-scripts" not in words and (scripts or page.inline_scripts):
        return "scripts", (scripts or [page.url])[0], text, f"{text} allow-scripts"
    forms = [use.url for use in page.uses if use.kind == "form"]
    if "allow-forms" not in words and forms:
        return "sandboxed-form", forms[0], text, f"{text} allow-forms"
    return None


def _blocked(evidence: Evidence, page: ShownPage) -> tuple[Restriction, str, str, str] | None:
    for use in blocked_uses(evidence, page):
        if use.kind == "form" or (use.kind == "base" and _changes_addresses(page, use)):
            kind: Restriction = "form" if use.kind == "form" else "base"
            return kind, use.url, use.directive.text, corrected_directive(use, page.url)
    return None


def _changes_addresses(page: ShownPage, use: BlockedUse) -> bool:
    """Return whether relative addresses lead elsewhere without `<base>`."""
    base = parse_url(use.url)
    if base is None or (base.host, base.port) != (page.url.host, page.url.port):
        return True
    paths = (base.path.partition("?")[0], page.url.path.partition("?")[0])
    return len({posixpath.dirname(path) for path in paths}) > 1
