"""Reads what Caddy's own log says of a certificate that it should get: from the journal of its
service, the output of its container, and the files of the global option `log`."""

import asyncio
import shlex
from collections.abc import Sequence

from diagnose.machine import CommandResult
from diagnose.machine.container import ContainerMachine
from diagnose.model.web_servers import WebServer, WebSite
from diagnose.parsers.caddy.access_log import access_logs
from diagnose.parsers.caddy.issuance_log import issuance_error
from diagnose.probes import ProbeContext
from diagnose.probes.inside.unanswered import emit_unanswered

#: Where the service of the packages stores certificates (XDG_DATA_HOME of the user caddy), and
#: where the image of Docker Hub does.
STORAGE = "/var/lib/caddy/.local/share/caddy"
IMAGE_STORAGE = "/data/caddy"

#: Maximum number of lines of the journal, and of bytes of a file's end. A site without a file for
#: its requests writes them to the journal too.
JOURNAL_LINES, TAIL_BYTES = "2000", "400000"


async def issuance_complaint(
    ctx: ProbeContext, server: WebServer, sites: Sequence[WebSite], document: object
) -> str:
    """Return why Caddy did not get the target's certificate, by its log, if it should have got one
    and its usual storage has none; "" otherwise."""
    host, port = ctx.target.host, ctx.target.port
    names = (host, f"*.{host.partition('.')[2]}")
    if not any(
        site.issuance == "acme" and set(names) & set(site.names) and site.listens_on(port)
        for site in sites
    ):
        return ""
    stored = await asyncio.gather(
        *(
            ctx.machine.glob(f"{storage}/certificates/*/{name}/{name}.crt")
            for storage in (STORAGE, IMAGE_STORAGE)
            for name in (host, names[1].replace("*", "wildcard_"))
        )
    )
    if any(stored):
        return ""
    return issuance_error(await _lines(ctx, server, document), names)


async def _lines(ctx: ProbeContext, server: WebServer, document: object) -> tuple[str, ...]:
    """Return the lines of Caddy's logs, those of one log after those of another."""
    machine = ctx.machine
    if isinstance(machine, ContainerMachine):
        # A program of the server would read the server's file of that path.
        logs = (machine.engine, "logs", "--tail", JOURNAL_LINES, machine.name)
        results = [await machine.server.run(*logs)] if machine.engine else []
    else:
        results = await asyncio.gather(
            *(_run(ctx, command) for command in _commands(server, document))
        )
    # An engine writes there what the program wrote to standard error.
    texts = (text for result in results for text in (result.out, result.err))
    return tuple(line for text in texts for line in text.splitlines())


def _commands(server: WebServer, document: object) -> list[tuple[str, ...]]:
    files = [("tail", "-c", TAIL_BYTES, log.path) for log in access_logs(document)]
    journal = ("journalctl", "-u", server.unit, "-n", JOURNAL_LINES, "-o", "cat", "--no-pager")
    return [*files, *([journal] if server.unit else [])]


async def _run(ctx: ProbeContext, command: tuple[str, ...]) -> CommandResult:
    result = await ctx.machine.run(*command)
    if result.status is None:
        emit_unanswered(ctx, "Caddy's log", result, shlex.join(command))
    return result
