"""A router forwards the site's port of its own address to another port of this server: a program
answers visitors in place of the web server, mostly in plain HTTP.

The controls are a connection to the router's address, which came back to this server at that port
(`ReturnedConnection`), and the site's page, which the server's own port answers well.
"""

from collections.abc import Iterator

from checks.http._fronts import local_answer
from diagnose.checking.registry import check
from diagnose.model import Applicability, Claim, Evidence, Fix, Manual, Severity, Subject, Where
from diagnose.model.addresses import is_loopback
from diagnose.model.dns import DnsAnswer
from diagnose.model.http import LocalAnswer
from diagnose.model.server import Listener, Listeners
from diagnose.model.summary import socket_text
from diagnose.model.tcp import ReturnedConnection


@check(
    severity=Severity.ERROR,
    needs=[ReturnedConnection, Listeners, LocalAnswer],
    explains=["dns.wrong-address", "tls.*", "certificate.*", "http.*", "websocket.*"],
)
def forwarded_to_other_port(evidence: Evidence) -> Iterator[Claim]:
    target, page = evidence.target, local_answer(evidence, "page")
    if page is None or page.failure or page.trusted is False or (page.status or 500) >= 500:
        return
    for returned in evidence.good(ReturnedConnection):
        is_own = [_accepts(listener, returned) for listener in _listeners(evidence, target.port)]
        if returned.port != target.port or returned.own_port == target.port or not any(is_own):
            continue
        holders = [
            listener for listener in _listeners(evidence, returned.own_port) if listener.process
        ]
        yield Claim(
            about=Subject(address=returned.address, port=target.port),
            covers=(
                Subject(address=returned.address, port=target.port),
                Subject(address=returned.address),
                Subject(name=target.host, text=target.host),
            ),
            because=(returned, page, *evidence.good(Listeners), *evidence.of(DnsAnswer)),
            facts={
                "name": target.host,
                "port": target.port,
                "address": returned.address,
                "own": returned.own_address,
                "wrong_port": returned.own_port,
                "wrong": socket_text(returned.own_address, returned.own_port),
                "right": socket_text(returned.own_address, target.port),
                "program": holders[0].process if holders else "",
            },
            fix=Fix((Manual("forward", Where.CLOUD_CONSOLE),), Applicability.MANUAL),
        )


def _listeners(evidence: Evidence, port: int) -> list[Listener]:
    return [each for listing in evidence.good(Listeners) for each in listing.on(port)]


def _accepts(listener: Listener, returned: ReturnedConnection) -> bool:
    """Return whether a socket accepts what a router sends to the server's address."""
    if is_loopback(listener.address):
        return False
    return listener.address in {"0.0.0.0", "::", returned.own_address}
