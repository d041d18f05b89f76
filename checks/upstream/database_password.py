"""The database in the container beside the application refuses its password: the image has stored
the password of its first start, and reads its environment for an empty folder of data alone (the
images postgres, mysql and mariadb, "Environment Variables").
"""

from collections.abc import Iterator

from checks.upstream import CONSEQUENCES
from diagnose.checking.registry import check
from diagnose.model import (
    Applicability,
    Claim,
    Confidence,
    Evidence,
    Fix,
    Manual,
    Severity,
    Subject,
    Where,
)
from diagnose.model.containers import DatabaseLogin
from diagnose.model.database_commands import store_own_password
from diagnose.model.http import page_exchanges
from diagnose.model.program_logs import ProgramLine


@check(
    severity=Severity.ERROR,
    needs=[DatabaseLogin],
    explains=(
        *CONSEQUENCES,
        "http.answer-says-why",
        "server.application-silent",
        "server.own-answer",
        "upstream.container-outdated",
        "upstream.logged-reason",
        "upstream.own-answer",
        "upstream.program-lacks",
    ),
)
def database_password(evidence: Evidence) -> Iterator[Claim]:
    pages = [page for page in page_exchanges(evidence) if (page.status or 0) >= 500]
    for login in evidence.good(DatabaseLogin) if pages else ():
        subject = Subject(port=evidence.target.port, path=evidence.target.path)
        lines = [line for line in evidence.good(ProgramLine) if line.message == login.message]
        yield Claim(
            about=subject,
            covers=(subject, Subject(port=evidence.target.port), Subject(port=80)),
            because=(login, *lines, *pages),
            # The log may have the line of another visitor.
            confidence=Confidence.LIKELY,
            facts={
                "application": login.application,
                "container": login.name,
                "engine": login.engine,
                "user": login.user,
                "message": login.message,
                "page_status": pages[0].status,
                "same": login.is_same_password,
                "no_user": login.reason == "user",
                "postgres": login.product == "postgres",
                "client": "mysql" if login.product == "mysql" else login.product,
                "command": login.equivalent,
            },
            fix=_fix(login),
        )
        return


def _fix(login: DatabaseLogin) -> Fix:
    if login.reason == "user":
        return Fix((Manual("make-the-user", Where.SERVER),), Applicability.MANUAL)
    if not login.is_same_password:
        return Fix((Manual("compare-passwords", Where.SERVER),), Applicability.MANUAL)
    if login.product != "postgres":
        return Fix((Manual("change-as-root", Where.SERVER),), Applicability.MANUAL)
    return Fix((store_own_password(login.engine, login.name),), Applicability.REVIEW)
