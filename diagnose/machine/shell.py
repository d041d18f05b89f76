"""A shell at the other end of ssh that runs one command after another.

Commands are sent as soon as they are known and answered in that order, so that a command waits
for those before it and never for the network.
"""

import asyncio
import contextlib
import secrets
import shlex
from dataclasses import dataclass
from pathlib import Path

from diagnose.machine import LIMIT
from diagnose.machine.environment import environment
from diagnose.machine.local import os_failure
from diagnose.model import Failure

#: Seconds to log in.
LOGIN_TIMEOUT = 10.0

#: Seconds after which a command is given up that should have been ended over there.
GRACE = 2.0

_SHELL_START = Path(__file__).with_name("shell_start.sh").read_text("utf-8")
_KINDS = (
    ("Permission denied", "denied"),
    ("Host key verification failed", "denied"),
    ("Connection refused", "refused"),
    ("Could not resolve", "resolution"),
    ("No route to host", "unreachable"),
    ("unreachable", "unreachable"),
    ("timed out", "timeout"),
)

CommandOutput = tuple[int, str, str]


class ConnectionLost(Exception):
    """A shell has ended, or has not answered in time."""

    def __init__(self, failure: Failure) -> None:
        super().__init__(failure.message)
        self.failure = failure


class NotSent(Exception):
    """The shell ended before it came to this command."""


@dataclass(slots=True)
class PendingCommand:
    """A command that was sent: the token that ends its answer, the seconds it may take."""

    token: str
    timeout: float
    answer: "asyncio.Future[CommandOutput]"


class Shell:
    def __init__(self, process: asyncio.subprocess.Process) -> None:
        assert process.stdin is not None
        assert process.stdout is not None
        assert process.stderr is not None
        self._process = process
        self._stdin, self._stdout, self._stderr = process.stdin, process.stdout, process.stderr
        self._output, self._errors = OutputReader(process.stdout), OutputReader(process.stderr)
        self._has_timeout = False
        self._pending: asyncio.Queue[PendingCommand] = asyncio.Queue()
        self._reader: asyncio.Task[None] | None = None
        #: How many commands are not answered yet.
        self.pending_count = 0
        self.alive = True

    @classmethod
    async def open(cls, words: list[str]) -> "Shell":
        """Log in by these words of ssh. Lost, with ssh's own reason, where that fails."""
        try:
            process = await asyncio.create_subprocess_exec(
                *words,
                "exec " + shlex.join(("sh", "-c", _SHELL_START)),
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.PIPE,
                env=environment(),
                start_new_session=True,
            )
        except OSError as error:
            raise ConnectionLost(os_failure(error)) from None
        shell = cls(process)
        try:
            await shell._wait_ready()
        except BaseException:
            await shell.close(timeout=0)
            raise
        shell._reader = asyncio.get_running_loop().create_task(shell._read_answers())
        return shell

    async def run(self, argv: tuple[str, ...], timeout: float) -> CommandOutput:
        """Exit status, output, errors. Lost where there is no answer within so many seconds of
        its turn; it is ended over there as well, where that is possible."""
        if not self.alive:
            raise NotSent
        token = secrets.token_hex(16)
        command = ("timeout", f"{timeout:g}", *argv) if self._has_timeout else argv
        script = f"{shlex.join(command)} </dev/null; s=$?; printf '\\n{token} %s\\n' $s; "
        script += f"printf '\\n{token} 0\\n' >&2\n"
        pending = PendingCommand(token, timeout, asyncio.get_running_loop().create_future())
        self.pending_count += 1
        self._stdin.write(script.encode())
        self._pending.put_nowait(pending)
        return await pending.answer

    async def close(self, timeout: float = 0.5) -> None:
        if self._reader is not None:
            self._reader.cancel()
        self._fail_pending()
        self._stdin.close()
        try:
            async with asyncio.timeout(timeout):
                await self._process.wait()
        except TimeoutError:
            with contextlib.suppress(ProcessLookupError):
                self._process.kill()
            await self._process.wait()

    async def _read_answers(self) -> None:
        """Give each command its answer, whether anybody still waits for it or not."""
        while self.alive:
            pending = await self._pending.get()
            grace = GRACE if self._has_timeout else 0.0
            try:
                async with asyncio.timeout(pending.timeout + grace):
                    (out, status), (err, _) = await asyncio.gather(
                        self._output.read_until(pending.token),
                        self._errors.read_until(pending.token),
                    )
            except TimeoutError:
                self._fail(pending, Failure("timeout", f"did not end within {pending.timeout:g} s"))
            except (OSError, EOFError, ValueError):
                # ValueError: what should be a status is none.
                self._fail(pending, Failure("closed", "the connection to the server was lost"))
            else:
                self.pending_count -= 1
                if not pending.answer.done():
                    pending.answer.set_result((status, out, err))

    def _fail(self, pending: PendingCommand, failure: Failure) -> None:
        """It may still be busy: nothing more is asked here. It is not ended, for the first one
        carries the others."""
        if not pending.answer.done():
            pending.answer.set_exception(ConnectionLost(failure))
        self._fail_pending()

    def _fail_pending(self) -> None:
        self.alive = False
        while not self._pending.empty():
            answer = self._pending.get_nowait().answer
            if not answer.done():
                answer.set_exception(NotSent)

    async def _wait_ready(self) -> None:
        try:
            async with asyncio.timeout(LOGIN_TIMEOUT + 1):
                while line := await self._stdout.readline():
                    # A user's start-up files may print before it.
                    if line.startswith(b"ready"):
                        self._has_timeout = line.split() == [b"ready", b"timeout"]
                        return
                stderr = (await self._stderr.read(65536)).decode(errors="replace")
        except (TimeoutError, ValueError):
            raise ConnectionLost(
                Failure("timeout", f"ssh: no login within {LOGIN_TIMEOUT:.0f} s")
            ) from None
        raise ConnectionLost(login_failure(stderr))


class OutputReader:
    """What comes out of a shell on one stream, cut at the tokens."""

    def __init__(self, stream: asyncio.StreamReader) -> None:
        self._stream = stream
        self._buffer = bytearray()

    async def read_until(self, token: str) -> tuple[str, int]:
        """All that comes before the line of the token, no more than LIMIT of it, and the number
        in that line. EOFError where the stream ends before."""
        mark = f"\n{token} ".encode()
        output, buffer = bytearray(), self._buffer
        while True:
            at = buffer.find(mark)
            end = buffer.find(b"\n", at + len(mark)) if at >= 0 else -1
            # The mark may have come in part.
            safe_end = at if at >= 0 else max(len(buffer) - len(mark), 0)
            output += buffer[: min(safe_end, max(LIMIT - len(output), 0))]
            if end >= 0:
                number = int(buffer[at + len(mark) : end])
                del buffer[: end + 1]
                return output.decode(errors="replace"), number
            del buffer[:safe_end]
            chunk = await self._stream.read(65536)
            if not chunk:
                raise EOFError
            buffer += chunk


def login_failure(stderr: str) -> Failure:
    """Why ssh could not log in, from what it said."""
    lines = [line.strip() for line in stderr.splitlines() if line.strip()]
    message = lines[-1] if lines else "ssh ended without a word"
    kind = next((kind for phrase, kind in _KINDS if phrase in stderr), "other")
    return Failure(kind, message, 255)
