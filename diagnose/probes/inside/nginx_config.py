"""The reader of nginx's configuration tree: a main file and everything that it includes."""

import asyncio
import posixpath
import re
from collections.abc import Sequence

from diagnose.machine import LIMIT, FileContent, Machine
from diagnose.model import Failure, Target
from diagnose.model.frozen import frozen
from diagnose.model.nginx import ConfigFile, Directive
from diagnose.parsers.nginx import config as nginx_parser
from diagnose.parsers.nginx import install_paths, server_blocks

#: Maximum number of configuration files read of the nginx that serves the target, and of another.
MAX_FILES, MAX_OTHER_FILES = 500, 200


@frozen
class ConfigTree:
    """A configuration as far as it could be read.

    `main` are the directives with every include replaced, `files` the files read. `failure` is that
    of the main file, `denied` are the included files that this user may not read.
    """

    main: tuple[Directive, ...]
    files: tuple[ConfigFile, ...]
    failure: Failure | None = None
    denied: tuple[str, ...] = ()


def config_path(build: install_paths.Build, options: tuple[str, ...]) -> str:
    """Return the path of the configuration that a program reads with these options (nginx(8))."""
    option_values = dict(zip(options[::2], options[1::2], strict=False))
    prefix = option_values.get("-p", build.prefix)
    path = option_values.get("-c") or (
        posixpath.relpath(build.config, build.prefix)
        if "-p" in option_values and build.config.startswith(f"{build.prefix}/")
        else build.config
    )
    return posixpath.normpath(posixpath.join(prefix, path))


async def read_config_tree(machine: Machine, path: str, max_files: int = MAX_FILES) -> ConfigTree:
    """Read a configuration and its includes, one inclusion depth per round.

    Every file is read up to LIMIT bytes and every pattern once; the parser bounds the depth of the
    blocks (MAX_DEPTH) and the directives of the expanded tree (MAX_DIRECTIVES).
    """
    reader = _TreeReader(path, max_files)
    patterns: Sequence[str] = [path]
    while patterns:
        groups = await asyncio.gather(*(_read_matching(machine, pattern) for pattern in patterns))
        for pattern, contents in zip(patterns, groups, strict=True):
            await reader.add(pattern, contents)
        patterns = reader.missing_patterns()
    return reader.tree()


def serves_target(main: tuple[Directive, ...], target: Target) -> bool:
    """Whether a block on the target's port has the target's name."""
    sockets = server_blocks.sockets(server_blocks.servers(main), target.port)
    return any(
        server_blocks.select_server(socket, target.host)[1] != "default" for socket in sockets
    )


class _TreeReader:
    """The files of one tree, as they are read."""

    def __init__(self, path: str, max_files: int) -> None:
        self.path, self.max_files = path, max_files
        self.files: dict[str, ConfigFile] = {}
        self.directives: dict[str, tuple[Directive, ...]] = {}
        self.matches: dict[str, tuple[str, ...]] = {}
        self.included: dict[str, None] = {}
        self.denied: list[str] = []
        self.failure: Failure | None = None

    async def add(self, pattern: str, contents: Sequence[FileContent]) -> None:
        """Add the files that a pattern matches."""
        self.matches[pattern] = tuple(content.path for content in contents)
        for content in contents[: self.max_files - len(self.files)]:
            if content.failure is not None:
                self._add_failure(content.path, content.failure)
            elif content.path not in self.files:
                await self._add_file(content)

    def _add_failure(self, path: str, failure: Failure) -> None:
        if path == self.path:
            self.failure = failure
        elif failure.kind == "denied":
            self.denied.append(path)

    async def _add_file(self, content: FileContent) -> None:
        path = content.path
        self.files[path] = ConfigFile(path, content.text, content.changed, content.real)
        # A large file must not hold up the probes that wait for the network.
        directives = await asyncio.to_thread(nginx_parser.parse, content.text, path)
        self.directives[path] = directives
        folder = posixpath.dirname(self.path)
        self.included |= dict.fromkeys(nginx_parser.includes(directives, folder))

    def missing_patterns(self) -> tuple[str, ...]:
        """Return the included patterns that have not been read."""
        return tuple(pattern for pattern in self.included if pattern not in self.matches)

    def tree(self) -> ConfigTree:
        main = nginx_parser.expand(self.path, self.directives, self.matches)
        return ConfigTree(main, tuple(self.files.values()), self.failure, tuple(self.denied))


async def _read_matching(machine: Machine, pattern: str) -> tuple[FileContent, ...]:
    if re.search(r"[*?\[]", pattern):
        return await machine.read_all(pattern)
    return (await machine.read(pattern, LIMIT),)
