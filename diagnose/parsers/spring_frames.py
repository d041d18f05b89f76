"""The largest frame of a WebSocket that Spring Cloud Gateway takes from the service behind it, in
its application.yml or application.properties. No I/O.

Source: Spring Cloud Gateway, "Common application properties": 65536 bytes without the property.
From 2025.0 its name has `server.webflux` in it.
"""

import re

from diagnose.parsers.header_sizes import MAX_LINE, MAX_LINES, SizeLine
from diagnose.parsers.lazy_pattern import lazy_pattern
from diagnose.parsers.message_limits import WIDE

_ENTRY = lazy_pattern(
    r"(?P<head>[ \t]{1,40}max-frame-payload-length:[ \t]{1,9})(?P<value>\d{1,10})"
)
_PROPERTY = lazy_pattern(
    r"(?P<head>[ \t]{0,20}spring\.cloud\.gateway\.(?:server\.webflux\.)?httpclient\.websocket\."
    r"max-frame-payload-length[ \t]{0,9}[=:][ \t]{0,9})(?P<value>\d{1,10})"
)
_GATEWAY = lazy_pattern(r"(?m)^ {1,16}gateway:[ \t]{0,20}$")
_WEBFLUX = lazy_pattern(
    r"(?m)^ {1,16}gateway:[ \t]{0,20}\n {2,20}server:[ \t]{0,20}\n {3,24}webflux:"
)
_OF_GATEWAY = lazy_pattern(
    r"(?m)^[ \t]{0,20}spring\.cloud\.gateway\.(?P<webflux>server\.webflux\.)?"
)


def spring_frame_limit(text: str, is_yaml: bool) -> SizeLine | None:
    """Return the change of a gateway's file by which it takes frames of 16 MiB; None if it does, or
    if the file is none of a gateway."""
    lines = [line.rstrip("\r")[:MAX_LINE] for line in text.split("\n")[:MAX_LINES]]
    own = _GATEWAY.search(text) if is_yaml else _OF_GATEWAY.search(text)
    if own is None:
        return None
    is_webflux = bool(_WEBFLUX.search(text) if is_yaml else own["webflux"])
    key = _key(is_webflux)
    for number, line in enumerate(lines, 1):
        if match := _set(line, is_yaml):
            is_small = int(match["value"]) < WIDE
            return SizeLine(key, number, line, f"{match['head']}{WIDE}") if is_small else None
    if lines[-1:] != [""]:
        return None
    # A document of its own counts after those before it.
    new = _document(key) if is_yaml else f"{key}={WIDE}"
    return SizeLine(key, len(lines) - 1, "", new, added=True)


def _set(line: str, is_yaml: bool) -> re.Match[str] | None:
    bare = line.rstrip()
    return _ENTRY.fullmatch(bare) if is_yaml else _PROPERTY.fullmatch(bare)


def _key(is_webflux: bool) -> str:
    server = "server.webflux." if is_webflux else ""
    return f"spring.cloud.gateway.{server}httpclient.websocket.max-frame-payload-length"


def _document(key: str) -> str:
    words = key.split(".")
    entries = [f"{'  ' * depth}{word}:" for depth, word in enumerate(words)]
    return "\n".join(("---", *entries[:-1], f"{entries[-1]} {WIDE}"))
