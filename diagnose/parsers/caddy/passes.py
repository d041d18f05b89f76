"""Where the lines of a site of a Caddyfile pass requests on, with the blocks in which they stand:
those that Caddy never uses are in its lines alone. No I/O."""

from collections.abc import Sequence
from dataclasses import replace

from diagnose.model.frozen import frozen
from diagnose.parsers.sanitize import clean

#: Blocks that choose requests by their path alone.
_CHOOSING = {"handle", "handle_path", "route"}
#: Maximum number of lines, of passes, and of blocks around one.
_MAX_LINES, _MAX_PASSES, _MAX_DEPTH = 5000, 100, 20


@frozen
class Block:
    """A block that has a pass in it. `matcher` is written behind its name; `paths` are what it
    means."""

    head: str
    matcher: str
    paths: tuple[str, ...]
    start: int
    end: int = 0


@frozen
class Pass:
    """A `reverse_proxy` with its one application. `blocks` are those around it, the outermost
    first, and at last itself."""

    target: str
    number: int
    blocks: tuple[Block, ...]

    @property
    def matcher(self) -> str:
        """The narrowest matcher as it is written; "" if it takes all paths."""
        return next((block.matcher for block in reversed(self.blocks) if block.matcher), "")

    @property
    def width(self) -> int:
        """How many characters of a path are given."""
        paths = [path for block in self.blocks for path in block.paths]
        return max((len(path.rstrip("*/")) for path in paths), default=0)

    def takes(self, path: str) -> bool:
        """Return whether all matchers take a path."""
        own = [block.paths for block in self.blocks if block.paths]
        return all(any(takes_path(each, path.lower()) for each in paths) for paths in own)

    def span(self, depth: int) -> tuple[int, int]:
        """Return the first and last line of what stands at a depth of the blocks."""
        block = self.blocks[min(depth, len(self.blocks) - 1)]
        return block.start, block.end


def passes_of(rows: Sequence[str], first: int) -> tuple[Pass, ...]:
    """Return the passes of a site whose block begins at line `first`. One with a matcher that is
    not known, or in a block that chooses in another way, is left out."""
    named = _named(rows)
    passes: list[Pass] = []
    stack: list[Block | None] = []
    ends: dict[int, int] = {}
    for number, row in enumerate(rows[1:_MAX_LINES], first + 1):
        words = row[:1000].partition(" #")[0].split()
        if not words or words[0].startswith("#"):
            continue
        if words == ["}"]:
            if (block := stack.pop() if stack else None) is not None:
                ends[block.start] = number
            continue
        own = _block(words, named, number)
        if own and own.head == "reverse_proxy" and len(stack) <= _MAX_DEPTH:
            around = tuple(block for block in stack if block)
            passes += _passes_of_line(words, own, around) if len(around) == len(stack) else ()
        if words[-1] == "{":
            stack.append(own)
        elif own:
            ends[number] = number
    return tuple(
        replace(each, blocks=tuple(replace(b, end=ends[b.start]) for b in each.blocks))
        for each in passes[:_MAX_PASSES]
        if all(block.start in ends for block in each.blocks)
    )


def _named(rows: Sequence[str]) -> dict[str, tuple[str, ...]]:
    """Return the named matchers that are paths alone, on one line."""
    named: dict[str, tuple[str, ...]] = {}
    for row in rows[:_MAX_LINES]:
        words = row[:1000].split()
        if len(words) > 2 and words[0].startswith("@") and words[1] == "path":
            named[words[0]] = tuple(clean(word, 300) for word in words[2:22])
    return named


def _passes_of_line(words: Sequence[str], own: Block, around: tuple[Block, ...]) -> list[Pass]:
    """Return the pass of a line with one application. A path in a `handle_path` is another one."""
    upstreams = words[2 if len(words) > 1 and words[1][0] in "/@*" else 1 :]
    upstreams = [word for word in upstreams if word != "{"]
    is_inner = bool(own.paths) and any(block.head == "handle_path" for block in around)
    if len(upstreams) != 1 or is_inner:
        return []
    return [Pass(clean(upstreams[0], 300), own.start, (*around, own))]


def _block(words: Sequence[str], named: dict[str, tuple[str, ...]], number: int) -> Block | None:
    if words[0] not in _CHOOSING and words[0] != "reverse_proxy":
        return None
    matcher = words[1] if len(words) > 1 and words[1][0] in "/@*" else ""
    if matcher.startswith("@") and matcher not in named:
        return None
    paths = named.get(matcher, (matcher,) if matcher.startswith("/") else ())
    return Block(words[0], "" if matcher == "*" else clean(matcher, 300), paths, number)


def takes_path(pattern: str, path: str) -> bool:
    """Return whether a path matcher takes a path; an asterisk counts at the end alone."""
    lowered = pattern.lower()
    if lowered.endswith("*"):
        return "*" not in lowered[:-1] and path.startswith(lowered[:-1])
    return path == lowered
