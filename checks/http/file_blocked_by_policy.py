"""The page's Content-Security-Policy does not allow a script or style sheet that the page loads
(W3C Content Security Policy Level 3, sections 6.1.10 and 6.1.11): browsers do not request it.

Often the policy is from a list of security headers, and the page takes a library from a CDN.
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
from diagnose.model.http import Exchange
from diagnose.model.pages import Page
from diagnose.parsers.content_security_policy import file_blocked_by, policies
from diagnose.parsers.urls import parse_url


@check(severity=Severity.WARNING, needs=[Page, Exchange])
def file_blocked_by_policy(evidence: Evidence) -> Iterator[Claim]:
    page = _page_files.page_of(evidence)
    page_url = parse_url(page.url) if page else None
    answers = evidence.good(Exchange)
    answer = next((answer for answer in answers if page and answer.url == page.url), None)
    if page is None or page_url is None or answer is None:
        return
    headers = [value for name, value in answer.headers if name.lower() == "content-security-policy"]
    policy_list = policies(headers, answer.body)
    blocked = [
        (file, directive)
        for file in page.files
        if not file.is_optional
        and file.kind != "description"  # a matter of connect-src
        and (url := parse_url(_requested_url(page, file.url))) is not None
        and (directive := file_blocked_by(policy_list, page_url, url, file.kind == "stylesheet"))
    ]
    if not blocked:
        return
    files = tuple(file.url for file, _ in blocked)
    severity = _page_files.severity(page, files)
    yield Claim(
        about=_page_files.page_subject(page),
        because=(page, answer),
        severity=severity,
        facts={
            "page": page.url,
            "file": files[0],
            "others": files[1:],
            "directive": blocked[0][1].text[:200],
            "name": blocked[0][1].directive,
            "origin": files[0].partition("://")[0] + "://" + _authority(files[0]),
            "breaks": severity is Severity.ERROR,
        },
        fix=Fix((Manual("allow", Where.SERVER),), Applicability.MANUAL),
    )


def _requested_url(page: Page, url: str) -> str:
    """Return the address that a browser requests: with `upgrade-insecure-requests` it is changed to
    https before the policy is asked (Upgrade Insecure Requests, section 4.1)."""
    is_changed = page.upgrades and url.startswith("http://")
    return f"https://{url.removeprefix('http://')}" if is_changed else url


def _authority(url: str) -> str:
    return url.partition("://")[2].partition("/")[0]
