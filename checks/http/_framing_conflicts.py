"""Two values of X-Frame-Options that contradict each other, which browsers take for DENY (HTML
standard, "the `X-Frame-Options` header"): the application's own, and that of the server in front.
Which sites may show the page does not change: what stays is SAMEORIGIN, which one of them says."""

from collections.abc import Sequence

from checks.http import endpoint_subjects
from checks.http._doubled_fields import without_application
from checks.http._sent_fields import sent_field
from diagnose.model import (
    Applicability,
    Claim,
    Evidence,
    Fix,
    Manual,
    Where,
    merge_subjects,
)
from diagnose.model.http import Exchange
from diagnose.parsers.lazy_pattern import lazy_pattern

_NAME, _KEPT = "X-Frame-Options", "SAMEORIGIN"
_SEVERAL = lazy_pattern(
    r"(?i)multiple ['\"‘“]?X-Frame-Options|X-Frame-Options['\"’”]? headers with conflicting"
)


def tells_of_several(text: str) -> bool:
    """Return whether a message is about several values of the field."""
    return _SEVERAL.search(text[:4000]) is not None


def conflict_claim(
    evidence: Evidence, pages: Sequence[Exchange], options: Sequence[str]
) -> Claim | None:
    """Return the claim about values that contradict each other; None if they do not."""
    values = {part.strip().upper() for option in options for part in option.split(",")}
    if len(values) < 2 or _KEPT not in values:
        return None
    sent = sent_field(evidence, _NAME, options)
    own = sent.value.strip().upper() if sent else ""
    fix = None
    if sent is not None:
        fix = without_application(evidence, pages[0], _NAME) if own == _KEPT else sent.without()
    subjects = endpoint_subjects(pages)
    return Claim(
        about=merge_subjects(subjects),
        covers=subjects,
        because=tuple(pages),
        location=sent.location if sent else None,
        facts={
            "url": pages[0].url,
            "name": _NAME,
            "value": ", ".join(options),
            "twice": True,
            "place": sent.place if sent else "",
            "added": sent is not None,
            "own": "",
            "once": False,
            "origin": "",
            "typed": False,
            "open": False,
            "kept": _KEPT,
        },
        fix=fix or Fix((Manual("keep-one-value", Where.SERVER),), Applicability.MANUAL),
    )
