"""Probe for the clients of tunnels through which visitors come, after the site has failed: frpc,
cloudflared, ngrok, `ssh -R`. Their configuration is read for addresses, ports and names only.
"""

import shlex

from diagnose.machine.script_files import read_script
from diagnose.model import Vantage
from diagnose.model.addresses import is_local_host
from diagnose.model.http import Exchange, Upgrade
from diagnose.model.processes import TunnelClient
from diagnose.model.tls import Handshake, speaks_plain_http
from diagnose.parsers.linux.containers import container_of
from diagnose.parsers.linux.service_managers import unit_of
from diagnose.parsers.tunnels import (
    PROGRAMS,
    config_files,
    ends_of_command,
    ends_of_config,
    line_of_command,
    parse_clients,
)
from diagnose.probes import ProbeContext, probe

SCRIPT = read_script(__file__, "tunnels.sh")

#: Maximum bytes of a configuration, and number of clients.
MAX_BYTES, MAX_CLIENTS = 65536, 6


@probe(after=Exchange)
async def tunnels(ctx: ProbeContext, exchange: Exchange) -> None:
    if exchange.is_page_of(ctx.target) and (exchange.status or 999) >= 400:
        await _list_clients(ctx)


@probe(after=Handshake)
async def tunnels_of_handshakes(ctx: ProbeContext, handshake: Handshake) -> None:
    """A tunnel of TCP ends the connection where its client reaches nobody, and gives the answer of
    a port without TLS where it leads to that."""
    kind = handshake.failure.kind if handshake.failure else ""
    is_lost = kind in {"closed", "reset"} or speaks_plain_http(handshake)
    if is_lost and handshake.is_browser_like:
        await _list_clients(ctx)


@probe(after=Upgrade)
async def tunnels_of_websockets(ctx: ProbeContext, upgrade: Upgrade) -> None:
    if upgrade.is_visit and not upgrade.accepted:
        await _list_clients(ctx)


async def _list_clients(ctx: ProbeContext) -> None:
    """Emit the clients that run, once."""
    if not ctx.further_requests.begin("the clients of tunnels"):
        return
    # Imported late: few sites fail.
    from diagnose.probes.inside.tunnel_services import emit_services

    await emit_services(ctx)
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
        unit = "" if container_of(client.groups) else unit_of(client.groups)
        unit = unit if unit.endswith(".service") else ""
        text = ""
        if unit and ends and not files:
            text = (await ctx.machine.read(f"/etc/systemd/system/{unit}", MAX_BYTES)).text
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
                    protocol=end.protocol,
                    file=path,
                    line=end.line,
                    names_line=end.names_line,
                    unit=unit,
                    unit_line=line_of_command(text, end.port),
                )
            )
