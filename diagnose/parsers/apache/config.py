"""Parse Apache's configuration files into directives and sections (httpd, "Configuration Files").
No I/O.

A file is read line by line: a backslash at the end of a line continues it, a comment too. "#"
begins a comment only at the start of a line, and words may be quoted. The time is linear in the
text. A mistake in the text never raises: what is not understood is kept as a directive.
"""

import re
from collections.abc import Collection, Iterable, Iterator

from diagnose.model.frozen import frozen

#: Maximum number of directives of a file, and of nested sections.
MAX_DIRECTIVES, MAX_DEPTH = 20_000, 50

_WORD = re.compile(r"\"((?:[^\"\\]|\\.)*)\"?|'((?:[^'\\]|\\.)*)'?|(\S+)")
_ESCAPED = re.compile(r"\\([\"'\\])")


@frozen
class Directive:
    """A directive, or a section with its directives (`block` is None for a directive). `name` is in
    lower case. `line` counts from 1; `stop` is the line where it ends."""

    name: str
    args: tuple[str, ...]
    file: str
    line: int
    block: tuple["Directive", ...] | None = None
    stop: int = 0


def parse(text: str, file: str) -> tuple[Directive, ...]:
    """Parse a file. A section that is not closed ends with the file."""
    root: list[Directive] = []
    open_sections: list[tuple[Directive, list[Directive]]] = []
    number = 0
    for line, stop, statement in _statements(text):
        number += 1
        if number > MAX_DIRECTIVES:
            break
        if statement.startswith("</"):
            name = statement[2:].rstrip("> \t").lower()
            _close(name, stop, open_sections, root)
            continue
        into = open_sections[-1][1] if open_sections else root
        if statement.startswith("<"):
            words = _words(statement[1:].rstrip().removesuffix(">"))
            section = Directive(words[0].lower() if words else "", words[1:], file, line)
            if len(open_sections) < MAX_DEPTH:
                open_sections.append((section, []))
            continue
        words = _words(statement)
        into.append(Directive(words[0].lower(), words[1:], file, line, None, stop))
    while open_sections:
        _close(open_sections[-1][0].name, 0, open_sections, root)
    return tuple(root)


def flatten(
    directives: Iterable[Directive], sections: Collection[str] | None = None
) -> Iterator[Directive]:
    """Yield the directives in their order, those of sections too: of all sections, or of those with
    the names `sections` ("files") alone."""
    for directive in directives:
        if directive.block is None:
            yield directive
        elif sections is None or directive.name in sections:
            yield from flatten(directive.block, sections)


def _close(
    name: str,
    stop: int,
    open_sections: list[tuple[Directive, list[Directive]]],
    root: list[Directive],
) -> None:
    """Close the innermost section, if it has this name."""
    if not open_sections or open_sections[-1][0].name != name:
        return
    section, block = open_sections.pop()
    into = open_sections[-1][1] if open_sections else root
    into.append(
        Directive(section.name, section.args, section.file, section.line, tuple(block), stop)
    )


def _statements(text: str) -> Iterator[tuple[int, int, str]]:
    """Return each statement with its first and its last line. A backslash continues a comment as
    well: what stands below it is commented out (util.c, ap_cfg_getline_core)."""
    pieces: list[str] = []
    first, rows = 1, text.split("\n")
    for number, row in enumerate(rows, 1):
        line = row.removesuffix("\r")
        if not pieces:
            first = number
        if line.endswith("\\") and number < len(rows):
            pieces.append(line[:-1])
            continue
        statement = "".join((*pieces, line)).strip()
        pieces = []
        if statement and not statement.startswith("#"):
            yield first, number, statement


def _words(text: str) -> tuple[str, ...]:
    """Split a statement into words, as ap_getword_conf does."""
    words = tuple(
        bare or _ESCAPED.sub(r"\1", double or single)
        for double, single, bare in _WORD.findall(text)
    )
    return words or ("",)
