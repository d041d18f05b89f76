"""The page comes with status 200 and without a single byte: visitors see a white window. Or it
comes with 204, and browsers stay on the page where they are (RFC 9110 section 15.3.5).

PHP does so where it stops at an error and `display_errors` is off, and behind FastCGI without
SCRIPT_FILENAME (php-fpm, fpm_main.c: an empty 200). Other servers do so on purpose: an interface
whose root has no page, or Caddy for a site without a rule.
"""

from collections.abc import Iterator

from checks.http import endpoint_subjects, exchanges_by_purpose, is_looked_into
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
from diagnose.model.http import Exchange, ResponseBody
from diagnose.parsers.browser_types import mime_type


@check(severity=Severity.NOTE, needs=[Exchange])
def blank_page(evidence: Evidence) -> Iterator[Claim]:
    pages = tuple(
        page for page in exchanges_by_purpose(evidence, "target") if _is_blank(evidence, page)
    )
    if not pages or evidence.target.is_websocket:
        return
    first, subjects = pages[0], endpoint_subjects(pages)
    is_php = mime_type(first.headers) == "text/html" and _is_of_php(first)
    yield Claim(
        about=merge_subjects(subjects),
        covers=subjects,
        because=pages,
        confidence=Confidence.LIKELY if is_php else Confidence.CERTAIN,
        severity=Severity.WARNING if is_php else None,
        facts={
            "url": first.url,
            "php": is_php,
            "stays": first.status == 204,
            "inside": is_looked_into(evidence),
        },
        fix=Fix(
            (Manual("php" if is_php else "look", Where.APPLICATION),),
            Applicability.MANUAL,
        ),
    )


def _is_blank(evidence: Evidence, page: Exchange) -> bool:
    """Return whether a whole page was read and has no byte."""
    if page.status == 204 and page.method == "GET":
        return True
    if page.status != 200 or page.method != "GET" or page.body:
        return False
    length = page.header("Content-Length")
    return length == "0" or any(
        body.url == page.url
        and body.address == page.address
        and body.request == "target"
        and body.end == "complete"
        and body.received == 0
        for body in evidence.good(ResponseBody)
    )


def _is_of_php(page: Exchange) -> bool:
    names = (page.header("X-Powered-By") or "", page.header("Set-Cookie") or "")
    return names[0].startswith("PHP/") or names[1].startswith("PHPSESSID=")
