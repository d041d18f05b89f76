"""The handshake is refused at the requested path and accepted at another one of the same site: one
that the page's own program names, one that the refusal names, or the same path with or without its
last slash.

Where the page names the requested path too, or the application itself accepts it, the path is right
and something else is wrong.
"""

from collections.abc import Iterator
from dataclasses import replace

from checks.nginx._websockets import WebSocketHandshakes
from checks.websocket import claim, refused_attempts
from diagnose.checking.registry import check
from diagnose.model import Claim, Confidence, Evidence, Severity, Where
from diagnose.model.backends import BackendVisit
from diagnose.model.http import Upgrade
from diagnose.model.pages import WebSocketPath
from diagnose.model.websocket_attempts import Attempt
from diagnose.parsers.urls import parse_url
from diagnose.parsers.websocket_refusal import Refusal

#: Refusals that may mean an unknown path: an application may answer it with 403.
_REASONS: tuple[Refusal, ...] = ("other", "unauthorized")


@check(
    severity=Severity.ERROR,
    needs=[Upgrade],
    needs_fault=[Upgrade],
    explains=[
        "websocket.not-upgraded",
        "websocket.unauthorized",
        "websocket.not-served",
        "websocket.no-location",
        "upstream.closed-early",
        "upstream.timeout",
        "upstream.application-log",
    ],
)
def other_path(evidence: Evidence) -> Iterator[Claim]:
    for reason in _REASONS:
        for attempt in refused_attempts(evidence, reason):
            accepted = _accepted_elsewhere(evidence, attempt)
            if accepted and not _is_right_path(evidence, attempt):
                yield _claim(evidence, attempt, accepted)


def _accepted_elsewhere(evidence: Evidence, attempt: Attempt) -> list[Upgrade]:
    return [
        upgrade
        for upgrade in evidence.good(Upgrade)
        if (upgrade.variant, upgrade.through) == ("other-path", "front")
        and upgrade.path == attempt.path
        and upgrade.accepted
    ]


def _is_right_path(evidence: Evidence, attempt: Attempt) -> bool:
    """Whether the page names the requested path, or the application accepts it."""
    own_path = attempt.path.partition("?")[0]
    handshakes = WebSocketHandshakes.at_path(evidence, attempt.path)
    return (
        any(named.path == own_path for named in evidence.good(WebSocketPath))
        or any(
            visit.websocket and visit.accepted and visit.requested == visit.path == own_path
            for visit in evidence.good(BackendVisit)
        )
        or handshakes.accepted_by_application
        or handshakes.accepted_as_requested
    )


def _claim(evidence: Evidence, attempt: Attempt, accepted: list[Upgrade]) -> Claim:
    paths = tuple(dict.fromkeys(map(_path, accepted)))
    names = [named for named in evidence.good(WebSocketPath) if named.path in paths]
    own_path = attempt.path.partition("?")[0]
    base_claim = claim(
        attempt,
        "use-the-path",
        Where.APPLICATION,
        {
            "other": paths[0],
            "others": paths,
            "other_url": accepted[0].url.partition("?")[0],
            "source": names[0].source if names else "",
            "library": next((named.library for named in names if named.library), ""),
            "slash": paths[0].rstrip("/") == own_path.rstrip("/"),
        },
        Confidence.LIKELY,
    )
    return replace(base_claim, because=(*base_claim.because, *accepted, *names))


def _path(upgrade: Upgrade) -> str:
    url = parse_url(upgrade.url)
    return url.path.partition("?")[0] if url else upgrade.path
