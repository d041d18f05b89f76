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
from diagnose.machine.local import could_not
from diagnose.model import Failure

#: Seconds to log in.
LOGIN = 10.0

#: Seconds after which a command is given up that should have been ended over there.
GRACE = 2.0

_SHELL = Path(__file__).with_name("shell_start.sh").read_text("utf-8")
_KINDS = (
    ("Permission denied", "denied"),
    ("Host key verification failed", "denied"),
    ("Connection refused", "refused"),
    ("Could not resolve", "resolution"),
    ("No route to host", "unreachable"),
    ("unreachable", "unreachable"),
    ("timed out", "timeout"),
)

Answer = tuple[int, str, str]


class Lost(Exception):
    """A shell has ended, or has not answered in time."""

    def __init__(self, failure: Failure) -> None:
        super().__init__(failure.message)
        self.failure = failure


class Unasked(Exception):
    """The shell ended before it came to this command."""


@dataclass(slots=True)
class Asked:
    """A command that was sent: the token that ends its answer, the seconds it may take."""

    token: str
    timeout: float
    answer: "asyncio.Future[Answer]"


class Shell:
    def __init__(self, process: asyncio.subprocess.Process) -> None:
        assert process.stdin is not None
        assert process.stdout is not None
        assert process.stderr is not None
        self._process = process
        self._in, self._said, self._complained = process.stdin, process.stdout, process.stderr
        self._out, self._err = Output(process.stdout), Output(process.stderr)
        self._can_end = False
        self._asked: asyncio.Queue[Asked] = asyncio.Queue()
        self._listening: asyncio.Task[None] | None = None
        #: How many commands are not answered yet.
        self.waiting = 0
        self.alive = True

    @classmethod
    async def open(cls, words: list[str]) -> "Shell":
        """Log in by these words of ssh. Lost, with ssh's own reason, where that fails."""
        try:
            process = await asyncio.create_subprocess_exec(
                *words,
                "exec " + shlex.join(("sh", "-c", _SHELL)),
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.PIPE,
                env=environment(),
                start_new_session=True,
            )
        except OSError as error:
            raise Lost(could_not(error)) from None
        shell = cls(process)
        try:
            await shell._greeting()
        except BaseException:
            await shell.close(patience=0)
            raise
        shell._listening = asyncio.get_running_loop().create_task(shell._listen())
        return shell

    async def run(self, argv: tuple[str, ...], timeout: float) -> Answer:
        """Exit status, output, errors. Lost where there is no answer within so many seconds of
        its turn; it is ended over there as well, where that is possible."""
        if not self.alive:
            raise Unasked
        token = secrets.token_hex(16)
        words = ("timeout", f"{timeout:g}", *argv) if self._can_end else argv
        script = f"{shlex.join(words)} </dev/null; s=$?; printf '\\n{token} %s\\n' $s; "
        script += f"printf '\\n{token} 0\\n' >&2\n"
        asked = Asked(token, timeout, asyncio.get_running_loop().create_future())
        self.waiting += 1
        self._in.write(script.encode())
        self._asked.put_nowait(asked)
        return await asked.answer

    async def close(self, patience: float = 0.5) -> None:
        if self._listening is not None:
            self._listening.cancel()
        self._give_up()
        self._in.close()
        try:
            async with asyncio.timeout(patience):
                await self._process.wait()
        except TimeoutError:
            with contextlib.suppress(ProcessLookupError):
                self._process.kill()
            await self._process.wait()

    async def _listen(self) -> None:
        """Give each command its answer, whether anybody still waits for it or not."""
        while self.alive:
            asked = await self._asked.get()
            grace = GRACE if self._can_end else 0.0
            try:
                async with asyncio.timeout(asked.timeout + grace):
                    (out, status), (err, _) = await asyncio.gather(
                        self._out.until(asked.token), self._err.until(asked.token)
                    )
            except TimeoutError:
                self._lose(asked, Failure("timeout", f"did not end within {asked.timeout:g} s"))
            except (OSError, EOFError, ValueError):
                # ValueError: what should be a status is none.
                self._lose(asked, Failure("closed", "the connection to the server was lost"))
            else:
                self.waiting -= 1
                if not asked.answer.done():
                    asked.answer.set_result((status, out, err))

    def _lose(self, asked: Asked, failure: Failure) -> None:
        """It may still be busy: nothing more is asked here. It is not ended, for the first one
        carries the others."""
        if not asked.answer.done():
            asked.answer.set_exception(Lost(failure))
        self._give_up()

    def _give_up(self) -> None:
        self.alive = False
        while not self._asked.empty():
            answer = self._asked.get_nowait().answer
            if not answer.done():
                answer.set_exception(Unasked)

    async def _greeting(self) -> None:
        try:
            async with asyncio.timeout(LOGIN + 1):
                while line := await self._said.readline():
                    # A user's start-up files may print before it.
                    if line.startswith(b"ready"):
                        self._can_end = line.split() == [b"ready", b"timeout"]
                        return
                said = (await self._complained.read(65536)).decode(errors="replace")
        except (TimeoutError, ValueError):
            raise Lost(Failure("timeout", f"ssh: no login within {LOGIN:.0f} s")) from None
        raise Lost(login_failure(said))


class Output:
    """What comes out of a shell on one stream, cut at the tokens."""

    def __init__(self, stream: asyncio.StreamReader) -> None:
        self._stream = stream
        self._rest = bytearray()

    async def until(self, token: str) -> tuple[str, int]:
        """All that comes before the line of the token, no more than LIMIT of it, and the number
        in that line. EOFError where the stream ends before."""
        mark = f"\n{token} ".encode()
        kept, rest = bytearray(), self._rest
        while True:
            at = rest.find(mark)
            end = rest.find(b"\n", at + len(mark)) if at >= 0 else -1
            # The mark may have come in part.
            sure = at if at >= 0 else max(len(rest) - len(mark), 0)
            kept += rest[: min(sure, max(LIMIT - len(kept), 0))]
            if end >= 0:
                number = int(rest[at + len(mark) : end])
                del rest[: end + 1]
                return kept.decode(errors="replace"), number
            del rest[:sure]
            chunk = await self._stream.read(65536)
            if not chunk:
                raise EOFError
            rest += chunk


def login_failure(said: str) -> Failure:
    """Why ssh could not log in, from what it said."""
    lines = [line.strip() for line in said.splitlines() if line.strip()]
    message = lines[-1] if lines else "ssh ended without a word"
    kind = next((kind for words, kind in _KINDS if words in said), "other")
    return Failure(kind, message, 255)
