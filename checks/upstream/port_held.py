"""The application's service cannot start, because another program has its port: an old process that
was started by hand, or another application. Visitors get what that program answers: often an older
version of the site, and nothing fails.

The journal of the service says that the port is taken, and a program listens there: certain. While
the page works it is a warning.
"""

from collections.abc import Iterator

from checks.http import endpoint_subjects
from diagnose.checking.registry import check
from diagnose.model import (
    Applicability,
    Claim,
    Evidence,
    Fix,
    Manual,
    Severity,
    Subject,
    Where,
    commands,
)
from diagnose.model.http import Exchange, page_exchanges
from diagnose.model.program_commands import end_process
from diagnose.model.program_logs import FailedUnit
from diagnose.model.server import Listener, Listeners
from diagnose.parsers.whole_numbers import whole_number


@check(
    severity=Severity.ERROR,
    needs=[FailedUnit, Listeners, Exchange],
    explains=[
        "http.not-the-site", "http.server-error", "server.own-answer", "server.application-silent",
        "upstream.application-log", "upstream.own-answer", "upstream.service-restarts",
        "upstream.timeout", "upstream.wrong-protocol", "websocket.not-served",
        "websocket.not-upgraded",
    ],
)  # fmt: skip
def port_held(evidence: Evidence) -> Iterator[Claim]:
    for unit in evidence.good(FailedUnit):
        holder = _holder(evidence, unit)
        if holder is None or not (unit.is_open and unit.port_in_use):
            continue
        pages = page_exchanges(evidence)
        failed = [page for page in pages if (page.status or 999) >= 400]
        if unit.holder and unit.file_state == "disabled" and not failed:
            continue  # another service has taken its place
        yield Claim(
            about=Subject(port=evidence.target.port, text=unit.unit),
            covers=endpoint_subjects(failed),
            because=(unit, holder, *failed),
            severity=Severity.ERROR if failed else Severity.WARNING,
            facts={
                "unit": unit.unit,
                "port": holder.port,
                "process": holder.process,
                "pid": holder.pid,
                "message": unit.message,
                "copy": bool(unit.copy),
                "holder": unit.holder,
                "command": unit.equivalent,
                "status": failed[0].status or "" if failed else "",
            },
            fix=_fix(unit),
        )
        return


def _fix(unit: FailedUnit) -> Fix:
    """End the service's own program which somebody started by hand, or stop the other service;
    another program is a person's."""
    again = (commands.reset_failed(unit.unit), commands.restart_dead_service(unit.unit))
    if unit.holder:
        away = (commands.stop_service(unit.holder), commands.disable_service(unit.holder))
        return Fix((*away, *again), Applicability.REVIEW)
    if not unit.copy:
        return Fix((Manual("end-the-old-one", Where.APPLICATION),), Applicability.MANUAL)
    return Fix((end_process(unit.copy), *again), Applicability.REVIEW)


def _holder(evidence: Evidence, unit: FailedUnit) -> Listener | None:
    """Return the program that listens on the port; None if it is not known. systemd holds the port
    for a service that it starts when somebody connects."""
    port = whole_number(unit.endpoint)
    sockets = (
        socket
        for listeners in evidence.good(Listeners)
        for socket in (listeners.on(port) if port is not None else ())
    )
    return next((socket for socket in sockets if socket.pid and socket.process != "systemd"), None)
