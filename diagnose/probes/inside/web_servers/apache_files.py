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

#: Stands for a file with the lines of the command line.
COMMAND_LINE = "(command line)"


@frozen
class Tree:
    """The files of a configuration. `start` is the one that is read first: the main one, or the
    lines of the command line, which include it."""

    source: ConfigSource
    files: tuple[FileContent, ...]
    root: str
    start: str = ""


async def read_tree(
    ctx: ProbeContext,
    path: str,
    given_root: str,
    variables: dict[str, str],
    command_line: str = "",
) -> Tree | None:
    """Read the main file, then all that it includes, round by round. `command_line` are the lines
    that the command line gives (`whole_command_line`)."""
    main = await ctx.machine.read(path, MAX_BYTES)
    if main.failure is not None:
        return None
    default = given_root or posixpath.dirname(path).removesuffix("/conf")
    root = server_root(main.text, default)
    files: dict[str, FileContent] = {path: main}
    matches: dict[str, tuple[str, ...]] = {}
    texts: Iterable[str] = (main.text, command_line)
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
    if command_line:
        readable[COMMAND_LINE] = command_line
        matches[path] = (path,)
    source = ConfigSource(readable, matches)
    return Tree(source, tuple(files.values()), root, COMMAND_LINE if command_line else path)


def whole_command_line(path: str, before: tuple[str, ...], after: tuple[str, ...]) -> str:
    """Return the lines of httpd's options -C and -c as a file that includes the main one between
    them; "" if there are none."""
    if not before and not after:
        return ""
    return "\n".join((*before, f'Include "{path}"', *after))
