"""Pure work in a second process, so that two cores share a short run.

Reading a certificate or a DNS answer takes no time, but importing the libraries that do it takes
20 to 35 ms each, and threads of one Python do not import side by side. So the program, before it
imports anything large, forks a copy of itself that imports them while this one connects. It
answers one question after another: the name of a function, its arguments; the result, or what it
raised. Where there is no such process (one core, a test, it died), the function is called here.
"""

import importlib
import os
import struct
import sys
import threading
from collections.abc import Iterable
from contextlib import suppress
from typing import Any, BinaryIO

_SIZE = struct.Struct("!I")


class _Other:
    """The second process, as seen from here. It ends when this one's pipe to it does."""

    def __init__(self, questions: BinaryIO, answers: BinaryIO) -> None:
        self._questions, self._answers = questions, answers
        self._one_at_a_time = threading.Lock()

    def ask(self, question: tuple[object, ...]) -> tuple[bool, Any]:
        with self._one_at_a_time:
            write(self._questions, question)
            answer: tuple[bool, Any] = read(self._answers)
            return answer

    def close(self) -> None:
        for pipe in (self._questions, self._answers):
            with suppress(OSError):
                pipe.close()


_other: _Other | None = None


def begin(modules: Iterable[str]) -> None:
    """Fork the second process and have it import these modules. To be called once, while this
    process has one thread; does nothing where there is one core only."""
    global _other
    if _other is not None or len(os.sched_getaffinity(0)) < 2:
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
    _other = _Other(os.fdopen(ask, "wb"), os.fdopen(answers, "rb"))


async def do(function: str, *args: object, **named: object) -> Any:
    """Call a pure function, "package.module:name", in the second process or in a thread.

    Arguments and result are values that pickle knows; what the function raises is raised.
    """
    if _other is None and function.partition(":")[0] in sys.modules:
        return _call(function, args, named)  # nothing to wait for

    import asyncio  # not before the fork

    return await asyncio.to_thread(_do, function, args, named)


def _do(function: str, args: tuple[object, ...], named: dict[str, object]) -> Any:
    global _other
    if _other is not None:
        try:
            good, result = _other.ask((function, args, named))
        except (OSError, EOFError):
            _other.close()
            _other = None
        else:
            if good:
                return result
            raise result
    return _call(function, args, named)


def _call(function: str, args: tuple[object, ...], named: dict[str, object]) -> Any:
    module, _, name = function.partition(":")
    return getattr(importlib.import_module(module), name)(*args, **named)


def _serve(questions: BinaryIO, answers: BinaryIO, modules: Iterable[str]) -> None:
    be_quiet()
    for module in modules:
        importlib.import_module(module)
    while True:
        function, args, named = read(questions)
        try:
            answer: tuple[bool, Any] = (True, _call(function, args, named))
        except Exception as error:
            answer = (False, error)
        write(answers, answer)


def be_quiet() -> None:
    """Leave the terminal to the process that forked this one."""
    import signal

    # Ctrl-C, and the end of the terminal, are told to both; the other one decides what they mean.
    # Not SIG_IGN: what is started from here would ignore them too (execve(2)).
    for number in (signal.SIGINT, signal.SIGHUP):
        signal.signal(number, lambda *_: None)
    # Whoever reads what the other writes shall not have to wait for this one.
    nowhere = os.open(os.devnull, os.O_RDWR)
    for stream in range(3):
        os.dup2(nowhere, stream)


def write(pipe: BinaryIO, value: object) -> None:
    """One value that pickle knows, behind its size."""
    import pickle

    data = pickle.dumps(value)
    pipe.write(_SIZE.pack(len(data)) + data)
    pipe.flush()


def read(pipe: BinaryIO) -> Any:
    """What was written; EOFError where nobody writes any more."""
    import pickle

    head = pipe.read(_SIZE.size)
    if len(head) < _SIZE.size:
        raise EOFError
    return pickle.loads(pipe.read(*_SIZE.unpack(head)))
