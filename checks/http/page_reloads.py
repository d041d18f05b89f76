"""The https page sends visitors to its own address with http (`<meta http-equiv="refresh">`, or the
field Refresh), and http redirects back to https: the page is loaded again for ever.

Browsers count no such circle, and curl does not follow it: the page answers 200.
"""

from collections.abc import Iterator

from checks.http import _page_files, exchanges_by_purpose
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
from diagnose.parsers.redirects import redirect_target
from diagnose.parsers.urls import normalize_url


@check(severity=Severity.ERROR, needs=[Page, Exchange])
def page_reloads(evidence: Evidence) -> Iterator[Claim]:
    page = _page_files.page_of(evidence)
    if page is None or not page.refresh.startswith("http:") or page.upgrades:
        return
    back = tuple(
        answer
        for answer in exchanges_by_purpose(evidence, "plain")
        if normalize_url(answer.url) == normalize_url(page.refresh)
        and normalize_url(redirect_target(answer) or "") == normalize_url(page.url)
    )
    if not back:
        return
    # Imported late: few pages name their next address.
    from checks.http._forwarded_scheme import server_fix

    yield Claim(
        about=_page_files.page_subject(page),
        because=(page, *back),
        facts={"page": page.url, "plain": page.refresh},
        fix=server_fix(evidence, evidence.target.path)
        or Fix((Manual("https-address", Where.APPLICATION),), Applicability.MANUAL),
    )
