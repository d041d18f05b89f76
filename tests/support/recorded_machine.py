"""A machine made of recorded command output and recorded files, for tests."""

import re
import shlex
from collections.abc import Mapping, Sequence
from pathlib import Path

from diagnose.machine import LIMIT, CommandResult, FileContent, Socket
from diagnose.model import Failure
from diagnose.net import DEFAULT_TIMEOUT, ConnectResult
from diagnose.parsers.linux.sockets import listening_sockets

_LISTENERS = (
    ("ss", "-ltnpe"),
    ("netstat", "-ltnp"),
    ("cat", "/proc/net/tcp", "/proc/net/tcp6"),
)

MISSING = Failure("missing", "No such file or directory", 2)


class RecordedMachine:
    """A machine that answers from recordings.

    `commands` maps a command line ("firewall-cmd --state") to its output or to a `CommandResult`.
    `files` maps a path to its text or to the failure to read it. Any other command or file is
    missing.
    """

    def __init__(
        self,
        commands: Mapping[str, str | CommandResult] | None = None,
        files: Mapping[str, str | Failure] | None = None,
        via: str = "local",
    ) -> None:
        self.via = via
        self.commands_run: list[str] = []
        self._commands = dict(commands or {})
        self._files = dict(files or {})

    @classmethod
    def load(
        cls, directory: Path, commands: Mapping[str, Sequence[str]], via: str = "local"
    ) -> "RecordedMachine":
        """Load a machine from a directory.

        Its folder `commands` holds the output of each command named in `commands`; its folder
        `root` holds the machine's files.
        """
        outputs = {
            shlex.join(argv): (directory / "commands" / name).read_text("utf-8")
            for name, argv in commands.items()
        }
        root = directory / "root"
        files = {
            f"/{path.relative_to(root)}": path.read_text("utf-8")
            for path in sorted(root.rglob("*"))
            if path.is_file()
        }
        return cls(outputs, files, via)

    def with_overrides(
        self,
        commands: Mapping[str, str | CommandResult],
        files: Mapping[str, str | Failure] | None = None,
    ) -> "RecordedMachine":
        """Return the same machine with these commands and files added or replaced."""
        return RecordedMachine(
            {**self._commands, **commands}, {**self._files, **(files or {})}, self.via
        )

    async def run(self, *argv: str, timeout: float = 8.0) -> CommandResult:
        command = shlex.join(argv)
        self.commands_run.append(command)
        recorded = self._commands.get(command)
        if isinstance(recorded, CommandResult):
            return recorded
        if recorded is None:
            return CommandResult(argv, None, "", "", 0.0, MISSING)
        return CommandResult(argv, 0, recorded, "", 0.0)

    async def read(self, path: str, limit: int = LIMIT) -> FileContent:
        recorded = self._files.get(path, MISSING)
        if isinstance(recorded, Failure):
            return FileContent(path, failure=recorded)
        return FileContent(path, recorded[:limit], 0.0)

    async def glob(self, pattern: str) -> tuple[str, ...]:
        return tuple(path for path in sorted(self._files) if matches(path, pattern))

    async def read_all(self, pattern: str, limit: int = LIMIT) -> tuple[FileContent, ...]:
        return tuple([await self.read(path, limit) for path in await self.glob(pattern)])

    async def listeners(self) -> tuple[Socket, ...] | Failure:
        """Return the listening sockets from the first tool that exists, as over SSH."""
        result = await self.run(*_LISTENERS[0])
        for argv in _LISTENERS[1:]:
            if result.failure is not None and result.failure.kind == "missing":
                result = await self.run(*argv)
        return result.failure or listening_sockets(result.out)

    async def connect(
        self, address: str, port: int, timeout: float = DEFAULT_TIMEOUT
    ) -> ConnectResult:
        return ConnectResult(0.0, failure=Failure("other", "this machine is only remembered"))


def matches(path: str, pattern: str) -> bool:
    """Whether a path matches a glob(7) pattern: "*" does not match a slash, "**" does."""
    parts = re.split(r"(\*\*/?)", pattern)
    expression = "".join(
        "(?:.*/)?" if part == "**/" else ".*" if part == "**" else _segment_expression(part)
        for part in parts
    )
    return re.fullmatch(expression, path) is not None


def _segment_expression(segment: str) -> str:
    return re.sub(r"\[[!^]?\]?[^]/]*\]|.", _token_expression, segment)


def _token_expression(token: re.Match[str]) -> str:
    """Return the regular expression for one character or bracket expression of a pattern."""
    match token[0]:
        case "*":
            return "[^/]*"
        case "?":
            return "[^/]"
        case character if len(character) == 1:
            return re.escape(character)
        case brackets:
            is_negated = brackets[1] in "!^"
            members = re.sub(r"[\\\[\]&~|^]", r"\\\g<0>", brackets[1 + is_negated : -1])
            return f"[{'^/' if is_negated else ''}{members}]"
