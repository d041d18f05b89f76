"""The handshake is refused at the requested path and accepted at another one of the same site: one
that the page's own program names, one that the refusal names, or the same path with or without its
last slash.

Where the page names the requested path too, or the application itself accepts it, the path is right
and something else is wrong. Not so where the web server passes WebSockets on at the other address
alone, and the program that gets the requested one shows a page: then the page's script is wrong.
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
            if not accepted or _is_accepted_directly(evidence, attempt):
                continue
            if _is_named(evidence, attempt):
                accepted = _of_the_same_socket(evidence, attempt, accepted)
            if accepted:
                yield _claim(evidence, attempt, accepted)


def _accepted_elsewhere(evidence: Evidence, attempt: Attempt) -> list[Upgrade]:
    return [
        upgrade
        for upgrade in evidence.good(Upgrade)
        if (upgrade.variant, upgrade.through) == ("other-path", "front")
        and upgrade.path == attempt.path
        and upgrade.accepted
    ]


def _is_named(evidence: Evidence, attempt: Attempt) -> bool:
    """Whether the page names the requested path."""
    own_path = attempt.path.partition("?")[0]
    return any(named.path == own_path for named in evidence.good(WebSocketPath))


def _is_accepted_directly(evidence: Evidence, attempt: Attempt) -> bool:
    """Whether the application accepts the requested path."""
    own_path = attempt.path.partition("?")[0]
    handshakes = WebSocketHandshakes.at_path(evidence, attempt.path)
    return (
        any(
            visit.websocket and visit.accepted and visit.requested == visit.path == own_path
            for visit in evidence.good(BackendVisit)
        )
        or handshakes.accepted_by_application
        or handshakes.accepted_as_requested
    )


def _of_the_same_socket(
    evidence: Evidence, attempt: Attempt, accepted: list[Upgrade]
) -> list[Upgrade]:
    """Return those of the accepted handshakes that are meant by the page's call all the same: the
    requested path shows a page, and the other one has it at its end, or it is the site's root. What
    the page opens elsewhere is another WebSocket of it."""
    own_path = attempt.path.partition("?")[0]
    others = {named.path for named in evidence.good(WebSocketPath)}
    if attempt.first.status not in _NO_WEBSOCKET:
        return []
    return [
        upgrade
        for upgrade in accepted
        if _path(upgrade) not in others and _path(upgrade).rstrip("/") != own_path.rstrip("/")
        if own_path == "/" or _path(upgrade).endswith(own_path)
    ]


#: Statuses of a program that does not look at `Upgrade`: its page, or none.
_NO_WEBSOCKET = {200, 404, 405}


def _claim(evidence: Evidence, attempt: Attempt, accepted: list[Upgrade]) -> Claim:
    paths = tuple(dict.fromkeys(map(_path, accepted)))
    own_path = attempt.path.partition("?")[0]
    opened = evidence.good(WebSocketPath)
    names = [named for named in opened if named.path in paths]
    wrong = [named for named in opened if named.path == own_path and not names]
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
            "passed": _passing_place(evidence, own_path, paths[0]),
            **_call(evidence, wrong),
        },
        Confidence.LIKELY,
    )
    return replace(base_claim, because=(*base_claim.because, *accepted, *names, *wrong))


def _call(evidence: Evidence, wrong: list[WebSocketPath]) -> dict[str, object]:
    """Return the script that opens the requested path, its file if nginx serves it, and its
    line."""
    if not wrong:
        return {"script": "", "file": "", "line": ""}
    # Imported late: only a finding needs them.
    from checks.nginx import Nginx
    from diagnose.parsers.nginx.file_paths import served_file

    url = parse_url(wrong[0].source)
    is_own = url is not None and (url.host, url.port) == (
        evidence.target.host,
        evidence.target.port,
    )
    path = url.path.partition("?")[0] if url and is_own else ""
    matches = Nginx.of(evidence).location_matches(path) if path else ()
    files = [served.path for match in matches if (served := served_file(match, path))]
    script, line = wrong[0].source, wrong[0].line or ""
    is_page = path.endswith("/") or not path
    return {"script": script, "file": "" if is_page or not files else files[0], "line": line}


def _passing_place(evidence: Evidence, own_path: str, path: str) -> str:
    """Return the location of nginx that passes WebSockets on at the other path, where that of the
    requested one does not; "" if there is none."""
    # Imported late: only a finding needs them.
    from checks.nginx import Nginx, file_line
    from diagnose.parsers.nginx.forwarding import upgrade_forwarding

    nginx = Nginx.of(evidence)
    if any(all(upgrade_forwarding(match)) for match in nginx.location_matches(own_path)):
        return ""
    passing = (match for match in nginx.location_matches(path) if all(upgrade_forwarding(match)))
    return next((file_line(match.block) for match in passing), "")


def _path(upgrade: Upgrade) -> str:
    url = parse_url(upgrade.url)
    return url.path.partition("?")[0] if url else upgrade.path
