"""A message has the words with which a program says that it keeps a visitor out, or has reached a
limit of its own; or the log of the program behind the site has them, after a message about 403 or
about one visitor alone. The page itself may be answered: others get in.

A message about a limit of requests, or about connections or processes that ran out, is a note, if
the page is answered now.
"""

from collections.abc import Iterator

from checks.http._program_limits import limit_claim, logged_ban
from diagnose.checking.registry import check
from diagnose.model import Claim, Evidence, Severity
from diagnose.model.http import Exchange, page_exchanges
from diagnose.parsers.program_limits import limit_told


@check(
    severity=Severity.ERROR,
    needs=[Exchange],
    needs_message=True,
    explains=["http.server-error", "upstream.own-answer", "server.application-answers"],
)
def program_limit_told(evidence: Evidence) -> Iterator[Claim]:
    symptom = evidence.target.symptom
    pages = [page for page in page_exchanges(evidence) if (page.status or 0) >= 400]
    if symptom is None or any(limit_told(page.body) for page in pages):
        return
    told, ban = limit_told(symptom.text), logged_ban(evidence)
    logged = limit_told(ban.message) if ban else None
    limit = told or logged
    if limit is not None:
        place = ban if logged and logged.name == limit.name else None
        yield limit_claim(evidence, limit, (), place, told is not None)
