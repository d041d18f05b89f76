"""The client's address begins with ws://, and the site redirects what comes over http to https. A
redirect brings no client of a WebSocket there: browsers follow none (WebSockets Standard), nor do
most libraries. The same handshake at wss:// is the control.
"""

from collections.abc import Iterator

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
)
from diagnose.model.http import Exchange, Upgrade
from diagnose.model.websocket_attempts import PlainHandshake
from diagnose.parsers.redirects import REDIRECTS
from diagnose.parsers.urls import parse_url


@check(severity=Severity.ERROR, needs=[PlainHandshake, Upgrade])
def scheme_redirected(evidence: Evidence) -> Iterator[Claim]:
    handshakes: dict[str, list[PlainHandshake]] = {}
    for handshake in evidence.good(PlainHandshake):
        if _leads_to_https(evidence, handshake) and not _is_opened_well(evidence, handshake):
            handshakes.setdefault(handshake.url, []).append(handshake)
    for same in handshakes.values():
        yield from _claims(evidence, same)


def _leads_to_https(evidence: Evidence, handshake: PlainHandshake) -> bool:
    """Return whether a handshake is redirected to the site's own https address."""
    onward, target = parse_url(handshake.location), evidence.target
    if handshake.status not in REDIRECTS or onward is None or not onward.secure:
        return False
    return (onward.host, onward.port) == (target.host, target.port)


def _is_opened_well(evidence: Evidence, handshake: PlainHandshake) -> bool:
    """Return whether the page names the wss: address of this path, and no words name the ws: one:
    who says that a page tries "ws://" saw an older page."""
    target = evidence.target
    if f"ws://{target.host}" in target.plain_sockets_in.lower():
        return False
    named = (parse_url(url) for page in evidence.good(Exchange) for url in page.mentions)
    path = handshake.path.partition("?")[0]
    return any(
        url is not None and url.secure and url.host == target.host
        and url.path.partition("?")[0] == path
        for url in named
    )  # fmt: skip


def _claims(evidence: Evidence, handshakes: list[PlainHandshake]) -> Iterator[Claim]:
    first, target = handshakes[0], evidence.target
    controls = [
        upgrade
        for upgrade in evidence.of(Upgrade)
        if upgrade.is_visit and upgrade.path == first.path
    ]
    if not controls:
        return
    own_path = first.path.partition("?")[0]
    address = f"{target.authority}{own_path}"
    subjects = tuple(
        Subject(address=handshake.address, port=handshake.port, path=own_path)
        for handshake in handshakes
    )
    yield Claim(
        about=Subject(port=first.port, path=own_path, text=first.url.partition("?")[0]),
        covers=subjects,
        because=(*handshakes, *controls),
        # A client that refuses an https: address may have been given that itself.
        confidence=Confidence.CERTAIN
        if "ws://" in target.plain_sockets_in.lower() or not target.plain_sockets_in
        else Confidence.LIKELY,
        facts={
            "url": first.url.partition("?")[0],
            "wanted": f"wss://{address}",
            "path": own_path,
            "status": first.status or "",
            "location": first.location.partition("?")[0],
            "opens": all(control.accepted for control in controls),
            "control": next(
                (control.status or "" for control in controls if not control.accepted), ""
            ),
        },
        fix=Fix((Manual("use-wss", Where.APPLICATION),), Applicability.MANUAL),
    )
