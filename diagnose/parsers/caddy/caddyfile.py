"""The lines of a Caddyfile: where its sites and their directives stand. No I/O.

What the file means is known from `caddy adapt`; this finds the lines for it. A site has the lines
of what it imports too, without arguments in their places. It is linear in the text, and total.
"""

import posixpath
import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from fnmatch import fnmatchcase
from itertools import islice

from diagnose.model.frozen import frozen
from diagnose.parsers.continued_lines import joined_rows
from diagnose.parsers.sanitize import clean

#: Maximum number of lines of a file.
MAX_LINES = 20000

#: Maximum number of lines that a site has with what it imports, and of imports in each other.
MAX_IMPORTED, MAX_DEPTH = 5000, 8

_ADDRESS = re.compile(r"(?:(https?)://)?(\[[^\]]*\]|[^:/\[\]]*)(?::(\d{1,5}))?(?:/.*)?")


@frozen
class Line:
    """A line of a site: its words, without the brace at its end. `file` is where it stands: that of
    the site, or one that is imported."""

    number: int
    words: tuple[str, ...]
    file: str = ""


@frozen
class Block:
    """A site block: its addresses as they stand there, its first and last line."""

    addresses: tuple[str, ...]
    file: str
    line: int
    end: int
    lines: tuple[Line, ...] = ()

    @property
    def is_snippet(self) -> bool:
        """Whether it is no site, but lines for others, as in "(proxy) {"."""
        return self.addresses[0].startswith("(")

    def first(self, *words: str) -> Line | None:
        """Return the first line that has all these words."""
        return next((line for line in self.lines if set(words) <= set(line.words)), None)


@frozen
class Address:
    """A site's address, taken apart: "" and 0 for what is not written."""

    scheme: str
    host: str
    port: int


def address_of(text: str) -> Address | None:
    """Take an address of a site block apart; None if it is none."""
    match = _ADDRESS.fullmatch(text)
    if match is None:
        return None
    return Address(match[1] or "", match[2].lower(), int(match[3] or 0))


def uses_environment(text: str) -> bool:
    """Return whether the file takes values from the environment of the process: `{$NAME}`."""
    return any("{$" in line.partition("#")[0] for line in text.splitlines()[:MAX_LINES])


def import_patterns(text: str, folder: str) -> Iterator[str]:
    """Return the files that `import` names. A snippet's name is returned as well: no file has
    it."""
    for line in text.splitlines()[:MAX_LINES]:
        words = line.split()
        if words[:1] == ["import"] and len(words) > 1 and "{" not in words[1]:
            yield posixpath.join(folder, clean(words[1].strip('"`'), 500))


def blocks_of(files: Iterable[tuple[str, str]]) -> tuple[Block, ...]:
    """Return the site blocks of files, given as paths and texts."""
    texts = tuple(files)
    blocks = [block for path, text in texts for block in _blocks(path, text)]
    snippets: dict[str, tuple[Line, ...]] = {}
    for block in blocks:
        if block.is_snippet:
            snippets.setdefault(block.addresses[0].strip("()"), block.lines)
    imported = _Imported(snippets, dict(texts))
    return tuple(
        replace(block, lines=tuple(islice(imported.lines(block.lines), MAX_IMPORTED)))
        for block in blocks
        if not block.is_snippet
    )


class _Imported:
    """The lines that `import` brings: of a snippet, or of files (Caddyfile, "import")."""

    def __init__(self, snippets: dict[str, tuple[Line, ...]], texts: dict[str, str]) -> None:
        self._snippets, self._texts = snippets, texts

    def lines(self, lines: tuple[Line, ...], depth: int = 0) -> Iterator[Line]:
        """Yield lines, each import followed by what it brings."""
        for line in lines:
            yield line
            if line.words[:1] == ("import",) and len(line.words) > 1 and depth < MAX_DEPTH:
                yield from self.lines(self._brought(line), depth + 1)

    def _brought(self, line: Line) -> tuple[Line, ...]:
        name = line.words[1].strip('"`')
        if name in self._snippets:
            return self._snippets[name]
        if not re.search(r"[/.*]", name):
            return ()
        pattern = posixpath.join(posixpath.dirname(line.file), name)
        paths = [path for path in self._texts if fnmatchcase(path, pattern)]
        return tuple(
            file_line for path in paths[:100] for file_line in _file_lines(path, self._texts[path])
        )


def _file_lines(path: str, text: str) -> Iterator[Line]:
    """Yield the lines of a file that a site imports."""
    for number, raw in enumerate(joined_rows(text, False)[:MAX_LINES], 1):
        words = _words(raw)
        body = words[:-1] if words[-1:] == ["{"] else words
        if body and body != ["}"]:
            yield Line(number, tuple(body), path)


def _blocks(path: str, text: str) -> Iterator[Block]:
    depth, head, start = 0, [], 0
    lines: list[Line] = []
    for number, raw in enumerate(joined_rows(text, False)[:MAX_LINES], 1):
        words = _words(raw)
        if not words:
            continue
        opens = words[-1] == "{"
        body = words[:-1] if opens else words
        if depth == 0 and body != ["}"]:
            start = start or number
            head += body
            continues = not opens and body[-1:] and body[-1].endswith(",")
            if not opens and not continues:
                # A file with one site may leave the braces out; then its lines are directives.
                head, start = (head, start) if number == start and not lines else ([], 0)
                lines.append(Line(number, tuple(words), path))
        elif body != ["}"]:
            lines.append(Line(number, tuple(body), path))
        if opens:
            if depth == 0:
                lines = []
            depth += 1
        elif words == ["}"] and depth:
            depth -= 1
            if depth == 0:
                yield from _block(path, head, start, number, lines)
                head, start, lines = [], 0, []


def _block(path: str, head: list[str], start: int, end: int, lines: list[Line]) -> Iterator[Block]:
    addresses = [word for part in head for word in part.split(",") if word]
    if addresses:
        cleaned = tuple(clean(word, 300) for word in addresses[:200])
        yield Block(cleaned, path, start, end, tuple(lines))


def _words(line: str) -> list[str]:
    words = line.split()
    comment = next((index for index, word in enumerate(words) if word.startswith("#")), None)
    return words[:comment]
