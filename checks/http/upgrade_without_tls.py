"""A page that comes over http tells browsers to request its files over https
(upgrade-insecure-requests), and no TLS answers there: the page has no style and no scripts.

Helmet and other lists of security headers send this directive by default. On localhost browsers
ignore it, so that it works in development (W3C Upgrade Insecure Requests, section 3.1).
"""

from collections.abc import Iterator

from checks.http import _page_files
from diagnose.checking.registry import check
from diagnose.model import (
    Applicability,
    Claim,
    Evidence,
    Fix,
    Manual,
    Severity,
    Where,
)
from diagnose.model.pages import Page, PagePort


@check(severity=Severity.ERROR, needs=[Page, PagePort])
def upgrade_without_tls(evidence: Evidence) -> Iterator[Claim]:
    page = _page_files.page_of(evidence)
    failed = tuple(
        port
        for port in evidence.of(PagePort)
        if port.failure and port.failure.kind != "certificate" and port.url.startswith("https:")
    )
    if page is None or not page.upgrades or not page.url.startswith("http:") or not failed:
        return
    yield Claim(
        about=_page_files.page_subject(page),
        because=(page, *failed),
        facts={
            "page": page.url,
            "file": failed[0].url,
            "port": failed[0].port,
            "message": failed[0].failure.message if failed[0].failure else "",
        },
        fix=Fix((Manual("tls-or-no-directive", Where.APPLICATION),), Applicability.MANUAL),
    )
