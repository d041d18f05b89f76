"""Ports that NAT rules redirect (a container engine's or the administrator's own), judged from the
evidence.

Redirected packets reach neither the program that listens on the port nor firewalld's zones.
"""

import re
from functools import lru_cache

from checks.firewall._netfilter import NetfilterView, netfilter_view
from diagnose.model import Evidence, Host
from diagnose.model.addresses import is_loopback
from diagnose.model.frozen import frozen
from diagnose.model.netfilter import Ruleset
from diagnose.model.server import Listeners
from diagnose.parsers.netfilter import Decision, Packet, decide
from diagnose.parsers.netfilter.rules import Nat
from diagnose.parsers.netfilter.ruleset import RulePosition
from diagnose.parsers.whole_numbers import whole_number

_DNAT_RULE = re.compile(r'"(?:dnat|redirect)":|\s-j (?:DNAT|REDIRECT)\b')


@frozen(eq=False)
class DnatTarget:
    """What happens to a stranger's packet to one address of the target: it is redirected to
    `destination`."""

    address: str
    packet: Packet
    decision: Decision

    @property
    def destination(self) -> tuple[str, int]:
        host, _, port = self.decision.to.rpartition(":")
        return host.strip("[]"), whole_number(port) or 0


@lru_cache(maxsize=8)
def dnat_targets(evidence: Evidence, port: int) -> tuple[DnatTarget, ...]:
    """Return where the port is redirected, for each of the target's addresses where it is."""
    if not any(_DNAT_RULE.search(listing.text) for listing in evidence.good(Ruleset)):
        return ()
    view = netfilter_view(evidence)
    targets = (
        DnatTarget(address, packet, decide(view.ruleset.rules, packet))
        for address, packet in view.packets(port)
    )
    return tuple(target for target in targets if target.decision.to)


def dnat_rule(view: NetfilterView, target: DnatTarget) -> RulePosition | None:
    """Return the rule that redirects: without it the port would not go to the same destination."""
    for table in view.ruleset.rules.tables:
        for chain in table.chains.values():
            for rule in chain.rules:
                if not any(isinstance(step, Nat) for step in rule.steps):
                    continue
                (place,) = view.ruleset.positions_of([rule])
                if decide(view.ruleset.without_rule(place), target.packet).to != target.decision.to:
                    return place
    return None


def redirects_for_visitors(evidence: Evidence, port: int) -> tuple[DnatTarget, ...]:
    """Return the redirects of a port to programs that listen on this machine, if every address of
    the target is redirected so, and the run is on the server itself. Its own connections pass no
    PREROUTING chain, and so are not redirected (nft(8), "Address families")."""
    targets = dnat_targets(evidence, port)
    is_on_server = any(host.via == "local" for host in evidence.of(Host))
    if not targets or not is_on_server or any(map(_leads_away, targets)):
        return ()
    ports = {
        listener.port
        for listeners in evidence.good(Listeners)
        for listener in listeners.sockets
        if not is_loopback(listener.address)
    }
    addresses = {address for address, _ in netfilter_view(evidence).packets(port)}
    is_complete = addresses == {target.address for target in targets}
    return targets if is_complete and {t.destination[1] for t in targets} <= ports else ()


def is_redirected_away(evidence: Evidence, port: int) -> bool:
    """Return whether rules redirect a port of every address of the target to other machines: no
    program has to listen here. They do not redirect the server's own connections."""
    targets = dnat_targets(evidence, port)
    if not targets or not all(map(_leads_away, targets)):
        return False
    addresses = {address for address, _ in netfilter_view(evidence).packets(port)}
    return addresses == {target.address for target in targets}


def _leads_away(target: DnatTarget) -> bool:
    return target.destination[0] not in {"", target.address} or is_loopback(target.address)
