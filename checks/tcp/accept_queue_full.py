"""The accept queue of a port is full: the kernel completes connections faster than the program
accepts them, and drops further SYNs (listen(2); the kernel's snmp_counter.rst,
TcpExtListenOverflows).

The kernel's counter covers all ports together, so it proves nothing without a full queue at this
port.
"""

from collections.abc import Iterator

from checks.nginx import Nginx
from checks.nginx._commands import reload_steps
from checks.nginx._edits import config_edits
from diagnose.checking.registry import check
from diagnose.model import (
    Applicability,
    Claim,
    Confidence,
    Evidence,
    Fix,
    Manual,
    Severity,
    Step,
    Subject,
    Where,
)
from diagnose.model.kernel import Counters, Kernel, Queue, Queues, counter_growth
from diagnose.model.processes import Holder, PortHolders
from diagnose.model.server import Listeners
from diagnose.model.tcp import Connection
from diagnose.parsers.nginx.edits import TextEdit
from diagnose.parsers.whole_numbers import whole_number

#: nginx's default on Linux, in connections (ngx_http_core_module, listen).
BACKLOG = 511


@check(
    severity=Severity.ERROR,
    needs=[Queues],
    explains=[
        "tcp.timeout",
        "tcp.closed-outside",
        "tcp.open-elsewhere",
        "tcp.unstable",
        "tls.stalled",
        "http.port-closed",
        "dns.dead-address",
        "dns.dead-ipv6",
    ],
)
def accept_queue_full(evidence: Evidence) -> Iterator[Claim]:
    port = evidence.target.port
    fullest_queue = _fullest_queue(evidence, port)
    if fullest_queue is None:
        return
    queue, confidence = fullest_queue
    affected_ports = (
        port,
        *(
            other_port
            for other_port in (80,)
            if other_port != port and _fullest_queue(evidence, other_port)
        ),
    )
    holders = _holders(evidence)
    limits = [kernel.longest_queue for kernel in evidence.good(Kernel) if kernel.longest_queue]
    yield Claim(
        about=Subject(port=port),
        covers=tuple(Subject(port=affected_port) for affected_port in affected_ports),
        because=(*_last_snapshot(evidence, port), *evidence.good(Counters)[-2:]),
        confidence=confidence,
        severity=Severity.ERROR if _has_failures(evidence, port) else Severity.WARNING,
        facts={
            "port": port,
            "process": _process(evidence, holders),
            "waiting": queue.waiting,
            "limit": queue.limit,
            "lost": counter_growth(evidence, "ListenOverflows"),
            "waits": tuple(str(holder.pid) for holder in holders if holder.state == "D"),
            "small": (queue.limit or 0) < min(limits, default=0) and (queue.limit or 0) < 128,
            "most": min(limits, default=""),
        },
        fix=_fix(evidence),
    )


def _fullest_queue(evidence: Evidence, port: int) -> tuple[Queue, Confidence] | None:
    """Return the fullest queue of the port at the last look, with a confidence.

    It counts if it is over its limit, or at its limit while connections were lost.
    """
    snapshots = evidence.good(Queues)
    limited_queues = [
        queue for queue in (snapshots[-1].on(port) if snapshots else ()) if queue.limit is not None
    ]
    full = [queue for queue in limited_queues if queue.full]
    if full:
        return max(full, key=lambda queue: queue.waiting), Confidence.CERTAIN
    queues_at_limit = [
        queue for queue in limited_queues if queue.limit and queue.waiting == queue.limit
    ]
    if queues_at_limit and counter_growth(evidence, "ListenOverflows"):
        return queues_at_limit[0], Confidence.LIKELY
    return None


def _last_snapshot(evidence: Evidence, port: int) -> tuple[Queues, ...]:
    return tuple(snapshot for snapshot in evidence.good(Queues) if snapshot.on(port))[-1:]


def _holders(evidence: Evidence) -> tuple[Holder, ...]:
    return tuple(
        holder
        for snapshot in evidence.good(PortHolders)[-1:]
        if snapshot.port == evidence.target.port
        for holder in snapshot.holders
    )


def _process(evidence: Evidence, holders: tuple[Holder, ...]) -> str:
    process_names = (
        socket.process
        for snapshot in evidence.good(Listeners)
        for socket in snapshot.on(evidence.target.port)
    )
    return next(
        (name for name in (*process_names, *(holder.name for holder in holders)) if name), ""
    )


def _has_failures(evidence: Evidence, port: int) -> bool:
    attempts = [attempt for attempt in evidence.of(Connection) if attempt.port == port]
    return not attempts or any(attempt.failure for attempt in attempts)


def _backlog_steps(evidence: Evidence) -> tuple[Step, ...]:
    """Remove a `backlog` that is smaller than nginx's default. A reload gives the open socket the
    longer queue."""
    nginx, port = Nginx.of(evidence), evidence.target.port
    changes: dict[str, list[TextEdit]] = {}
    for server in nginx.servers:
        for socket in server.listens:
            listen = socket.directive
            short_backlogs = (
                [arg for arg in listen.args if _is_short_backlog(arg)] if listen else []
            )
            file = nginx.file(listen) if listen else None
            if socket.port == port and listen and file and short_backlogs:
                start = file.text.index(short_backlogs[0], listen.start, listen.stop)
                change = TextEdit(start, start + len(short_backlogs[0]), f"backlog={BACKLOG}")
                changes.setdefault(file.path, []).append(change)
    if not nginx.master or not changes:
        return ()
    return (*config_edits(nginx, changes), *reload_steps(nginx))


def _is_short_backlog(arg: str) -> bool:
    key, _, number = arg.partition("=")
    length = whole_number(number)
    return key == "backlog" and length is not None and length < 128


def _fix(evidence: Evidence) -> Fix:
    if backlog_steps := _backlog_steps(evidence):
        return Fix(backlog_steps, Applicability.REVIEW)
    steps: tuple[Step, ...] = (Manual("unblock", Where.SERVER),)
    if Nginx.of(evidence).master:
        steps = (*steps, Manual("nginx", Where.SERVER))
    return Fix(steps, Applicability.MANUAL)
