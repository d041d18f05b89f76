"""Runs the web server until a signal."""

import asyncio
import contextlib
import errno
import gc
import logging
import os
import secrets
import signal
import sys
from collections.abc import Sequence

from aiohttp import web

from diagnose.i18n.web import translate
from diagnose.parsers.target import UsageError
from diagnose.processes.signals import EXIT_SIGINT, EXIT_SIGTERM
from diagnose.web.app import command
from diagnose.web.server import ScreenServer

#: The only address that is listened on; remote users come through SSH.
LOOPBACK = "127.0.0.1"

_SIGNALS = {signal.SIGINT: EXIT_SIGINT, signal.SIGTERM: EXIT_SIGTERM}


def run(targets: Sequence[str], options: Sequence[str], port: int, lang: str) -> int:
    """Serve until a signal. Return the exit status for it."""
    gc.enable()  # this process runs for long
    if not os.environ.get("DIAGNOSE_DEBUG"):
        logging.disable()
    title = f"diagnose {' '.join(targets)}".rstrip()
    # textual-serve prints a process's errors to stdout.
    with contextlib.redirect_stdout(sys.stderr):
        return asyncio.run(_serve(command([*options, *targets]), title, port, lang))


async def _serve(argv: Sequence[str], title: str, port: int, lang: str) -> int:
    exit_status = _exit_signal()
    secret = secrets.token_urlsafe()
    runner = web.AppRunner(
        await ScreenServer(argv, title, secret, lang)._make_app(),
        access_log=None,
        shutdown_timeout=2,
    )
    await runner.setup()
    try:
        await _listen(runner, port)
        port = runner.addresses[0][1]
        sys.stderr.write(
            translate("serving", lang, url=f"http://{LOOPBACK}:{port}/{secret}/", port=port)
        )
        sys.stderr.flush()
        return await exit_status
    finally:
        await runner.cleanup()


async def _listen(runner: web.AppRunner, port: int) -> None:
    try:
        await web.TCPSite(runner, LOOPBACK, port).start()
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            raise UsageError(f"Port {port} is in use: --port 0 takes any free one.") from None
        raise UsageError(f"Port {port}: {error.strerror}.") from None


def _exit_signal() -> "asyncio.Future[int]":
    """Return a future with the exit status for the first signal; a second one ends the process at
    once."""
    loop = asyncio.get_running_loop()
    ended = loop.create_future()

    def end(status: int) -> None:
        for number in _SIGNALS:
            loop.remove_signal_handler(number)
            signal.signal(number, signal.SIG_DFL)
        ended.set_result(status)

    for number, status in _SIGNALS.items():
        loop.add_signal_handler(number, end, status)
    return ended
