"""Finds ports that were open before a fix and are closed after it, by the rules in force. No I/O.

A fix is about one port. But its reload may discard ports that were opened only in the running
firewall, for example sshd's.
"""

from collections.abc import Iterator
from itertools import product

from diagnose.model import Evidence, Report, Vantage
from diagnose.model.frozen import frozen
from diagnose.model.netfilter import Ruleset
from diagnose.model.server import Interface, Listeners
from diagnose.parsers.netfilter import decide
from diagnose.parsers.netfilter.packet import Host, Packet
from diagnose.parsers.netfilter.ruleset import LoadedRuleset
from diagnose.parsers.netfilter.ruleset import load_ruleset as read_rules

#: The largest number of address and port pairs that are compared.
MAX_SOCKETS = 200


@frozen
class _ListeningSocket:
    """A port at one of the server's addresses, and the interface through which packets reach it."""

    address: str
    port: int
    interface: str


def closed_port_error(before: Report, after: Report, client: str = "") -> str | None:
    """Return an error about the first port that was open to everybody, or to `client` (an address),
    and is closed now; None if there is none, or if the rules were not read both times."""
    rules_before, rules_after = _rules(before.evidence), _rules(after.evidence)
    if rules_before is None or rules_after is None:
        return None
    host = _host(after.evidence)
    still_listening = set(_sockets(after.evidence))
    sockets = [socket for socket in _sockets(before.evidence) if socket in still_listening][
        :MAX_SOCKETS
    ]
    for socket in sockets:
        for source in (None, client) if client else (None,):
            if _verdict(rules_before, socket, source, host) == "accept" and _verdict(
                rules_after, socket, source, host
            ) in {"drop", "reject"}:
                client_text = f" to {source}" if source else ""
                return (
                    f"port {socket.port} at {socket.address} was open{client_text} and is shut now"
                )
    return None


def _rules(evidence: Evidence) -> LoadedRuleset | None:
    rulesets = evidence.of(Ruleset)
    if not rulesets or any(ruleset.failure for ruleset in rulesets):
        return None
    return read_rules(tuple((ruleset.tool, ruleset.text) for ruleset in rulesets))


def _host(evidence: Evidence) -> Host:
    return Host.of(list(_interfaces(evidence)))


def _interfaces(evidence: Evidence) -> Iterator[Interface]:
    for interface in evidence.good(Interface):
        if interface.vantage is Vantage.SERVER and interface.name != "lo":
            yield interface


def _sockets(evidence: Evidence) -> Iterator[_ListeningSocket]:
    """Yield the listening sockets, with each address at which the network can reach them."""
    addresses = [
        (interface.name, address)
        for interface in _interfaces(evidence)
        for address in interface.addresses
    ]
    for listeners in evidence.good(Listeners):
        for socket, (interface, address) in product(listeners.sockets, addresses):
            is_ipv6 = ":" in address
            accepts = {"0.0.0.0": not is_ipv6, "::": is_ipv6 or socket.dual}
            if accepts.get(socket.address, socket.address == address):
                yield _ListeningSocket(address, socket.port, interface)


def _verdict(rules: LoadedRuleset, socket: _ListeningSocket, source: str | None, host: Host) -> str:
    if source and (":" in source) != (":" in socket.address):
        return "unknown"
    packet = Packet(source, socket.address, socket.port, socket.interface, host=host)
    try:
        return decide(rules.rules, packet).verdict
    except ValueError:
        return "unknown"
