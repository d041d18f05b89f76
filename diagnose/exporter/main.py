"""Runs the exporter until a signal."""

import asyncio
import gc
import signal
import sys

from aiohttp import web

from diagnose.exporter.config_file import ConfigError
from diagnose.exporter.server import Endpoints
from diagnose.exporter.service import Service
from diagnose.exporter.settings import ListenAddress, Settings
from diagnose.model.addresses import bracketed
from diagnose.parsers.target import UsageError

#: Seconds that probes in flight have to end after SIGTERM.
SHUTDOWN_TIMEOUT = 10.0

EXIT_CONFIGURATION = 78


def run(settings: Settings, check_only: bool) -> int:
    """Serve until SIGINT or SIGTERM. Return the exit status: 0 after a signal, as blackbox_exporter
    does, 78 if a configuration file cannot be used."""
    gc.enable()  # this process runs for long
    try:
        if check_only:
            asyncio.run(_check(settings))
            _note("Config file is ok.")
            return 0
        return asyncio.run(_serve(settings))
    except ConfigError as error:
        _note(str(error))
        return EXIT_CONFIGURATION


async def _check(settings: Settings) -> None:
    Service(settings)


async def _serve(settings: Settings) -> int:
    service = Service(settings)
    ended = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, ended.set)
    reloads: set[asyncio.Task[None]] = set()
    loop.add_signal_handler(signal.SIGHUP, lambda: reloads.add(loop.create_task(_reload(service))))
    runner = web.AppRunner(
        Endpoints(service).application(), access_log=None, shutdown_timeout=SHUTDOWN_TIMEOUT
    )
    await runner.setup()
    try:
        for address in settings.listen:
            await _listen(runner, address)
        for listening in runner.addresses:
            _note(f"Listening on http://{bracketed(listening[0])}:{listening[1]}/")
        await ended.wait()
        return 0
    finally:
        await runner.cleanup()
        await service.diagnoses.close()


async def _reload(service: Service) -> None:
    try:
        await service.reload()
        _note("Reloaded config file.")
    except ConfigError as error:
        _note(f"Error reloading config: {error}")


async def _listen(runner: web.AppRunner, address: ListenAddress) -> None:
    try:
        await web.TCPSite(runner, address.host or None, address.port).start()
    except OSError as error:
        place = f"{bracketed(address.host)}:{address.port}"
        raise UsageError(f"--web.listen-address {place}: {error.strerror}.") from None


def _note(text: str) -> None:
    sys.stderr.write(f"diagnose serve: {text}\n")
    sys.stderr.flush()
