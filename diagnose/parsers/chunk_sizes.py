"""Finds the sizes of chunks inside of a body, where only HTTP itself puts them (RFC 9112 section
7.1). No I/O."""

import re
from typing import Literal

#: The first size, and how a document or data begins. A body that was cleaned has no \\r.
_FIRST = re.compile(r"(?:\r?\n)?([0-9A-Fa-f]{1,8})\r?\n(?=[\ufeff\s]{0,99}[<{\[])")
_NEXT = re.compile(r"\r?\n([0-9A-Fa-f]{1,8})\r?\n")
#: Bytes of the frame around one chunk beside its size: a line's end, and "\r\n0\r\n\r\n".
_FRAME = 9
#: A number that no application prints by accident: with letters, or the size of a buffer.
_TELLING = re.compile(r"(?=.*\d)(?=.*[A-Fa-f])[0-9A-Fa-f]{3,8}|[1248]000")

#: "whole": the sizes fit the body. "begun": it begins with a size, and where the chunk ends was not
#: seen.
ChunkSizes = Literal["", "begun", "whole"]


def chunk_sizes_in(body: str, received: int | None) -> ChunkSizes:
    """Return whether a body begins with the size of a chunk that may be in it. `body` is the
    beginning of the body, `received` the bytes of all of it, None if they are not known."""
    match = _FIRST.match(body)
    size = int(match[1], 16) if match else 0
    if match is None or not size:
        return ""
    if received is not None:
        # The line may have a line's end before it.
        if received - size - len(match[1]) in {_FRAME, _FRAME + 2}:
            return "whole"
        if received < size + len(match[1]) + _FRAME:
            return ""
    chunk = body[match.end() :].encode()
    if _NEXT.match(chunk[size : size + 12].decode("ascii", "replace")):
        return "whole"
    is_longer = len(chunk) <= size
    return "begun" if is_longer and _TELLING.fullmatch(match[1]) else ""
