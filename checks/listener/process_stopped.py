"""The program that has the port is stopped: by SIGSTOP, by Ctrl+Z in the terminal where it runs, or
by a debugger (signal(7), proc_pid_stat(5): states T and t). The kernel still opens connections for
it, and nobody answers them.
"""

from collections.abc import Iterator

from diagnose.checking.registry import check
from diagnose.model import (
    Applicability,
    Claim,
    Confidence,
    Evidence,
    Fix,
    Observation,
    Severity,
    Subject,
    commands,
)
from diagnose.model.http import Exchange, Upgrade
from diagnose.model.nginx import UpstreamTry
from diagnose.model.processes import PortHolders
from diagnose.model.tcp import Connection
from diagnose.model.tls import Handshake


@check(
    severity=Severity.ERROR,
    needs=[PortHolders],
    needs_fault=[PortHolders],
    explains=[
        "tcp.timeout",
        "tcp.accept-queue-full",
        "tcp.closed-outside",
        "tcp.open-elsewhere",
        "tcp.unstable",
        "tls.stalled",
        "http.server-error",
        "http.port-closed",
        "upstream.timeout",
        "upstream.none-live",
        "server.application-answers",
        "websocket.not-upgraded",
        "dns.dead-address",
        "dns.dead-ipv6",
    ],
)
def process_stopped(evidence: Evidence) -> Iterator[Claim]:
    for snapshot in evidence.good(PortHolders):
        stopped = tuple(holder for holder in snapshot.holders if holder.is_stopped)
        silent = _timeouts(evidence, snapshot.port)
        if not stopped or not silent:
            continue
        pids = tuple(str(holder.pid) for holder in stopped)
        # A process that a debugger holds continues when the debugger releases it.
        is_traced = any(holder.state == "t" for holder in stopped)
        is_target = snapshot.port == evidence.target.port
        yield Claim(
            about=Subject(port=snapshot.port),
            # Where the application is stopped, the front server's port is open and does not answer.
            covers=(Subject(port=snapshot.port), Subject(port=evidence.target.port)),
            because=(snapshot, *silent),
            # Another process of the program may be at work, as one of nginx's workers.
            confidence=Confidence.CERTAIN if _are_most(snapshot) else Confidence.LIKELY,
            facts={
                "port": snapshot.port,
                "process": stopped[0].name,
                "pids": pids,
                "traced": is_traced,
                "application": not is_target,
            },
            fix=Fix(
                (commands.continue_processes(pids),),
                Applicability.REVIEW if is_traced else Applicability.AUTOMATIC,
            ),
        )


def _are_most(snapshot: PortHolders) -> bool:
    """Return whether all processes are stopped but for one, such as nginx's master, which answers
    nothing itself."""
    running = [holder for holder in snapshot.holders if not holder.is_stopped]
    return len(running) <= 1


def _timeouts(evidence: Evidence, port: int) -> tuple[Observation, ...]:
    """Return the attempts at a port that got no reply in time."""
    kinds: tuple[type[Observation], ...] = (Connection, Handshake, Exchange, UpstreamTry, Upgrade)
    return tuple(
        attempt
        for kind in kinds
        for attempt in evidence.of(kind)
        if attempt.failure is not None
        and attempt.failure.kind == "timeout"
        and getattr(attempt, "port", None) == port
    )
