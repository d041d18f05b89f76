"""What the server's packet filter does with a connection from a container to the server itself: it
enters by the engine's bridge, with the container's own address, and passes the server's input rules
(nftables hooks; ufw(8) and firewalld make rules of the same kind).
"""

from collections.abc import Sequence

from checks.firewall._netfilter import NetfilterView, netfilter_view
from diagnose.model import Applicability, Evidence, Fix, Risk, firewall_commands
from diagnose.model.addresses import family_of, is_within
from diagnose.model.containers import Containers, NginxContainer
from diagnose.model.frozen import frozen
from diagnose.model.server import Interface
from diagnose.parsers.netfilter import Decision, Host, Packet, decide, remedies
from diagnose.parsers.netfilter.owners import Owner
from diagnose.parsers.netfilter.remedies import Opening
from diagnose.parsers.netfilter.ruleset import RulePosition

#: Rules of programs that would write them anew: only their own command changes anything.
_OPENED = ("ufw", "hand")


@frozen(eq=False)
class Block:
    """The rule that stops a connection from a container to the server's `address` and `port`.

    `bridge` is the interface by which it enters, `network` that of the container
    ("172.18.0.0/16").
    """

    view: NetfilterView
    place: RulePosition
    owner: Owner
    decision: Decision
    bridge: str
    network: str
    address: str
    port: int

    @property
    def facts(self) -> dict[str, object]:
        """The facts of a finding about it."""
        place = self.place
        return {
            "rule": place.text,
            "where": f"{place.table.family} {place.table.name} {place.chain.name}",
            "program": place.program,
            "owner": "" if self.owner == "hand" else self.owner,
            "drops": self.decision.verdict == "drop",
            "network": self.network,
            "bridge": self.bridge,
            "firewalld": self.owner == "firewalld",
        }

    def fix(self) -> Fix | None:
        """Return what lets the containers of this network in, and nobody else; None where a person
        has to do it."""
        if self.owner not in _OPENED or self.decision.forwarded:
            return None
        if self.owner == "ufw":
            rule = ("allow", "proto", "tcp", "from", self.network, "to", "any", "port")
            words = (*rule, str(self.port))
            step = firewall_commands.ufw(words, ("delete", *words), Risk.OPENS_TO_SOME)
            return Fix((step,), Applicability.REVIEW)
        opening = Opening(
            (self.port,), visitor=self.network, server=self.address, family=family_of(self.address)
        )
        steps = remedies.opening_steps(self.place, opening, self.view.files)
        return Fix(steps, Applicability.REVIEW)


def decision_for(
    evidence: Evidence, container: NginxContainer, address: str, port: int
) -> Block | bool | None:
    """Return the rule that stops a connection from the container to this address of the server;
    True if the rules let it in, None if that is not known."""
    return decision_from(evidence, _addresses(evidence, container), address, port)


def decision_from(
    evidence: Evidence, sources: Sequence[str], address: str, port: int
) -> Block | bool | None:
    """Return the same for a container of which these are the addresses."""
    view = netfilter_view(evidence)
    entry = _entry(sources, view.nics, address)
    if not view.because or entry is None:
        return None
    source, bridge, network = entry
    packet = Packet(source, address, port, bridge, host=Host.of(view.nics))
    try:
        decision = decide(view.ruleset.rules, packet)
    except ValueError:
        return None
    if decision.verdict == "accept":
        return True
    place = view.ruleset.position_of(decision)
    if decision.verdict == "unknown" or place is None:
        return None
    return Block(view, place, view.owner(place), decision, bridge, network, address, port)


def _addresses(evidence: Evidence, container: NginxContainer) -> tuple[str, ...]:
    """Return the container's own addresses: as it was observed itself, or by its namespace."""
    return container.addresses or tuple(
        address
        for containers in evidence.good(Containers)
        for namespace in containers.namespaces
        if namespace.container and namespace.container == container.digest
        for address in namespace.addresses
    )


def _entry(
    addresses: Sequence[str], nics: Sequence[Interface], address: str
) -> tuple[str, str, str] | None:
    """Return the container's address, the bridge and the network from which it connects to this
    address: those of the same network if it has one there."""
    entries = [
        (source, nic.name, network)
        for source in addresses
        for nic in nics
        for network in nic.networks
        if family_of(source) == family_of(address) and is_within(source, (network,))
    ]
    return next(
        (entry for entry in entries if is_within(address, (entry[2],))), next(iter(entries), None)
    )
