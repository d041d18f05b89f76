"""A remote shell over ssh that runs one command after another.

Commands are sent as soon as they are known, and the shell answers them in that order. A command
waits for earlier commands, but never for a network round trip.
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
from diagnose.machine.script_files import read_script
from diagnose.model import Failure, FailureKind
from diagnose.net.deadline import deadline

#: Maximum seconds for the login: ssh gives up the connection itself (ConnectTimeout), and we wait
#: a little longer for the shell.
LOGIN_TIMEOUT = 10.0
READY_TIMEOUT = LOGIN_TIMEOUT + 1

#: Extra seconds to wait for a command that timeout(1) should already have ended on the server.
GRACE = 2.0

_SHELL_START = read_script(__file__, "start.sh")
_KINDS: tuple[tuple[str, FailureKind], ...] = (
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
    """The shell has ended, or did not answer in time."""

    def __init__(self, failure: Failure) -> None:
        super().__init__(failure.message)
        self.failure = failure


class NotSent(Exception):
    """The shell ended before it started this command."""


@dataclass(slots=True)
class PendingCommand:
    """A command that was sent. `token` marks the end of its answer; `timeout` is in seconds."""

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
        #: Number of commands without an answer yet.
        self.pending_count = 0
        self.alive = True

    @classmethod
    async def open(cls, words: list[str], control_path: str) -> "Shell":
        """Log in with this ssh command line. Raises ConnectionLost with ssh's error message.

        `control_path` is the socket at which ssh shares its connection (ssh_config(5),
        ControlPath).
        """
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
        except FileNotFoundError:
            # Not "missing": that would be said of files and programs of the server.
            raise ConnectionLost(Failure("other", "ssh is not installed here")) from None
        except OSError as error:
            raise ConnectionLost(os_failure(error)) from None
        shell = cls(process)
        try:
            await shell._wait_ready(control_path)
        except BaseException:
            await shell.close(timeout=0)
            raise
        shell._reader = asyncio.get_running_loop().create_task(shell._read_answers())
        return shell

    async def run(self, argv: tuple[str, ...], timeout: float, text: str = "") -> CommandOutput:
        """Run a command; return its exit status, stdout and stderr. `text` is its standard input.

        The timeout, in seconds, starts when the shell reaches this command. After it,
        ConnectionLost is raised; timeout(1), if the server has it, ends the command there.
        """
        if not self.alive:
            raise NotSent
        token = secrets.token_hex(16)
        command = ("timeout", f"{timeout:g}", *argv) if self._has_timeout else argv
        # printf is a part of the shell, so that no list of processes shows the text.
        words = shlex.join(command)
        line = f"printf %s {shlex.quote(text)} | {words}" if text else f"{words} </dev/null"
        script = f"{line}; s=$?; printf '\\n{token} %s\\n' $s; "
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
            async with deadline(timeout):
                await self._process.wait()
        except TimeoutError:
            with contextlib.suppress(ProcessLookupError):
                self._process.kill()
            await self._process.wait()

    async def _read_answers(self) -> None:
        """Deliver each answer to its command, even if the caller no longer waits for it."""
        while self.alive:
            pending = await self._pending.get()
            grace = GRACE if self._has_timeout else 0.0
            try:
                async with deadline(pending.timeout + grace):
                    (out, status), (err, _) = await asyncio.gather(
                        self._output.read_until(pending.token),
                        self._errors.read_until(pending.token),
                    )
            except TimeoutError:
                self._fail(pending, Failure("timeout", f"did not end within {pending.timeout:g} s"))
            except (OSError, EOFError, ValueError):
                # ValueError: the status is not a number.
                self._fail(pending, Failure("closed", "the connection to the server was lost"))
            else:
                self.pending_count -= 1
                if not pending.answer.done():
                    pending.answer.set_result((status, out, err))

    def _fail(self, pending: PendingCommand, failure: Failure) -> None:
        """Fail this command and all pending ones: the shell may still be busy.

        The shell process is not ended here, because the first shell carries the connection of the
        others.
        """
        if not pending.answer.done():
            pending.answer.set_exception(ConnectionLost(failure))
        self._fail_pending()

    def _fail_pending(self) -> None:
        self.alive = False
        while not self._pending.empty():
            answer = self._pending.get_nowait().answer
            if not answer.done():
                answer.set_exception(NotSent)

    async def _wait_ready(self, control_path: str) -> None:
        try:
            async with deadline(READY_TIMEOUT):
                while line := await self._stdout.readline():
                    # The user's start-up files may print lines before it.
                    if line.startswith(b"ready"):
                        self._has_timeout = line.split() == [b"ready", b"timeout"]
                        return
                stderr = (await self._stderr.read(65536)).decode(errors="replace")
        except (TimeoutError, ValueError):
            raise ConnectionLost(_unready_failure(control_path)) from None
        raise ConnectionLost(login_failure(stderr))


class OutputReader:
    """Reads one output stream of a shell and splits it at the tokens."""

    def __init__(self, stream: asyncio.StreamReader) -> None:
        self._stream = stream
        self._buffer = bytearray()

    async def read_until(self, token: str) -> tuple[str, int]:
        """Return the output before the token's line (at most LIMIT bytes) and the number in it.

        Raises EOFError if the stream ends before the token.
        """
        mark = f"\n{token} ".encode()
        output, buffer = bytearray(), self._buffer
        while True:
            at = buffer.find(mark)
            end = buffer.find(b"\n", at + len(mark)) if at >= 0 else -1
            # Keep the end of the buffer: it may be the first part of the mark.
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


def _unready_failure(control_path: str) -> Failure:
    """Return why no shell answered in time.

    ssh makes its control socket when the server has authenticated the user: with it, the shell is
    at fault, for example a start-up file (.bashrc) that waits for something.
    """
    if Path(control_path).exists():
        message = "logged in, but the user's shell does not answer (a start-up file that hangs?)"
        return Failure("timeout", f"ssh: {message}")
    return Failure("timeout", f"ssh: no login within {LOGIN_TIMEOUT:.0f} s")


def login_failure(stderr: str) -> Failure:
    """Return why ssh could not log in, from its error output."""
    lines = [line.strip() for line in stderr.splitlines() if line.strip()]
    message = lines[-1] if lines else "ssh ended without a word"
    kind: FailureKind = next((kind for phrase, kind in _KINDS if phrase in stderr), "other")
    return Failure(kind, message, 255)
