"""Finds out whether the address of the name forwards to another port of this server.

A router at home, or a cloud's gateway, forwards ports of its own address. The server opens a
connection to that address and looks whether it comes back, and to which of its ports. One more
connection, and only after the address has answered wrongly.
"""

import re

from diagnose.model import Vantage
from diagnose.model.server import Interface, interface_addresses
from diagnose.model.tcp import ReturnedConnection
from diagnose.model.tls import Handshake
from diagnose.parsers.linux.returned_connections import returned_socket
from diagnose.probes import ProbeContext, probe

#: bash opens the connection itself (bash(1), REDIRECTION, "/dev/tcp"), and lists while it is open.
SCRIPT = 'exec 3<>"/dev/tcp/$1/$2" && ss -Htn state established 2>/dev/null | head -c 1000000'
#: Seconds.
PATIENCE = "5"
_ADDRESS = re.compile(r"[0-9a-fA-F.:]{3,45}")


@probe(after=Handshake, needs=Interface)
async def after_the_handshake(ctx: ProbeContext, handshake: Handshake, _: Interface) -> None:
    if (
        handshake.vantage is not Vantage.HERE
        or not (handshake.failure or handshake.verify_code)
        or handshake.address in interface_addresses(ctx.observed(Interface))
        or ctx.options.by_proxy
        or not _ADDRESS.fullmatch(handshake.address)
        or not ctx.further_requests.begin(f"where {handshake.address} forwards to")
    ):
        return
    at, words = ctx.elapsed(), (handshake.address, str(handshake.port))
    result = await ctx.machine.run("timeout", PATIENCE, "bash", "-c", SCRIPT, "bash", *words)
    socket = returned_socket(result.out, handshake.address, handshake.port)
    if socket is not None:
        ctx.emit(
            ReturnedConnection(
                vantage=Vantage.SERVER,
                at=at,
                took=result.took,
                equivalent=f"ss -tn state established 'dst {handshake.address}'",
                address=handshake.address,
                port=handshake.port,
                own_address=socket[0],
                own_port=socket[1],
            )
        )
