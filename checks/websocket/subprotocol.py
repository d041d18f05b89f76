"""The subprotocol does not match (RFC 6455 section 4.2.2): the server chose one that was not
offered, an empty name, or none of those offered; or it closes the connection because of the one
that was offered. A server that only requires a certain name is healthy, and the finding names it.

Where the handshake opens without one, the subprotocols of the page's script are offered: browsers
close what chooses none of them. On the server, the application's own answer shows whether nginx
takes the field away.
"""

from collections.abc import Iterator
from dataclasses import replace

from checks.nginx import Nginx, file_line
from checks.nginx._websockets import WebSocketHandshakes
from checks.websocket import claim, ended_attempts, refused_attempts
from checks.websocket._dropped_fields import dropping_directive, with_removal
from diagnose.checking.registry import check
from diagnose.model import Claim, Confidence, Evidence, Severity, Where
from diagnose.model.http import Upgrade
from diagnose.model.nginx import Directive
from diagnose.model.pages import WebSocketPath
from diagnose.model.websocket_attempts import Attempt, websocket_attempts


@check(severity=Severity.ERROR, needs=[Upgrade], needs_fault=[Upgrade])
def subprotocol(evidence: Evidence) -> Iterator[Claim]:
    nginx = Nginx.of(evidence)
    for attempt in refused_attempts(evidence, "offered"):
        if replaced_claim := _replaced(nginx, attempt):
            yield replaced_claim
            continue
        chosen = next(retry for retry in attempt.retries if retry.variant == "subprotocol")
        names = (chosen.subprotocol,) if chosen.subprotocol else chosen.offered
        facts = {**_NOTHING, "names": names, "needed": True}
        yield claim(attempt, "align", Where.APPLICATION, facts, severity=Severity.NOTE)
    for attempt in refused_attempts(evidence, "subprotocol"):
        if replaced_claim := _replaced(nginx, attempt):
            yield replaced_claim
            continue
        retries = [retry for retry in attempt.retries if retry.variant == "subprotocol"]
        # What the user offered is the question; the rest are trials.
        last = attempt.first if attempt.first.offered or not retries else retries[-1]
        directive = _dropping(nginx, attempt.path, last)
        facts = {
            **_NOTHING,
            "names": last.offered,
            "chosen": last.subprotocol or "",
            "empty": last.subprotocol == "",
            "place": file_line(directive) if directive else "",
            "other": _accepted_instead(attempt),
        }
        base_claim = claim(attempt, "align", Where.APPLICATION, facts)
        yield with_removal(nginx, base_claim, directive) if directive else base_claim
    for attempt, _ in ended_attempts(evidence, "subprotocol"):
        first, accepted_instead = attempt.first, _accepted_instead(attempt)
        facts = {
            **_NOTHING,
            "names": first.offered,
            "code": first.close_code or "",
            "close_reason": first.close_reason,
            "other": accepted_instead,
        }
        confidence = Confidence.CERTAIN if accepted_instead else Confidence.LIKELY
        yield claim(attempt, "align", Where.APPLICATION, facts, confidence)

    for attempt in websocket_attempts(evidence):
        yield from _none_chosen(nginx, attempt)


_FIELD = "Sec-WebSocket-Protocol"
_NOTHING: dict[str, object] = {
    "chosen": "", "empty": False, "place": "", "needed": False, "code": "", "close_reason": "",
    "other": "", "script": "", "line": "", "direct": "", "offered": False, "name": "NAME",
    "replaced": "", "replaced_at": "", "asked": "",
}  # fmt: skip

#: Offers of more than a page would make are those of this run, after a message.
_MAX_NAMES = 8


def _replaced(nginx: Nginx, attempt: Attempt) -> Claim | None:
    """Return the claim about a line of the proxy that sends a subprotocol of its own; None without
    one."""
    if attempt.first.status != 101 or not attempt.first.subprotocol:
        return None
    # Imported late: few sites have this fault.
    from checks.websocket._replaced_subprotocol import replaced_subprotocol

    replaced = replaced_subprotocol(nginx, attempt)
    if replaced is None:
        return None
    first = attempt.first
    facts = {**_NOTHING, "names": first.offered, "chosen": first.subprotocol, **replaced.facts}
    base_claim = claim(attempt, "align", Where.APPLICATION, facts, replaced.confidence)
    return replaced.located(nginx, base_claim)


def _none_chosen(nginx: Nginx, attempt: Attempt) -> Iterator[Claim]:
    """Yield the claim about a WebSocket that opens without a subprotocol, and chooses none of those
    that the page asks for."""
    evidence, first = nginx.evidence, attempt.first
    refused = [
        retry
        for retry in attempt.retries
        if retry.variant == "subprotocol" and retry.fault == "subprotocol" and retry.status == 101
    ]
    if not first.stayed_open or first.offered or not refused:
        return
    own, last = attempt.path.partition("?")[0], refused[-1]
    calls = [
        named
        for named in evidence.good(WebSocketPath)
        if named.path == own and named.subprotocols == last.offered
    ]
    direct = [
        upgrade
        for upgrade in evidence.good(Upgrade)
        if (upgrade.path, upgrade.through) == (attempt.path, "application")
        if upgrade.variant == "subprotocol" and upgrade.status == 101
    ]
    is_chosen = any(upgrade.subprotocol for upgrade in direct)
    directive = dropping_directive(nginx, attempt.path, _FIELD) if is_chosen else None
    facts = {
        **_NOTHING,
        "names": last.offered if calls or len(last.offered) <= _MAX_NAMES else (),
        "offered": True,
        "name": last.offered[0] if calls else "NAME",
        "chosen": last.subprotocol or "",
        "empty": last.subprotocol == "",
        "place": file_line(directive) if directive else "",
        "script": calls[0].source if calls else "",
        "line": (calls[0].line or "") if calls else "",
        "direct": f"{direct[0].address}:{direct[0].port}" if direct and not is_chosen else "",
    }
    step = "align" if is_chosen else "choose"
    confidence = Confidence.CERTAIN if calls else Confidence.LIKELY
    base_claim = claim(attempt, step, Where.APPLICATION, facts, confidence)
    base_claim = replace(base_claim, because=(*base_claim.because, *direct, *calls[:1]))
    yield with_removal(nginx, base_claim, directive) if directive else base_claim


def _accepted_instead(attempt: Attempt) -> str:
    """Return the subprotocol with which the WebSocket stays open, "" if none was found."""
    accepted_upgrades = (
        retry for retry in attempt.retries if retry.variant == "subprotocol" and retry.stayed_open
    )
    return next((retry.subprotocol or ", ".join(retry.offered) for retry in accepted_upgrades), "")


def _dropping(nginx: Nginx, path: str, front: Upgrade) -> Directive | None:
    """Return the line that takes the field away, if the application itself answers with it."""
    direct = WebSocketHandshakes.at_path(nginx.evidence, path).direct
    if not front.offered or front.subprotocol or not any(upgrade.subprotocol for upgrade in direct):
        return None
    return dropping_directive(nginx, path, _FIELD)
