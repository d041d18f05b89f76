"""The page forbids other pages to show it in a frame: X-Frame-Options (RFC 7034), or
`frame-ancestors` in its Content-Security-Policy, which comes first (CSP level 3, section 6.4.2).

It is judged after a pasted message about frames: the header is a protection, and no fault.
"""

import re
from collections.abc import Iterator

from checks.http import endpoint_subjects
from checks.http._hidden_fields import field_source
from checks.nginx import Nginx, file_line
from diagnose.checking.registry import check
from diagnose.model import (
    Applicability,
    Claim,
    Evidence,
    Fix,
    Manual,
    Severity,
    Where,
    merge_subjects,
)
from diagnose.model.http import Exchange, page_exchanges
from diagnose.parsers.lazy_pattern import lazy_pattern
from diagnose.parsers.sanitize import clean

_OPTIONS, _POLICY = "X-Frame-Options", "Content-Security-Policy"
_ANCESTORS = lazy_pattern(r"frame-ancestors\s+([^;,]{1,500})", re.IGNORECASE)


@check(severity=Severity.WARNING, needs=[Exchange])
def framing_refused(evidence: Evidence) -> Iterator[Claim]:
    symptom = evidence.target.symptom
    is_asked = symptom is not None and symptom.kind == "frame"
    pages = [page for page in page_exchanges(evidence) if is_asked and any(_rules(page))]
    if not pages:
        return
    nginx, subjects = Nginx.of(evidence), endpoint_subjects(pages)
    options, ancestors = _rules(pages[0])
    name = _POLICY if ancestors else _OPTIONS
    source = field_source(nginx, [name])
    directive = source.directive if source else None
    yield Claim(
        about=merge_subjects(subjects),
        covers=subjects,
        because=(*pages, *([nginx.config] if nginx.config else [])),
        location=nginx.location(directive) if directive else None,
        facts={
            "url": pages[0].url,
            "name": name,
            "value": f"frame-ancestors {ancestors}" if ancestors else ", ".join(options),
            "twice": not ancestors and len(options) > 1,
            "place": file_line(directive) if directive else "",
            "added": source is not None and source.added,
        },
        fix=Fix((Manual("allow-the-frame", Where.SERVER),), Applicability.MANUAL),
    )


def _rules(page: Exchange) -> tuple[tuple[str, ...], str]:
    """Return the values of X-Frame-Options, and the sources of frame-ancestors."""
    options = [
        clean(value, 100) for name, value in page.headers if name.lower() == _OPTIONS.lower()
    ]
    policies = (value for name, value in page.headers if name.lower() == _POLICY.lower())
    matches = (_ANCESTORS.search(value) for value in policies)
    return tuple(options), next((clean(match[1].strip(), 200) for match in matches if match), "")
