"""Judges whether a page's Permissions-Policy lets the page itself use a function of the browser. No
I/O.

W3C Permissions Policy, sections 5.2 (the field, a dictionary of RFC 8941) and 9.2. A field that is
not such a dictionary counts for nothing; browsers leave out a feature that they do not know.
Chromium was asked about each row of the test, and agrees.
"""

import re
from collections.abc import Iterable

from diagnose.model.frozen import frozen
from diagnose.model.pages import Feature
from diagnose.parsers.lazy_pattern import lazy_pattern
from diagnose.parsers.urls import parse_url

#: Maximum number of characters of the field, and of features in it.
MAX_FIELD, MAX_FEATURES = 8192, 128

_KEY = re.compile(r"[a-z*][a-z0-9_.*-]*")
_ITEM = re.compile(r'\*|"([^"\\]*)"|[A-Za-z*][\w!#$%&\'*+.^`|~:/-]*|-?\d+(?:\.\d+)?|\?[01]')
#: What browsers say of such a policy, whatever the feature.
_TOLD = lazy_pattern(r"(?:permissions?|feature)[ -]policy", re.IGNORECASE)


@frozen
class Forbidden:
    """A feature that the page may not use, and its entry in the field, as written."""

    feature: Feature | str
    text: str


def forbidden_features(
    field_values: Iterable[str], page_url: str, features: Iterable[Feature | str]
) -> tuple[Forbidden, ...]:
    """Return those of the features that the page may not use. "camera-or-microphone" is forbidden
    if both are."""
    entries = _entries(", ".join(value for value in field_values if value.strip()))
    refused = {
        name: text for name, (allowed, text) in entries.items() if not _allows(allowed, page_url)
    }
    forbidden = []
    for feature in features:
        if feature == "camera-or-microphone":
            both = [refused.get("camera", ""), refused.get("microphone", "")]
            text = ", ".join(both) if all(both) else ""
        else:
            text = refused.get(feature, "")
        if text:
            forbidden.append(Forbidden(feature, text))
    return tuple(forbidden)


def reported_features(field_values: Iterable[str], page_url: str, message: str) -> tuple[str, ...]:
    """Return the features that the page may not use and that a browser's message about such a
    policy names ("Geolocation access has been blocked because of a permissions policy")."""
    if not _TOLD.search(message):
        return ()
    entries = _entries(", ".join(value for value in field_values if value.strip()))
    words = set(re.findall(r"[a-z][a-z-]{2,40}", message.lower()))
    return tuple(
        name
        for name, (allowed, _) in entries.items()
        if name in words and not _allows(allowed, page_url)
    )


def modern_form(old_value: str) -> str:
    """Return a Feature-Policy as a Permissions-Policy: Chromium still obeys it (W3C Feature Policy,
    section 5.2: features are separated by semicolons, origins by blanks)."""
    entries = []
    for text in old_value[:MAX_FIELD].split(";")[:MAX_FEATURES]:
        name, *origins = text.lower().split()[:64] or [""]
        words = [
            origin.strip("'") if origin in {"'self'", "*"} else f'"{origin}"'
            for origin in origins
            if origin != "'none'" and '"' not in origin
        ]
        if _KEY.fullmatch(name) and origins:
            entries.append(f"{name}=({' '.join(words)})")
    return ", ".join(entries)


def _entries(field: str) -> dict[str, tuple[tuple[str, ...], str]]:
    """Return the origins of each feature, and the entry as written; nothing if the field is not a
    dictionary. The last entry of a feature counts (RFC 8941 section 4.2.2)."""
    text, entries = field[:MAX_FIELD], dict[str, tuple[tuple[str, ...], str]]()
    position = _after_blanks(text, 0)
    while position < len(text):
        key = _KEY.match(text, position)
        if key is None or len(entries) >= MAX_FEATURES:
            return {}
        start, position = position, key.end()
        allowed: tuple[str, ...] = ("?1",)
        if text[position : position + 1] == "=":
            items = _items(text, position + 1)
            if items is None:
                return {}
            allowed, position = items
        entries[key[0]] = allowed, text[start:position]
        parameters = re.compile(r"(?:\s*;\s*[a-z*][^;,]{0,300})*").match(text, position)
        position = _after_blanks(text, parameters.end() if parameters else position)
        if position < len(text) and text[position] != ",":
            return {}
        position = _after_blanks(text, position + 1)
    return entries


def _items(text: str, position: int) -> tuple[tuple[str, ...], int] | None:
    """Return the members of a list in brackets, or the single item, and the position behind it."""
    if text[position : position + 1] != "(":
        item = _ITEM.match(text, position)
        return ((item[1] if item[1] is not None else item[0],), item.end()) if item else None
    members, position = list[str](), _after_blanks(text, position + 1)
    while text[position : position + 1] != ")":
        item = _ITEM.match(text, position)
        if item is None:
            return None
        members.append(item[1] if item[1] is not None else item[0])
        end = _after_blanks(text, item.end())
        if end == item.end() and text[end : end + 1] != ")":
            return None
        position = end
    return tuple(members), position + 1


def _after_blanks(text: str, position: int) -> int:
    while text[position : position + 1] in {" ", "\t"}:
        position += 1
    return position


def _allows(allowed: tuple[str, ...], page_url: str) -> bool:
    """Return whether the page's own origin is among those that may use a feature."""
    page = parse_url(page_url)
    for member in allowed:
        if member in {"*", "self", "?1"}:
            return True
        url = parse_url(member)
        if page and url and (url.scheme, url.host, url.port) == (page.scheme, page.host, page.port):
            return True
    return not page
