"""Probe for the clients of tunnels through which visitors come, after the site has failed: frpc,
cloudflared, ngrok, `ssh -R`. Their configuration is read for addresses, ports and names only.
"""

import re
import shlex
from collections.abc import Iterator

from diagnose.machine.script_files import read_script
from diagnose.model import Vantage
from diagnose.model.frozen import frozen
from diagnose.model.http import Exchange, Upgrade
from diagnose.model.processes import TunnelClient
from diagnose.parsers.tunnels import PROGRAMS, config_files, ends_of_command, ends_of_config
from diagnose.parsers.whole_numbers import whole_number
from diagnose.probes import ProbeContext, probe

SCRIPT = read_script(__file__, "tunnels.sh")

#: Maximum bytes of a configuration, and number of clients.
MAX_BYTES, MAX_CLIENTS = 65536, 6


@frozen
class ListedClient:
    """A process of a tunnel's client: its words, and the folder in which it runs."""

    pid: int
    program: str
    folder: str
    words: tuple[str, ...]


@probe(after=Exchange)
async def tunnels(ctx: ProbeContext, exchange: Exchange) -> None:
    if exchange.is_page_of(ctx.target) and (exchange.status or 999) >= 400:
        await _list_clients(ctx)


@probe(after=Upgrade)
async def tunnels_of_websockets(ctx: ProbeContext, upgrade: Upgrade) -> None:
    if upgrade.is_visit and not upgrade.accepted:
        await _list_clients(ctx)


async def _list_clients(ctx: ProbeContext) -> None:
    """Emit the clients that run, once."""
    if not ctx.further_requests.begin("the clients of tunnels"):
        return
    at = ctx.elapsed()
    result = await ctx.machine.run("sh", "-c", SCRIPT, "sh", *PROGRAMS)
    for client in list(parse_clients(result.out))[:MAX_CLIENTS]:
        ends = [(end, "") for end in ends_of_command(client.words)]
        for path in () if ends else config_files(client.words, client.folder):
            file = await ctx.machine.read(path, MAX_BYTES)
            ends += [(end, path) for end in ends_of_config(client.program, file.text)]
        for end, path in ends:
            ctx.emit(
                TunnelClient(
                    vantage=Vantage.SERVER,
                    at=at,
                    took=ctx.elapsed() - at,
                    equivalent=shlex.join(("ps", "-o", "args=", "-p", str(client.pid))),
                    program=client.program,
                    pid=client.pid,
                    host=end.host,
                    port=end.port,
                    names=end.names,
                    file=path,
                )
            )


def parse_clients(text: str) -> Iterator[ListedClient]:
    """Parse the output of SCRIPT."""
    for block in re.split(r"^tunnel ", text, flags=re.MULTILINE)[1:]:
        head, _, rest = block.partition("\n")
        number, _, program = head.partition(" ")
        lines = rest.split("\n")
        folder = next((line[7:] for line in lines if line.startswith("folder ")), "/")
        words = tuple(line[1:] for line in lines if line.startswith(" "))
        pid = whole_number(number)
        if pid is not None and program in PROGRAMS and words:
            yield ListedClient(pid, program, folder or "/", words)
