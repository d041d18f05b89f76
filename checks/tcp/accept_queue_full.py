"""The kernel has made more connections at a port than its program fetches: the queue is full, and
further SYNs are dropped (listen(2); the kernel's snmp_counter.rst, TcpExtListenOverflows). The
counter is of all ports together, so it says nothing without a full queue at this one."""

from collections.abc import Iterator

from checks.nginx import Nginx
from diagnose.checking.registry import check
from diagnose.model import (
    Applicability,
    Claim,
    Command,
    Confidence,
    Evidence,
    Fix,
    Manual,
    Severity,
    Step,
    Subject,
    Where,
)
from diagnose.model.kernel import Counters, Holder, Kernel, Queue, Queues, moved
from diagnose.model.server import Listeners
from diagnose.model.tcp import Connection
from diagnose.parsers.nginx.edits import Change

#: What nginx takes by itself on Linux (ngx_http_core_module, listen).
BACKLOG = 511


@check(
    severity=Severity.ERROR,
    needs=[Queues],
    explains=[
        "tcp.timeout",
        "tcp.unstable",
        "tls.stalled",
        "http.port-closed",
        "dns.dead-address",
        "dns.dead-ipv6",
    ],
)
def accept_queue_full(evidence: Evidence) -> Iterator[Claim]:
    port = evidence.target.port
    told = _told(evidence, port)
    if told is None:
        return
    queue, confidence = told
    ports = (port, *(one for one in (80,) if one != port and _told(evidence, one)))
    holders = _holders(evidence)
    stopped = tuple(one for one in holders if one.state in {"T", "t"})
    limits = [one.longest_queue for one in evidence.good(Kernel) if one.longest_queue]
    yield Claim(
        about=Subject(port=port),
        covers=tuple(Subject(port=one) for one in ports),
        because=(*_telling(evidence, port), *evidence.good(Counters)[-2:]),
        confidence=confidence,
        severity=Severity.ERROR if _fails(evidence, port) else Severity.WARNING,
        facts={
            "port": port,
            "process": _process(evidence, holders),
            "waiting": queue.waiting,
            "limit": queue.limit,
            "lost": moved(evidence, "ListenOverflows"),
            "stopped": tuple(str(one.pid) for one in stopped),
            "waits": tuple(str(one.pid) for one in holders if one.state == "D"),
            "small": (queue.limit or 0) < min(limits, default=0) and (queue.limit or 0) < 128,
            "most": min(limits, default=""),
        },
        fix=_fix(evidence, stopped),
    )


def _told(evidence: Evidence, port: int) -> tuple[Queue, Confidence] | None:
    """The fullest queue of the port at the last look: overfull, or as full as it may be while
    connections were lost."""
    looks = evidence.good(Queues)
    found = [one for one in (looks[-1].on(port) if looks else ()) if one.limit is not None]
    full = [one for one in found if one.full]
    if full:
        return max(full, key=lambda one: one.waiting), Confidence.CERTAIN
    brim = [one for one in found if one.limit and one.waiting == one.limit]
    if brim and moved(evidence, "ListenOverflows"):
        return brim[0], Confidence.LIKELY
    return None


def _telling(evidence: Evidence, port: int) -> tuple[Queues, ...]:
    return tuple(one for one in evidence.good(Queues) if one.on(port))[-1:]


def _holders(evidence: Evidence) -> tuple[Holder, ...]:
    return next((one.holders for one in reversed(evidence.good(Queues)) if one.holders), ())


def _process(evidence: Evidence, holders: tuple[Holder, ...]) -> str:
    listening = (
        one.process for seen in evidence.good(Listeners) for one in seen.on(evidence.target.port)
    )
    return next((name for name in (*listening, *(one.name for one in holders)) if name), "")


def _fails(evidence: Evidence, port: int) -> bool:
    tries = [one for one in evidence.of(Connection) if one.port == port]
    return not tries or any(one.failure for one in tries)


def _longer(evidence: Evidence) -> tuple[Step, ...]:
    """nginx is told of a shorter queue than it takes by itself: by a reload the socket that is
    open gets the longer one."""
    nginx, port = Nginx.of(evidence), evidence.target.port
    changes: dict[str, list[Change]] = {}
    for server in nginx.servers:
        for socket in server.listens:
            listen = socket.directive
            said = [one for one in listen.args if _short(one)] if listen else []
            file = nginx.file(listen) if listen else None
            if socket.port == port and listen and file and said:
                start = file.text.index(said[0], listen.start, listen.stop)
                change = Change(start, start + len(said[0]), f"backlog={BACKLOG}")
                changes.setdefault(file.path, []).append(change)
    if not nginx.master or not changes:
        return ()
    return (*nginx.edited(changes), *nginx.taken())


def _short(word: str) -> bool:
    key, _, number = word.partition("=")
    return key == "backlog" and number.isdigit() and int(number) < 128


def _fix(evidence: Evidence, stopped: tuple[Holder, ...]) -> Fix:
    if stopped:
        pids = tuple(str(one.pid) for one in stopped)
        go_on = Command(("kill", "-CONT", *pids), undo=("kill", "-STOP", *pids))
        # What a debugger holds ("t") goes on when that lets it go.
        held = any(one.state == "t" for one in stopped)
        return Fix((go_on,), Applicability.REVIEW if held else Applicability.AUTOMATIC)
    if longer := _longer(evidence):
        return Fix(longer, Applicability.REVIEW)
    steps: tuple[Step, ...] = (Manual("unblock", Where.SERVER),)
    if Nginx.of(evidence).master:
        steps = (*steps, Manual("nginx", Where.SERVER))
    return Fix(steps, Applicability.MANUAL)
