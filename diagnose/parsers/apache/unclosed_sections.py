"""Closes the sections of an Apache configuration that are left open, and takes away an end that
closes nothing ("Configuration Sections"). No I/O."""

import re
from collections.abc import Mapping, Sequence

Changes = Mapping[int, tuple[str, ...]]

_OPENS = re.compile(r"\s*<([A-Za-z]\w{0,40})\b")
_CLOSES = re.compile(r"\s*</(\w{1,40})")
#: Directives that stand in a <Directory> or <Location>.
_INNER = re.compile(
    r"(?i)\s*(?:#|<|Options|AllowOverride|Require|Order|Allow|Deny|Satisfy|Auth|DirectoryIndex"
    r"|Rewrite|SetHandler|SetEnv|FallbackResource|Header|php_|$)"
)


def _indent(text: str) -> int:
    return len(text) - len(text.lstrip())


def _open_sections(lines: Sequence[str]) -> list[tuple[str, int]]:
    """Return the sections that are open behind the lines: their names in lower case, and their
    first lines."""
    sections: list[tuple[str, int]] = []
    for number, text in enumerate(lines, 1):
        if match := _OPENS.match(text):
            sections.append((match[1].lower(), number))
        elif (match := _CLOSES.match(text)) and sections and sections[-1][0] == match[1].lower():
            sections.pop()
    return sections


def _with_end(lines: Sequence[str], start: int, behind: int) -> Changes:
    """Return the change that ends the section of line `start` behind line `behind`."""
    head = lines[start - 1]
    name = _OPENS.match(head)
    if name is None:
        return {}
    return {behind: (lines[behind - 1], f"{head[: _indent(head)]}</{name[1]}>")}


def _last_text(lines: Sequence[str], limit: int) -> int:
    """Return the last line up to `limit` that is neither empty nor a comment."""
    return next(
        (
            n
            for n in range(limit, 0, -1)
            if lines[n - 1].strip() and lines[n - 1].lstrip()[0] != "#"
        ),
        0,
    )


def _end_by_indentation(lines: Sequence[str], start: int, limit: int) -> int:
    """Return the last line of a section by its indentation, or by the directives that may stand in
    it; 0 if neither shows it."""
    own = _indent(lines[start - 1])
    inner = [n for n in range(start + 1, limit + 1) if lines[n - 1].strip()]
    is_indented = bool(inner) and _indent(lines[inner[0] - 1]) > own
    for number in inner:
        text = lines[number - 1]
        if _indent(text) <= own if is_indented else not _INNER.match(text):
            return _last_text(lines, number - 1)
    return _last_text(lines, limit)


def closed_section(lines: Sequence[str], number: int, match: re.Match[str]) -> Changes:
    """Close the section of a line: a virtual host before the next one or at the end of the file,
    another one behind its last line."""
    opening = _OPENS.match(lines[number - 1])
    if opening is None or opening[1].lower() != match[1].lstrip("<").lower():
        return {}
    following = (
        n
        for n, text in enumerate(lines[number:], number + 1)
        if re.match(r"(?i)\s*<VirtualHost\b", text)
    )
    if opening[1].lower() == "virtualhost":
        behind = _last_text(lines, next(following, len(lines) + 1) - 1)
    else:
        behind = _end_by_indentation(lines, number, len(lines))
    return _with_end(lines, number, behind) if behind >= number else {}


def closing_of_inner(lines: Sequence[str], number: int, match: re.Match[str]) -> Changes:
    """Close the section that is still open where another one ends."""
    sections = _open_sections(lines[: number - 1])
    if not sections or sections[-1][0] != match[1].lower():
        return {}
    start = sections[-1][1]
    behind = _end_by_indentation(lines, start, number - 1)
    return _with_end(lines, start, behind) if behind >= start else {}


def closed_before(lines: Sequence[str], number: int, match: re.Match[str]) -> Changes:
    """Close a virtual host before the one that begins in it, if the file has an end too few."""
    starts = [n for n, text in enumerate(lines, 1) if re.match(r"(?i)\s*<VirtualHost\b", text)]
    ends = [n for n, text in enumerate(lines, 1) if re.match(r"(?i)\s*</VirtualHost\b", text)]
    before = [n for n in starts if n < number]
    if len(starts) != len(ends) + 1 or not before or any(before[-1] < n < number for n in ends):
        return {}
    behind = _last_text(lines, number - 1)
    return _with_end(lines, before[-1], behind) if behind >= before[-1] else {}


def needless_end(lines: Sequence[str], number: int, match: re.Match[str]) -> Changes:
    """Take away an end that closes nothing. Where its beginning is a comment, a person knows which
    of both is meant."""
    name = match[1].lstrip("</")
    commented = re.compile(rf"(?i)\s*#+\s*<{re.escape(name)}\b")
    if any(commented.match(text) for text in lines[:number]):
        return {}
    return {number: ()} if _CLOSES.match(lines[number - 1]) else {}
