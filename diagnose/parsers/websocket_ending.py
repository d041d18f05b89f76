"""What became of a WebSocket that opened: whether it stays, or how and why it ended. Pure."""

from typing import Literal

from diagnose.model.http import Attempt, Upgrade
from diagnose.parsers.http import named_subprotocols, names_origin

#: What became of a WebSocket that opened: "died" every time, "sometimes" (another try held),
#: "at-ping" (each try with a ping died, and the one without held), "refused" (closed on purpose,
#: for want of credentials or by a policy), or "origin" (so, for the Origin).
Ending = Literal["died", "sometimes", "at-ping", "refused", "origin"]


def ending(attempt: Attempt) -> Ending | None:
    """None where it did not open, stayed open, or was closed in good order."""
    first = attempt.first
    if not first.accepted or first.held:
        return None
    if first.held is None or asks_for_subprotocol(first):
        if any(one.variant == "subprotocol" and one.held for one in attempt.retries):
            return None
        return "origin" if names_origin(first) else "refused"
    places = {one.address for one in attempt.same}
    tries = [
        one
        for one in attempt.retries
        if one.variant in {"no-ping", "again"} and one.address in places
    ]
    if not any(one.held for one in tries):
        return "died"
    again = [one.held for one in tries if one.variant == "again"]
    return "sometimes" if not again or any(again) else "at-ping"


def asks_for_subprotocol(seen: Upgrade) -> bool:
    """Whether the close frame names the subprotocol as its reason: libraries close with 1002 or
    4406 where they were offered none that they know."""
    return (
        not seen.offered
        and "protocol" in seen.close_reason.lower()
        and (
            "sub" in seen.close_reason.lower() or bool(named_subprotocols(seen.close_reason, None))
        )
    )
