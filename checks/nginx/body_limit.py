"""A pasted message or nginx's access log says 413 Request Entity Too Large, and nginx's limit for
the path is known (client_max_body_size, 1m by default). Where nginx's error log has such an upload,
upstream.body-too-large says its size.
"""

from collections.abc import Iterator

from checks.http import endpoint_subjects
from checks.nginx import Nginx, file_line
from checks.nginx._failed_requests import current_failures
from checks.nginx._page_errors import logged_errors
from checks.upstream._responses import asks_about_size
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
    merge_subjects,
)
from diagnose.model.http import Exchange, page_exchanges
from diagnose.model.nginx import NginxConfig
from diagnose.parsers.lazy_pattern import lazy_pattern
from diagnose.parsers.nginx import proxy_headers

#: Bytes. nginx's default, and what is large enough for usual uploads.
_DEFAULT, _LARGE = 1 << 20, 64 << 20
_LOGGED = "client intended to send too large"
_SIZE = lazy_pattern(r"too large body: (\d{1,15}) bytes")


@check(
    severity=Severity.WARNING,
    needs=[NginxConfig, Exchange],
    explains=["nginx.other-requests-failed"],
)
def body_limit(evidence: Evidence) -> Iterator[Claim]:
    nginx = Nginx.of(evidence)
    pages = list(page_exchanges(evidence))
    refused = current_failures(evidence, {413})
    path = refused[0].path if refused else evidence.target.path
    match = next(iter(nginx.location_matches(path)), None)
    is_asked = bool(refused) or asks_about_size(evidence)
    if not is_asked or not pages or match is None or logged_errors(evidence, _LOGGED):
        return
    directive = match.directive("client_max_body_size")
    amount = proxy_headers.parse_size(directive.args[0]) if directive and directive.args else None
    limit = _DEFAULT if amount is None else amount
    if not 0 < limit < _LARGE or 0 < _told_size(evidence) <= limit:
        return
    subjects = endpoint_subjects(pages)
    if refused:
        subjects = (Subject(port=evidence.target.port, path=path),)
    yield Claim(
        about=merge_subjects(subjects),
        covers=subjects,
        because=(*(refused or pages), *([nginx.config] if nginx.config else [])),
        confidence=Confidence.LIKELY,
        # Whether such uploads should be possible is a decision, unless a person asks about 413.
        severity=None if asks_about_size(evidence) else Severity.NOTE,
        location=nginx.location(directive or match.block),
        facts={
            "url": evidence.target.origin + path if refused else pages[0].url,
            "limit": proxy_headers.size_text(limit),
            "place": file_line(directive or match.block),
            "set": directive is not None,
        },
        fix=Fix((Manual("raise-the-limit", Where.SERVER),), Applicability.MANUAL),
    )


def _told_size(evidence: Evidence) -> int:
    """Return the size of the upload that a message of nginx names, in bytes; 0 without one. If the
    limit allows it now, the message is of another time."""
    symptom = evidence.target.symptom
    match = _SIZE.search(symptom.text) if symptom else None
    return int(match[1]) if match else 0
