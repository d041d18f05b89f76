"""Caddy's JSON configuration as values whose types are certain. No I/O."""

import msgspec

#: Maximum number of bytes of a configuration, and depth of its routes.
MAX_BYTES, MAX_DEPTH = 4 << 20, 12

#: Maximum number of members of a list that are looked at.
MAX_MEMBERS = 1000

#: Handlers of a response that end the request.
_ANSWERS = {"copy_response", "static_response", "file_server", "reverse_proxy", "subroute"}


def decode(text: str) -> object:
    """Decode JSON; None if it is none, is too large or too deep."""
    if len(text) > MAX_BYTES:
        return None
    try:
        return msgspec.json.decode(text)
    except (msgspec.DecodeError, RecursionError, UnicodeError):
        return None


def dictionary(value: object) -> dict[str, object]:
    return value if isinstance(value, dict) else {}


def dictionaries(value: object) -> list[dict[str, object]]:
    members = value if isinstance(value, list) else []
    return [member for member in members[:MAX_MEMBERS] if isinstance(member, dict)]


def texts(value: object) -> list[str]:
    members = value if isinstance(value, list) else []
    return [member for member in members[:MAX_MEMBERS] if isinstance(member, str)]


def text_of(value: object) -> str:
    return value if isinstance(value, str) else ""


def at(value: object, *keys: str) -> object:
    """Return the value behind a path of keys; None if it is not there."""
    for key in keys:
        value = dictionary(value).get(key)
    return value


def asks_first(handler: dict[str, object]) -> bool:
    """Return whether a handler asks an application whether a request may go on, as the directive
    `forward_auth` does: after a response 2xx the handlers behind it follow."""
    if text_of(handler.get("handler")) != "reverse_proxy":
        return False
    return any(
        2 in members(at(response, "match", "status_code"))
        and not any(
            text_of(inner.get("handler")) in _ANSWERS
            for route in dictionaries(response.get("routes"))
            for inner in dictionaries(route.get("handle"))
        )
        for response in dictionaries(handler.get("handle_response"))
    )


def members(value: object) -> list[object]:
    return value[:MAX_MEMBERS] if isinstance(value, list) else []


def application_of(route: dict[str, object], depth: int = 0) -> str:
    """Return the first application ("host:port") to which a route leads; "" for none."""
    for handler in dictionaries(route.get("handle")) if depth <= MAX_DEPTH else ():
        if text_of(handler.get("handler")) == "reverse_proxy" and not asks_first(handler):
            upstreams = dictionaries(handler.get("upstreams"))
            return text_of(upstreams[0].get("dial")) if upstreams else ""
        for inner in dictionaries(handler.get("routes")):
            if application := application_of(inner, depth + 1):
                return application
    return ""
