"""The lines by which HAProxy sends fields of its responses (Configuration Manual, "http-response
set-header")."""

import re
from collections.abc import Iterator

from checks.server import ServerView, line_text
from checks.server._field_lines import FieldLine
from checks.server._haproxy import haproxy_view

_LINE = re.compile(
    r"\s*http-(?:response|after-response)\s+(?:set|add)-header\s+\S{1,100}\s+"
    r"(?P<value>(?:\"(?:[^\"\\]|\\.)*\"|'[^']*'|\\.|[^\s\"'\\#])+)(?:\s.*)?"
)
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
        if line.keyword not in _RULES or len(words) < 4 or words[2].lower() != name.lower():
            continue
        text = line_text(view, line.file, line.number)
        if match := _LINE.fullmatch(text):
            start, stop = match.span("value")
            is_plain = "%" not in words[3].replace("%%", "") and not line.variable
            value = words[3].replace("%%", "%")
            yield FieldLine(line.file, line.number, text, start, stop, value, is_plain)


def quoted(value: str) -> str:
    """Return a value as a word of HAProxy's (Configuration Manual, section 2.2)."""
    escaped = re.sub(r"([\"\\$])", r"\\\1", value).replace("%", "%%")
    return f'"{escaped}"' if value.isprintable() else ""
