"""What became of a WebSocket that opened: whether it stays, or how and why it ended. Pure."""

from typing import Literal

from diagnose.model.http import Attempt, Upgrade
from diagnose.parsers.http import is_origin_refusal, named_subprotocols

#: What became of a WebSocket that opened: "died" every time, "sometimes" (another try held),
#: "at-ping" (each try with a ping died, and the one without held), "refused" (closed on purpose,
#: for want of credentials or by a policy), or "origin" (so, for the Origin).
Ending = Literal["died", "sometimes", "at-ping", "refused", "origin"]


def ending(attempt: Attempt) -> Ending | None:
    """None where it did not open, stayed open, or was closed in good order."""
    first = attempt.first
    if not first.accepted or first.stayed_open:
        return None
    if first.stayed_open is None or asks_for_subprotocol(first):
        if any(retry.variant == "subprotocol" and retry.stayed_open for retry in attempt.retries):
            return None
        return "origin" if is_origin_refusal(first) else "refused"
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
    """Whether the close frame names the subprotocol as its reason: libraries close with 1002 or
    4406 where they were offered none that they know."""
    return (
        not upgrade.offered
        and "protocol" in upgrade.close_reason.lower()
        and (
            "sub" in upgrade.close_reason.lower()
            or bool(named_subprotocols(upgrade.close_reason, None))
        )
    )
