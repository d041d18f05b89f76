"""Whether a WebSocket that opened stays open, or how and why it ended. No I/O."""

from typing import Literal

from diagnose.model.http import Upgrade
from diagnose.model.websocket_attempts import Attempt
from diagnose.parsers.websocket_refusal import (
    ORIGIN_VARIANTS,
    is_origin_refusal,
    named_subprotocols,
)

#: How a WebSocket ended: "died" every time, "sometimes" (another attempt stayed open), "at-ping"
#: (every attempt with a ping died, the one without stayed open), "refused" (closed on purpose, for
#: missing credentials or by a policy), "origin" (refused because of the Origin), "subprotocol" (the
#: one that was offered is refused), or "compressed" (a message was compressed without agreement, or
#: cannot be decompressed).
Ending = Literal["died", "sometimes", "at-ping", "refused", "origin", "subprotocol", "compressed"]


def ending(attempt: Attempt) -> Ending | None:
    """Return how it ended; None if it did not open, stayed open, or was closed normally."""
    first = attempt.first
    if not first.accepted or first.stayed_open:
        return None
    other_holds = any(
        retry.variant == "subprotocol" and retry.stayed_open for retry in attempt.retries
    )
    if first.offered and (other_holds or names_subprotocol(first)):
        return "subprotocol"
    if other_holds:
        return None
    if first.stayed_open is None or asks_for_subprotocol(first):
        holds = any(
            retry.variant in ORIGIN_VARIANTS and retry.stayed_open for retry in attempt.retries
        )
        return "origin" if holds or is_origin_refusal(first) else "refused"
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
    """Return whether nothing was offered, and the close frame names the subprotocol as the
    reason."""
    return not upgrade.offered and names_subprotocol(upgrade)


def names_subprotocol(upgrade: Upgrade) -> bool:
    """Return whether the close frame names the subprotocol as the reason: in words, or with 4406
    (graphql-ws, PROTOCOL.md)."""
    reason = upgrade.close_reason.lower()
    is_named = "protocol" in reason and ("sub" in reason or bool(named_subprotocols(reason, None)))
    return is_named or upgrade.close_code == 4406


def other_subprotocols(upgrade: Upgrade) -> tuple[str, ...]:
    """Return the subprotocols to try after a connection that may have ended because of its
    subprotocol: those that a server of the same kind may want. Old and new libraries of GraphQL
    close with 1002 and no reason, or with 4406, where the other's is offered."""
    if not names_subprotocol(upgrade) and (upgrade.close_code != 1002 or upgrade.close_reason):
        return ()
    named = named_subprotocols(upgrade.close_reason, None)
    if upgrade.offered:
        named += tuple(_OTHER_NAMES.get(name, "") for name in upgrade.offered)
    elif not named:
        names = ("graphql-transport-ws", "graphql-ws")
        # The older library closes with 1002.
        named = names if upgrade.close_code == 4406 else names[::-1]
    return tuple(dict.fromkeys(name for name in named if name and name not in upgrade.offered))[:2]


#: Subprotocols that are taken for each other.
_OTHER_NAMES = {
    "graphql-ws": "graphql-transport-ws",
    "graphql-transport-ws": "graphql-ws",
    "subscriptions-transport-ws": "graphql-ws",
    "mqtt": "mqttv3.1",
    "mqttv3.1": "mqtt",
}
