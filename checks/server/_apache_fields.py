"""The lines by which Apache sends fields of its responses (mod_headers, "Header")."""

import re
from collections.abc import Iterator

from checks.server import ServerView, file_rows
from checks.server._field_lines import FieldLine

_LINE = re.compile(
    r"(?i)\s*Header\s+(?:(?:always|onsuccess)\s+)?(?:set|append|merge|add|setifempty)\s+"
    r"(?P<quote>[\"']?)(?P<name>[\w-]{1,100}):?(?P=quote)\s+"
    r"(?P<value>\"(?:[^\"\\]|\\.)*\"|'(?:[^'\\]|\\.)*'|[^\s\"'][^\s]*)\s*(?:[\"']?(?:env|expr)=.*)?"
)
_ESCAPED = re.compile(r"\\([\"'\\])")
_SITE = re.compile(r"(?i)\s*<(/?)VirtualHost\b")


def field_lines(view: ServerView, name: str) -> Iterator[FieldLine]:
    """Yield the lines that set a field in the target's virtual hosts and outside of all of them, in
    any section. A value with "%" is a format, and "%%" stands for one."""
    own = {(site.file, site.line) for site in view.answering_sites}
    for file in view.config.files if view.config else ():
        is_own = True
        for number, text in enumerate(file_rows(view, file), 1):
            if opened := _SITE.match(text):
                is_own = bool(opened[1]) or (file.path, number) in own
            elif is_own and (match := _LINE.fullmatch(text)) and _is_name(match["name"], name):
                word = match["value"]
                value = _ESCAPED.sub(r"\1", word[1:-1]) if word[0] in "\"'" else word
                start, stop = match.span("value")
                is_plain = "%" not in value.replace("%%", "") and not text.endswith("\\")
                value = value.replace("%%", "%")
                yield FieldLine(file.path, number, text, start, stop, value, is_plain)


def quoted(value: str) -> str:
    """Return a value as a word of Apache's."""
    escaped = value.replace("\\", "\\\\").replace('"', '\\"').replace("%", "%%")
    return f'"{escaped}"' if value.isprintable() else ""


def _is_name(written: str, name: str) -> bool:
    return written.lower() == name.lower()
