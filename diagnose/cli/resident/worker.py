"""The copy of the resident that does runs: it becomes its caller, as far as a run can tell.

It is kept for the next run of the same surroundings and environment, because a new copy costs more
than a run: the kernel copies each page of memory that is written to.
"""

import contextlib
import os
import signal
import socket
import sys
import threading
import time
from typing import NoReturn

from diagnose.cli import runs
from diagnose.cli.execution import execute
from diagnose.cli.help_text import COMMANDS
from diagnose.cli.request import RunRequest
from diagnose.cli.request_parser import parse_run
from diagnose.cli.resident.callers import Surroundings
from diagnose.cli.resident.orders import FILES, Order, parse_order
from diagnose.cli.watchdog import GRACE
from diagnose.parsers.target import UsageError
from diagnose.processes.collection import collect_garbage
from diagnose.processes.resident_client import ENDED, MAX_MESSAGE, READY
from diagnose.processes.signals import SIGNALLED

#: Seconds that a run may need beyond its deadline and the watchdog's grace, until its caller does
#: not believe any more in its end.
MARGIN = 5.0

#: Runs of one copy, and threads that may be left of them: what is lost in it is bounded.
MAX_RUNS, MAX_THREADS = 100, 16


def serve(control: socket.socket, first: Order, files: list[int], caller: Surroundings) -> NoReturn:
    """Do runs until one leaves something behind, or the resident ends. `files` are those of the
    first order and the connection to its caller; further ones come through `control`."""
    try:
        control = _become(control, first, caller, files)
        collect_garbage()
        order: Order | None = first
        for _ in range(MAX_RUNS):
            if order is None or not _serve_order(order, files, control):
                break
            order, files = _next_order(control)
    finally:
        os._exit(0)


def _become(
    control: socket.socket, order: Order, caller: Surroundings, files: list[int]
) -> socket.socket:
    """Take over limits and environment, and close what is not ours: the connections of others would
    stay open. Return the control socket."""
    signal.signal(signal.SIGINT, signal.default_int_handler)
    kept_descriptors = sorted((control.fileno(), *files))
    for low, high in zip(
        (2, *kept_descriptors), (*kept_descriptors, os.sysconf("SC_OPEN_MAX")), strict=True
    ):
        os.closerange(low + 1, high)
    caller.adopt()
    os.environ.clear()
    for entry in order.environment:
        name, _, value = entry.partition(b"=")
        os.environb[name] = value
    time.tzset()
    return control


def _next_order(control: socket.socket) -> tuple[Order | None, list[int]]:
    message, files, _, _ = socket.recv_fds(control, MAX_MESSAGE, FILES + 1)
    return (parse_order(message) if message else None), list(files)


def _serve_order(order: Order, files: list[int], control: socket.socket) -> bool:
    """Do one run and tell the caller its end. Return whether this process can do another one; then
    the resident is told so, and what had to be imported."""
    loaded_modules = set(sys.modules)
    with socket.socket(fileno=files.pop()) as connection:
        _open_files(files)
        sys.argv[:] = map(os.fsdecode, order.words)
        request = _accepted_request(sys.argv[1:])
        if request is None:
            return False
        connection.send(READY + b"%.1f" % _seconds(request))
        status = execute(request, sys.argv[1:])
        sys.stdout.flush()
        sys.stderr.flush()
        _close_files()
        is_reusable = status < SIGNALLED and _left_nothing()
        if is_reusable:
            # Before the caller knows: its end means nothing to this process any more. Never empty.
            lesson = ["diagnose", *sorted(set(sys.modules) - loaded_modules)]
            control.send("\n".join(lesson).encode())
        connection.send(ENDED + b"%d" % status)
    return is_reusable


def _left_nothing() -> bool:
    return not runs.has_abandoned_loops() and threading.active_count() <= MAX_THREADS


def _open_files(files: list[int]) -> None:
    os.fchdir(files[3])
    for number, descriptor in enumerate(files[:3]):
        os.dup2(descriptor, number)
    for descriptor in files:
        os.close(descriptor)


def _close_files() -> None:
    """Give the caller's files and folder back."""
    null_device = os.open(os.devnull, os.O_RDWR)
    for number in range(3):
        os.dup2(null_device, number)
    os.close(null_device)
    os.chdir("/")


def _accepted_request(arguments: list[str]) -> RunRequest | None:
    """Return the run; None if it needs more of the caller than its files, such as the terminal at
    which ssh(1) asks, or if the words are wrong: the caller says so itself."""
    if not arguments or arguments[0] in COMMANDS:
        return None
    with contextlib.suppress(UsageError, SystemExit):
        request = parse_run(arguments)
        if isinstance(request, RunRequest) and request.output.format == "json":
            needs_ssh = request.options.server or request.options.vantages
            return request if request.targets and not needs_ssh else None
    return None


def _seconds(request: RunRequest) -> float:
    """Return after how many seconds the caller need not wait any more."""
    longest = request.options.deadline * len(request.targets) + (request.wait_s or 0.0)
    return longest + GRACE + MARGIN
