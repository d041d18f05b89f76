"""The list of targets: a file or a stream of lines, read only as fast as they are needed."""

import asyncio
import codecs
import re
from collections.abc import AsyncIterator, Callable
from functools import cache, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from diagnose.model import Target
from diagnose.model.frozen import frozen
from diagnose.parsers.hostnames import is_address
from diagnose.parsers.target import NamelessMessageError, UsageError

if TYPE_CHECKING:
    from publicsuffixlist import PublicSuffixList

#: Bytes of a line. A longer one is not a target (a URL has at most some 2,000 characters).
MAX_LINE = 8192

#: Lines read at once, in a thread: a stream may wait for the next one for hours.
_BATCH = 256

_COMMENT = re.compile(r"(?:^|\s)#.*")
#: The end of the first column of a table: a rank, a name.
_COLUMN = re.compile(r"[^/?#]*[\s,;|]")
_TWO_WORDS = "The line holds more than a target. Give each target a line of its own."
_OTHER_ENCODING = "The list is UTF-16. Make it UTF-8: iconv -f UTF-16 -t UTF-8 FILE"
_UTF_16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


@frozen
class ListedTarget:
    """A line of the list: its number, counted from 1, and the target; or, if it names none, its
    text and the `problem`."""

    line: int
    text: str
    target: Target | None = None
    problem: str = ""

    @property
    def key(self) -> str:
        """What tells targets apart: the URL, and the WebSockets that are judged too."""
        if self.target is None:
            return self.text
        own_paths = {self.target.path} if self.target.is_websocket else set()
        return " ".join((self.target.url, *sorted({*self.target.websockets} - own_paths)))

    @property
    def domain(self) -> str:
        """The registered domain, or the address; every line without a target is its own."""
        return registered_domain(self.target.host) if self.target else f"line {self.line}"


async def read_targets(
    file: BinaryIO, parse: Callable[[str], Target]
) -> AsyncIterator[ListedTarget]:
    """Yield the target of each line. Empty lines and comments ("# …") are passed over. A list in
    UTF-16 (PowerShell's ">") ends with its first line, which says so."""
    number = 0
    while True:
        batch = await asyncio.to_thread(_read_batch, file)
        if not batch:
            return
        if number == 0 and batch[0].startswith(_UTF_16):
            yield ListedTarget(1, "", problem=_OTHER_ENCODING)
            return
        for line in batch:
            number += 1
            text = _COMMENT.sub("", line.decode("utf-8", "replace")).strip()
            if text:
                yield _listed_target(number, text, parse)


def _read_batch(file: BinaryIO) -> list[bytes]:
    """Return the lines that are there, at least one; [] at the end. What follows MAX_LINE bytes of
    a line is skipped."""
    lines: list[bytes] = []
    while len(lines) < _BATCH:
        line = file.readline(MAX_LINE + 1)
        if not line:
            break
        lines.append(line)
        end = line
        while len(end) > MAX_LINE and not end.endswith(b"\n"):
            end = file.readline(MAX_LINE + 1)
        if not file.seekable():
            break
    return lines


def _listed_target(number: int, text: str, parse: Callable[[str], Target]) -> ListedTarget:
    if len(text) > MAX_LINE:
        return ListedTarget(number, text[:200], problem="The line is too long.")
    try:
        return ListedTarget(number, text, parse(text))
    except NamelessMessageError as error:
        problem = str(error)
    except UsageError as error:
        problem = _TWO_WORDS if _COLUMN.match(text) else str(error)
    return ListedTarget(number, text[:500], problem=problem)


def count_lines(path: Path) -> int:
    """Return about how many targets a file has: its lines that are neither empty nor a comment."""
    with path.open("rb") as file:
        return sum(1 for line in file if line.strip() and not line.lstrip().startswith(b"#"))


@lru_cache(maxsize=4096)
def registered_domain(host: str) -> str:
    """Return the domain that was registered ("example.co.uk" for "www.shop.example.co.uk"): the
    public suffix and one label (https://publicsuffix.org). An address is its own."""
    if is_address(host):
        return host
    return str(_suffix_list().privatesuffix(host) or host)


@cache
def _suffix_list() -> "PublicSuffixList":
    from publicsuffixlist import PublicSuffixList

    # What is not in the list counts as a suffix of one label, as in browsers.
    return PublicSuffixList()
