"""Whether a WebSocket that opened stays open, or how and why it ended. No I/O."""

from typing import Literal

from diagnose.model.http import Attempt, Upgrade
from diagnose.parsers.websocket_refusal import is_origin_refusal, named_subprotocols

#: How a WebSocket ended: "died" every time, "sometimes" (another attempt stayed open), "at-ping"
#: (every attempt with a ping died, the one without stayed open), "refused" (closed on purpose, for
#: missing credentials or by a policy), "origin" (refused because of the Origin), or "compressed"
#: (a message was compressed without agreement, or cannot be decompressed).
Ending = Literal["died", "sometimes", "at-ping", "refused", "origin", "compressed"]


def ending(attempt: Attempt) -> Ending | None:
    """Return how it ended; None if it did not open, stayed open, or was closed normally."""
    first = attempt.first
    if not first.accepted or first.stayed_open:
        return None
    if first.stayed_open is None or asks_for_subprotocol(first):
        if any(retry.variant == "subprotocol" and retry.stayed_open for retry in attempt.retries):
            return None
        return "origin" if is_origin_refusal(first) else "refused"
    if first.violation in {"compressed", "deflate"}:
        return "compressed"
    addresses = {upgrade.address for upgrade in attempt.same}
    retries = [
        retry
        for retry in attempt.retries
        if retry.variant in {"no-ping", "again"} and retry.address in addresses
    ]
    if not any(retry.stayed_open for retry in retries):
        return "died"
    repeats_held = [retry.stayed_open for retry in retries if retry.variant == "again"]
    return "sometimes" if not repeats_held or any(repeats_held) else "at-ping"


def asks_for_subprotocol(upgrade: Upgrade) -> bool:
    """Return whether the close frame names the subprotocol as the reason. Libraries close with 1002
    or 4406 if no subprotocol that they know was offered."""
    return (
        not upgrade.offered
        and "protocol" in upgrade.close_reason.lower()
        and (
            "sub" in upgrade.close_reason.lower()
            or bool(named_subprotocols(upgrade.close_reason, None))
        )
    )
