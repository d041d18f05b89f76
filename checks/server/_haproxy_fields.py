"""The lines by which HAProxy sends fields of its responses (Configuration Manual, "http-response
set-header", and "http-request return" with `hdr`)."""

import re
from collections.abc import Iterator

from checks.server import ServerView, line_text
from checks.server._field_lines import FieldLine
from checks.server._haproxy import haproxy_view
from diagnose.parsers.haproxy.config import Line

_VALUE = r"(?P<value>(?:\"(?:[^\"\\]|\\.)*\"|'[^']*'|\\.|[^\s\"'\\#])+)"
_LINE = re.compile(
    rf"\s*http-(?:response|after-response)\s+(?:set|add)-header\s+\S{{1,100}}\s+{_VALUE}(?:\s.*)?"
)
_RETURNED = re.compile(rf"\shdr\s+\"?(?P<name>[\w-]{{1,100}})\"?\s+{_VALUE}(?=\s|$)")
_RULES = {"http-response", "http-after-response"}


def field_lines(view: ServerView, name: str) -> Iterator[FieldLine]:
    """Yield the lines of the target's frontend and backend, and of what they inherit, that set a
    field. A value with "%[" is an expression of the log format."""
    haproxy = haproxy_view(view.evidence)
    if haproxy is None:
        return
    proxies = [proxy for proxy in (haproxy.proxies.frontend, haproxy.proxies.backend) if proxy]
    sections = dict.fromkeys(
        (section.file, section.line, section.lines)
        for proxy in proxies
        for section in (proxy.section, *proxy.defaults)
    )
    for line in (line for _, _, lines in sections for line in lines):
        words = line.words
        if line.keyword == "http-request" and words[1:2] == ("return",):
            yield from _returned(view, line, name)
        if line.keyword not in _RULES or len(words) < 4 or words[2].lower() != name.lower():
            continue
        text = line_text(view, line.file, line.number)
        if match := _LINE.fullmatch(text):
            start, stop = match.span("value")
            is_plain = "%" not in words[3].replace("%%", "") and not line.variable
            value = words[3].replace("%%", "%")
            yield FieldLine(line.file, line.number, text, start, stop, value, is_plain)


def _returned(view: ServerView, line: Line, name: str) -> Iterator[FieldLine]:
    """Yield the fields of this name in an answer of HAProxy's own."""
    text = line_text(view, line.file, line.number)
    for match in _RETURNED.finditer(text):
        word = match["value"]
        value = word[1:-1] if word[0] in "\"'" else word
        if match["name"].lower() == name.lower() and "\\" not in value:
            start, stop = match.span("value")
            is_plain = "%" not in value.replace("%%", "") and not line.variable
            plain = value.replace("%%", "%")
            yield FieldLine(
                line.file, line.number, text, start, stop, plain, is_plain, is_alone=False
            )


def quoted(value: str) -> str:
    """Return a value as a word of HAProxy's (Configuration Manual, section 2.2)."""
    escaped = re.sub(r"([\"\\$])", r"\\\1", value).replace("%", "%%")
    return f'"{escaped}"' if value.isprintable() else ""
