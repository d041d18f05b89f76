"""Why a WebSocket handshake was refused, by what the server replied. No I/O."""

import re
from typing import Literal

from diagnose.model.http import Exchange, Upgrade, UpgradeVariant
from diagnose.model.websocket_attempts import Attempt
from diagnose.parsers.lazy_pattern import lazy_pattern
from diagnose.parsers.redirects import REDIRECTS

#: Common subprotocols (IANA's registry, and those that libraries made common).
_SUBPROTOCOLS = (
    "mqtt", "mqttv3.1", "graphql-transport-ws", "graphql-ws", "sip", "xmpp", "wamp.2.json",
    "wamp.2.msgpack", "v10.stomp", "v11.stomp", "v12.stomp", "ocpp1.6", "ocpp2.0", "ocpp2.0.1",
    "ocpp2.1", "soap", "msrp", "bfcp", "janus-protocol", "actioncable-v1-json", "binary", "base64",
    "chat", "superchat", "json", "tty", "livekit", "lws-minimal", "nats", "amqp", "webtty",
)  # fmt: skip


def named_subprotocols(answer: str, protocol_header: str | None) -> tuple[str, ...]:
    """Return the subprotocols that a rejection names: in Sec-WebSocket-Protocol, or in a text about
    subprotocols."""
    candidates = [name.strip() for name in (protocol_header or "").split(",")]
    if "protocol" in answer.lower():
        tokens = set(re.findall(r"[\w.-]+", answer.lower()))
        candidates += [
            name for name in _SUBPROTOCOLS if name in {token.rstrip(".") for token in tokens}
        ]
    return tuple(
        dict.fromkeys(name for name in candidates if re.fullmatch(r"[\w.+-]{1,64}", name))
    )[:8]


def common_subprotocols() -> tuple[str, ...]:
    """Return the common subprotocols, for a server of which nothing is known."""
    return _SUBPROTOCOLS


#: Words of a path, and the subprotocol without which such a server refuses the handshake (MQTT
#: 3.1.1 section 6, STOMP, OCPP-J, RFC 7118, RFC 7395).
_BY_PATH = {
    "mqtt": "mqtt",
    "stomp": "v12.stomp",
    "ocpp": "ocpp1.6",
    "sip": "sip",
    "xmpp-websocket": "xmpp",
    "graphql": "graphql-transport-ws",
}


def subprotocols_by_path(path: str) -> tuple[str, ...]:
    """Return the subprotocol that a server at this path usually requires, () for others."""
    words = path.partition("?")[0].lower().split("/")
    return tuple(name for word, name in _BY_PATH.items() if word in words)[:1]


#: What applications reply to a WebSocket request without Upgrade: websockets, ws, aiohttp, Tornado,
#: flask-sock, Jetty, gorilla, SignalR, Engine.IO (error 3: the transport is not the request's),
#: ntfy and Odoo.
_NO_UPGRADE = (
    r"upgrade required|(missing|invalid|bad) (upgrade|connection) header|no websocket upgrade"
    r"|can \"?upgrade\"? only|not a websocket handshake|'upgrade' token not found"
    r"|expected websocket|unsupported http version|expected http/1\.1|connection id required"
    r"|not using the websocket protocol|missing header\(s\):[^<\n]{0,80}\bupgrade\b"
    r"|\{\"code\":3,\"message\":\"bad request\"\}$"
)


def upgrade_lost(status: int | None, body: str) -> bool:
    """Return whether a response reports a request without Upgrade, or over HTTP/1.0. We sent the
    Upgrade, so it was lost on the way."""
    complaint = status in {400, 404} and re.search(_NO_UPGRADE, body, re.IGNORECASE)
    return status in {426, 505} or bool(complaint)


def wants_websocket(upgrade: str | None, body: str) -> bool:
    """Return whether the answer 426 to an ordinary request is that of a WebSocket: the protocol is
    in its field Upgrade, or the body asks for an upgrade and the field does not ask for another
    version of HTTP, as that of a server does which refuses HTTP/1.0. An API says more in its body:
    there 426 asks for a newer program of the visitor."""
    names = (upgrade or "").lower()
    bare = body[:4000].strip().rstrip(".").lower()
    asks = bare == "upgrade required" or re.search(r"web ?socket", body[:4000], re.IGNORECASE)
    return "websocket" in names or (bool(asks) and not names)


def is_incomplete(upgrade: Upgrade) -> bool:
    """Return whether the server has the path and misses something in the request: a name, a token
    or a subprotocol of the program's own client. So Jenkins answers at /wsagents/ without the name
    of an agent (WebSocketAgents.doIndex)."""
    return upgrade.status in {400, 422, 428}


#: Why a handshake failed. Each reason has a check of its own; "other" has the general check.
#: "offered" is not a fault: the handshake succeeds if the named subprotocol is offered. Nor is
#: "expired": it succeeds without the id in its query, which belongs to another connection.
Refusal = Literal[
    "accept",
    "subprotocol",
    "offered",
    "origin",
    "sticky",
    "extension",
    "version",
    "redirected",
    "limited",
    "unauthorized",
    "http2",
    "expired",
    "other",
]

_LIMITS = lazy_pattern(r"rate.?limit|too many|limit exceeded|throttl", re.IGNORECASE)


def refusal(attempt: Attempt) -> Refusal | None:
    """Return the reason for a failed handshake, or None if it succeeded."""
    first = attempt.first
    if first.accepted:
        return None
    if first.failure is not None:
        return "http2" if first.failure.name == "HTTP2" else "other"
    if first.fault == "accept" or first.fault == "extension" or first.fault == "version":
        return first.fault
    if reason := _retry_refusal(attempt):
        return reason
    if any(retry.variant == "without-id" and retry.accepted for retry in attempt.retries):
        return "expired"
    if unknown_session(first):
        return "sticky"
    if first.status in REDIRECTS and first.header("Location"):
        return "redirected"
    if _limited(attempt):
        return "limited"
    is_closed = first.status in {401, 403, 407} and not opens_at_times(attempt)
    return "unauthorized" if is_closed else "other"


def _retry_refusal(attempt: Attempt) -> Refusal | None:
    offers = [retry for retry in attempt.retries if retry.variant == "subprotocol"]
    if any(offer.accepted for offer in offers):
        # What the client offers is refused, and the server takes another.
        return "subprotocol" if attempt.first.offered else "offered"
    if attempt.first.fault == "subprotocol" or any(
        offer.fault == "subprotocol" for offer in offers
    ):
        return "subprotocol"
    if opens_at_times(attempt):
        return None
    if any(retry.variant in ORIGIN_VARIANTS for retry in passing_retries(attempt)):
        return "origin"
    return "origin" if is_origin_refusal(attempt.first) else None


def passes_guard(refused: Upgrade, changed: Upgrade) -> bool:
    """Return whether a changed handshake was asked to log in (401, 407) where this one was
    forbidden (403): what forbade it, such as a comparison of the Origin, let the other pass."""
    return not refused.accepted and refused.status == 403 and changed.status in {401, 407}


def passing_retries(attempt: Attempt) -> tuple[Upgrade, ...]:
    """Return the changed handshakes that opened, or that came past the refusal of the first and
    were asked to log in. As it was, the handshake must have been refused each time. Where the first
    opened and was closed, only one that stayed open passes."""
    if attempt.first.accepted:
        return tuple(retry for retry in attempt.retries if retry.stayed_open)
    repeated = [retry for retry in attempt.retries if retry.variant == "again"]
    is_steady = all(retry.status == attempt.first.status for retry in repeated)
    return tuple(
        retry
        for retry in attempt.retries
        if retry.accepted or (is_steady and passes_guard(attempt.first, retry))
    )


def _limited(attempt: Attempt) -> bool:
    """Return whether a limit rejected the handshake, and not a site that is down for everybody."""
    first = attempt.first
    if first.status == 503 and opens_alone(attempt):
        return True
    limit_signal = first.header("Retry-After") or _LIMITS.search(f"{first.reason} {first.body}")
    return first.status == 429 or bool(
        first.status == 503 and limit_signal and 503 not in attempt.site
    )


def opens_at_times(attempt: Attempt) -> bool:
    """Return whether a refused handshake opened when it was repeated as it was."""
    return any(retry.variant == "again" and retry.accepted for retry in attempt.retries)


def opens_alone(attempt: Attempt) -> bool:
    """Return whether each address at which the handshake was refused with 429 or 503 opened it
    when it was repeated alone: the other requests of this run may have met a limit."""
    if attempt.first.status not in {429, 503}:
        return False
    opened = {
        retry.address for retry in attempt.retries if retry.variant == "again" and retry.accepted
    }
    return all(upgrade.address in opened for upgrade in attempt.same)


#: Variants that differ from the refused handshake in the Origin only.
ORIGIN_VARIANTS = {"no-origin", "other-scheme", "with-port", "plain-port", "usual-port"}


def other_origins(origin: str) -> tuple[tuple[UpgradeVariant, str], ...]:
    """Return the Origins that differ from a page's own by what a proxy may tell an application
    wrongly: the scheme (no X-Forwarded-Proto), and the port (Host $host:$server_port; no
    X-Forwarded-Port, so that an application which is told https believes its port to be 80)."""
    scheme, separator, authority = origin.partition("://")
    if scheme not in {"http", "https"} or not separator:
        return ()
    other_scheme = "http" if scheme == "https" else "https"
    origins: list[tuple[UpgradeVariant, str]] = [("other-scheme", f"{other_scheme}://{authority}")]
    if not re.search(r":\d+$", authority):
        port = 443 if scheme == "https" else 80
        origins.append(("with-port", f"{origin}:{port}"))
        if scheme == "https":
            origins.append(("plain-port", f"{origin}:80"))
    return tuple(origins)


#: Messages about a rejected Origin. A CORS field alone does not count.
_ORIGIN = lazy_pattern(
    r"invalid cors request"
    r"|\borigins?\b(?! server)[^.\n]{0,60}?(?:n't\b|\b(?:not|denied|refused|rejected|forbidden"
    r"|blocked|invalid|mismatch|disallowed|fail))"
    r"|\b(?:invalid|bad|wrong|disallowed|forbidden|unknown|unexpected|cross|untrusted)[- ]origin\b"
    r"|(?:\b(?:not|denied|refused|rejected|forbidden|blocked)|n't)\b[^.\n]{0,40}?"
    r"\borigins?\b(?! server)",
    re.IGNORECASE,
)


def is_origin_refusal(upgrade: Upgrade) -> bool:
    """Return whether a rejection names the Origin as the reason: its close frame, or the message
    that came before it (n8n closes with 1008 and no reason)."""
    refused = not upgrade.accepted and upgrade.status in {400, 401, 403}
    text = f"{upgrade.reason}\n{upgrade.body}" if refused else _last_words(upgrade)
    return upgrade.origin is not None and is_origin_error(text)


def _last_words(upgrade: Upgrade) -> str:
    """Return the reason of the close frame, or the message before it where that was a policy's."""
    is_forced = upgrade.accepted and upgrade.stayed_open is None
    return upgrade.close_reason or (upgrade.last_words if is_forced else "")


def is_refusal_of_action_cable(upgrade: Upgrade) -> bool:
    """Return whether Action Cable refuses a handshake: with these words and no others, whatever the
    reason (actioncable, lib/action_cable/connection/base.rb). A whole handshake lacks nothing but
    an Origin that it allows."""
    if upgrade.status != 404:
        return False
    # Imported late: few WebSockets are refused.
    from diagnose.parsers.secrets import HIDDEN

    return upgrade.body.strip() in {
        "Page not found", f"{HIDDEN} Page not found",
    }  # fmt: skip


def is_origin_error(text: str) -> bool:
    """Return whether a text says that an Origin was rejected."""
    return _ORIGIN.search(re.sub(r"<[^>]{0,1000}>", " ", text[:4096])) is not None


_UNKNOWN_SESSION = re.compile(r"Session ID unknown|^\W{0,9}Invalid session\b")


def unknown_session(upgrade: Upgrade) -> bool:
    """Return whether Engine.IO reports error 1 ("Session ID unknown"; python-engineio: "Invalid
    session"), or SignalR that it has no such connection: another worker has it, or it has ended."""
    is_engineio = upgrade.status == 400 and _UNKNOWN_SESSION.search(upgrade.body) is not None
    return is_engineio or is_unknown_to_signalr(upgrade)


def is_lost_session(answer: Exchange) -> bool:
    """Return whether the answer to a usual request is that of SignalR or Engine.IO to an unknown
    id. SignalR says so of a request without an id, too (protocol version 0)."""
    is_engineio = answer.status == 400 and _UNKNOWN_SESSION.search(answer.body) is not None
    return is_engineio or is_unknown_to_signalr(answer)


def is_unknown_to_signalr(upgrade: Upgrade | Exchange) -> bool:
    """Return whether SignalR says that it has no connection with the id in the query."""
    return upgrade.status == 404 and "No Connection with that ID" in upgrade.body
