"""A balancer in front passes TCP connections on and sends the header of the PROXY protocol first,
which tells the visitor's address. The web server here does not expect the header and takes it for
the visitor's own bytes: nginx answers 400 in plain HTTP to a ClientHello, Apache closes.

The access log has the header as a request (`ProxyHeaderRequest`), which is proof. On Apache's port
of TLS nothing is logged. There it counts that the machine at the name's address connected to this
server while it was asked (`FrontConnection`), that the handshake failed, and that the same one
without that machine is well.
"""

from collections.abc import Iterator

from checks.http import _fronts
from checks.server._proxy_header_fixes import fix_of, is_read
from diagnose.checking.registry import check
from diagnose.model import Claim, Confidence, Evidence, Observation, Severity, Subject, Vantage
from diagnose.model.http import Exchange, LocalAnswer
from diagnose.model.server import Interface, interface_addresses
from diagnose.model.tcp import FrontConnection, ProxyHeaderRequest
from diagnose.model.tls import Handshake, speaks_plain_http

#: The port of plain HTTP, which such a balancer passes on as well.
HTTP_PORT = 80
#: How a connection ends whose first bytes were the header, beside an answer in plain HTTP.
_KINDS = frozenset({"closed", "reset"})


@check(
    severity=Severity.ERROR,
    needs=[Handshake, Interface, LocalAnswer],
    needs_fault=[Handshake],
    explains=[
        "dns.wrong-address", "dns.addresses-differ", "tls.*", "certificate.*", "http.*",
        "websocket.*", "tcp.large-hello-lost", "server.application-answers",
    ],
)  # fmt: skip
def proxy_header_unread(evidence: Evidence) -> Iterator[Claim]:
    failed = _failed_handshakes(evidence)
    page = _fronts.local_answer(evidence, "page")
    if not failed or page is None or page.failure or not page.chain or is_read(evidence):
        return
    addresses = tuple(dict.fromkeys(handshake.address for handshake in failed))
    connections = [
        front_connection
        for front_connection in evidence.good(FrontConnection)
        if front_connection.address in addresses and page.port in front_connection.own_ports
    ]
    requests = [
        request
        for request in evidence.good(ProxyHeaderRequest)
        if request.version == 1 or request.sender in addresses
    ]
    requests.sort(key=lambda each: each.version)
    if not connections and not requests:
        return
    yield _claim(evidence, failed, page, connections, requests)


def _failed_handshakes(evidence: Evidence) -> list[Handshake]:
    """Return the visitors' handshakes at addresses of other machines, if each of them failed as one
    does after a header."""
    own = interface_addresses(evidence.good(Interface))
    shakes = [
        handshake
        for handshake in evidence.of(Handshake)
        if handshake.vantage is Vantage.HERE
        and handshake.is_browser_like
        and handshake.port == evidence.target.port
        and handshake.address not in own
    ]
    return shakes if own and all(map(_is_cut, shakes)) else []


def _is_cut(handshake: Handshake) -> bool:
    kind = handshake.failure.kind if handshake.failure else ""
    return kind in _KINDS or speaks_plain_http(handshake)


def _is_refused(exchange: Exchange) -> bool:
    """Return whether plain HTTP fails as it does after a header."""
    return exchange.status == 400 or bool(exchange.failure and exchange.failure.kind in _KINDS)


def _claim(
    evidence: Evidence,
    failed: list[Handshake],
    page: LocalAnswer,
    connections: list[FrontConnection],
    requests: list[ProxyHeaderRequest],
) -> Claim:
    addresses = tuple(dict.fromkeys(handshake.address for handshake in failed))
    senders = [request.sender for request in requests] + [
        connection.address for connection in connections
    ]
    sender, target = senders[0], evidence.target
    text = next((request for request in requests if request.version == 1), None)
    plain = [
        exchange for exchange in evidence.of(Exchange) if exchange.port == HTTP_PORT != target.port
    ]
    refused = [each for each in plain if each.address in addresses and _is_refused(each)]
    ports = (target.port, *(request.port for request in requests if request.port))
    ports = tuple(dict.fromkeys((*ports, *(each.port for each in refused))))
    because: tuple[Observation, ...] = (*failed, page, *requests, *connections, *refused)
    return Claim(
        about=Subject(port=target.port, text="the PROXY header"),
        covers=(
            *(
                Subject(address=address, port=port)
                for address in addresses
                for port in (target.port, 80)
            ),
            *(Subject(address=address) for address in addresses),
            Subject(name=target.host, text=target.host),
        ),
        because=because,
        confidence=Confidence.CERTAIN if text else Confidence.LIKELY,
        facts={
            "name": target.host,
            "port": target.port,
            "sender": sender,
            "addresses": addresses,
            "visitor": text.visitor if text else "",
            "file": requests[0].file if requests else "",
            "written": requests[0].written if requests else "",
            "logged": bool(text),
            "own_status": page.status or "",
            "command": page.equivalent,
            "look": (requests or connections)[0].equivalent,
        },
        fix=fix_of(evidence, sender, ports),
    )
