"""A text of the help in the width of the terminal: prose is wrapped, a command stays whole."""

import re
from collections.abc import Iterator
from functools import reduce

from diagnose.outputs.terminal import cell_len, wrap

#: What a command does stands beside it where it has so many cells, otherwise below it.
_MIN_MEANING = 24
_MEANING_BELOW = " " * 6
_ENTRY = "  "
#: A line that begins so far to the right goes on with what the command above it does.
_CONTINUES = re.compile(r"\s{12}")
_GAP = re.compile(r"\s{2,}")


def lay_out(text: str, width: int) -> list[str]:
    """Return the lines of a text, each of at most `width` cells, but for those of a command. What
    fits stays as it is written."""
    return [
        line
        for block in _blocks(text.rstrip().splitlines())
        for line in (block if _fits(block, width) else _wrapped(block, width))
    ]


def _fits(block: list[str], width: int) -> bool:
    return all(cell_len(line) <= width for line in block)


def _blocks(lines: list[str]) -> Iterator[list[str]]:
    """Yield paragraphs, and entries: an indented line with those that go on with it."""
    block: list[str] = []
    for line in lines:
        is_prose = bool(line) and not line.startswith(_ENTRY)
        is_same = bool(block) and (
            bool(_CONTINUES.match(line)) or (is_prose and not block[-1].startswith(_ENTRY))
        )
        if block and (not is_same or not block[-1] or block[-1].endswith((":", "："))):
            yield block
            block = []
        block.append(line)
    if block:
        yield block


def _wrapped(block: list[str], width: int) -> list[str]:
    if not block[0].startswith(_ENTRY):
        return wrap(reduce(_joined, block), width)
    cells = [cell for line in block for cell in _GAP.split(line.strip())]
    if len(cells) > 2:
        return _packed(cells, width)
    command, meaning = f"{_ENTRY}{cells[0]}", "".join(cells[1:])
    if not meaning:
        return [command]
    gap = _GAP.search(block[0].rstrip(), len(_ENTRY))
    start = cell_len(block[0][: gap.end()]) if gap else width
    if width - start >= _MIN_MEANING:
        first, *rest = wrap(meaning, width - start)
        beside = f"{command}{' ' * (start - cell_len(command))}{first}"
        return [beside, *(" " * start + line for line in rest)]
    below = wrap(meaning, width - len(_MEANING_BELOW))
    return [command, *(_MEANING_BELOW + line for line in below)]


def _joined(text: str, line: str) -> str:
    """Return both as one line, with a space unless the language has none."""
    is_wide = cell_len(text[-1]) > 1 and cell_len(line[0]) > 1
    return f"{text}{line}" if is_wide else f"{text} {line}"


def _packed(cells: list[str], width: int) -> list[str]:
    """Return a row of cells on as many lines as it needs."""
    lines = [f"{_ENTRY}{cells[0]}"]
    for cell in cells[1:]:
        if cell_len(lines[-1]) + 3 + cell_len(cell) <= width:
            lines[-1] += f"   {cell}"
        else:
            lines.append(f"{_ENTRY}{cell}")
    return lines
