"""The application runs in a container, and its log, its page or its last words say that it does not
reach another one of its project or network, which does not run. An engine answers the name of a
container only while the container runs.
"""

from collections.abc import Iterator

from checks.listener._containers import start_fix, stopped_facts
from checks.listener._missing_networks import missing_network, network_fix
from checks.listener._restart_policies import lasting_start_fix, restart_facts
from checks.upstream import CONSEQUENCES
from checks.upstream._needed_containers import Need, needs
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
    commands,
)
from diagnose.model.containers import Containers
from diagnose.model.http import page_exchanges
from diagnose.model.nginx import UpstreamTry


@check(
    severity=Severity.ERROR,
    needs=[Containers],
    explains=(
        *CONSEQUENCES,
        "server.application-silent",
        "server.backend-not-reached",
        "server.own-answer",
        "upstream.application-log",
        "upstream.closed-early",
        "upstream.container-loopback",
        "upstream.container-stopped",
        "upstream.container-unserved",
        "upstream.logged-reason",
        "upstream.own-answer",
        "upstream.refused",
        "upstream.unreachable",
    ),
)
def needed_container_stopped(evidence: Evidence) -> Iterator[Claim]:
    pages = [page for page in page_exchanges(evidence) if (page.status or 0) >= 500]
    for containers in evidence.good(Containers) if pages else ():
        need = next(needs(evidence, containers, pages), None)
        if need is None:
            continue
        target = evidence.target
        subject = Subject(port=target.port, path=target.path)
        asked = dict.fromkeys(upstream_try.endpoint for upstream_try in evidence.of(UpstreamTry))
        yield Claim(
            about=subject,
            covers=(
                subject,
                Subject(port=target.port),
                Subject(port=80),
                *(Subject(text=endpoint) for endpoint in asked),
            ),
            because=(*need.because, containers, *pages),
            confidence=Confidence.LIKELY,
            facts={
                **stopped_facts(need.needed),
                **restart_facts(evidence, containers, need.needed),
                "missing_network": missing_network(evidence, need.needed),
                "application": need.own.name,
                "ended": need.own.stopped,
                "message": need.message,
                "host": need.host,
                "page_status": pages[0].status,
            },
            fix=_fix(evidence, containers, need),
        )


def _fix(evidence: Evidence, containers: Containers, need: Need) -> Fix:
    fix = (
        network_fix(evidence, need.needed)
        or lasting_start_fix(evidence, containers, need.needed)
        or start_fix(need.needed)
    )
    is_manual = any(isinstance(step, Manual) for step in fix.steps)
    if is_manual or not need.own.stopped or need.own.state == "restarting":
        return fix
    # Nobody else starts the application, which has ended for the lack of the other one.
    start = commands.start_container(need.own.engine, need.own.name)
    return Fix((*fix.steps, start), Applicability.REVIEW)
