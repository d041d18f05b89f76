"""Socket.IO: a session opened by one worker is unknown to another (Engine.IO error 1). Clients
begin with polling and then upgrade, and both requests must reach the same worker. If the
configuration has a group whose servers take turns, that is the cause."""

from collections.abc import Iterator

from checks.nginx import Nginx, file_line
from checks.nginx._commands import reload_steps
from checks.nginx._edits import config_edit
from checks.websocket._haproxy_balance import unsticky_backend
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
    merge_subjects,
)
from diagnose.model.http import Upgrade
from diagnose.model.nginx import Directive
from diagnose.parsers.http import hops
from diagnose.parsers.nginx import edits
from diagnose.parsers.nginx.config import children
from diagnose.parsers.nginx.locations import proxy_pass_of
from diagnose.parsers.websocket_refusal import unknown_session

#: Directives that send a client to the same server again; sticky needs the commercial nginx.
_STICKY = ("ip_hash", "hash", "sticky", "sticky_cookie_insert")

#: Balancing methods that do not send a client to the same server again.
_BALANCING_METHODS = ("least_conn", "least_time", "random")


@check(severity=Severity.WARNING, needs=[Upgrade], needs_fault=[Upgrade])
def not_sticky(evidence: Evidence) -> Iterator[Claim]:
    nginx = Nginx.of(evidence)
    front_upgrades = [upgrade for upgrade in evidence.of(Upgrade) if upgrade.through == "front"]
    for path in dict.fromkeys(upgrade.path for upgrade in front_upgrades):
        lost_sessions = [
            upgrade
            for upgrade in front_upgrades
            if upgrade.path == path and unknown_session(upgrade)
        ]
        if not lost_sessions:
            continue
        own_sessions = [upgrade for upgrade in lost_sessions if upgrade.variant == "session"]
        subjects = tuple(
            dict.fromkeys(
                Subject(address=upgrade.address, port=upgrade.port, path=path)
                for upgrade in lost_sessions
            )
        )
        group = _group(nginx, path)
        backend = None if group else unsticky_backend(evidence, path)
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
                "tried": sum(
                    upgrade.variant == "session"
                    for upgrade in front_upgrades
                    if upgrade.path == path
                ),
                "kind": "upstream" if group else "backend",
                "group": group.args[0] if group else backend.name if backend else "",
                "place": file_line(group) if group else backend.place if backend else "",
            },
            location=nginx.location(group) if group else None,
            fix=backend.fix(sure) if backend else _fix(nginx, group, sure),
        )


def _confidence(opened: bool, group: bool) -> Confidence:
    if opened and group:
        return Confidence.CERTAIN
    return Confidence.LIKELY if opened else Confidence.POSSIBLE


def _group(nginx: Nginx, path: str) -> Directive | None:
    """Return the group of several servers that the path leads to, if nothing sends a client to the
    same server again."""
    for match in nginx.location_matches(path):
        pass_directive = proxy_pass_of(match)
        name = (
            pass_directive.args[0].partition("://")[2].partition("/")[0] if pass_directive else ""
        )
        for group in children(match.blocks[0], "upstream"):
            has_several = len(children(group, "server")) > 1
            sticky = any(children(group, method) for method in _STICKY)
            if group.args == (name,) and has_several and not sticky:
                return group
    return None


def _fix(nginx: Nginx, group: Directive | None, sure: bool) -> Fix:
    file = nginx.file(group) if group else None
    by_hand = Fix((Manual("sticky", Where.SERVER),), Applicability.MANUAL)
    # nginx.org: "The parameter cannot be used along with the hash, ip_hash, and random … methods."
    if (
        group is None
        or file is None
        or any("backup" in server.args for server in children(group, "server"))
    ):
        return by_hand
    methods = [method for name in _BALANCING_METHODS for method in children(group, name)]
    change = (
        edits.replace_directive(methods[0], "ip_hash;")
        if methods
        else edits.insert_first(file.text, group, ["ip_hash;"])
    )
    edit = config_edit(nginx, file.path, change)
    # With ip_hash all visitors behind one address reach one server, which is wrong behind a CDN.
    # Another balancing method may have been chosen on purpose.
    sure = sure and not methods
    applicability = Applicability.AUTOMATIC if sure else Applicability.REVIEW
    return Fix((edit, *reload_steps(nginx)), applicability) if edit else by_hand
