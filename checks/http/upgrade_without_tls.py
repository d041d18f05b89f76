"""A page that comes over http makes browsers request its files over https, and no TLS answers
there: the page has no style and no scripts.

Either it tells browsers so (upgrade-insecure-requests), or it names its files with https:. Helmet
and other lists of security headers send this directive by default. On localhost browsers ignore it,
so that it works in development (W3C Upgrade Insecure Requests, section 3.1). Applications name
their files with https: where their own address is set so.
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING

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
from diagnose.model.http import Exchange
from diagnose.model.pages import Page, PagePort
from diagnose.parsers.urls import path_of

if TYPE_CHECKING:
    from checks.http._sent_fields import SentField

_POLICY = "content-security-policy"


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
    sent = None if named else _sent_policy(evidence, page)
    corrected = _without_upgrade(sent) if sent else None
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
            "place": sent.place if sent else "",
            "corrected": corrected is not None,
        },
        severity=_page_files.severity(page, files or named) if is_named else None,
        location=sent.location if sent else None,
        fix=corrected
        or Fix((Manual("tls-or-no-directive", Where.APPLICATION),), Applicability.MANUAL),
    )


def _sent_policy(evidence: Evidence, page: Page) -> "SentField | None":
    """Return the line of the web server that sends the page's policy; None if an application does,
    or if the page has it in an element."""
    # Imported late: few pages have no TLS beside them.
    from checks.http._sent_fields import sent_field

    answers = (answer for answer in evidence.good(Exchange) if answer.url == page.url)
    answer = next(answers, None)
    values = [
        value for name, value in (answer.headers if answer else ()) if name.lower() == _POLICY
    ]
    return sent_field(evidence, _POLICY, values, path_of(page.url)) if values else None


def _without_upgrade(sent: "SentField") -> Fix | None:
    """Return the fix that leaves the directive out, and the whole line if nothing else is in it."""
    if "," in sent.value:
        return None
    texts = [text.strip() for text in sent.value.split(";")]
    kept = [text for text in texts if text and text.lower() != "upgrade-insecure-requests"]
    return sent.with_value("; ".join(kept)) if kept else sent.without()


def _secure_urls(evidence: Evidence, page: Page, port: int) -> tuple[str, ...]:
    """Return what the page names with https: on this port of the site."""
    return _page_files.urls_at(page, "https", evidence.target.host, port)
