"""Lines of Spring Boot's application.yml: a value in its place, or a new document at the end, which
counts after those before it. No I/O.

Source: Spring Boot's documentation, "Working With Multi-Document Files".
"""

import re

from diagnose.parsers.header_sizes import MAX_LINE, MAX_LINES, SIZE, SizeLine
from diagnose.parsers.lazy_pattern import lazy_pattern

_CHARACTERS = lazy_pattern(
    r"(?P<head>[ \t]{1,40}relaxed-?query-?chars:[ \t]{1,9})"
    r"(?P<quote>[\"']?)(?P<value>[^\"'\s]{0,60})(?P=quote)[ \t]{0,20}",
    re.IGNORECASE,
)
_RESPONSE = lazy_pattern(
    r"(?P<head>[ \t]{1,40}max-http-response-header-size:[ \t]{1,9})"
    r"(?P<value>\d{1,9})[ \t]{0,9}(?P<unit>[kKmM]?)[bB]?[ \t]{0,20}"
)
_FACTORS = {"": 1, "K": 1024, "M": 1 << 20}


def yaml_query_characters(text: str, characters: str) -> SizeLine | None:
    """Return the change by which Tomcat takes these characters in a query; None if it does."""
    key = "server.tomcat.relaxed-query-chars"
    lines = _lines(text)
    for number, line in enumerate(lines, 1):
        if match := _CHARACTERS.fullmatch(line):
            named = [each for each in match["value"].split(",") if each]
            more = [character for character in characters if character not in named]
            new = f"{match['head']}'{','.join((*named, *more))}'"
            return SizeLine(key, number, line, new) if more else None
    entry = f"    relaxed-query-chars: '{','.join(characters)}'"
    return _document(key, lines, ("server:", "  tomcat:", entry))


def yaml_response_size(text: str) -> SizeLine | None:
    """Return the change by which Tomcat takes larger headers of a response; None if it does. Before
    Spring Boot 3.1 `server.max-http-header-size` is for both."""
    key = "server.tomcat.max-http-response-header-size"
    lines, size = _lines(text), f"{SIZE // 1024}KB"
    for number, line in enumerate(lines, 1):
        if match := _RESPONSE.fullmatch(line):
            is_small = int(match["value"]) * _FACTORS[match["unit"].upper()] < SIZE
            return SizeLine(key, number, line, f"{match['head']}{size}") if is_small else None
    entries = (
        "server:",
        f"  max-http-header-size: {size}",
        "  tomcat:",
        f"    max-http-response-header-size: {size}",
    )
    return _document(key, lines, entries)


def _lines(text: str) -> list[str]:
    return [line.rstrip("\r")[:MAX_LINE] for line in text.split("\n")[:MAX_LINES]]


def _document(key: str, lines: list[str], entries: tuple[str, ...]) -> SizeLine | None:
    """Return a new document behind the last line; None if that has no end."""
    if lines[-1:] != [""]:
        return None
    return SizeLine(key, len(lines) - 1, "", "\n".join(("---", *entries)), added=True)
