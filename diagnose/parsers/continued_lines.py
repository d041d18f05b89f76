"""Lines of a configuration that a backslash continues, as Apache and Caddy join them (httpd,
"Configuration Files", "Syntax"; Caddyfile, "Structure"). No I/O."""

import itertools
import posixpath
from functools import lru_cache


@lru_cache(maxsize=64)
def joined_rows(text: str, comments_too: bool = True) -> tuple[str, ...]:
    """Return the rows of a text: of a continued line the first row has the whole line, without the
    backslashes, and the others are empty. `comments_too` is True where a backslash continues a
    comment as well: in Apache it takes the next line away, in Caddy it does not."""
    rows = text.split("\n")
    if "\\\n" not in text and "\\\r\n" not in text:
        return tuple(rows)
    joined: list[str] = []
    position = 0
    while position < len(rows):
        count = _rows_of_line(rows, position, comments_too)
        joined.append("".join(_pieces(rows[position : position + count])))
        joined += [""] * (count - 1)
        position += count
    return tuple(joined)


def raw_rows(text: str, first: int, comments_too: bool = True) -> tuple[str, ...]:
    """Return the rows, as they are written, of the line that begins in the row `first` (from 1)."""
    rows = text.split("\n")
    count = _rows_of_line(rows, first - 1, comments_too)
    return tuple(rows[first - 1 : first - 1 + count])


def in_rows(rows: tuple[str, ...], changed: str) -> tuple[str, ...]:
    """Return the rows of a continued line as they are after a change of the whole line: what did
    not change stays where it is."""
    pieces = _pieces(rows)
    own = "".join(pieces)
    if changed == own or len(rows) == 1:
        return rows if changed == own else (changed,)
    start = len(posixpath.commonprefix((own, changed)))
    rest, changed_rest = own[start:], changed[start:]
    kept = len(posixpath.commonprefix((rest[::-1], changed_rest[::-1])))
    if start + kept < len(own) // 2:
        return (changed,)
    raw, added = "\n".join(rows), changed_rest[: len(changed_rest) - kept]
    before = raw[: _raw_offset(rows, pieces, start, False)]
    behind = raw[_raw_offset(rows, pieces, len(own) - kept, kept > 0) :]
    return tuple(f"{before}{added}{behind}".split("\n"))


def _raw_offset(rows: tuple[str, ...], pieces: list[str], offset: int, forwards: bool) -> int:
    """Return where a place of the whole line is in its rows; a place between two rows is the
    beginning of the second if `forwards`, else the end of the first."""
    ends = list(itertools.accumulate(len(piece) for piece in pieces))
    raw_start = 0
    for index, end in enumerate(ends):
        if offset < end or (offset == end and (not forwards or index == len(ends) - 1)):
            return raw_start + offset - (end - len(pieces[index]))
        raw_start += len(rows[index]) + 1
    return raw_start


def _pieces(rows: tuple[str, ...] | list[str]) -> list[str]:
    """Return the rows of one line without the backslashes that continue it."""
    return [*(row.removesuffix("\r")[:-1] for row in rows[:-1]), rows[-1]]


def _rows_of_line(rows: list[str], start: int, comments_too: bool) -> int:
    """Return of how many rows the line consists that begins in a row."""
    if not comments_too and rows[start].lstrip().startswith("#"):
        return 1
    stop = start
    while stop + 1 < len(rows) and rows[stop].removesuffix("\r").endswith("\\"):
        stop += 1
    return stop - start + 1
