"""A server behind SSH, through the system's own OpenSSH: the user's configuration, agent, jump
hosts and known_hosts hold, no password is ever asked for.

One connection carries everything (ssh_config(5), ControlMaster), in it a few shells: a login costs
several round trips and whatever the user's start-up files do. They are children of this program
that live as long as the pipes to them are open: however this program ends, they and the
connection end with it. On the server nothing is installed or written; sh, cat, stat and one of
ss, netstat or /proc/net/tcp are enough.
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
from collections.abc import Coroutine
from types import TracebackType
from urllib.parse import urlsplit

from diagnose.machine import LIMIT, Ran, Socket, Text
from diagnose.machine.local import MOST_PATHS, exited
from diagnose.machine.shell import LOGIN, Lost, Shell, Unasked
from diagnose.machine.tunnel import Tunnel
from diagnose.model import Failure
from diagnose.net import PATIENCE, Connected
from diagnose.parsers.linux.sockets import listening

#: Commands that run side by side. sshd lets a connection have ten sessions unless told otherwise
#: (sshd_config(5), MaxSessions).
SHELLS = 4

_OPTIONS = (
    "BatchMode=yes",
    "ClearAllForwardings=yes",
    "ForwardAgent=no",
    "ForwardX11=no",
    "PermitLocalCommand=no",
    "RemoteCommand=none",
    "RequestTTY=no",
    f"ConnectTimeout={LOGIN:.0f}",
)
_LISTENERS = (
    "ss -ltnpe 2>/dev/null || netstat -ltnp 2>/dev/null || cat /proc/net/tcp /proc/net/tcp6"
)
# The attempts to connect there that are not answered yet.
_WAITING = (
    'sleep 0.1 2>/dev/null || sleep 1; case $1 in *:*) a="[$1]";; *) a=$1;; esac; '
    'ss -Htn state syn-sent dst "$a" dport = ":$2" 2>/dev/null'
)
# Prints a file after a line with a token that no file holds, its state, time and name; before
# that, where a link leads.
_ONE = (
    "one() { f=$1; "
    'if [ ! -e "$f" ]; then s="missing 0"; elif [ ! -f "$f" ]; then s="special 0"; '
    'elif [ ! -r "$f" ]; then s="denied 0"; '
    # Fractions of a second tell a change from the start that came after it; busybox knows none.
    'else m=$(stat -L -c %.Y -- "$f" 2>/dev/null); case $m in *[!0-9.]*|"") '
    'm=$(stat -L -c %Y -- "$f" 2>/dev/null || echo 0);; esac; s="ok $m"; fi; '
    '[ -L "$f" ] && printf "\\n%s link %s\\n" "$t" "$(readlink -f -- "$f" 2>/dev/null)"; '
    'printf "\\n%s %s %s\\n" "$t" "$s" "$f"; '
    'case $s in ok*) head -c "$n" -- "$f" 2>/dev/null || cat -- "$f";; esac; }; '
)
_FAILURES = {
    "missing": Failure("missing", "No such file or directory", 2),
    "denied": Failure("denied", "Permission denied", 13),
    "special": Failure("other", "not a regular file"),
}


class SshMachine:
    """`ssh://[user@]host[:port]`; ValueError where it is no such URL.

    The connection is made when it is first needed; `close`, or leaving `async with`, ends it.
    A connection that cannot be made is the failure of everything that is asked.
    """

    def __init__(self, url: str, options: tuple[str, ...] = ()) -> None:
        self.via = url
        self._destination = destination(url)
        self._given_options = options
        self._options = (*_OPTIONS, *options)
        self._directory = ""
        self._failure: Failure | None = None
        self._opening = asyncio.Lock()
        self._shells: list[Shell] = []
        self._wanted: dict[tuple[str, int], asyncio.Future[tuple[Text, ...]]] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> "SshMachine":
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.close()

    def another(self) -> "SshMachine":
        """The same server by a connection of its own, which is not made yet."""
        return SshMachine(self.via, self._given_options)

    async def run(self, *argv: str, timeout: float = 8.0) -> Ran:
        return await self._run(argv, timeout)

    async def read(self, path: str, limit: int = LIMIT) -> Text:
        return (await self._files(shlex.quote(path), limit))[0]

    async def read_all(self, pattern: str, limit: int = LIMIT) -> tuple[Text, ...]:
        words = shell_patterns(pattern)
        found = await self._files(words, limit) if words else ()
        return tuple(sorted((one for one in found if not _is_missing(one)), key=_path))

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

    async def connect(self, address: str, port: int, timeout: float = PATIENCE) -> Connected:
        """Through the connection that stands, by sshd (ssh(1), -W). It says nothing when that is
        open, and ends when it cannot be: what has not ended a round trip later is open, unless
        the server's SYN still waits for an answer."""
        begun = time.monotonic()
        try:
            await self._shell()
            tunnel = await Tunnel.open(self._ssh("ControlMaster=no"), address, port)
        except Lost as lost:
            return Connected(time.monotonic() - begun, failure=lost.failure)
        waiting = await self.run("sh", "-c", _WAITING, "sh", address, str(port), timeout=timeout)
        failure = await tunnel.refusal()
        if waiting.out.strip():
            failure = Failure("timeout", "timed out")
        if failure is not None:
            tunnel.close()
            return Connected(time.monotonic() - begun, failure=failure)
        return Connected(time.monotonic() - begun, tunnel)

    async def close(self) -> None:
        """End the connection and remove what it needed here. May be called again."""
        for task in tuple(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        shells, self._shells = self._shells, []
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
            status, out, err = await self._asked(argv, timeout)
        except Lost as lost:
            took = time.monotonic() - begun
            return Ran(argv, None, "", lost.failure.message, took, lost.failure)
        took = time.monotonic() - begun
        return Ran(argv, status, out, err, took, _failure(argv[0], status, err))

    async def _asked(self, argv: tuple[str, ...], timeout: float) -> tuple[int, str, str]:
        """Where a shell ended because of another command, the next one is asked: all that is
        ever run over there only looks."""
        for _ in range(SHELLS):
            shell = await self._shell()
            try:
                return await shell.run(argv, timeout)
            except Unasked:
                continue
        raise Lost(Failure("closed", "the connection to the server was lost"))

    async def _shell(self) -> Shell:
        """The one with the least to do. Lost where the server cannot be entered."""
        async with self._opening:
            if self._failure is not None:
                raise Lost(self._failure)
            if not self._shells:
                await self._log_in()
            alive = [shell for shell in self._shells if shell.alive]
            if not alive:
                alive = [await self._another()]
        return min(alive, key=lambda shell: shell.waiting)

    async def _log_in(self) -> None:
        self._directory = self._directory or _private_directory()
        try:
            self._remember(await Shell.open(self._ssh("ControlMaster=yes")))
        except Lost as lost:
            self._failure = lost.failure
            raise
        for _ in range(SHELLS - 1):
            self._start(self._one_more())

    async def _one_more(self) -> None:
        # A server may allow fewer (sshd_config(5), MaxSessions).
        with contextlib.suppress(Lost):
            await self._another()

    async def _another(self) -> Shell:
        return self._remember(await Shell.open(self._ssh("ControlMaster=no")))

    def _start(self, work: Coroutine[None, None, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _remember(self, shell: Shell) -> Shell:
        self._shells.append(shell)
        return shell

    def _ssh(self, role: str) -> list[str]:
        options = (*self._options, f"ControlPath={self._directory}/c", role, "ControlPersist=no")
        return ["ssh", "-T", *(word for one in options for word in ("-o", one)), *self._destination]

    # Files

    async def _files(self, words: str, limit: int) -> tuple[Text, ...]:
        """The files that these words of sh name. What is wanted at the same moment is fetched by
        one command."""
        wanted = self._wanted.get((words, limit))
        if wanted is None:
            loop = asyncio.get_running_loop()
            if not self._wanted:
                loop.call_soon(self._fetch_all)
            wanted = self._wanted[words, limit] = loop.create_future()
        return await asyncio.shield(wanted)

    def _fetch_all(self) -> None:
        wanted, self._wanted = self._wanted, {}
        for limit in {limit for _, limit in wanted}:
            batch = {words: done for (words, bound), done in wanted.items() if bound == limit}
            self._start(self._fetch(batch, limit))

    async def _fetch(self, batch: dict[str, asyncio.Future[tuple[Text, ...]]], limit: int) -> None:
        token = secrets.token_hex(16)
        items = [f'item; for f in {words}; do one "$f"; done' for words in batch]
        script = f"t={token} n={limit}; item() {{ printf '\\n%s item\\n' $t; }}; {_ONE}"
        try:
            ran = await self._run(("sh", "-c", script + "; ".join(items)), 8.0)
            found = _unpacked(ran.out, token)
            lost = ran.failure or Failure("other", "the server sent nothing of it")
            for number, (words, done) in enumerate(batch.items()):
                texts = found[number] if number < len(found) else ()
                if not done.done():
                    done.set_result(texts or (Text(shlex.split(words)[0], failure=lost),))
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


def _unpacked(out: str, token: str) -> list[tuple[Text, ...]]:
    """What was printed of each item: its files, at most MOST_PATHS of them."""
    found: list[list[Text]] = []
    real = ""
    for part in out.split(f"\n{token} ")[1:]:
        head, _, text = part.partition("\n")
        if head == "item":
            found.append([])
            continue
        if head.startswith("link "):
            real = head.removeprefix("link ")
            continue
        state, changed, path = (*head.split(" ", 2), "", "")[:3]
        failure = _FAILURES.get(state)
        known = re.fullmatch(r"[1-9]\d*(\.\d+)?", changed)
        seconds = float(changed) if known else None
        one = Text(path, failure=failure) if failure else Text(path, text, seconds, real=real)
        real = ""
        if len(found[-1]) < MOST_PATHS:
            found[-1].append(one)
    return [tuple(several) for several in found]


def _is_missing(one: Text) -> bool:
    return one.failure is not None and one.failure.kind == "missing"


def _path(one: Text) -> str:
    return one.path


def _private_directory() -> str:
    """A folder that only this user may enter, with a name short enough for a socket in it
    (unix(7): 108 bytes, of which ssh takes 18 for itself)."""
    base = tempfile.gettempdir()
    if len(base) > 60 and os.access("/tmp", os.W_OK):
        base = "/tmp"
    return tempfile.mkdtemp(prefix="diagnose-", dir=base)
