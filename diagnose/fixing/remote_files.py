"""Changes files on a server with the same few shell scripts, locally or over SSH.

A file is replaced with rename(2), after a new file with the same owner, mode and label was written:
a reader always finds either the old or the new file, even after a kill. Backups are in a folder
that only root may enter. A file is not written if other users may exchange a folder on its path
(shell/files.sh).
"""

import posixpath
import secrets
from importlib import resources

from diagnose.machine import CommandResult, Machine

#: The largest number of characters in one argument of a command (execve(2): 128 KiB at most).
CHUNK_SIZE = 60_000

#: Timeout of a step in seconds. A package's own test or reload may be slow.
STEP_TIMEOUT = 60.0

FILES = resources.files("diagnose.fixing").joinpath("shell/files.sh").read_text("utf-8") + "\n"

_COMPARE = r"""
if [ -e "$1.absent" ]; then exists "$2" || echo same; exit 0; fi
if [ -L "$1" ] || [ -L "$2" ]; then [ "$(readlink "$1")" = "$(readlink "$2")" ] && echo same
elif exists "$1"; then
  # A relative link in a copy of a folder leads nowhere: links are compared by where they lead.
  link=$(diff --no-dereference /dev/null /dev/null 2>/dev/null && echo --no-dereference)
  diff -rq $link -- "$1" "$2" >/dev/null 2>&1 && echo same
fi; :
"""


#: Prints mode and owner of a path.
STAT_MODE = 'stat -L -c "%a %u:%g" -- "$1"'


class FixError(Exception):
    """A change could not be made; the message is the original error text."""


class RemoteFiles:
    """File operations on a server; `folder` holds the journal and the backups of one fix."""

    def __init__(self, machine: Machine, folder: str) -> None:
        self.machine, self.folder = machine, folder

    def file_path(self, name: str) -> str:
        return posixpath.join(self.folder, name)

    async def script(self, text: str, *arguments: str) -> str:
        """Run a shell script and return its stdout. Raise FixError if its exit status is not 0."""
        result = await self.machine.run(
            "sh", "-c", FILES + text, "sh", *arguments, timeout=STEP_TIMEOUT
        )
        if result.failure is not None:
            raise FixError(_last_error_line(result))
        return result.out

    async def run(self, argv: tuple[str, ...]) -> CommandResult:
        """Run a step's own command."""
        return await self.machine.run(*argv, timeout=STEP_TIMEOUT)

    async def save(self, name: str, path: str) -> None:
        await self.script('save "$1" "$2"', self.file_path(name), path)

    async def restore(self, name: str, path: str) -> None:
        """Restore a file or folder from its saved copy. Raise FixError if the fix was rolled back
        automatically in the meantime."""
        token = secrets.token_hex(8)
        await self.script(
            'hold "$4"; restore "$1" "$2" "$3"', self.file_path(name), path, token, self.folder
        )

    async def replace(self, new_name: str, path: str, old_name: str) -> None:
        token = secrets.token_hex(8)
        await self.script(
            'replace "$1" "$2" "$3" "$4"',
            self.file_path(new_name),
            path,
            self.file_path(old_name),
            token,
        )

    async def real_path(self, path: str) -> str:
        """Resolve a path to a file. Raise FixError if another user may exchange the file."""
        return (await self.script('real_path "$1"', path)).rstrip("\n")

    async def set_mode(self, mode: str, path: str) -> None:
        """Set mode and owner of a file, in the format that STAT_MODE prints: "644 0:0"."""
        bits, _, owner = mode.partition(" ")
        await self.script(
            'allowed "$3" && chown "$2" -- "$3" && chmod "$1" -- "$3"', bits, owner, path
        )

    async def check_may_change(self, paths: tuple[str, ...]) -> None:
        """Raise FixError if a command that is given one of these paths could be led to another
        file."""
        await self.script('for path; do (allowed "$path") || exit 1; done', *paths)

    async def is_unchanged(self, name: str, path: str) -> bool:
        """Return True if a file or folder is still equal to its saved copy."""
        output = await self.script(_COMPARE, self.file_path(name), path)
        return output.strip() == "same"

    async def write(self, name: str, text: str) -> None:
        """Write a file into the folder atomically."""
        temporary = self.file_path(f"{name}.{secrets.token_hex(4)}")
        chunks = [text[at : at + CHUNK_SIZE] for at in range(0, len(text), CHUNK_SIZE)] or [""]
        # cat reports why it cannot write; the shell's own printf does not.
        await self.script('printf %s "$2" | cat > "$1"', temporary, chunks[0])
        for chunk in chunks[1:]:
            await self.script('printf %s "$2" | cat >> "$1"', temporary, chunk)
        await self.script(
            'sync "$1" 2>/dev/null; rename "$1" "$2"', temporary, self.file_path(name)
        )

    async def append(self, name: str, line: str) -> None:
        await self.script(
            'printf "%s\\n" "$2" | cat >> "$1" || exit 1; sync "$1" 2>/dev/null; :',
            self.file_path(name),
            line,
        )


def error_line(result: CommandResult) -> str:
    """Return the most useful line of a program's output: an [emerg] or [error] line of nginx, which
    names file and line, or else the last line."""
    lines = [line.strip() for line in (result.err or result.out).splitlines() if line.strip()]
    error_lines = [line for line in lines if "[emerg]" in line or "[error]" in line]
    return next(
        iter([*error_lines, *lines[-1:]]), result.failure.message if result.failure else "it failed"
    )


def _last_error_line(result: CommandResult) -> str:
    lines = [line.strip() for line in result.err.splitlines() if line.strip()]
    return lines[-1] if lines else result.failure.message if result.failure else "it failed"
