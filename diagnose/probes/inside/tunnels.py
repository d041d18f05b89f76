"""Probe for the clients of tunnels through which visitors come, after the site has failed: frpc,
cloudflared, ngrok, `ssh -R`. Their configuration is read for addresses, ports and names only.
"""

import re
import shlex
from collections.abc import Iterator

from diagnose.machine.script_files import read_script
from diagnose.model import Vantage
from diagnose.model.addresses import is_local_host
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
    """A process of a tunnel's client: its words, and the folder in which it runs. `is_apart` is
    whether it has a network of its own, `groups` are the lines of its control groups, `own_ports`
    those on which it listens itself, and `ports` all those of its network."""

    pid: int
    program: str
    folder: str
    words: tuple[str, ...]
    is_apart: bool = False
    groups: tuple[str, ...] = ()
    own_ports: tuple[int, ...] = ()
    ports: tuple[int, ...] = ()

    def path(self, path: str) -> str:
        """Return the path of a file that it sees as `path`."""
        return f"/proc/{self.pid}/root{path}" if self.is_apart else path


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
        files: list[tuple[str, str]] = []
        for path in () if ends else config_files(client.words, client.folder):
            file = await ctx.machine.read(client.path(path), MAX_BYTES)
            files += [(path, file.text)] if file.text else []
            ends += [(end, path) for end in ends_of_config(client.program, file.text)]
        if client.program == "cloudflared":
            # Imported late: few servers have one.
            from diagnose.probes.inside.tunnel_targets import emit_rule

            await emit_rule(ctx, client, files)
        for end, path in ends:
            # Its own network has a loopback of its own.
            if client.is_apart and is_local_host(end.host):
                continue
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
            yield ListedClient(
                pid,
                program,
                folder or "/",
                words,
                is_apart="apart" in lines,
                groups=tuple(line[6:] for line in lines if line.startswith("group ")),
                own_ports=_ports(lines, "own "),
                ports=_ports(lines, "own ") + _ports(lines, "any "),
            )


def _ports(lines: list[str], word: str) -> tuple[int, ...]:
    """Return the ports that are written in hexadecimal digits after a word."""
    rows = (line.removeprefix(word) for line in lines if line.startswith(word))
    numbers = (int(row, 16) for row in rows if re.fullmatch(r"[0-9A-F]{1,4}", row))
    return tuple(dict.fromkeys(numbers))
