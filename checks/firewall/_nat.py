"""Ports that NAT leads elsewhere (a container engine's rules, or somebody's own), out of the
evidence: what comes in there meets neither what listens on the port nor firewalld's zones."""

import re
from functools import lru_cache

from checks.firewall._netfilter import Seen, seen_of
from diagnose.model import Evidence
from diagnose.model.frozen import frozen
from diagnose.model.netfilter import Ruleset
from diagnose.parsers.netfilter import Decision, Packet, decide
from diagnose.parsers.netfilter.rules import Nat
from diagnose.parsers.netfilter.ruleset import Place

_SIGNS = re.compile(r'"(?:dnat|redirect)":|\s-j (?:DNAT|REDIRECT)\b')


@frozen(eq=False)
class Led:
    """What becomes of a stranger who comes to an address of the target: led to `to`."""

    address: str
    packet: Packet
    decision: Decision

    @property
    def to(self) -> tuple[str, int]:
        host, _, port = self.decision.to.rpartition(":")
        return host.strip("[]"), int(port) if port.isdigit() else 0


@lru_cache(maxsize=8)
def led(evidence: Evidence, port: int) -> tuple[Led, ...]:
    """Where the port is led, at each of the target's addresses at which it is."""
    if not any(_SIGNS.search(one.text) for one in evidence.good(Ruleset)):
        return ()
    seen = seen_of(evidence)
    found = (
        Led(address, packet, decide(seen.filter.rules, packet))
        for address, packet in seen.packets(port)
    )
    return tuple(one for one in found if one.decision.to)


def by(seen: Seen, one: Led) -> Place | None:
    """The rule that leads there: without it the port would not be led so."""
    for table in seen.filter.rules.tables:
        for chain in table.chains.values():
            for rule in chain.rules:
                if not any(isinstance(step, Nat) for step in rule.steps):
                    continue
                (place,) = seen.filter.placed([rule])
                if decide(seen.filter.without(place), one.packet).to != one.decision.to:
                    return place
    return None
