"""A program says in the page of this run that it keeps the visitor out, or has reached a limit
of its own. The words say which program it is, and so where its list stands and how one visitor is
let in.

A page is answered so for everybody where the program takes the proxy's address for that of all
visitors.
"""

from collections.abc import Iterator

from diagnose.checking.registry import check
from diagnose.model import Claim, Evidence, Severity
from diagnose.model.http import Exchange, page_exchanges
from diagnose.model.program_logs import ProgramBan


@check(
    severity=Severity.ERROR,
    needs=[Exchange],
    needs_fault=[Exchange],
    explains=[
        "http.answer-says-why", "http.page-refused", "http.server-error", "nginx.own-answer",
        "server.application-answers", "server.own-answer", "upstream.own-answer",
    ],
)  # fmt: skip
def program_limit(evidence: Evidence) -> Iterator[Claim]:
    pages = [page for page in page_exchanges(evidence) if (page.status or 0) >= 400]
    if not pages:
        return
    # Imported late: few pages are an error.
    from checks.http._program_limits import limit_claim
    from diagnose.parsers.program_limits import limit_told

    shown = [(page, limit) for page in pages if (limit := limit_told(page.body))]
    if not shown:
        return
    limit, symptom = shown[0][1], evidence.target.symptom
    told = limit_told(symptom.text) if symptom else None
    bans = (
        program_ban for program_ban in evidence.good(ProgramBan) if program_ban.source == "page"
    )
    is_told = told is not None and told.name == limit.name
    own = [page for page, each in shown if each == limit]
    yield limit_claim(evidence, limit, own, next(bans, None), is_told)
