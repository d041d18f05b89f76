"""A server behind SSH, through the system's own OpenSSH: the user's configuration, agent, jump
hosts and known_hosts hold, no password is ever asked for.

One connection carries everything (ssh_config(5), ControlMaster), in it a few shells that take
one command after another: a login costs a round trip or two and whatever the user's start-up
files do. The shells are children of this program that live as long as the pipes to them are
open: however this program ends, they and the connection end with it. On the server nothing is
installed or written; sh, cat, stat and one of ss, netstat or /proc/net/tcp are enough.
"""

import asyncio
import contextlib
import os
import re
import secrets
import shlex
import shutil
import tempfile
import time
from types import TracebackType
from urllib.parse import urlsplit

from diagnose.machine import LIMIT, Ran, Socket, Text
from diagnose.machine.local import MOST_PATHS, could_not, environment, exited
from diagnose.model import Failure
from diagnose.wire.sockets import listening

#: Commands that run side by side. sshd lets a connection have ten sessions unless told otherwise
#: (sshd_config(5), MaxSessions).
SHELLS = 4
#: Seconds to log in.
PATIENCE = 10.0

_OPTIONS = (
    "BatchMode=yes",
    "ClearAllForwardings=yes",
    "ForwardAgent=no",
    "ForwardX11=no",
    "PermitLocalCommand=no",
    "RemoteCommand=none",
    "RequestTTY=no",
    f"ConnectTimeout={PATIENCE:.0f}",
)
# Says whether programs can be ended over there (timeout(1)), then waits for commands.
_SHELL = (
    "PATH=$PATH:/usr/sbin:/sbin LC_ALL=C; export PATH LC_ALL; "
    "timeout 1 true 2>/dev/null && echo ready timeout || echo ready; exec sh"
)
_LISTENERS = (
    "ss -ltnpe 2>/dev/null || netstat -ltnp 2>/dev/null || cat /proc/net/tcp /proc/net/tcp6"
)
_CAT = (
    "t=$1; n=$2; shift 2; for f; do "
    'if [ ! -e "$f" ]; then s="missing 0"; elif [ ! -f "$f" ]; then s="special 0"; '
    'elif [ ! -r "$f" ]; then s="denied 0"; '
    'else s="ok $(stat -L -c %Y -- "$f" 2>/dev/null || echo 0)"; fi; '
    'printf "\\n%s %s\\n" "$t" "$s"; '
    'case $s in ok*) head -c "$n" -- "$f" 2>/dev/null || cat -- "$f";; esac; done'
)
_FAILURES = {
    "missing": Failure("missing", "No such file or directory", 2),
    "denied": Failure("denied", "Permission denied", 13),
    "special": Failure("other", "not a regular file"),
}
_KINDS = (
    ("Permission denied", "denied"),
    ("Host key verification failed", "denied"),
    ("Connection refused", "refused"),
    ("Could not resolve", "resolution"),
    ("No route to host", "unreachable"),
    ("unreachable", "unreachable"),
    ("timed out", "timeout"),
)


class Lost(Exception):
    """A shell has ended, or has not answered in time."""

    def __init__(self, failure: Failure) -> None:
        super().__init__(failure.message)
        self.failure = failure


class Shell:
    """A shell on the server that runs one command after another."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        assert process.stdin is not None
        assert process.stdout is not None
        assert process.stderr is not None
        self._process = process
        self._in, self._out, self._err = process.stdin, process.stdout, process.stderr
        self._can_end = False

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
        return shell

    async def run(self, argv: tuple[str, ...], timeout: float) -> tuple[int, str, str]:
        """Exit status, output, errors; Lost where there is no answer in time."""
        token = secrets.token_hex(16)
        words = ("timeout", f"{timeout + 1:.0f}", *argv) if self._can_end else argv
        script = f"{shlex.join(words)} </dev/null; s=$?; printf '\\n{token} %s\\n' $s; "
        script += f"printf '\\n{token} 0\\n' >&2\n"
        try:
            async with asyncio.timeout(timeout):
                self._in.write(script.encode())
                await self._in.drain()
                (out, status), (err, _) = await asyncio.gather(
                    _until(self._out, token), _until(self._err, token)
                )
        except TimeoutError:
            raise Lost(Failure("timeout", f"did not end within {timeout:g} s")) from None
        except (OSError, EOFError):
            raise Lost(Failure("closed", "the connection to the server was lost")) from None
        return status, out, err

    async def close(self, patience: float = 2.0) -> None:
        self._in.close()
        try:
            async with asyncio.timeout(patience):
                await self._process.wait()
        except TimeoutError:
            with contextlib.suppress(ProcessLookupError):
                self._process.kill()
            await self._process.wait()

    async def _greeting(self) -> None:
        try:
            async with asyncio.timeout(PATIENCE + 1):
                while line := await self._out.readline():
                    # A user's start-up files may print before it.
                    if line.startswith(b"ready"):
                        self._can_end = line.split() == [b"ready", b"timeout"]
                        return
                said = (await self._err.read(65536)).decode(errors="replace")
        except (TimeoutError, ValueError):
            raise Lost(Failure("timeout", f"ssh: no login within {PATIENCE:.0f} s")) from None
        raise Lost(login_failure(said))


class SshMachine:
    """`ssh://[user@]host[:port]`; ValueError where it is no such URL.

    The connection is made when it is first needed; `close`, or leaving `async with`, ends it.
    A connection that cannot be made is the failure of everything that is asked.
    """

    def __init__(self, url: str, options: tuple[str, ...] = ()) -> None:
        self.via = url
        self._destination = destination(url)
        self._options = (*_OPTIONS, *options)
        self._directory = ""
        self._failure: Failure | None = None
        self._opening = asyncio.Lock()
        self._turns = asyncio.Semaphore(SHELLS)
        self._shells: list[Shell] = []
        self._idle: list[Shell] = []
        self._wanted: dict[tuple[str, int], asyncio.Future[Text]] = {}
        self._reading: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> "SshMachine":
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.close()

    async def run(self, *argv: str, timeout: float = 8.0) -> Ran:
        return await self._run(argv, timeout)

    async def read(self, path: str, limit: int = LIMIT) -> Text:
        """Files that are wanted at the same moment are fetched by one command."""
        wanted = self._wanted.get((path, limit))
        if wanted is None:
            loop = asyncio.get_running_loop()
            if not self._wanted:
                loop.call_soon(self._fetch_all)
            wanted = self._wanted[path, limit] = loop.create_future()
        return await asyncio.shield(wanted)

    async def glob(self, pattern: str) -> tuple[str, ...]:
        words = shell_patterns(pattern)
        if not words:
            return ()
        script = f'for f in {words}; do [ -e "$f" ] && printf "%s\\0" "$f"; done; :'
        ran = await self._run(("sh", "-c", script), 8.0)
        return tuple(sorted(set(filter(None, ran.out.split("\0")))))[:MOST_PATHS]

    async def listeners(self) -> tuple[Socket, ...] | Failure:
        ran = await self._run(("sh", "-c", _LISTENERS), 8.0)
        return ran.failure or listening(ran.out)

    async def close(self) -> None:
        """End the connection and remove what it needed here. May be called again."""
        for task in tuple(self._reading):
            task.cancel()
        shells, self._shells, self._idle = self._shells, [], []
        # The first carries the others.
        await asyncio.gather(*(shell.close() for shell in shells[1:]))
        for shell in shells[:1]:
            await shell.close()
        if self._directory:
            await asyncio.to_thread(shutil.rmtree, self._directory, ignore_errors=True)
        self._directory = ""

    async def _run(self, argv: tuple[str, ...], timeout: float) -> Ran:
        begun = time.monotonic()
        try:
            async with self._turns:
                shell = await self._shell()
                try:
                    status, out, err = await shell.run(argv, timeout)
                except BaseException:
                    await self._give_up(shell)
                    raise
                self._idle.append(shell)
        except Lost as lost:
            took = time.monotonic() - begun
            return Ran(argv, None, "", lost.failure.message, took, lost.failure)
        took = time.monotonic() - begun
        return Ran(argv, status, out, err, took, _failure(argv[0], status, err))

    async def _shell(self) -> Shell:
        """One that is free, else a new one. Lost where the server cannot be entered."""
        async with self._opening:
            if self._failure is not None:
                raise Lost(self._failure)
            if not self._shells:
                self._directory = self._directory or _private_directory()
                try:
                    return self._remember(await Shell.open(self._ssh("ControlMaster=yes")))
                except Lost as lost:
                    self._failure = lost.failure
                    raise
        if self._idle:
            return self._idle.pop()
        return self._remember(await Shell.open(self._ssh("ControlMaster=no")))

    def _remember(self, shell: Shell) -> Shell:
        self._shells.append(shell)
        return shell

    async def _give_up(self, shell: Shell) -> None:
        """It may still be busy. The first is left alone, because it carries the others."""
        if shell in self._shells[1:]:
            self._shells.remove(shell)
            await shell.close(patience=0)

    def _ssh(self, role: str) -> list[str]:
        options = (*self._options, f"ControlPath={self._directory}/c", role, "ControlPersist=no")
        return ["ssh", "-T", *(word for one in options for word in ("-o", one)), *self._destination]

    # Files

    def _fetch_all(self) -> None:
        wanted, self._wanted = self._wanted, {}
        for limit in {limit for _, limit in wanted}:
            batch = {path: done for (path, bound), done in wanted.items() if bound == limit}
            task = asyncio.get_running_loop().create_task(self._fetch(batch, limit))
            self._reading.add(task)
            task.add_done_callback(self._reading.discard)

    async def _fetch(self, batch: dict[str, asyncio.Future[Text]], limit: int) -> None:
        token = secrets.token_hex(16)
        paths = list(batch)
        try:
            ran = await self._run(("sh", "-c", _CAT, "sh", token, str(limit), *paths), 8.0)
            found = _unpacked(ran.out, token, paths)
            lost = ran.failure or Failure("other", "the server sent nothing of it")
            for path, done in batch.items():
                if not done.done():
                    done.set_result(found.get(path) or Text(path, failure=lost))
        finally:
            for done in batch.values():
                done.cancel()


def destination(url: str) -> list[str]:
    """The URL as ssh's own words."""
    parts = urlsplit(url)
    host, user = parts.hostname, parts.username
    if parts.scheme != "ssh" or not host or parts.path not in {"", "/"} or host.startswith("-"):
        raise ValueError(f"{url}: not like ssh://[user@]host[:port]")
    if parts.password is not None or (user is not None and not re.fullmatch(r"\w[\w.@+-]*", user)):
        raise ValueError(f"{url}: not like ssh://[user@]host[:port]")
    words = ["-l", user] if user else []
    words += ["-p", str(parts.port)] if parts.port else []
    return [*words, "--", host]


async def _until(stream: asyncio.StreamReader, token: str) -> tuple[str, int]:
    """All that comes before the line of the token, no more than LIMIT of it, and the number in
    that line. EOFError where the stream ends before."""
    mark = f"\n{token} ".encode()
    kept, rest = bytearray(), bytearray()
    while chunk := await stream.read(65536):
        rest += chunk
        at = rest.find(mark)
        if at >= 0 and rest.endswith(b"\n", at + len(mark)):
            kept += rest[: min(at, max(LIMIT - len(kept), 0))]
            return kept.decode(errors="replace"), int(rest[at + len(mark) :])
        # The mark may have come in part.
        sure = max(len(rest) - len(mark) - 8, 0) if at < 0 else at
        kept += rest[: min(sure, max(LIMIT - len(kept), 0))]
        del rest[:sure]
    raise EOFError


def shell_patterns(pattern: str) -> str:
    """A pattern as words for sh, all but its wildcards quoted; "**" is nought to four levels of
    folders, since sh knows no such thing."""
    if "\n" in pattern or "\0" in pattern:
        return ""
    quoted = re.sub(r"[^\w*?\[\]!^/.,@%+:-]", r"\\\g<0>", pattern)
    head, deep, tail = quoted.partition("**/")
    if not deep:
        return quoted.replace("**", "*")
    return " ".join(f"{head}{'*/' * level}{tail}" for level in range(5))


def login_failure(said: str) -> Failure:
    """Why ssh could not log in, from what it said."""
    lines = [line.strip() for line in said.splitlines() if line.strip()]
    message = lines[-1] if lines else "ssh ended without a word"
    kind = next((kind for words, kind in _KINDS if words in said), "other")
    return Failure(kind, message, 255)


def _failure(program: str, status: int, err: str) -> Failure | None:
    """127 and 126 are what sh ends with where a program is not there or may not be run, 124
    what timeout(1) ends with."""
    match status:
        case 0:
            return None
        case 127:
            return Failure("missing", f"{program}: not found", 127)
        case 126:
            return Failure("denied", f"{program}: permission denied", 126)
        case 124:
            return Failure("timeout", f"{program} did not end in time", 124)
    return exited(status, err)


def _unpacked(out: str, token: str, paths: list[str]) -> dict[str, Text]:
    """What `_CAT` printed: before each file a line with the token, known only to this run."""
    found = {}
    for path, part in zip(paths, out.split(f"\n{token} ")[1:], strict=False):
        head, _, text = part.partition("\n")
        state, _, changed = head.partition(" ")
        failure = _FAILURES.get(state)
        seconds = float(changed) if changed.isdecimal() and changed != "0" else None
        found[path] = Text(path, failure=failure) if failure else Text(path, text, seconds)
    return found


def _private_directory() -> str:
    """A folder that only this user may enter, with a name short enough for a socket in it
    (unix(7): 108 bytes, of which ssh takes 18 for itself)."""
    base = tempfile.gettempdir()
    if len(base) > 60 and os.access("/tmp", os.W_OK):
        base = "/tmp"
    return tempfile.mkdtemp(prefix="diagnose-", dir=base)
