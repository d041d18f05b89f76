"""Reads the files of Apache's configuration: the main one, and all that it includes."""

import asyncio
import posixpath
from collections.abc import Iterable

from diagnose.machine import FileContent
from diagnose.model.frozen import frozen
from diagnose.parsers.apache.loading import ConfigSource, include_patterns, server_root
from diagnose.probes import ProbeContext

#: Maximum number of rounds of includes, of files, and of bytes of one file.
MAX_ROUNDS, MAX_FILES, MAX_BYTES = 8, 1000, 1 << 20


@frozen
class Tree:
    """The files of a configuration."""

    source: ConfigSource
    files: tuple[FileContent, ...]
    root: str


async def read_tree(
    ctx: ProbeContext, path: str, given_root: str, variables: dict[str, str]
) -> Tree | None:
    """Read the main file, then all that it includes, round by round."""
    main = await ctx.machine.read(path, MAX_BYTES)
    if main.failure is not None:
        return None
    default = given_root or posixpath.dirname(path).removesuffix("/conf")
    root = server_root(main.text, default)
    files: dict[str, FileContent] = {path: main}
    matches: dict[str, tuple[str, ...]] = {}
    texts: Iterable[str] = (main.text,)
    for _ in range(MAX_ROUNDS):
        patterns = [
            pattern
            for text in texts
            for pattern in include_patterns(text, root, variables)
            if pattern not in matches
        ]
        if not patterns or len(files) > MAX_FILES:
            break
        groups = await asyncio.gather(
            *(ctx.machine.read_all(pattern, MAX_BYTES) for pattern in dict.fromkeys(patterns))
        )
        for pattern, group in zip(dict.fromkeys(patterns), groups, strict=True):
            matches[pattern] = tuple(file.path for file in group)
        new = [file for group in groups for file in group if file.path not in files]
        files |= {file.path: file for file in new}
        texts = [file.text for file in new]
    readable = {file.path: file.text for file in files.values() if file.failure is None}
    return Tree(ConfigSource(readable, matches), tuple(files.values()), root)
