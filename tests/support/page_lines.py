"""Lay out the long lines of the checks' pages: a sentence that depends on a fact has its own line.

make pages
python -m tests.support.page_lines --verify   exits with 1 if a page is laid out otherwise

It changes no text: `diagnose.checking.texts.join_continued` gives back what was there.
"""

import re
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from diagnose.checking.texts import join_continued

CHECKS = Path(__file__).parents[2] / "checks"
OUT_OF_DATE = "These pages have lines that are not laid out. Run: make pages"

#: A line with so many sections is laid out.
MIN_SECTIONS: Final = 8
#: A section that holds so many others has its tags on lines of their own.
MIN_NESTED: Final = 3
#: Columns. A continued line is indented once at the least.
INDENT: Final = 2

_TAG = re.compile(r"(\{\{[#^/][\w.-]+\}\})")
_OPENS = re.compile(r"\{\{[#^]")
_SENTENCE_ENDS = (".", "!", "?", ":", "。", "！", "？", "：")


def lay_out(page: str) -> str:
    """Return a page whose long lines are broken at their sections."""
    return "\n".join(
        "".join(_with_breaks(_TAG.split(line)))
        if len(_OPENS.findall(line)) >= MIN_SECTIONS
        else line
        for line in join_continued(page).split("\n")
    )


def _closing_tags(pieces: Sequence[str]) -> dict[int, int]:
    """Return where each section of a line is closed, by the place of its opening tag; of one that
    goes on in the lines below, the place of that tag. Tags stand at every second place."""
    closed = {index: index for index in range(1, len(pieces), 2) if _OPENS.match(pieces[index])}
    open_tags = list[int]()
    for index in range(1, len(pieces), 2):
        if index in closed:
            open_tags.append(index)
        elif open_tags and pieces[open_tags[-1]][3:] == pieces[index][3:]:
            closed[open_tags.pop()] = index
    return closed


def _with_breaks(pieces: Sequence[str]) -> Iterator[str]:
    """Yield the pieces of a line, with breaks before the sections that begin a sentence, and before
    the closing tags of those that hold many others."""
    closed = _closing_tags(pieces)
    open_blocks = list[int]()
    whole_until = 0
    text = ""
    for index, piece in enumerate(pieces):
        if index % 2 == 0:
            text += piece
        elif index in closed:
            if index > whole_until and _ends_sentence(text):
                if (index > 1 or text) and not pieces[index - 1].endswith(" "):
                    yield _line_break(open_blocks)
                if (closed[index] - index) // 4 >= MIN_NESTED:
                    open_blocks.append(closed[index])
                else:
                    whole_until = closed[index]
            else:
                whole_until = max(whole_until, closed[index])
        elif open_blocks and index == open_blocks[-1]:
            open_blocks.pop()
            if not pieces[index - 1].endswith(" "):
                yield _line_break(open_blocks)
        yield piece


def _ends_sentence(text: str) -> bool:
    """Whether a sentence may begin behind a text: not inside of a span of code."""
    words = text.rstrip()
    return not words or (words.endswith(_SENTENCE_ENDS) and words.count("`") % 2 == 0)


def _line_break(open_blocks: Sequence[int]) -> str:
    return "\n" + " " * INDENT * (len(open_blocks) + 1)


def pages_to_write() -> dict[Path, str]:
    """Return the pages that are laid out otherwise, as they should be."""
    pages = {path: path.read_text("utf-8") for path in sorted(CHECKS.rglob("*.md"))}
    return {path: new for path, page in pages.items() if (new := lay_out(page)) != page}


def write_pages() -> None:
    for path, page in pages_to_write().items():
        path.write_text(page, "utf-8")


if __name__ == "__main__":
    if sys.argv[1:] == ["--verify"]:
        sys.exit(
            "\n".join((OUT_OF_DATE, *map(str, names))) if (names := pages_to_write()) else None
        )
    write_pages()
