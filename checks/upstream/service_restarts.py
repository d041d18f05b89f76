"""The application's service ends and is started again and again (systemd.service(5), Restart=). In
between it answers, so that the page opens now, and visitors get 502 in the moments between; or each
request ends it, and the page is 502.

systemd counts the restarts, so it is certain.
"""

from collections.abc import Iterator

from checks._unit_corrections import correction_facts, correction_of, correction_steps
from diagnose.checking.registry import check
from diagnose.model import Applicability, Claim, Evidence, Fix, Manual, Severity, Subject, Where
from diagnose.model.http import Exchange, page_exchanges
from diagnose.model.program_logs import FailedUnit
from diagnose.parsers.http import GATEWAY_FAILURES

#: Restarts within ten minutes that no plan has.
_MANY = 3


@check(
    severity=Severity.WARNING,
    needs=[FailedUnit, Exchange],
    explains=[
        "http.server-error", "server.application-down", "server.backend-not-reached",
        "upstream.application-log", "upstream.closed-early", "upstream.refused",
        "upstream.socket-unreachable", "websocket.closed-after-upgrade",
        "websocket.not-upgraded", "websocket.upstream-failed",
    ],
)  # fmt: skip
def service_restarts(evidence: Evidence) -> Iterator[Claim]:
    pages, target = page_exchanges(evidence), evidence.target
    failed = [page for page in pages if page.failure or page.status in GATEWAY_FAILURES]
    is_other = any((page.status or 0) in range(500, 600) and page not in failed for page in pages)
    if not pages or is_other:
        return
    subjects = tuple(
        Subject(port=target.port, path=path.partition("?")[0])
        for path in dict.fromkeys((target.path, *target.websockets))
    )
    # upstream.service-failed tells why nothing listens where one of them should.
    deaf = {
        unit.unit
        for unit in evidence.good(FailedUnit)
        if unit.names_endpoint and not unit.is_open and unit.endpoint != str(target.port)
    }
    for unit in evidence.good(FailedUnit):
        if unit.unit in deaf:
            continue
        is_unready = _is_never_ready(unit)
        is_again = unit.restarts >= _MANY or is_unready
        if unit.is_open and is_again and not unit.port_in_use:
            correction = correction_of(evidence, unit.unit) if is_unready else None
            yield Claim(
                about=Subject(port=target.port, text=unit.unit),
                covers=(*subjects, Subject(port=target.port), Subject(port=80)),
                because=(unit, *failed, *((correction,) if correction else ())),
                severity=Severity.ERROR if failed else Severity.WARNING,
                facts={
                    "unit": unit.unit,
                    "restarts": unit.restarts,
                    "endpoint": unit.endpoint,
                    "message": unit.message,
                    "command": unit.equivalent,
                    "status": (failed[0].status or "") if failed else "",
                    "opens": not failed,
                    "unready": is_unready,
                    **correction_facts(correction),
                },
                fix=Fix(correction_steps(correction), Applicability.REVIEW)
                if correction
                else Fix(
                    (
                        Manual(
                            "say-when-ready" if is_unready else "read-the-log", Where.APPLICATION
                        ),
                    ),
                    Applicability.MANUAL,
                ),
            )
            return


def _is_never_ready(unit: FailedUnit) -> bool:
    """Return whether systemd ends the service because its start takes too long: with Type=notify
    the program has to say that it is ready, with Type=forking its first process has to end."""
    return "start operation timed out" in unit.message and unit.state != "active"
