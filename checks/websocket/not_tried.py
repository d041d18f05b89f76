"""The site's page opens a WebSocket, and this run did not try it, because no path was given; or it
was refused as the page names it. So the verdict says nothing about it: live updates may be broken
on a page that opens well.

A note. The path in a program may be a beginning to which it adds something, or it sends a token. An
answer that asks for a login is no fault.
"""

from collections.abc import Iterator

from checks.websocket._page_paths import opened_paths
from diagnose.checking.registry import check
from diagnose.model import Claim, Confidence, Evidence, Severity, Subject
from diagnose.model.http import Upgrade
from diagnose.model.pages import WebSocketPath

#: Maximum number of paths that are listed.
MAX_PATHS = 3

#: Statuses with which a WebSocket asks for a login (RFC 9110 section 15.5).
_LOGIN = {401, 403, 407}


@check(severity=Severity.NOTE, needs=[WebSocketPath])
def not_tried(evidence: Evidence) -> Iterator[Claim]:
    # On the server, some paths may have been tried; what only the application was asked for says
    # nothing about the site.
    front = [upgrade for upgrade in evidence.of(Upgrade) if upgrade.through == "front"]
    refused = [upgrade for upgrade in front if _is_refused(upgrade)]
    tried_paths = {_bare(upgrade.path) for upgrade in front if upgrade not in refused}
    named = [
        web_socket_path
        for web_socket_path in opened_paths(evidence)
        if _bare(web_socket_path.path) not in tried_paths and web_socket_path.base != "unknown"
    ]
    named = named[:MAX_PATHS]
    if evidence.target.websockets or not named:
        return
    answer = next((each for each in refused if each.path == named[0].path), None)
    yield Claim(
        about=Subject(port=evidence.target.port, path=named[0].path),
        because=(*named, *([answer] if answer else [])),
        confidence=Confidence.LIKELY,
        facts={
            "paths": tuple(websocket.path for websocket in named),
            "path": named[0].path,
            "source": named[0].source,
            "library": next((websocket.library for websocket in named if websocket.library), ""),
            "target": evidence.target.url,
            "status": answer.status if answer else "",
        },
    )


def _is_refused(upgrade: Upgrade) -> bool:
    """Return whether a WebSocket that the page alone names was refused, and not for a login."""
    is_answer = upgrade.status is not None and not upgrade.accepted
    return upgrade.variant == "unasked" and is_answer and upgrade.status not in _LOGIN


def _bare(path: str) -> str:
    """Return a path without its query and its last slash."""
    return path.partition("?")[0].rstrip("/")
