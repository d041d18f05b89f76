"""The site answers with 5xx (RFC 9110 section 15.6), or takes the request and never answers it.
From outside it is seen that the fault lies behind the door, and often at which of the two: a
proxy that got no answer says 502 or 504, an application that broke says 500."""

from collections.abc import Iterator

from checks.http import addresses, places
from diagnose.checking.registry import check
from diagnose.model import (
    Applicability,
    Claim,
    Evidence,
    Fix,
    Manual,
    Severity,
    Subject,
    Where,
    together,
)
from diagnose.model.http import Exchange, Upgrade
from diagnose.model.logs import LogLine
from diagnose.parsers.http import proxy_page, wants_tls

#: A gateway speaks of the server behind it; 520 to 530 are Cloudflare's (its documentation,
#: "Cloudflare 5xx errors").
_GATEWAY = {502, 504}
_CDN = range(520, 531)


@check(
    severity=Severity.ERROR,
    needs=[Exchange],
    explains=[
        "http.acme-challenge-blocked",
        "http.no-redirect",
        "websocket.not-upgraded",
        "websocket.rate-limited",
    ],
)
def server_error(evidence: Evidence) -> Iterator[Claim]:
    groups: dict[tuple[int | None, str], list[Exchange]] = {}
    for one in evidence.of(Exchange):
        if one.purpose == "target" and _broken(evidence, one):
            kind = one.failure.kind if one.failure else ""
            groups.setdefault((one.status, kind), []).append(one)
    for (status, _), seen in groups.items():
        yield _claim(evidence, status, seen)


def _broken(evidence: Evidence, one: Exchange) -> bool:
    if one.failure is not None:
        return not wants_tls(one)
    status = one.status or 0
    if evidence.target.scheme in {"ws", "wss"} and one.verified:
        # Asked for a WebSocket's path without an upgrade, an application may say what it likes.
        return status in {*_GATEWAY, 503, *_CDN}
    return status >= 500


def _claim(evidence: Evidence, status: int | None, seen: list[Exchange]) -> Claim:
    first, subjects = seen[0], places(seen)
    failure, said = first.failure, _said(evidence)
    return Claim(
        about=together(subjects),
        covers=(*_pages(evidence, seen), *_sockets(evidence, status, seen)),
        because=(*seen, *said[-1:]),
        facts={
            "url": first.url,
            "addresses": addresses(seen),
            "status": status if failure is None else "",
            "reason": first.reason,
            "server": first.header("Server") or proxy_page(first.body),
            "gateway": failure is None and status in _GATEWAY,
            "unavailable": failure is None and status == 503,
            "cdn": failure is None and status in _CDN,
            "application": failure is None and status not in {*_GATEWAY, 503, *_CDN},
            "silent": failure is not None and failure.kind == "timeout",
            "closed": failure is not None and failure.kind != "timeout",
            "message": failure.message if failure else "",
            "log": said[-1].text if said else "",
        },
        fix=Fix((Manual("look-inside", Where.SERVER),), Applicability.MANUAL),
    )


def _said(evidence: Evidence) -> tuple[LogLine, ...]:
    """What nginx wrote about this page, where its error log was read."""
    lines = evidence.of(LogLine)
    if not lines:
        return ()
    from diagnose.parsers.nginx import error_log

    grave = [one for one in lines if one.level in error_log.LEVELS[:4]]
    return error_log.about(grave, host=evidence.target.host, path=evidence.target.path)


def _pages(evidence: Evidence, seen: list[Exchange]) -> tuple[Subject, ...]:
    """The page asked for, on these addresses; and port 80's answers, which are the same site's."""
    return tuple(
        Subject(address=one.address, port=port, path=evidence.target.path)
        for one in seen
        for port in dict.fromkeys((one.port, 80))
    )


def _sockets(evidence: Evidence, status: int | None, seen: list[Exchange]) -> Iterator[Subject]:
    """The WebSockets' paths that are answered in the same way."""
    kinds = {one.failure.kind for one in seen if one.failure}
    for one in evidence.of(Upgrade):
        alike = one.failure.kind in kinds if one.failure else one.status == status and not kinds
        if alike and one.address in addresses(seen):
            yield Subject(address=one.address, port=one.port, path=one.path)
