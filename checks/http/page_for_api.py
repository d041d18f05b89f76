"""The address of an interface answers with the page of the site: the fallback of a single-page
application takes a path that no rule passes on. A program reads it and says "Unexpected token '<'
… is not valid JSON".

It is judged by the path, and only if the page shows nothing without its scripts, as such
applications do: a description of an interface is a page too. After such a message every page counts
(`error_page 404 =200 /index.html` leads an interface there as well).
"""

import re
from collections.abc import Iterator

from checks.http import _page_files, exchanges_by_purpose
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
)
from diagnose.model.http import Exchange
from diagnose.model.pages import Page
from diagnose.parsers.http import document_kind

#: `/api/users`, `/rest/v1/orders`, `/prod-api/user`: something stands behind the word. Vue Element
#: Admin and RuoYi build with `VUE_APP_BASE_API = '/prod-api'`.
_INTERFACE = re.compile(r"/(?:[a-z]{1,20}-)?(?:api|rest)/[^?]{1,400}", re.IGNORECASE)
_DESCRIPTION = re.compile(
    r"/(?:docs?|swagger[\w-]*|redoc|explorer|console|playground|graphiql|ui|admin|reference)\b"
    r"|\.html?\b",
    re.IGNORECASE,
)


@check(severity=Severity.WARNING, needs=[Page, Exchange])
def page_for_api(evidence: Evidence) -> Iterator[Claim]:
    page, path = _page_files.page_of(evidence), evidence.target.path.partition("?")[0]
    symptom = evidence.target.symptom
    is_asked = symptom is not None and symptom.kind == "data"
    if page is None or not (page.is_empty or is_asked) or page.url != evidence.target.url:
        return
    if not _INTERFACE.search(path) or _DESCRIPTION.search(path):
        return
    answers = tuple(
        answer
        for answer in exchanges_by_purpose(evidence, "target")
        if answer.status == 200 and document_kind(answer.body) == "html"
    )
    if not answers:
        return
    yield Claim(
        about=_page_files.page_subject(page),
        because=(page, *answers),
        confidence=Confidence.LIKELY,
        facts={"url": page.url, "path": path},
        fix=Fix((Manual("pass-on", Where.SERVER),), Applicability.MANUAL),
    )
