"""The ids in a WebSocket's address that belong to one connection. No I/O.

SignalR gives a client an id over HTTP, which it takes back in the query of the WebSocket; so do
Engine.IO and what gives out tickets. Such an address is refused once the connection has ended, and
that is no fault.
"""

import json
from urllib.parse import quote

#: Names of such a field, without "_" and "-", in lower case.
_NAMES = frozenset({
    "id", "sid", "connectionid", "connectiontoken", "ticket", "token", "accesstoken", "session",
    "sessionid", "nonce",
})  # fmt: skip

#: Longest id that is sent, in characters, and longest answer that is read.
_MAX_ID, _MAX_ANSWER = 300, 4096


def _is_id(word: str) -> bool:
    name, equals, value = word.partition("=")
    is_named = name.lower().replace("_", "").replace("-", "") in _NAMES
    return bool(equals and value) and is_named


def path_without_ids(path: str) -> str:
    """Return the path without the fields of its query that belong to one connection; "" if it has
    none."""
    bare, _, query = path.partition("?")
    words = query.split("&")
    kept = [word for word in words if not _is_id(word)]
    return "" if len(kept) == len(words) else f"{bare}?{'&'.join(kept)}".rstrip("?")


def negotiation_path(path: str) -> str:
    """Return the path at which SignalR gives out an id for the hub at this path (ASP.NET Core,
    TransportProtocols.md)."""
    bare, _, query = (path_without_ids(path) or path).partition("?")
    more = f"&{query}" if query else ""
    return f"{bare.rstrip('/')}/negotiate?negotiateVersion=1{more}"


def path_with_id(path: str, connection_id: str) -> str:
    """Return the path of a WebSocket that belongs to this id."""
    kept = path_without_ids(path) or path
    return (
        f"{kept}{'&' if '?' in kept else '?'}id={quote(connection_id, safe='', errors='replace')}"
    )


def connection_id(body: str) -> str:
    """Return the id that SignalR gives out for a WebSocket; "" if it gives none, or sends the
    client to another server."""
    try:
        answer = json.loads(body[:_MAX_ANSWER])
    except (ValueError, RecursionError):
        return ""
    if not isinstance(answer, dict) or "url" in answer:
        return ""
    transports = answer.get("availableTransports")
    names = [
        each.get("transport")
        for each in (transports if isinstance(transports, list) else ())
        if isinstance(each, dict)
    ]
    # Version 0 has the id alone, version 1 a secret token beside it.
    given = answer.get("connectionToken") or answer.get("connectionId")
    is_id = isinstance(given, str) and 0 < len(given) <= _MAX_ID and given.isprintable()
    return given if is_id and isinstance(given, str) and "WebSockets" in names else ""
