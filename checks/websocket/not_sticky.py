"""Socket.IO: a session opened by one worker is unknown to another (Engine.IO error 1). Clients
begin with polling and then upgrade, and both requests must reach the same worker. SignalR: a server
gives out an id, and another one has no connection with it. If the configuration has a group whose
servers take turns, that is the cause.

Where the application itself, asked directly, opens the same, the session is lost on the way, and
another check tells how.

An id that somebody pasted has ended since: where this run's own are found again, nothing is wrong.
"""

from collections.abc import Iterator, Sequence

from checks.nginx import Nginx, file_line
from checks.nginx._sticky_groups import sticky_fix, unsticky_group_of
from checks.nginx._websockets import WebSocketHandshakes, locations_losing_upgrades
from checks.websocket._haproxy_balance import unsticky_backend
from checks.websocket._sticky_members import unsticky_members
from diagnose.checking.registry import check
from diagnose.model import (
    Claim,
    Confidence,
    Evidence,
    Fix,
    Severity,
    Subject,
    merge_subjects,
)
from diagnose.model.applications import ReadSetting
from diagnose.model.backends import BackendVisit
from diagnose.model.http import Upgrade
from diagnose.model.nginx import Directive
from diagnose.parsers.http import hops
from diagnose.parsers.websocket_refusal import is_unknown_to_signalr, unknown_session


@check(severity=Severity.WARNING, needs=[Upgrade], needs_fault=[Upgrade])
def not_sticky(evidence: Evidence) -> Iterator[Claim]:
    nginx = Nginx.of(evidence)
    losing = {path for _, paths in locations_losing_upgrades(nginx) for path in paths}
    front_upgrades = [upgrade for upgrade in evidence.of(Upgrade) if upgrade.through == "front"]
    for path in dict.fromkeys(upgrade.path for upgrade in front_upgrades):
        upgrades = [upgrade for upgrade in front_upgrades if upgrade.path == path]
        lost_sessions = [upgrade for upgrade in upgrades if unknown_session(upgrade)]
        if not lost_sessions:
            continue
        own_sessions = [upgrade for upgrade in lost_sessions if upgrade.variant == "session"]
        tried = sum(upgrade.variant == "session" for upgrade in upgrades)
        if tried and not own_sessions:
            continue
        subjects = _subjects(lost_sessions)
        group = unsticky_group_of(nginx, path)
        backend = (
            None if group else unsticky_backend(evidence, path) or unsticky_members(evidence, path)
        )
        is_signalr = any(map(is_unknown_to_signalr, lost_sessions))
        is_single = group is None and backend is None
        if is_signalr and not own_sessions and is_single:
            continue  # One server may say so too, of a connection that has ended.
        # The application itself has the session: it is lost on the way. SignalR says so of each
        # request without Upgrade.
        is_lost_on_the_way = is_single or (is_signalr and path in losing)
        if is_lost_on_the_way and _opens_directly(evidence, path):
            continue
        sure = bool(own_sessions) and not any(hops(upgrade.headers) for upgrade in lost_sessions)
        yield Claim(
            about=merge_subjects(subjects),
            covers=subjects,
            because=(
                *lost_sessions,
                *([nginx.config] if group and nginx.config else []),
                *(backend.observations if backend else ()),
            ),
            # A session that this run opened itself was lost. One in the path may have been too old.
            confidence=_confidence(bool(own_sessions), bool(group or backend)),
            facts={
                "url": lost_sessions[0].url.partition("?")[0],
                "path": path,
                "lost": len(own_sessions),
                "tried": tried,
                "answer": _SIGNALR_ANSWER if is_signalr else _engineio_answer(lost_sessions),
                "signalr": is_signalr,
                "kind": "upstream" if group else backend.kind if backend else "",
                "group": group.args[0] if group else backend.name if backend else "",
                "place": file_line(group) if group else backend.place if backend else "",
            },
            location=nginx.location(group) if group else None,
            fix=backend.fix(sure) if backend else _one_worker(nginx, group, sure),
        )


def _subjects(upgrades: Sequence[Upgrade]) -> tuple[Subject, ...]:
    subjects = (
        Subject(address=upgrade.address, port=upgrade.port, path=upgrade.path)
        for upgrade in upgrades
    )
    return tuple(dict.fromkeys(subjects))


def _one_worker(nginx: Nginx, group: Directive | None, sure: bool) -> Fix:
    """Return the edit of the only program's unit to one worker process (gunicorn), if that was
    read: it serves several visitors at a time all the same (eventlet, gevent, threads). Of a group,
    that which keeps a client on one server."""
    settings = nginx.evidence.good(ReadSetting)
    reads = [read for read in settings if read.topic == "workers" and read.new]
    if group or not reads:
        return sticky_fix(nginx, group, sure)
    # Imported late: few programs have such a line.
    from checks.upstream._setting_fixes import setting_fix

    return setting_fix(reads[:1], "sticky")


def _opens_directly(evidence: Evidence, path: str) -> bool:
    """Return whether the application, asked directly, opens the WebSocket that is refused through
    the server in front."""
    own, handshakes = path.partition("?")[0], WebSocketHandshakes.at_path(evidence, path)
    is_accepted = handshakes.accepted_by_application or any(
        visit.websocket and visit.accepted and visit.requested == own
        for visit in evidence.good(BackendVisit)
    )
    return is_accepted and not handshakes.accepted_by_front


_SIGNALR_ANSWER = "No Connection with that ID"


def _engineio_answer(lost_sessions: list[Upgrade]) -> str:
    """Return the words of the server: those of Engine.IO itself, or of its port to Python."""
    is_python = any("Invalid session" in upgrade.body for upgrade in lost_sessions)
    return "Invalid session" if is_python else "Session ID unknown"


def _confidence(opened: bool, group: bool) -> Confidence:
    if opened and group:
        return Confidence.CERTAIN
    return Confidence.LIKELY if opened else Confidence.POSSIBLE
