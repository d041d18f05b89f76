"""Finds out whether the address of the name forwards to a port of this server, or passes visitors
on to it.

A router at home, or a cloud's gateway, forwards ports of its own address. The server opens a
connection to that address and looks whether it comes back, and to which of its ports. A balancer
that passes TLS on opens a connection of its own for each, from its address. Three more connections,
and only after the address has answered wrongly.
"""

import re

from diagnose.machine.script_files import read_script
from diagnose.model import Vantage
from diagnose.model.server import Interface, interface_addresses
from diagnose.model.tcp import FrontConnection, ReturnedConnection
from diagnose.model.tls import Handshake
from diagnose.parsers.linux.returned_connections import (
    front_sockets,
    returned_socket,
    sections,
)
from diagnose.probes import ProbeContext, probe

#: bash opens the connection itself (bash(1), REDIRECTION, "/dev/tcp"), and lists while it is open.
#: A balancer's own connections follow, one for each, and may be over at once.
SCRIPT = read_script(__file__, "returned_connections.sh")
#: Seconds.
PATIENCE = "5"
#: How many connections the script opens.
CONNECTIONS = 3
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
    earlier, open_now, later = sections(result.out)
    for own, ports in front_sockets(earlier, later, handshake.address, CONNECTIONS).items():
        ctx.emit(
            FrontConnection(
                vantage=Vantage.SERVER,
                at=at,
                took=result.took,
                equivalent=f"ss -tn state connected dst {handshake.address}",
                address=handshake.address,
                port=handshake.port,
                own_address=own,
                own_ports=ports,
            )
        )
    socket = returned_socket(open_now, handshake.address, handshake.port)
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
