"""Which ports that were open before a fix are shut after it, by the rules in force. Pure.

A remedy is about one port. A reload behind it may forget what somebody had opened for now only,
sshd's port among it.
"""

from collections.abc import Iterator

from diagnose.model import Evidence, Report, Vantage
from diagnose.model.frozen import frozen
from diagnose.model.netfilter import Ruleset
from diagnose.model.server import Interface, Listeners
from diagnose.parsers.netfilter import decide
from diagnose.parsers.netfilter.packet import Host, Packet
from diagnose.parsers.netfilter.ruleset import Filter
from diagnose.parsers.netfilter.ruleset import read as read_rules

#: So many pairs of an address and a port are asked about.
MOST = 200


@frozen
class _Socket:
    """A port at an address of the server, and the interface by which one comes to it."""

    address: str
    port: int
    interface: str


def shut(before: Report, after: Report, client: str = "") -> str | None:
    """The first port that was open to everybody, or to `client` (an address), before and is not
    after; None where there is none, or where the rules were not seen both times."""
    then, now = _rules(before.evidence), _rules(after.evidence)
    if then is None or now is None:
        return None
    host = _host(after.evidence)
    still = set(_sockets(after.evidence))
    sockets = [socket for socket in _sockets(before.evidence) if socket in still][:MOST]
    for socket in sockets:
        for source in (None, client) if client else (None,):
            if _verdict(then, socket, source, host) == "accept" and _verdict(
                now, socket, source, host
            ) in {"drop", "reject"}:
                who = f" to {source}" if source else ""
                return f"port {socket.port} at {socket.address} was open{who} and is shut now"
    return None


def _rules(evidence: Evidence) -> Filter | None:
    rulesets = evidence.of(Ruleset)
    if not rulesets or any(ruleset.failure for ruleset in rulesets):
        return None
    return read_rules(tuple((ruleset.tool, ruleset.text) for ruleset in rulesets))


def _host(evidence: Evidence) -> Host:
    interfaces = list(_interfaces(evidence))
    everywhere = {4: "0.0.0.0/0", 6: "::/0"}
    return Host(
        tuple((one.name, address) for one in interfaces for address in one.addresses),
        tuple((everywhere[family], one.name) for one in interfaces for family in one.default),
    )


def _interfaces(evidence: Evidence) -> Iterator[Interface]:
    for interface in evidence.good(Interface):
        if interface.vantage is Vantage.SERVER and interface.name != "lo":
            yield interface


def _sockets(evidence: Evidence) -> Iterator[_Socket]:
    """What listens, at each address at which the network can come to it."""
    for listeners in evidence.good(Listeners):
        for socket in listeners.sockets:
            for interface in _interfaces(evidence):
                for address in interface.addresses:
                    six = ":" in address
                    everywhere = {"0.0.0.0": not six, "::": six or socket.dual}
                    if everywhere.get(socket.address, socket.address == address):
                        yield _Socket(address, socket.port, interface.name)


def _verdict(rules: Filter, socket: _Socket, source: str | None, host: Host) -> str:
    if source and (":" in source) != (":" in socket.address):
        return "unknown"
    packet = Packet(source, socket.address, socket.port, socket.interface, host=host)
    try:
        return decide(rules.rules, packet).verdict
    except ValueError:
        return "unknown"
