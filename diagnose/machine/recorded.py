"""A machine that is only remembered: what its commands printed and what its files held."""

import fnmatch
import re
import shlex
from collections.abc import Mapping, Sequence
from pathlib import Path

from diagnose.machine import LIMIT, Ran, Socket, Text
from diagnose.model import Failure
from diagnose.net import PATIENCE, Connected
from diagnose.parsers.linux.sockets import listening

_LISTENERS = (
    ("ss", "-ltnpe"),
    ("netstat", "-ltnp"),
    ("cat", "/proc/net/tcp", "/proc/net/tcp6"),
)

MISSING = Failure("missing", "No such file or directory", 2)


class RecordedMachine:
    """`commands` maps a command as a shell would be given it ("firewall-cmd --state") to what
    it printed or to a whole `Ran`; `files` a path to its text or to why it could not be read.
    A command or a file that is in neither is missing."""

    def __init__(
        self,
        commands: Mapping[str, str | Ran] | None = None,
        files: Mapping[str, str | Failure] | None = None,
        via: str = "local",
    ) -> None:
        self.via = via
        self.asked: list[str] = []
        self._commands = dict(commands or {})
        self._files = dict(files or {})

    @classmethod
    def load(
        cls, directory: Path, commands: Mapping[str, Sequence[str]], via: str = "local"
    ) -> "RecordedMachine":
        """From a directory: its folder `commands` holds what each of the commands named here
        printed, its folder `root` the machine's files."""
        printed = {
            shlex.join(argv): (directory / "commands" / name).read_text("utf-8")
            for name, argv in commands.items()
        }
        root = directory / "root"
        files = {
            f"/{path.relative_to(root)}": path.read_text("utf-8")
            for path in sorted(root.rglob("*"))
            if path.is_file()
        }
        return cls(printed, files, via)

    def also(
        self,
        commands: Mapping[str, str | Ran],
        files: Mapping[str, str | Failure] | None = None,
    ) -> "RecordedMachine":
        """The same machine, with more said or otherwise."""
        return RecordedMachine(
            {**self._commands, **commands}, {**self._files, **(files or {})}, self.via
        )

    async def run(self, *argv: str, timeout: float = 8.0) -> Ran:
        words = shlex.join(argv)
        self.asked.append(words)
        known = self._commands.get(words)
        if isinstance(known, Ran):
            return known
        if known is None:
            return Ran(argv, None, "", "", 0.0, MISSING)
        return Ran(argv, 0, known, "", 0.0)

    async def read(self, path: str, limit: int = LIMIT) -> Text:
        known = self._files.get(path, MISSING)
        if isinstance(known, Failure):
            return Text(path, failure=known)
        return Text(path, known[:limit], 0.0)

    async def glob(self, pattern: str) -> tuple[str, ...]:
        return tuple(path for path in sorted(self._files) if matches(path, pattern))

    async def read_all(self, pattern: str, limit: int = LIMIT) -> tuple[Text, ...]:
        return tuple([await self.read(path, limit) for path in await self.glob(pattern)])

    async def listeners(self) -> tuple[Socket, ...] | Failure:
        """As over SSH: by the first of the tools that is there."""
        ran = await self.run(*_LISTENERS[0])
        for argv in _LISTENERS[1:]:
            if ran.failure is not None and ran.failure.kind == "missing":
                ran = await self.run(*argv)
        return ran.failure or listening(ran.out)

    async def connect(self, address: str, port: int, timeout: float = PATIENCE) -> Connected:
        return Connected(0.0, failure=Failure("other", "this machine is only remembered"))


def matches(path: str, pattern: str) -> bool:
    """As glob(7): a star ends at a slash, "**" does not."""
    parts = re.split(r"(\*\*/?)", pattern)
    exact = "".join(
        "(?:.*/)?" if part == "**/" else ".*" if part == "**" else _translated(part)
        for part in parts
    )
    return re.fullmatch(exact, path) is not None


def _translated(part: str) -> str:
    body = fnmatch.translate(part).removeprefix("(?s:").removesuffix(r")\Z")
    return body.replace(".*", "[^/]*")
