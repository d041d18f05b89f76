"""`diagnose --json` hands its words to the resident, if one runs (`diagnose serve --resident`).

The resident runs them in a copy of itself that has all modules already. That is the whole gain, so
this module imports nothing but what the interpreter has anyway, and one module in C. On any doubt
nothing is handed over, and the caller does the work (docs/adr/0047-a-resident-forks.md).
"""

import os
import stat
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from _socket import socket
    from types import FrameType

#: The names of the folder, which belongs to the user alone, and of the socket in it.
FOLDER, SOCKET = "diagnose", "resident"

#: Seconds within which a resident that is not busy has begun a run.
READY_TIMEOUT = 2.0

#: Bytes of the largest message; the kernel takes little more at once (socket(7), wmem_default).
MAX_MESSAGE = 200_000

#: What the resident answers: the run has begun and takes so many seconds at most; its exit status.
READY, ENDED = b"ready ", b"ended "

#: Words with which a run needs the caller's terminal, or is no run.
_OTHER_WORDS = ("--server", "--vantage", "--version", "-V", "--help", "-h", "--schema", "--spec")

_SIGINT, _SIGTERM = 2, 15


def runtime_folder() -> str:
    """Return the folder of the resident's socket (XDG Base Directory Specification; without the
    variable, as in cron, the place where pam_systemd(8) makes it)."""
    parent = os.environ.get("XDG_RUNTIME_DIR") or f"/run/user/{os.geteuid()}"
    return f"{parent}/{FOLDER}"


def is_private(folder: str) -> bool:
    """Return whether this is a folder, no link, that nobody but this user can enter."""
    try:
        status = os.lstat(folder)
    except (OSError, ValueError):
        return False
    is_own = status.st_uid == os.geteuid() == os.getuid()
    return is_own and stat.S_ISDIR(status.st_mode) and not status.st_mode & 0o077


def identity() -> list[str]:
    """Return what has to be the same on both sides: the program, the interpreter with its options
    and encodings, and the variables that count when a process begins."""
    from diagnose._version import VERSION

    package = os.path.dirname(os.path.dirname(__file__))  # noqa: PTH120 (pathlib takes 3 ms)
    file = os.stat(f"{package}/_version.py")  # noqa: PTH116
    return [
        f"{VERSION} {package} {file.st_dev} {file.st_ino} {file.st_mtime_ns}",
        f"{sys.executable} {sys.version} {tuple(sys.flags)} {sys.path}",
        f"{sys.getfilesystemencoding()} {_encoding(sys.stdin)} {_encoding(sys.stdout)}",
        *sorted(f"{name}={value}" for name, value in os.environ.items() if _counts_early(name)),
    ]


def _encoding(stream: object) -> str:
    return f"{getattr(stream, 'encoding', '')} {getattr(stream, 'errors', '')}".lower()


def _counts_early(name: str) -> bool:
    return name.startswith(("PYTHON", "LD_", "MALLOC_", "OPENSSL_", "GLIBC_"))


def request_message(words: list[str]) -> bytes:
    """Return what is asked of the resident: identity, words and environment, divided by NUL."""
    own_identity = identity()
    return b"\0".join(
        [
            b"%d %d" % (len(own_identity), len(words)),
            *(word.encode("utf-8", "surrogateescape") for word in own_identity),
            *map(os.fsencode, words),
            *(b"%b=%b" % item for item in os.environb.items()),
        ]
    )


def try_resident(words: list[str]) -> int | None:
    """Let the resident run this command line, and write its document. Return the exit status; None
    if this process has to do the work. `words` are those of `sys.argv`."""
    folder = runtime_folder()
    path = f"{folder}/{SOCKET}"
    if not (os.access(path, os.W_OK) and _is_for_resident(words[1:]) and is_private(folder)):
        return None
    try:
        return _hand_over(path, words)
    except (OSError, ValueError):
        return None


def _is_for_resident(arguments: list[str]) -> bool:
    return "--json" in arguments and not any(
        word == "-" or word.startswith(_OTHER_WORDS) for word in arguments
    )


def _hand_over(path: str, words: list[str]) -> int | None:
    import _socket

    connection = _socket.socket(_socket.AF_UNIX, _socket.SOCK_SEQPACKET)
    try:
        connection.settimeout(READY_TIMEOUT)
        connection.connect(path)
        # The process that listens, as the kernel knows it: pid, uid, gid (unix(7), struct ucred).
        peer = connection.getsockopt(_socket.SOL_SOCKET, _socket.SO_PEERCRED, 12)
        message = request_message(words)
        if int.from_bytes(peer[4:8], sys.byteorder) != os.geteuid() or len(message) > MAX_MESSAGE:
            return None
        return _ask(connection, message)
    finally:
        connection.close()


def _ask(connection: "socket", message: bytes) -> int | None:
    """Send the request with our files, and wait for the end of the run."""
    import _socket

    output = os.memfd_create("diagnose")
    folder = os.open(".", os.O_RDONLY | os.O_DIRECTORY)
    run = _Run(connection, output)
    try:
        files = b"".join(number.to_bytes(4, sys.byteorder) for number in (0, output, 2, folder))
        connection.sendmsg([message], [(_socket.SOL_SOCKET, _socket.SCM_RIGHTS, files)])
        return run.wait()
    finally:
        run.end()
        os.close(output)
        os.close(folder)


class _Run:
    """A run at the resident. The first signal is passed on, the second ends this process."""

    def __init__(self, connection: "socket", output: int) -> None:
        import _signal  # `signal` imports enum

        self._connection, self._output = connection, output
        self._signal_number, self._is_done = 0, False
        self._before = {
            number: _signal.signal(number, self._pass_on) for number in (_SIGINT, _SIGTERM)
        }

    def wait(self) -> int | None:
        """Wait for the end. Return the exit status, and write the document; None if there is
        none."""
        status = self._status()
        self._is_done = status is not None and self._write()
        return status if self._is_done else None

    def end(self) -> None:
        """Let signals do what they did before. If one came and there is no document, this process
        ends: the work is not begun again. Raise KeyboardInterrupt after Ctrl-C."""
        import _signal

        for number, handler in self._before.items():
            _signal.signal(number, handler)
        if self._signal_number == _SIGINT and not self._is_done:
            raise KeyboardInterrupt
        if self._signal_number and not self._is_done:
            os._exit(128 + self._signal_number)

    def _status(self) -> int | None:
        try:
            ready = self._connection.recv(64)
            if not ready.startswith(READY):
                return None
            self._connection.settimeout(float(ready.removeprefix(READY)))
            ended = self._connection.recv(64)
        except (OSError, ValueError):
            return None
        return int(ended.removeprefix(ENDED)) if ended.startswith(ENDED) else None

    def _write(self) -> bool:
        """Copy the document to stdout. Return False if nothing could be written: then this process
        makes it again, and says what is wrong with stdout as always."""
        size, written = os.fstat(self._output).st_size, 0
        while written < size:
            data = os.pread(self._output, 1 << 20, written)
            try:
                written += os.write(1, data)
            except BrokenPipeError:
                return True
            except OSError:
                return False
        return True

    def _pass_on(self, number: int, _: "FrameType | None") -> None:
        import _signal

        self._signal_number = number
        for end_signal in (_SIGINT, _SIGTERM):
            _signal.signal(end_signal, _signal.SIG_DFL)
        try:  # noqa: SIM105 (contextlib would be imported)
            self._connection.send(b"%d" % number)
        except OSError:
            pass
