"""Caddy's JSON configuration as values whose types are certain. No I/O."""

import msgspec

#: Maximum number of bytes of a configuration, and depth of its routes.
MAX_BYTES, MAX_DEPTH = 4 << 20, 12

#: Maximum number of members of a list that are looked at.
MAX_MEMBERS = 1000


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
