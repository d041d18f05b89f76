"""The subprotocol does not match (RFC 6455 section 4.2.2): the server chose one that was not
offered, an empty name, or none of those offered; or it closes the connection because of the one
that was offered. A server that only requires a certain name is
healthy, and the finding names it. On the server, the application's own answer shows whether nginx
takes the field away."""

from collections.abc import Iterator

from checks.nginx import Nginx, file_line
from checks.nginx._websockets import WebSocketHandshakes
from checks.websocket import claim, ended_attempts, refused_attempts
from checks.websocket._dropped_fields import dropping_directive, with_removal
from diagnose.checking.registry import check
from diagnose.model import Claim, Confidence, Evidence, Severity, Where
from diagnose.model.http import Upgrade
from diagnose.model.nginx import Directive
from diagnose.model.websocket_attempts import Attempt


@check(severity=Severity.ERROR, needs=[Upgrade], needs_fault=[Upgrade])
def subprotocol(evidence: Evidence) -> Iterator[Claim]:
    nginx = Nginx.of(evidence)
    for attempt in refused_attempts(evidence, "offered"):
        chosen = next(retry for retry in attempt.retries if retry.variant == "subprotocol")
        names = (chosen.subprotocol,) if chosen.subprotocol else chosen.offered
        facts = {**_NOTHING, "names": names, "needed": True}
        yield claim(attempt, "align", Where.APPLICATION, facts, severity=Severity.NOTE)
    for attempt in refused_attempts(evidence, "subprotocol"):
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


_FIELD = "Sec-WebSocket-Protocol"
_NOTHING: dict[str, object] = {
    "chosen": "", "empty": False, "place": "", "needed": False, "code": "", "close_reason": "",
    "other": "",
}  # fmt: skip


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
