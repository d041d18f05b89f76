"""The setting by which Tomcat takes characters that a query may not have by RFC 3986. No I/O.

Sources: Tomcat's documentation, "The HTTP Connector" (relaxedQueryChars); Spring Boot's properties.
"""

import re
from xml.sax.saxutils import quoteattr

from diagnose.parsers.header_sizes import SizeLine

#: Those that it takes if they are named.
_ALLOWED = '"<>[\\]^`{|}'
_SPRING = "server.tomcat.relaxed-query-chars"
_SPRING_LINE = re.compile(
    r"(?P<head>[ \t]*server\.tomcat\.relaxed-?[qQ]uery-?[cC]hars[ \t]*[=:][ \t]*)"
    r"(?P<value>\S{0,60})"
)
_CONNECTOR = re.compile(r'(?P<head>[ \t]*<Connector[ \t]+)(?P<rest>(?:[^<>\n]*[ \t])?port="%d".*)')
_MAX_LINES, _MAX_LINE = 4000, 1000


def refused_characters(path: str) -> str:
    """Return the characters of a path's query that Tomcat takes only if they are named, each
    once."""
    query = path.partition("?")[2]
    return "".join(character for character in _ALLOWED if character in query)


def spring_query_characters(text: str, characters: str) -> SizeLine | None:
    """Return the change of application.properties; None if it names them."""
    lines = [line.rstrip("\r") for line in text.split("\n")[:_MAX_LINES]]
    for number, line in enumerate(lines, 1):
        if match := _SPRING_LINE.fullmatch(line[:_MAX_LINE]):
            named = [each for each in match["value"].split(",") if each]
            more = [
                _escaped(character) for character in characters if _escaped(character) not in named
            ]
            new = match["head"] + ",".join((*named, *more))
            return SizeLine(_SPRING, number, line, new) if more else None
    if lines[-1:] != [""]:
        return None
    new = f"{_SPRING}={','.join(map(_escaped, characters))}"
    return SizeLine(_SPRING, len(lines) - 1, "", new, added=True)


def _escaped(character: str) -> str:
    """Return a character as a properties file has it (java.util.Properties)."""
    return "\\\\" if character == "\\" else character


def tomcat_query_characters(text: str, port: int, characters: str) -> SizeLine | None:
    """Return the change of the <Connector> of a port that has its attributes on one line; None if
    it has the attribute."""
    connector = re.compile(_CONNECTOR.pattern % port)
    for number, line in enumerate(text.split("\n")[:_MAX_LINES], 1):
        match = connector.fullmatch(line.rstrip("\r")[:_MAX_LINE])
        if match and "relaxedQueryChars" not in text:
            new = f"{match['head']}relaxedQueryChars={quoteattr(characters)} {match['rest']}"
            return SizeLine("relaxedQueryChars", number, line.rstrip("\r"), new)
    return None
