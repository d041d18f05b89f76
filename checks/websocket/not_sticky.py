"""Socket.IO: a session that one worker opened is unknown to the next (Engine.IO error 1). Clients
begin by polling and upgrade then, so that both requests must come to the same worker. Where the
configuration shows a group of servers that takes each in turn, that is how they are lost."""

from collections.abc import Iterator

from checks.nginx import Nginx, where
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
    together,
)
from diagnose.model.http import Upgrade
from diagnose.model.nginx import Directive
from diagnose.parsers.http import hops, unknown_session
from diagnose.parsers.nginx import edits, server_blocks

#: By which a group sends a client to the same server again; sticky is commercial nginx's.
_STICKY = ("ip_hash", "hash", "sticky", "sticky_cookie_insert")

#: Ways to choose that take no client twice to the same.
_TURNS = ("least_conn", "least_time", "random")


@check(severity=Severity.WARNING, needs=[Upgrade])
def not_sticky(evidence: Evidence) -> Iterator[Claim]:
    nginx = Nginx.of(evidence)
    front = [one for one in evidence.of(Upgrade) if one.through == "front"]
    for path in dict.fromkeys(one.path for one in front):
        lost = [one for one in front if one.path == path and unknown_session(one)]
        if not lost:
            continue
        opened = [one for one in lost if one.variant == "session"]
        subjects = tuple(
            dict.fromkeys(Subject(address=one.address, port=one.port, path=path) for one in lost)
        )
        group = _group(nginx, path)
        yield Claim(
            about=together(subjects),
            covers=subjects,
            because=(*lost, *([nginx.config] if group and nginx.config else [])),
            # A session that this run opened itself was lost; one in the path may be an old one.
            confidence=_confidence(bool(opened), bool(group)),
            facts={
                "url": lost[0].url.partition("?")[0],
                "path": path,
                "lost": len(opened),
                "tried": sum(one.variant == "session" for one in front if one.path == path),
                "group": group.args[0] if group else "",
                "place": where(group) if group else "",
            },
            location=nginx.location(group) if group else None,
            fix=_fix(
                nginx, group, sure=bool(opened) and not any(hops(one.headers) for one in lost)
            ),
        )


def _confidence(opened: bool, group: bool) -> Confidence:
    if opened and group:
        return Confidence.CERTAIN
    return Confidence.LIKELY if opened else Confidence.POSSIBLE


def _group(nginx: Nginx, path: str) -> Directive | None:
    """The group of several servers that a path leads to, where nothing keeps clients apart."""
    for place in nginx.places(path):
        passed = server_blocks.passed(place)
        name = passed.args[0].partition("://")[2].partition("/")[0] if passed else ""
        for group in server_blocks.children(place.blocks[0], "upstream"):
            several = len(server_blocks.children(group, "server")) > 1
            sticky = any(server_blocks.children(group, one) for one in _STICKY)
            if group.args == (name,) and several and not sticky:
                return group
    return None


def _fix(nginx: Nginx, group: Directive | None, sure: bool) -> Fix:
    file = nginx.file(group) if group else None
    by_hand = Fix((Manual("sticky", Where.SERVER),), Applicability.MANUAL)
    # "The parameter cannot be used along with the hash, ip_hash, and random … methods."
    if (
        group is None
        or file is None
        or any("backup" in one.args for one in server_blocks.children(group, "server"))
    ):
        return by_hand
    turns = [one for name in _TURNS for one in server_blocks.children(group, name)]
    change = (
        edits.instead(turns[0], "ip_hash;")
        if turns
        else edits.first(file.text, group, ["ip_hash;"])
    )
    edit = nginx.edit(file.path, change)
    # All visitors behind one address then meet one server: a CDN in front asks for something else,
    # and whoever chose another way to take turns may have had a reason.
    sure = sure and not turns
    applicability = Applicability.AUTOMATIC if sure else Applicability.REVIEW
    return Fix((edit, *nginx.taken()), applicability) if edit else by_hand
