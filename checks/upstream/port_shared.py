"""Two programs listen at one address and port, and the kernel shares the connections between them
(socket(7), SO_REUSEPORT): some visitors get the wrong program, often an older release.

Several processes of the same program share a port on purpose. Here their folders or their commands
differ, so that they are two programs.
"""

import re
from collections.abc import Iterator

from checks.http import endpoint_subjects
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
from diagnose.model.http import page_exchanges
from diagnose.model.processes import RunningProgram, RunningPrograms
from diagnose.model.server import Listeners
from diagnose.parsers.whole_numbers import whole_number

#: A number of its own, as of an instance or a port, not that in a file's name ("app2.js").
_NUMBERS = re.compile(r"(?<![A-Za-z0-9])\d{1,10}\b")


@check(
    severity=Severity.ERROR,
    needs=[RunningPrograms, Listeners],
    explains=[
        "http.server-error", "http.page-file-missing",
        "upstream.application-log", "upstream.own-answer", "upstream.program-outdated",
        "server.own-answer", "websocket.not-upgraded",
    ],
)  # fmt: skip
def port_shared(evidence: Evidence) -> Iterator[Claim]:
    for programs in evidence.good(RunningPrograms):
        sharing = _sharing(evidence, programs)
        kinds = {_kind(program) for program in sharing}
        if len(kinds) < 2:
            continue
        failed = [page for page in page_exchanges(evidence) if (page.status or 999) >= 400]
        oldest = min(sharing, key=lambda program: program.started)
        yield Claim(
            about=Subject(port=evidence.target.port, text=f"port {programs.endpoint}"),
            covers=endpoint_subjects(failed),
            because=(programs, *evidence.good(Listeners), *failed),
            severity=Severity.ERROR if failed else Severity.WARNING,
            confidence=Confidence.LIKELY,
            facts={
                "port": programs.endpoint,
                "programs": tuple(
                    f"{program.command} (pid {program.pid}, {program.folder})"
                    for program in sharing[:4]
                ),
                "oldest": oldest.title,
                "pid": oldest.pid,
                "service": oldest.service,
                "command": programs.equivalent,
            },
            fix=Fix((Manual("end-the-other", Where.APPLICATION),), Applicability.MANUAL),
        )
        return


def _sharing(evidence: Evidence, programs: RunningPrograms) -> list[RunningProgram]:
    """Return the programs that listen at one and the same address; [] if each has its own."""
    port = whole_number(programs.endpoint)
    by_address: dict[str, set[int]] = {}
    for listeners in evidence.good(Listeners):
        for socket in listeners.on(port) if port is not None else ():
            if socket.pid is not None:
                by_address.setdefault(socket.address, set()).add(socket.pid)
    pids = max(by_address.values(), key=len, default=set[int]())
    sharing = [program for program in programs.programs if program.pid in pids]
    return sharing if len(sharing) > 1 else []


def _kind(program: RunningProgram) -> tuple[str, str]:
    """Return what two processes of one program have in common: the folder, and the command without
    numbers, which tell its instances apart."""
    return program.folder, _NUMBERS.sub("", program.command)
