"""What the program must know about a web server: its reader."""

import importlib
import posixpath
import shlex
from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Protocol

from diagnose.machine import CommandResult, FileContent
from diagnose.model import Vantage
from diagnose.model.web_servers import (
    TITLES,
    Product,
    WebServer,
    WebServerConfig,
    WebServerTest,
)
from diagnose.parsers.config_error import ConfigError
from diagnose.parsers.nginx.install_paths import PROGRAM_NAMES as NGINX_NAMES
from diagnose.probes import ProbeContext, emit_not_observed
from diagnose.probes.inside.unanswered import emit_unanswered
from diagnose.probes.inside.web_servers.processes import (
    Candidate,
    InstalledServers,
    ServerProcess,
    ServerService,
)

#: The product by the name of its program, which is also the name of its service. A reader
#: is the module of that product in this folder, with a value `READER`.
PRODUCTS: dict[str, Product] = {
    "apache2": "apache",
    "httpd": "apache",
    # SUSE has a program for each way of working, Bitnami's older images one behind a script.
    "httpd-prefork": "apache",
    "httpd-worker": "apache",
    "httpd-event": "apache",
    "httpd.bin": "apache",
    "caddy": "caddy",
    "haproxy": "haproxy",
    "traefik": "traefik",
}

#: The names of every web server's program and service, nginx's included.
WEB_SERVERS = frozenset({*NGINX_NAMES, *PRODUCTS})

#: Maximum number of unreadable files that are named.
MAX_UNREADABLE = 5

#: Folders in which root's shell looks for programs.
_FOLDERS = {"/usr/sbin", "/usr/bin", "/usr/local/bin", "/sbin", "/bin"}


class Reader(Protocol):
    """Reads one web server product. Each method runs the server's own programs or reads its files
    through `ctx.machine`, emits nothing but what it could not observe, and returns values."""

    async def describe(self, ctx: ProbeContext, candidate: Candidate) -> WebServer | None:
        """Return the server; None if it is another program of the same name."""
        ...

    async def run_test(self, ctx: ProbeContext, server: WebServer) -> WebServerTest | None:
        """Return the result of the server's test of its configuration; None if it cannot be run."""
        ...

    async def read_config(self, ctx: ProbeContext, server: WebServer) -> WebServerConfig | None:
        """Return the configuration on disk; None if it cannot be read."""
        ...


def reader_of(product: Product) -> Reader:
    """Import and return the reader of a product."""
    reader: Reader = importlib.import_module(f"{__package__}.{product}").READER
    return reader


def server_state(product: Product, binary: str, candidate: Candidate) -> WebServer:
    """Return what is the same for all products: the state of the process and of its service."""
    process, service = candidate.process, candidate.service
    return WebServer(
        vantage=Vantage.SERVER,
        product=product,
        binary=binary,
        pid=process.pid if process else None,
        ports=process.ports if process else (),
        started=process.started if process else None,
        user=process.user if process else None,
        foreign=process is not None and process.foreign,
        unit=service.name
        if service and not service.is_openrc and _belongs_to_unit(process, service)
        else "",
        state=service.state if service else "",
        enabled=service.enabled if service else None,
        file_state=service.file_state if service else "",
    )


async def identified_state(
    ctx: ProbeContext,
    product: Product,
    candidate: Candidate,
    question: str,
    parse_version: Callable[[str], str],
) -> WebServer | None:
    """Return the state of a server with its version, which its program says when it is asked the
    question. None if it says none: then it is another program of the same name. A foreign program
    is not run."""
    binary = candidate.binary
    state = server_state(product, binary, candidate)
    if state.foreign:
        return state
    if not binary.startswith("/"):
        return None
    result = await program_output(ctx, product, binary, question)
    version = parse_version(result.out)
    return replace(state, version=version) if version else None


def unit_command(
    verb: str, unit: str, otherwise: tuple[str, ...], candidate: Candidate | None = None
) -> tuple[str, ...]:
    """Return the command of systemd's unit, or the server's own without one. A `candidate` that
    does not run and has a service of OpenRC is started and stopped by that."""
    if unit:
        return ("systemctl", verb, unit)
    service = candidate.service if candidate and candidate.process is None else None
    if service is None or not service.is_openrc:
        return otherwise
    # OpenRC starts nothing that it believes to run (rc-service(8)).
    verb = "restart" if verb == "start" and service.state == "active" else verb
    return ("rc-service", service.name, verb)


def service_of(servers: InstalledServers, name: str) -> ServerService | None:
    """Return the service of a program: that of its name, or another of its product, as apache2 is
    that of the program httpd on Alpine and of httpd-prefork on SUSE."""
    others = (other for other, product in PRODUCTS.items() if product == PRODUCTS[name])
    return next(filter(None, map(servers.service, (name, *others))), None)


def products_of(servers: InstalledServers) -> set[Product]:
    """Return the products whose programs are installed."""
    return {PRODUCTS[posixpath.basename(path)] for path in servers.programs}


def test_subject(server: WebServer) -> str:
    """Return what is not known without the server's test."""
    return f"{server.title}'s configuration test"


async def program_output(ctx: ProbeContext, product: Product, *argv: str) -> CommandResult:
    """Run a program that says its version. Without an answer nothing is known of that server, and
    that is said."""
    result = await ctx.machine.run(*argv)
    if result.status is None:
        emit_unanswered(ctx, TITLES[product], result, shlex.join(argv))
    return result


def emit_unreadable(ctx: ProbeContext, files: Iterable[FileContent]) -> None:
    """Emit which files of a configuration this user may not read."""
    denied = [file.path for file in files if file.failure and file.failure.kind == "denied"]
    for path in denied[:MAX_UNREADABLE]:
        emit_not_observed(ctx, path, "needs root", f"sudo cat {shlex.quote(path)}")


def command_name(binary: str) -> str:
    """Return the name of a program that a shell finds, or its path."""
    folder, name = posixpath.split(binary)
    return name if folder in _FOLDERS else binary


def _belongs_to_unit(process: ServerProcess | None, service: ServerService) -> bool:
    """Return whether the service starts this process: somebody may have started it by hand."""
    return process is None or process.unit == service.name or service.main_pid == process.pid


def config_test(
    server: WebServer,
    at: float,
    result: CommandResult,
    error: ConfigError,
    other_lines: tuple[str, ...] = (),
) -> WebServerTest:
    """Return the observation of a test of the configuration: its `error` counts if the command
    failed. `other_lines` are the other lines that it wrote."""
    passed = result.status == 0
    error = ConfigError() if passed else error
    return WebServerTest(
        vantage=Vantage.SERVER,
        at=at,
        took=result.took,
        equivalent=shlex.join(server.test),
        product=server.product,
        passed=passed,
        message=error.message,
        file=error.file,
        line=error.line,
        warnings=other_lines,
    )


async def test_result(ctx: ProbeContext, server: WebServer) -> CommandResult | None:
    """Run the server's test of its configuration. None if it gave no answer, which is said, or
    failed because this user may not read a file."""
    result = await ctx.machine.run(*server.test)
    if result.status is None:
        emit_unanswered(ctx, test_subject(server), result, shlex.join(server.test))
        return None
    is_forbidden = result.status != 0 and "permission denied" in result.err.lower()
    return None if is_forbidden else result
