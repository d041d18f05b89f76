"""The program behind the site runs and answers with an error, or pm2 or supervisor starts it in
vain, and its own line names what it lacks: packages, a build, its key, the tables of its database,
a variable, a folder that it may write. This server shows what brings that.

The line was written while this run asked, or in the last minutes. Other visitors may have caused
it: so it is likely. A program that does not write why it failed says nothing here.
"""

from collections.abc import Iterator

from checks.upstream._program_needs import program_need_facts, program_need_steps
from diagnose.checking.registry import check
from diagnose.model import Applicability, Claim, Confidence, Evidence, Fix, Severity, Subject
from diagnose.model.http import page_exchanges
from diagnose.model.program_logs import FailedUnit
from diagnose.model.services import ProgramNeed


@check(
    severity=Severity.ERROR,
    needs=[ProgramNeed],
    explains=[
        "upstream.application-log", "upstream.logged-reason", "upstream.own-answer",
        "upstream.service-failed", "upstream.service-restarts", "upstream.refused",
        "upstream.ipv6-localhost", "upstream.closed-early", "server.own-answer",
        "server.application-down", "server.backend-not-reached", "server.haproxy-no-server",
        "http.server-error", "websocket.not-upgraded", "websocket.upstream-failed",
    ],
)  # fmt: skip
def program_lacks(evidence: Evidence) -> Iterator[Claim]:
    target = evidence.target
    pages = [page for page in page_exchanges(evidence) if (page.status or 0) >= 500]
    path = target.path_without_query
    needs = evidence.good(ProgramNeed) if pages else []
    for need in needs:
        if not need.is_running and not _is_of_the_site(evidence, need):
            continue
        steps = program_need_steps(need)
        if not steps:
            continue
        subject = Subject(port=target.port, path=path)
        yield Claim(
            about=subject,
            covers=(subject, Subject(port=target.port), Subject(port=80)),
            because=(need, *pages),
            confidence=Confidence.LIKELY,
            facts={
                "program": need.program,
                "message": need.message,
                "command": need.equivalent,
                "running": need.is_running,
                **program_need_facts(need),
            },
            fix=Fix(steps, Applicability.REVIEW),
        )
        return


def _is_of_the_site(evidence: Evidence, need: ProgramNeed) -> bool:
    """Return whether a program that fails is the one behind the site: it names the site's endpoint,
    or no other program does and it is the only one that fails; a service then is an
    administrator's."""
    is_service = bool(need.unit)
    units = [
        unit
        for unit in evidence.good(FailedUnit)
        if unit.has_failed and (unit.manager == "systemd") is is_service
    ]
    named = {unit.unit for unit in units if unit.names_endpoint}
    likely = named or {unit.unit for unit in units if unit.is_local or not is_service}
    return likely == {need.program} or not units
