"""A second process for parsing, so that a short run uses two cores.

Parsing a DNS answer takes no time, but importing the library for it takes 20 to 35 ms, and threads
of one Python process do not import in parallel. So, before it imports
anything large, the program forks a copy of itself, which imports them while the program connects.
The copy answers one request after another: a function name and its arguments; the result, or the
exception raised. Without such a process (one core, a test, or it died), functions run here.
"""

import importlib
import os
import struct
import sys
import threading
from collections.abc import Iterable
from contextlib import suppress
from typing import Any, BinaryIO

#: The modules that parse there. The second one imports a large library only for a certificate that
#: is not ordinary.
PARSER_MODULES = ("diagnose.parsers.dns", "diagnose.parsers.x509")

_SIZE = struct.Struct("!I")


class _ParserProcess:
    """The second process, seen from the first. It ends when the first process closes the pipe."""

    def __init__(self, questions: BinaryIO, answers: BinaryIO) -> None:
        self._questions, self._answers = questions, answers
        self._lock = threading.Lock()

    def ask(self, question: tuple[object, ...]) -> tuple[bool, Any]:
        with self._lock:
            write_message(self._questions, question)
            answer: tuple[bool, Any] = read_message(self._answers)
            return answer

    def close(self) -> None:
        for pipe in (self._questions, self._answers):
            with suppress(OSError):
                pipe.close()


_parser_process: _ParserProcess | None = None


def start(modules: Iterable[str] = PARSER_MODULES) -> None:
    """Fork the second process, which imports these modules.

    Call it once, while this process has only one thread. Does nothing on a single core.
    """
    global _parser_process
    if _parser_process is not None or len(os.sched_getaffinity(0)) < 2:
        return
    questions, ask = os.pipe()
    answers, answer = os.pipe()
    if os.fork() == 0:
        os.close(ask)
        os.close(answers)
        with suppress(BaseException):
            _serve(os.fdopen(questions, "rb"), os.fdopen(answer, "wb"), modules)
        os._exit(0)
    os.close(questions)
    os.close(answer)
    _parser_process = _ParserProcess(os.fdopen(ask, "wb"), os.fdopen(answers, "rb"))


async def call(function: str, *args: object, **kwargs: object) -> Any:
    """Call a function without I/O, "package.module:name", in the second process or a thread.

    Arguments and result must be picklable. An exception of the function is raised here.
    """
    if _parser_process is None and function.partition(":")[0] in sys.modules:
        return _call_here(function, args, kwargs)  # nothing to wait for

    import asyncio  # not before the fork

    return await asyncio.to_thread(_call_in_process, function, args, kwargs)


def _call_in_process(function: str, args: tuple[object, ...], kwargs: dict[str, object]) -> Any:
    global _parser_process
    if _parser_process is not None:
        try:
            succeeded, result = _parser_process.ask((function, args, kwargs))
        except (OSError, EOFError):
            _parser_process.close()
            _parser_process = None
        else:
            if succeeded:
                return result
            raise result
    return _call_here(function, args, kwargs)


def _call_here(function: str, args: tuple[object, ...], kwargs: dict[str, object]) -> Any:
    module, _, name = function.partition(":")
    return getattr(importlib.import_module(module), name)(*args, **kwargs)


def _serve(questions: BinaryIO, answers: BinaryIO, modules: Iterable[str]) -> None:
    detach_terminal()
    for module in modules:
        importlib.import_module(module)
    while True:
        function, args, kwargs = read_message(questions)
        try:
            answer: tuple[bool, Any] = (True, _call_here(function, args, kwargs))
        except Exception as error:
            answer = (False, error)
        write_message(answers, answer)


def detach_terminal() -> None:
    """Ignore terminal signals and detach stdio in a forked process."""
    import signal

    # Both processes receive Ctrl-C and the hangup; the parent decides what to do.
    # Not SIG_IGN: child processes would inherit it (execve(2)).
    for number in (signal.SIGINT, signal.SIGHUP):
        signal.signal(number, lambda *_: None)
    # Detach stdio so readers see EOF when the parent exits.
    null_device = os.open(os.devnull, os.O_RDWR)
    for stream in range(3):
        os.dup2(null_device, stream)


def write_message(pipe: BinaryIO, value: object) -> None:
    """Write a picklable value, preceded by its size."""
    import pickle

    data = pickle.dumps(value)
    pipe.write(_SIZE.pack(len(data)) + data)
    pipe.flush()


def read_message(pipe: BinaryIO) -> Any:
    """Return the next value. Raises EOFError if the writer has closed the pipe."""
    import pickle

    head = pipe.read(_SIZE.size)
    if len(head) < _SIZE.size:
        raise EOFError
    return pickle.loads(pipe.read(*_SIZE.unpack(head)))
