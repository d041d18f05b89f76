"""Visitors come through a tunnel (frp, cloudflared, ngrok, `ssh -R`), and its client passes them on
to a port of this machine on which nothing listens. The other end of the tunnel answers with an
error page of its own.

A tunnel of TCP has no page: its other end cuts the connection before TLS begins.

The list of listening sockets is complete, so it is certain that the client reaches nobody there.
That these visitors come by this client is certain only if its configuration has the site's name.
"""

from collections.abc import Iterator
from ipaddress import ip_address

from checks.http._fronts import local_answer
from checks.server._tunnel_pages import TUNNEL_SYMPTOMS
from checks.server._tunnel_ports import plain_port, port_fix, tls_port
from diagnose.checking.registry import check
from diagnose.model import (
    Claim,
    Confidence,
    Evidence,
    Severity,
    Subject,
    Vantage,
)
from diagnose.model.addresses import family_of, is_local_host, is_loopback
from diagnose.model.http import Exchange, page_exchanges
from diagnose.model.processes import TunnelClient
from diagnose.model.server import (
    Interface,
    Listener,
    Listeners,
    interface_addresses,
    listening_programs,
)
from diagnose.model.tls import Handshake


@check(
    severity=Severity.ERROR,
    needs=[TunnelClient, Listeners],
    explains=TUNNEL_SYMPTOMS,
)
def tunnel_target_down(evidence: Evidence) -> Iterator[Claim]:
    pages: list[Exchange | Handshake] = [
        page for page in page_exchanges(evidence) if (page.status or 999) >= 400
    ]
    pages = pages or _cut_handshakes(evidence)
    listeners = evidence.good(Listeners)
    clients = [client for client in evidence.good(TunnelClient) if _is_for(client, evidence)]
    for client in clients if pages and listeners else ():
        sockets = [socket for listing in listeners for socket in listing.on(client.port)]
        if not is_local_host(client.host) or any(_gets(socket, client.host) for socket in sockets):
            continue
        is_named = bool(client.names)
        if not is_named and len(clients) > 1:
            continue
        port = evidence.target.port
        path = evidence.target.path_without_query
        is_cut = isinstance(pages[0], Handshake)
        wanted = _tls_port(evidence) if is_cut else plain_port(evidence, client)
        yield Claim(
            about=Subject(port=port, path=path),
            covers=(
                Subject(port=port, path=path),
                Subject(port=port),
                Subject(name=evidence.target.host, text=evidence.target.host),
            ),
            because=(client, *listeners, *pages),
            confidence=Confidence.CERTAIN if is_named else Confidence.LIKELY,
            facts={
                "program": client.program,
                "pid": client.pid,
                "application": str(Subject(address=client.host, port=client.port)),
                "port": client.port,
                "file": client.file,
                "status": (pages[0].status or "") if isinstance(pages[0], Exchange) else "",
                "site_port": wanted or "",
                "elsewhere": tuple(dict.fromkeys(socket.address for socket in sockets)),
                "listening": listening_programs(evidence)[:6],
                "command": client.equivalent,
            },
            fix=port_fix(client, wanted, "start-or-correct"),
        )
        return


def _tls_port(evidence: Evidence) -> int:
    """Return the port at which the site was answered on this machine, over TLS; 0 without one."""
    own = local_answer(evidence, "page")
    is_answered = own is not None and not own.failure and (own.status or 500) < 400
    return own.port if own and is_answered else tls_port(evidence)


def _cut_handshakes(evidence: Evidence) -> list[Exchange | Handshake]:
    """Return the visitors' handshakes at addresses of other machines, if all of them were cut."""
    own = interface_addresses(evidence.good(Interface))
    shakes = [
        handshake
        for handshake in evidence.of(Handshake)
        if handshake.vantage is Vantage.HERE
        and handshake.is_browser_like
        and handshake.address not in own
        and handshake.port == evidence.target.port
    ]
    kinds = {handshake.failure.kind if handshake.failure else "" for handshake in shakes}
    return [*shakes] if own and kinds <= {"closed", "reset"} else []


def _is_for(client: TunnelClient, evidence: Evidence) -> bool:
    host = evidence.target.host.lower()
    names = [name.lower() for name in client.names]
    return not names or any(
        name == host or (name.startswith("*.") and host.endswith(name[1:])) for name in names
    )


def _gets(socket: Listener, host: str) -> bool:
    """Return whether a socket gets the connections to this name or address of the machine."""
    if socket.address in {"0.0.0.0", "::", "*"}:
        return host == "localhost" or socket.dual or family_of(socket.address) == family_of(host)
    if host == "localhost":
        return is_loopback(socket.address)
    try:
        return ip_address(socket.address) == ip_address(host)
    except ValueError:
        return False
