"""The application runs in a container, and its log says that a host has no address: the name of
another container of its project or network, which does not run. An engine answers such a name only
while the container runs.
"""

import re
from collections.abc import Iterator

from checks.listener._containers import start_fix, stopped_by_name, stopped_facts
from checks.listener._missing_networks import missing_network, network_fix
from checks.listener._restart_policies import lasting_start_fix, restart_facts
from diagnose.checking.registry import check
from diagnose.model import Claim, Confidence, Evidence, Severity, Subject
from diagnose.model.containers import Container, Containers
from diagnose.model.http import page_exchanges
from diagnose.model.program_logs import ProgramLine
from diagnose.parsers.lost_hosts import lost_host

_LOG_COMMAND = re.compile(r"(?:docker|podman) logs (?:.{0,200} )?([\w.-]{1,200})(?=\s|$)")


@check(
    severity=Severity.ERROR,
    needs=[ProgramLine, Containers],
    explains=[
        "http.server-error", "server.application-silent", "server.backend-not-reached",
        "server.own-answer", "upstream.application-log", "upstream.logged-reason",
        "upstream.own-answer",
    ],
)  # fmt: skip
def needed_container_stopped(evidence: Evidence) -> Iterator[Claim]:
    pages = [page for page in page_exchanges(evidence) if (page.status or 0) >= 500]
    for line in evidence.good(ProgramLine) if pages else ():
        host = lost_host(line.message)
        for containers in evidence.good(Containers):
            container = stopped_by_name(containers, host)
            own = _program_of(containers, line)
            if container is None or own is None or not _are_together(own, container):
                continue
            target = evidence.target
            subject = Subject(port=target.port, path=target.path)
            yield Claim(
                about=subject,
                covers=(subject, Subject(port=target.port), Subject(port=80)),
                because=(line, containers, *pages),
                confidence=Confidence.LIKELY,
                facts={
                    **stopped_facts(container),
                    **restart_facts(evidence, containers, container),
                    "missing_network": missing_network(evidence, container),
                    "application": own.name,
                    "message": line.message,
                    "host": host,
                    "page_status": pages[0].status,
                },
                fix=network_fix(evidence, container)
                or lasting_start_fix(evidence, containers, container)
                or start_fix(container),
            )
            return


def _program_of(containers: Containers, line: ProgramLine) -> Container | None:
    """Return the running container whose program wrote a line; None if it is in none."""
    match = _LOG_COMMAND.search(line.equivalent)
    names = {line.process, match[1] if match else ""}
    return next((each for each in containers.running if each.name in names), None)


def _are_together(own: Container, other: Container) -> bool:
    """Return whether one container knows the other by its name, while both run."""
    if own.compose and other.compose and own.compose.project == other.compose.project:
        return True
    return bool(set(own.networks) & set(other.networks))
