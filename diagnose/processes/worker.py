"""Services that run in a thread or in another process and report events.

The screen is imported and drawn while the probes run, and threads of one Python process do not run
in parallel. So, before it imports the screen, the program forks a copy of itself, which runs the
probes, the checks and the fixes; this process draws the events. If the copy blocks, the keys
still work.

A service is `async f(channel, *args)`; it emits events through the `Channel` and may ask yes/no.
`ThreadExecutor` runs services in threads, `start_executor` in the other process; callers use both
in the same way.
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
from diagnose.processes.parser_process import detach_terminal, read_message, write_message

EventCallback = Callable[[Any], None]

#: Seconds that a cancelled service has to clean up.
GRACE = 1.0


@frozen
class Question:
    """The service asks a yes/no question and waits for the answer."""

    text: str


@frozen
class JobEnded:
    """Final event of a service; `error` is "" on success."""

    error: str = ""


class Channel:
    """Connects a service to its caller: `tell` sends an event, `ask` asks yes/no."""

    def __init__(self, tell: EventCallback) -> None:
        self.tell = tell
        self.answers: queue.SimpleQueue[bool] = queue.SimpleQueue()

    def ask(self, text: str) -> bool:
        """Ask a question and block until it is answered."""
        self.tell(Question(text))
        return self.answers.get()


Service = Callable[..., Coroutine[Any, Any, None]]


class Job(Protocol):
    """A running service."""

    def stop(self) -> None:
        """Cancel the service; it still reports its results so far."""
        ...

    def answer(self, yes: bool) -> None:
        """Answer the service's question."""
        ...


class Executor(Protocol):
    """Runs services."""

    def start(self, service: str, on_event: EventCallback, *arguments: object) -> Job:
        """Start a service. `on_event` is called from another thread; the last event is JobEnded."""
        ...

    def close(self) -> None:
        """Stop the services that may be stopped."""
        ...


class ThreadJob:
    """A service running in a thread with its own event loop."""

    def __init__(self, service: Service, on_event: EventCallback, *arguments: object) -> None:
        self._on_event = on_event
        self._channel = Channel(on_event)
        self._loop = asyncio.new_event_loop()
        self._task = self._loop.create_task(service(self._channel, *arguments))
        self._thread = threading.Thread(target=self._run, daemon=True, name="diagnose-work")

    def start(self) -> "ThreadJob":
        self._thread.start()
        return self

    def stop(self) -> None:
        with contextlib.suppress(RuntimeError):  # it has ended by itself
            self._loop.call_soon_threadsafe(self._task.cancel)

    def answer(self, yes: bool) -> None:
        self._channel.answers.put(yes)

    def join(self, seconds: float | None = None) -> None:
        self._thread.join(seconds)

    def _run(self) -> None:
        error = ""
        try:
            self._loop.run_until_complete(self._task)
        except asyncio.CancelledError:
            pass
        except Exception as exception:  # for example, a machine that cannot be reached
            error = f"{type(exception).__name__}: {exception}"
        finally:
            # Do not wait for threads: a resolver may never answer.
            self._loop.close()
            self._on_event(JobEnded(error))


class ThreadExecutor:
    """Runs services in threads of this process."""

    def __init__(self, services: Mapping[str, Service]) -> None:
        self._services = services

    def start(self, service: str, on_event: EventCallback, *arguments: object) -> Job:
        return ThreadJob(self._services[service], on_event, *arguments).start()

    def close(self) -> None:
        """Do nothing: the threads end with the process."""


def start_executor(
    services: Mapping[str, Service], uninterruptible: frozenset[str], initialize: Callable[[], None]
) -> Executor:
    """Fork the worker process. Call it while this process has only one thread.

    `uninterruptible` names the services that finish even if this process ends first. `initialize`
    is called in the worker process before anything else.
    """
    command_reader, command_writer = os.pipe()
    event_reader, event_writer = os.pipe()
    if os.fork() == 0:
        os.close(command_writer)
        os.close(event_reader)
        with contextlib.suppress(BaseException):
            initialize()
            _WorkerProcess(services, uninterruptible, os.fdopen(event_writer, "wb")).serve(
                os.fdopen(command_reader, "rb")
            )
        os._exit(0)
    os.close(command_reader)
    os.close(event_writer)
    return ProcessExecutor(os.fdopen(command_writer, "wb"), os.fdopen(event_reader, "rb"))


class ProcessExecutor:
    """The worker process, seen from here. It ends when this process closes the pipe to it."""

    def __init__(self, commands: BinaryIO, events: BinaryIO) -> None:
        self._commands, self._events = commands, events
        self._write_lock = threading.Lock()
        self._callbacks: dict[int, EventCallback] = {}
        self._started = 0
        self._is_closed = False
        threading.Thread(target=self._listen, daemon=True, name="diagnose-told").start()

    def start(self, service: str, on_event: EventCallback, *arguments: object) -> Job:
        self._started += 1
        number = self._started
        self._callbacks[number] = on_event
        self.send("start", number, service, arguments)
        if self._is_closed:
            self._report_lost(number)
        return _RemoteJob(self, number)

    def send(self, *message: object) -> None:
        with self._write_lock:
            try:
                write_message(self._commands, message)
            except (OSError, ValueError):
                # Closed here: otherwise Python would write the rest at its end, and complain.
                self.close()

    def close(self) -> None:
        with contextlib.suppress(OSError, ValueError):
            self._commands.close()

    def _listen(self) -> None:
        try:
            with contextlib.suppress(OSError, EOFError, ValueError):
                while True:
                    number, event = read_message(self._events)
                    on_event = (
                        self._callbacks.pop(number)
                        if type(event) is JobEnded
                        else self._callbacks[number]
                    )
                    on_event(event)
        finally:
            self._events.close()
            self._is_closed = True
            for number in list(self._callbacks):
                self._report_lost(number)

    def _report_lost(self, number: int) -> None:
        if on_event := self._callbacks.pop(number, None):
            on_event(JobEnded("The process that looks has ended."))


class _RemoteJob:
    def __init__(self, executor: ProcessExecutor, number: int) -> None:
        self._executor, self._number = executor, number

    def stop(self) -> None:
        self._executor.send("stop", self._number)

    def answer(self, yes: bool) -> None:
        self._executor.send("answer", self._number, yes)


class _WorkerProcess:
    """The worker process, seen from inside."""

    def __init__(
        self, services: Mapping[str, Service], uninterruptible: frozenset[str], events: BinaryIO
    ) -> None:
        self._services, self._uninterruptible, self._events = services, uninterruptible, events
        self._write_lock = threading.Lock()
        self._jobs: dict[int, tuple[str, ThreadJob]] = {}

    def serve(self, commands: BinaryIO) -> None:
        """Execute commands until the other process closes the pipe."""
        detach_terminal()
        with contextlib.suppress(EOFError, OSError):
            while True:
                match read_message(commands):
                    case "start", number, service, arguments:
                        self._start(number, service, arguments)
                    case "stop", number:
                        self._stop(number)
                    case "answer", number, yes:
                        self._answer(number, yes)
        self._end()

    def _end(self) -> None:
        for service, job in list(self._jobs.values()):
            job.answer(False)
            if service in self._uninterruptible:
                job.join()
            else:
                job.stop()
                job.join(GRACE)

    def _start(self, number: int, service: str, arguments: tuple[object, ...]) -> None:
        on_event = partial(self._tell, number)
        job = ThreadJob(self._services[service], on_event, *arguments)
        self._jobs[number] = service, job
        job.start()

    def _stop(self, number: int) -> None:
        if number in self._jobs:
            self._jobs[number][1].stop()

    def _answer(self, number: int, yes: bool) -> None:
        if number in self._jobs:
            self._jobs[number][1].answer(yes)

    def _tell(self, number: int, event: object) -> None:
        with self._write_lock, contextlib.suppress(OSError, ValueError):
            write_message(self._events, (number, event))
        if type(event) is JobEnded:
            self._jobs.pop(number, None)
            gc.enable()  # this process stays; collection was off for a fast first answer
