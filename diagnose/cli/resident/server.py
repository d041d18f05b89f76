"""The resident's own process: takes requests, forks, passes on signals and the end.

It never waits for a caller, and never runs a diagnosis itself: what hangs or crashes is a copy.
"""

import contextlib
import gc
import importlib
import os
import selectors
import signal
import socket
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from diagnose.cli.request_parser import parse_run
from diagnose.cli.resident import worker
from diagnose.cli.resident.callers import StrangerError, Surroundings, check_caller, surroundings
from diagnose.cli.resident.orders import FILES, Order, parse_order
from diagnose.parsers.target import UsageError
from diagnose.processes.resident_client import MAX_MESSAGE, identity

#: Callers at the same time; a further one has to do the work itself.
MAX_CALLERS = 32

#: Copies that are kept for the next run.
MAX_IDLE = 2

#: Seconds until a caller has to have sent its request, and until a copy whose caller is gone has
#: to have ended.
REQUEST_TIMEOUT, END_TIMEOUT = 1.0, 5.0

#: Modules that are learned at most: the program has some hundred.
MAX_LEARNED = 5000

#: The deadline of a caller whose run is going on: the run has its own.
NEVER = float("inf")

_PASSED_ON = {b"%d" % number: number for number in (signal.SIGINT, signal.SIGTERM)}


@dataclass(slots=True, eq=False)
class Copy:
    """A copy of this process. `process` refers to it (pidfd_open(2)), `key` is what it has become;
    another caller gets another copy."""

    pid: int
    process: int
    control: socket.socket
    key: tuple[object, ...]


@dataclass(slots=True, eq=False)
class Caller:
    """A connection, and the copy at work for it. `deadline` is of the monotonic clock."""

    connection: socket.socket
    deadline: float
    copy: Copy | None = None


@dataclass(slots=True)
class Server:
    """Serves until `owner`, a pipe that another process holds open, is closed."""

    listener: socket.socket
    owner: int
    _own: Surroundings = field(default_factory=lambda: surroundings(os.getpid()))
    _identity: tuple[bytes, ...] = field(default_factory=lambda: _own_identity())
    _selector: selectors.DefaultSelector = field(default_factory=selectors.DefaultSelector)
    _callers: set[Caller] = field(default_factory=set)
    _idle: list[Copy] = field(default_factory=list)
    _learned: int = 0

    def serve(self) -> None:
        """Serve; at the end all copies are told to end."""
        _warm_up()
        self.listener.setblocking(False)
        self._watch(self.listener, self._accept)
        self._watch(self.owner, lambda: None)
        while not any(key.fd == self.owner for key in self._turn()):
            pass
        for copy in (*self._idle, *(caller.copy for caller in self._callers if caller.copy)):
            _signal(copy, signal.SIGTERM)

    def _watch(self, source: socket.socket | int, handle: Callable[[], None]) -> None:
        self._selector.register(source, selectors.EVENT_READ, handle)

    def _turn(self) -> list[selectors.SelectorKey]:
        """Wait for events and handle them; return them."""
        has_deadline = any(caller.deadline != NEVER for caller in self._callers)
        events = [key for key, _ in self._selector.select(0.2 if has_deadline else None)]
        for key in events:
            # What was handled before in this turn may have closed it.
            if self._selector.get_map().get(key.fd) is key:
                key.data()
        for caller in [
            late_caller for late_caller in self._callers if time.monotonic() > late_caller.deadline
        ]:
            self._expire(caller)
        return events

    # Callers

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            connection, _ = self.listener.accept()
            if len(self._callers) >= MAX_CALLERS:
                connection.close()
                return
            connection.setblocking(False)
            caller = Caller(connection, time.monotonic() + REQUEST_TIMEOUT)
            self._callers.add(caller)
            self._watch(connection, lambda: self._receive(caller))

    def _receive(self, caller: Caller) -> None:
        """Take a request, a signal, or the caller's end."""
        files: list[int] = []
        try:
            message, files, flags, _ = socket.recv_fds(caller.connection, MAX_MESSAGE, FILES)
            if caller.copy:
                self._pass_on(caller, message)
            elif flags & (socket.MSG_TRUNC | socket.MSG_CTRUNC) or len(files) != FILES:
                raise ValueError("not a request")
            else:
                self._begin(caller, message, files)
        except (OSError, ValueError, StrangerError):
            self._forget(caller)
        finally:
            for descriptor in files:
                os.close(descriptor)

    def _begin(self, caller: Caller, message: bytes, files: list[int]) -> None:
        """Give the run to a copy. Raise StrangerError, ValueError or OSError."""
        order = parse_order(message)
        theirs = check_caller(caller.connection, self._own)
        if order.identity != self._identity:
            raise StrangerError("another version, or another environment")
        key = (theirs, order.environment)
        copy = next((idle_copy for idle_copy in self._idle if idle_copy.key == key), None)
        if copy is None:
            caller.copy = self._fork(order, [*files, caller.connection.fileno()], theirs, key)
        else:
            self._idle.remove(copy)
            caller.copy = copy
            sent = [*files, caller.connection.fileno()]
            socket.send_fds(copy.control, [message], sent)
        caller.deadline = NEVER

    def _pass_on(self, caller: Caller, message: bytes) -> None:
        """Pass on a signal. The caller's end is SIGTERM."""
        assert caller.copy is not None
        if message in _PASSED_ON:
            _signal(caller.copy, _PASSED_ON[message])
        elif not message:
            self._selector.unregister(caller.connection)
            caller.deadline = time.monotonic() + END_TIMEOUT
            _signal(caller.copy, signal.SIGTERM)

    def _expire(self, caller: Caller) -> None:
        if caller.copy:
            _signal(caller.copy, signal.SIGKILL)
            caller.deadline = NEVER
        else:
            self._forget(caller)

    def _forget(self, caller: Caller) -> None:
        self._callers.discard(caller)
        with contextlib.suppress(KeyError, ValueError):
            self._selector.unregister(caller.connection)
        caller.connection.close()

    # Copies

    def _fork(
        self, order: Order, files: list[int], theirs: Surroundings, key: tuple[object, ...]
    ) -> Copy:
        control, theirs_control = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        pid = os.fork()
        if pid == 0:
            worker.serve(theirs_control, order, files, theirs)
        theirs_control.close()
        copy = Copy(pid, os.pidfd_open(pid), control, key)
        self._watch(control, lambda: self._hear(copy))
        return copy

    def _hear(self, copy: Copy) -> None:
        """A copy has ended its run, or itself: then its caller hears nothing, and does the work."""
        try:
            lesson = copy.control.recv(MAX_MESSAGE)
        except OSError:
            lesson = b""
        caller = next(
            (waiting_caller for waiting_caller in self._callers if waiting_caller.copy is copy),
            None,
        )
        if caller is not None:
            self._forget(caller)
        if not lesson:
            self._bury(copy)
            return
        self._keep(copy)
        self._learn(lesson.decode("utf-8", "replace").split())

    def _keep(self, copy: Copy) -> None:
        self._idle.append(copy)
        if len(self._idle) > MAX_IDLE:
            self._bury(self._idle[0])

    def _bury(self, copy: Copy) -> None:
        """Wait for the end of a copy; one that has not ended is killed."""
        if copy in self._idle:
            self._idle.remove(copy)
        self._selector.unregister(copy.control)
        copy.control.close()
        _signal(copy, signal.SIGKILL)
        os.waitpid(copy.pid, 0)
        os.close(copy.process)

    def _learn(self, names: list[str]) -> None:
        """Import what a run had to import, so that the next copy has it."""
        unknown = [name for name in names if name not in sys.modules]
        for name in unknown[: MAX_LEARNED - self._learned]:
            self._learned += 1
            with contextlib.suppress(Exception):
                importlib.import_module(name)
        if unknown:
            gc.collect()
            gc.freeze()


def _warm_up() -> None:
    """Import what each run needs. The checks and probes are learned from the first runs."""
    with contextlib.suppress(UsageError):  # a configuration that is wrong; the callers hear of it
        parse_run(["--json", "https://localhost/"])
    for name in ("diagnose.engine", "diagnose.outputs.json", "diagnose.net.local"):
        importlib.import_module(name)
    gc.collect()
    gc.freeze()


def _signal(copy: Copy, number: int) -> None:
    with contextlib.suppress(OSError):
        signal.pidfd_send_signal(copy.process, number)


def _own_identity() -> tuple[bytes, ...]:
    return tuple(word.encode("utf-8", "surrogateescape") for word in identity())
