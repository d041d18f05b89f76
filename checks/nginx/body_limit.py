"""A pasted message says 413 Request Entity Too Large, and nginx's limit for the path is known
(client_max_body_size, 1m by default). Where nginx's log has such an upload, upstream.body-too-large
says its size.
"""

from collections.abc import Iterator

from checks.http import endpoint_subjects
from checks.nginx import Nginx, file_line
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
    Where,
    merge_subjects,
)
from diagnose.model.http import Exchange, page_exchanges
from diagnose.model.nginx import NginxConfig
from diagnose.parsers.nginx import proxy_headers

#: Bytes. nginx's default, and what is large enough for usual uploads.
_DEFAULT, _LARGE = 1 << 20, 64 << 20
_LOGGED = "client intended to send too large"


@check(severity=Severity.WARNING, needs=[NginxConfig, Exchange])
def body_limit(evidence: Evidence) -> Iterator[Claim]:
    nginx = Nginx.of(evidence)
    pages = list(page_exchanges(evidence))
    match = next(iter(nginx.location_matches(evidence.target.path)), None)
    if (
        not asks_about_size(evidence)
        or not pages
        or match is None
        or logged_errors(evidence, _LOGGED)
    ):
        return
    directive = match.directive("client_max_body_size")
    amount = proxy_headers.parse_size(directive.args[0]) if directive and directive.args else None
    limit = _DEFAULT if amount is None else amount
    if not 0 < limit < _LARGE:
        return
    subjects = endpoint_subjects(pages)
    yield Claim(
        about=merge_subjects(subjects),
        covers=subjects,
        because=(*pages, *([nginx.config] if nginx.config else [])),
        confidence=Confidence.LIKELY,
        location=nginx.location(directive or match.block),
        facts={
            "url": pages[0].url,
            "limit": proxy_headers.size_text(limit),
            "place": file_line(directive or match.block),
            "set": directive is not None,
        },
        fix=Fix((Manual("raise-the-limit", Where.SERVER),), Applicability.MANUAL),
    )
