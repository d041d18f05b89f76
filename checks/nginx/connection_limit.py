"""A worker has no free connection (worker_connections, which includes listening sockets and
connections to the applications) or no free file descriptor (RLIMIT_NOFILE). New visitors are then
cut off, delayed or answered with 500, while others notice nothing.

nginx logs the moment at which it happened. It is an error while visitors are affected, and a
warning if it was minutes ago.
"""

import re
from collections.abc import Iterator

from checks.nginx import NO_PORT, Nginx
from checks.nginx._connection_limits import limit_fix, worker_connections
from diagnose.checking.registry import check
from diagnose.model import (
    Claim,
    Evidence,
    Observation,
    Severity,
    Subject,
)
from diagnose.model.http import Exchange, Upgrade
from diagnose.model.logs import LogLine, OpenFiles
from diagnose.model.tls import Handshake
from diagnose.parsers.nginx import error_log


@check(
    severity=Severity.ERROR,
    needs=[LogLine],
    explains=[
        "tls.closed",
        "tls.reset",
        "tls.stalled",
        "tls.handshake-failed",
        "tls.not-tls",
        "http.*",
        "upstream.*",
        "websocket.*",
    ],
)
def connection_limit(evidence: Evidence) -> Iterator[Claim]:
    nginx = Nginx.of(evidence)
    lines = [
        line
        for line in error_log.exhaustion_lines(evidence.of(LogLine))
        if _is_current(line, nginx)
    ]
    if not lines:
        return
    last = max(lines, key=lambda line: line.when)
    symptoms = tuple(_visitor_failures(evidence))
    files = next(iter(evidence.good(OpenFiles)), None)
    out_of_files = not re.search(error_log.NO_CONNECTIONS, last.text)
    connections = worker_connections(nginx)
    limit = files.soft if files else None
    target_connections = max(4 * connections, 4096) if not out_of_files else connections
    min_files = max(2 * target_connections, 4 * limit if limit and out_of_files else 0)
    more_files = out_of_files or (limit is not None and limit < min_files)
    observations = (last, files, nginx.config, *symptoms)
    yield Claim(
        about=Subject(text=f"nginx ({last.pid})"),
        covers=(Subject(),) if symptoms else (NO_PORT,),
        because=tuple(observation for observation in observations if observation is not None),
        facts={
            "message": last.text,
            "when": last.written,
            "log": last.file,
            "times": sum(line.times for line in lines),
            "files": out_of_files,
            "connections": connections,
            "limit": limit or "",
            "wanted": target_connections,
            "least": min_files,
            "matters": bool(symptoms),
        },
        severity=None if symptoms else Severity.WARNING,
        fix=limit_fix(nginx, target_connections, min_files if more_files else None, out_of_files),
    )


def _is_current(line: LogLine, nginx: Nginx) -> bool:
    """Return whether the line comes from the current workers.

    A reload starts new workers with new limits. Old workers still log until their last visitors
    leave, and only the pid tells them apart. In a container the pids differ from those here.
    """
    master = nginx.master
    if master is None:
        return True
    workers_known = master.workers and not master.foreign
    # The log has whole seconds.
    return line.when >= int(master.loaded or 0.0) and (
        not workers_known or line.pid in master.workers
    )


def _visitor_failures(evidence: Evidence) -> Iterator[Observation]:
    """Yield the failures that a visitor sees while the limit is reached."""
    for handshake in evidence.of(Handshake):
        failure_kind = handshake.failure.kind if handshake.failure else ""
        if handshake.is_browser_like and failure_kind in {"closed", "reset", "timeout"}:
            yield handshake
    front = [upgrade for upgrade in evidence.of(Upgrade) if upgrade.through == "front"]
    answers: list[Exchange | Upgrade] = [*evidence.of(Exchange), *front]
    for answer in answers:
        if answer.status in {500, 502, 503} or (answer.failure and answer.status is None):
            yield answer
