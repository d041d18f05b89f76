"""A page that comes over http makes browsers request its files over https, and no TLS answers
there: the page has no style and no scripts.

Either it tells browsers so (upgrade-insecure-requests), or it names its files with https:. Helmet
and other lists of security headers send this directive by default. On localhost browsers ignore it,
so that it works in development (W3C Upgrade Insecure Requests, section 3.1). Applications name
their files with https: where their own address is set so.
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
    if page is None or not page.url.startswith("http:"):
        return
    failed = tuple(
        port
        for port in evidence.of(PagePort)
        if port.failure
        and port.failure.kind != "certificate"
        and port.url.startswith("https:")
        and (page.upgrades or port.url in _secure_urls(evidence, page, port.port))
    )
    if not failed:
        return
    named = _secure_urls(evidence, page, failed[0].port)
    is_named = failed[0].url in named
    files = [file.url for file in page.files if file.url in named]
    yield Claim(
        about=_page_files.page_subject(page),
        because=(page, *failed),
        facts={
            "page": page.url,
            "file": failed[0].url,
            "port": failed[0].port,
            "message": failed[0].failure.message if failed[0].failure else "",
            "named": is_named,
        },
        severity=_page_files.severity(page, files or named) if is_named else None,
        fix=Fix((Manual("tls-or-no-directive", Where.APPLICATION),), Applicability.MANUAL),
    )


def _secure_urls(evidence: Evidence, page: Page, port: int) -> tuple[str, ...]:
    """Return what the page names with https: on this port of the site."""
    return _page_files.urls_at(page, "https", evidence.target.host, port)
