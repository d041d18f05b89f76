"""Runs the exporter until a signal."""

import asyncio
import logging
import os
import signal
import ssl
import sys
from functools import partial
from pathlib import Path

from aiohttp import web
from aiohttp.http_exceptions import HttpProcessingError

from diagnose.exporter.config_file import ConfigError
from diagnose.exporter.connections import (
    BACKLOG,
    KEEPALIVE,
    ConnectionLimit,
    affordable_connections,
)
from diagnose.exporter.protection import protection
from diagnose.exporter.server import Endpoints
from diagnose.exporter.server_tls import load_certificate, server_context
from diagnose.exporter.service import Service
from diagnose.exporter.settings import ListenAddress, Settings
from diagnose.exporter.web_config import load_web_config
from diagnose.model.addresses import bracketed
from diagnose.parsers.target import UsageError
from diagnose.processes.collection import collect_garbage

#: Seconds that probes in flight have to end after SIGTERM.
SHUTDOWN_TIMEOUT = 10.0

EXIT_CONFIGURATION = 78


class _WithoutBadRequests(logging.Filter):
    """Keeps from the log what is no HTTP: anybody could fill it with 20 lines a request."""

    def filter(self, record: logging.LogRecord) -> bool:
        error = record.exc_info[1] if record.exc_info else None
        return not isinstance(error, HttpProcessingError)


def run(settings: Settings, check_only: bool) -> int:
    """Serve until SIGINT or SIGTERM. Return the exit status: 0 after a signal, as blackbox_exporter
    does, 78 if a configuration file cannot be used."""
    collect_garbage()
    try:
        if check_only:
            asyncio.run(_check(settings))
            _note("Config file is ok.")
            return 0
        return asyncio.run(_serve(settings))
    except ConfigError as error:
        _note(str(error))
        if not Path(settings.config_file).exists():
            _note(
                "--config.file names the file of the modules, in the format of blackbox_exporter."
            )
        return EXIT_CONFIGURATION


async def _check(settings: Settings) -> None:
    Service(settings)
    path = settings.web_config_file
    server_context(path, load_web_config(path))


async def _serve(settings: Settings) -> int:
    service = Service(settings)
    web_config = load_web_config(settings.web_config_file)
    context = server_context(settings.web_config_file, web_config)
    service.also_reload = partial(load_certificate, settings.web_config_file, web_config, context)
    ended = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, ended.set)
    reloads: set[asyncio.Task[None]] = set()
    loop.add_signal_handler(signal.SIGHUP, lambda: reloads.add(loop.create_task(_reload(service))))
    logging.getLogger("aiohttp.server").addFilter(_WithoutBadRequests())
    connections = ConnectionLimit(affordable_connections(settings.max_probes))
    runner = web.AppRunner(
        Endpoints(service).application(connections.middleware, protection(web_config)),
        access_log=None,
        shutdown_timeout=SHUTDOWN_TIMEOUT,
        keepalive_timeout=KEEPALIVE,
    )
    await runner.setup()
    assert runner.server is not None, "it is set up"
    connections.apply(runner.server)
    try:
        for address in settings.listen:
            await _listen(runner, address, context)
        for listening in runner.addresses:
            scheme = "https" if context else "http"
            _note(f"Listening on {scheme}://{bracketed(listening[0])}:{listening[1]}/")
        if not settings.is_loopback_only and not web_config.is_protected:
            _warn_open(settings)
        await ended.wait()
        _note("Ending.")
        return 0
    finally:
        await runner.cleanup()
        await service.diagnoses.close()


def _warn_open(settings: Settings) -> None:
    limits = "--web.config.file sets a password"
    if settings.policy.is_open:
        limits += ", --allow limits the targets"
    _note(f"Everybody who reaches this port can probe from this machine: {limits}.")


async def _reload(service: Service) -> None:
    try:
        await service.reload()
        _note("Reloaded config file.")
    except ConfigError as error:
        _note(f"Error reloading config: {error}")


async def _listen(
    runner: web.AppRunner, address: ListenAddress, context: ssl.SSLContext | None
) -> None:
    try:
        site = web.TCPSite(
            runner, address.host or None, address.port, ssl_context=context, backlog=BACKLOG
        )
        await site.start()
    except OSError as error:
        place = f"{bracketed(address.host)}:{address.port}"
        raise UsageError(
            f"--web.listen-address {place}: {os.strerror(error.errno or 0)}."
        ) from None


def _note(text: str) -> None:
    sys.stderr.write(f"diagnose serve: {text}\n")
    sys.stderr.flush()
