"""Work in a process of its own, told of as it goes on.

The screen is imported and painted while the runs look, and threads of one Python do not do two
things at once. So the program, before it imports the screen, forks a copy of itself which looks,
judges and mends; this one draws what it is told. Whatever blocks there blocks no key here.

A service is a coroutine function that is given a `Channel` and what it was asked for. `Here` has it
work in a thread, `begin` in the other process; whoever asks sees no difference.
"""

import asyncio
import contextlib
import gc
import os
import queue
import threading
from collections.abc import Callable, Coroutine, Mapping
from functools import partial
from typing import Any, BinaryIO, Protocol

from diagnose.model.frozen import frozen
from diagnose.processes.parser_process import be_quiet, read, write

Told = Callable[[Any], None]

#: What is given up has so long to end what it started (seconds).
GRACE = 1.0


@frozen
class Question:
    """The service waits for an answer, True or False."""

    text: str


@frozen
class Over:
    """The service has ended, the last that is told of it. `error` is empty where it ended well."""

    error: str = ""


class Channel:
    """A service's line to the one who asked for it."""

    def __init__(self, tell: Told) -> None:
        self.tell = tell
        self.answers: queue.SimpleQueue[bool] = queue.SimpleQueue()

    def ask(self, text: str) -> bool:
        """Ask, and wait for the answer."""
        self.tell(Question(text))
        return self.answers.get()


Service = Callable[..., Coroutine[Any, Any, None]]


class Job(Protocol):
    """A service at work."""

    def stop(self) -> None:
        """Cancel it; it says what is known by then."""
        ...

    def answer(self, yes: bool) -> None:
        """The answer to its question."""
        ...


class Place(Protocol):
    """Where services work."""

    def start(self, service: str, told: Told, *given: object) -> Job:
        """Have it begin. `told` is called from another thread, at the end with an `Over`."""
        ...

    def close(self) -> None:
        """End what may be ended."""
        ...


class Work:
    """A service in a thread with an event loop of its own."""

    def __init__(self, service: Service, told: Told, *given: object) -> None:
        self._told = told
        self._channel = Channel(told)
        self._loop = asyncio.new_event_loop()
        self._task = self._loop.create_task(service(self._channel, *given))
        self._thread = threading.Thread(target=self._work, daemon=True, name="diagnose-work")

    def start(self) -> "Work":
        self._thread.start()
        return self

    def stop(self) -> None:
        with contextlib.suppress(RuntimeError):  # it has ended by itself
            self._loop.call_soon_threadsafe(self._task.cancel)

    def answer(self, yes: bool) -> None:
        self._channel.answers.put(yes)

    def join(self, seconds: float | None = None) -> None:
        self._thread.join(seconds)

    def _work(self) -> None:
        error = ""
        try:
            self._loop.run_until_complete(self._task)
        except asyncio.CancelledError:
            pass
        except Exception as raised:  # a door that cannot be opened, say: it is shown
            error = f"{type(raised).__name__}: {raised}"
        finally:
            # Without waiting for threads: a resolver may not answer.
            self._loop.close()
            self._told(Over(error))


class Here:
    """Services in threads of this process."""

    def __init__(self, services: Mapping[str, Service]) -> None:
        self._services = services

    def start(self, service: str, told: Told, *given: object) -> Job:
        return Work(self._services[service], told, *given).start()

    def close(self) -> None:
        """They end with the process."""


def begin(
    services: Mapping[str, Service], lasting: frozenset[str], first: Callable[[], None]
) -> Place:
    """Fork the other process, where the services are. To be called while this one has one thread.

    `lasting` services are not given up half-way when this process ends: the other one stays until
    they are done. `first` is called in it before anything else.
    """
    orders, order = os.pipe()
    news, tell = os.pipe()
    if os.fork() == 0:
        os.close(order)
        os.close(news)
        with contextlib.suppress(BaseException):
            first()
            _Other(services, lasting, os.fdopen(tell, "wb")).serve(os.fdopen(orders, "rb"))
        os._exit(0)
    os.close(orders)
    os.close(tell)
    return _Apart(os.fdopen(order, "wb"), os.fdopen(news, "rb"))


class _Apart:
    """The other process, as seen from here. It ends when this one's pipe to it does."""

    def __init__(self, orders: BinaryIO, news: BinaryIO) -> None:
        self._orders, self._news = orders, news
        self._writing = threading.Lock()
        self._told: dict[int, Told] = {}
        self._started = 0
        self._gone = False
        threading.Thread(target=self._listen, daemon=True, name="diagnose-told").start()

    def start(self, service: str, told: Told, *given: object) -> Job:
        self._started += 1
        number = self._started
        self._told[number] = told
        self.order("start", number, service, given)
        if self._gone:
            self._lost(number)
        return _Remote(self, number)

    def order(self, *what: object) -> None:
        with self._writing, contextlib.suppress(OSError, ValueError):
            write(self._orders, what)

    def close(self) -> None:
        with contextlib.suppress(OSError, ValueError):
            self._orders.close()

    def _listen(self) -> None:
        try:
            with contextlib.suppress(OSError, EOFError, ValueError):
                while True:
                    number, said = read(self._news)
                    told = self._told.pop(number) if type(said) is Over else self._told[number]
                    told(said)
        finally:
            self._news.close()
            self._gone = True
            for number in list(self._told):
                self._lost(number)

    def _lost(self, number: int) -> None:
        if told := self._told.pop(number, None):
            told(Over("The process that looks has ended."))


class _Remote:
    def __init__(self, apart: _Apart, number: int) -> None:
        self._apart, self._number = apart, number

    def stop(self) -> None:
        self._apart.order("stop", self._number)

    def answer(self, yes: bool) -> None:
        self._apart.order("answer", self._number, yes)


class _Other:
    """The other process, from within."""

    def __init__(
        self, services: Mapping[str, Service], lasting: frozenset[str], news: BinaryIO
    ) -> None:
        self._services, self._lasting, self._news = services, lasting, news
        self._writing = threading.Lock()
        self._works: dict[int, tuple[str, Work]] = {}

    def serve(self, orders: BinaryIO) -> None:
        """Do what is ordered until nobody orders any more."""
        be_quiet()
        with contextlib.suppress(EOFError, OSError):
            while True:
                what, number, *given = read(orders)
                getattr(self, f"_{what}")(number, *given)
        self._end()

    def _end(self) -> None:
        for service, work in list(self._works.values()):
            work.answer(False)
            if service in self._lasting:
                work.join()
            else:
                work.stop()
                work.join(GRACE)

    def _start(self, number: int, service: str, given: tuple[object, ...]) -> None:
        told = partial(self._tell, number)
        work = Work(self._services[service], told, *given)
        self._works[number] = service, work
        work.start()

    def _stop(self, number: int) -> None:
        if number in self._works:
            self._works[number][1].stop()

    def _answer(self, number: int, yes: bool) -> None:
        if number in self._works:
            self._works[number][1].answer(yes)

    def _tell(self, number: int, said: object) -> None:
        with self._writing, contextlib.suppress(OSError, ValueError):
            write(self._news, (number, said))
        if type(said) is Over:
            self._works.pop(number, None)
            gc.enable()  # this process stays; the first answer had no time for it
