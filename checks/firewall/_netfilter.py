"""What netfilter's rules do with the site's visitors, judged from the evidence: which rule blocks a
visitor, which program made the rule, and what opens the port.

If firewalld's own rules decide, the firewalld checks report it.
"""

from collections.abc import Iterator
from dataclasses import replace
from functools import lru_cache

from checks.firewall._visitors import (
    is_served_elsewhere,
    routed_addresses,
    ssh_clients,
    target_addresses,
)
from diagnose.model import (
    Evidence,
    Observation,
)
from diagnose.model.addresses import family_of, is_private
from diagnose.model.frozen import frozen
from diagnose.model.netfilter import Ruleset, RulesFile
from diagnose.model.server import server_addresses, server_interfaces
from diagnose.model.visitor import visitor_address
from diagnose.parsers import netfilter
from diagnose.parsers.hostnames import is_address
from diagnose.parsers.netfilter import Decision, Host, Packet, owners, persisted_rules, ruleset, ufw
from diagnose.parsers.netfilter.owners import Owner
from diagnose.parsers.netfilter.rules import Rules
from diagnose.parsers.netfilter.ruleset import LoadedRuleset, RulePosition
from diagnose.parsers.netfilter.sources import SourceRule, source_rules

#: How many rules that block one after the other are searched for.
MAX_BLOCKAGES = 6
#: A port that nothing uses: an address that may reach it may reach any port.
UNUSED_PORT = 54321


@frozen(eq=False)
class Blockage:
    """A rule that blocks a visitor at one address of the target.

    `address` is "" if the target's address is not known. `source` is the client's own address, ""
    for strangers. `allowed_sources` are let in anyway. `is_known_visitor` means that the source is
    the visitor of this run (`--from`) or the SSH client, which made no attempt itself.
    """

    address: str
    packet: Packet
    source: str
    decision: Decision
    place: RulePosition
    owner: Owner
    allowed_sources: tuple[str, ...] = ()
    more_sources: int = 0
    is_known_visitor: bool = False

    @property
    def port(self) -> int:
        return self.packet.port

    @property
    def family(self) -> int:
        return family_of(self.packet.destination)


def _told_visitors(evidence: Evidence) -> tuple[str, ...]:
    """Return the addresses of visitors whom the message names, the server's own left out."""
    symptom = evidence.target.symptom
    if symptom is None:
        return ()
    # Imported late: most runs have no message.
    from diagnose.parsers.told_visitors import told_visitors

    own = {*server_addresses(evidence), *target_addresses(evidence), evidence.target.host}
    known = {*ssh_clients(evidence)}
    told = told_visitors(symptom.text)
    return tuple(visitor for visitor in told if visitor not in own | known)


class NetfilterView:
    """netfilter's rules and the visitors, as far as they were observed."""

    def __init__(self, evidence: Evidence) -> None:
        self.evidence = evidence
        self.visitor = visitor_address(evidence)
        self.told_visitors = () if self.visitor else _told_visitors(evidence)
        self.known_visitors = (
            (self.visitor,) if self.visitor else (*ssh_clients(evidence), *self.told_visitors)
        )
        rulesets = evidence.good(Ruleset)
        self.because: tuple[Observation, ...] = rulesets
        self.ruleset: LoadedRuleset = ruleset.load_ruleset(
            tuple((listing.tool, listing.text) for listing in rulesets)
        )
        self.files = {rules_file.path: rules_file.text for rules_file in evidence.good(RulesFile)}
        self.ufw = ufw.parse_ufw(self.files)
        self._blockages: dict[tuple[int, str], tuple[Blockage, ...]] = {}
        self._source_rules: dict[tuple[int, ...], tuple[SourceRule, ...]] = {}
        self.nics = server_interfaces(evidence)
        self.host = Host.of(self.nics)

    def packets(self, port: int, source: str = "") -> Iterator[tuple[str, Packet]]:
        """Yield (address, packet) for a visitor at each of the target's addresses that lead to this
        server.

        If the target's addresses are not known, yield one packet to an address of the server, with
        "" as the address. Without `source` the packet comes from the visitor of this run, or else
        from a stranger.
        """
        source = source or self.visitor
        for address in target_addresses(self.evidence) or ("",):
            entry_point = self._entry_point(address) if address else self._own_entry_point()
            if entry_point and (not source or (":" in source) == (":" in entry_point[0])):
                destination, nic = entry_point
                yield address, Packet(source or None, destination, port, nic, host=self.host)

    def _entry_point(self, address: str) -> tuple[str, str] | None:
        """Return the address and interface by which the packet enters, or None if the name leads to
        another machine.

        A private address is returned for a public one that is translated on the way.
        """
        for nic in self.nics:
            if address in nic.addresses:
                return address, nic.name
        own_addresses = routed_addresses(self.nics, family_of(address))
        private_addresses = [
            (own_address, nic_name)
            for own_address, nic_name in own_addresses
            if is_private(own_address)
        ]
        return (
            private_addresses[0]
            if private_addresses and len(private_addresses) == len(own_addresses)
            else None
        )

    def _own_entry_point(self) -> tuple[str, str] | None:
        """Return an own address and its interface: IPv4, which nearly every site has, or else
        IPv6."""
        entry_points = (*routed_addresses(self.nics, 4), *routed_addresses(self.nics, 6))
        return entry_points[0] if entry_points else None

    # Blocked visitors

    def blockages(self, port: int, source: str = "") -> tuple[Blockage, ...]:
        """Return where strangers, or this client, are blocked. Cached, because several checks
        ask."""
        if (port, source) not in self._blockages:
            self._blockages[port, source] = tuple(self._find_blockages(port, source))
        return self._blockages[port, source]

    def shuts_out(self, port: int, source: str) -> bool:
        """Return whether a client is blocked at the server's own address, and a stranger is not. A
        machine in front comes there, whatever address the name has."""
        packet = self.own_packet(port, family_of(source))
        if packet is None or decide(self.ruleset.rules, packet).verdict != "accept":
            return False
        peer_packet = replace(packet, source=source)
        return decide(self.ruleset.rules, peer_packet).verdict in {"drop", "reject"}

    def own_blockages(self, port: int, source: str) -> tuple[Blockage, ...]:
        """Return where a client is blocked at the server's own address, as far as other rules than
        firewalld's do it."""
        packet = self.own_packet(port, family_of(source))
        peer_packet = replace(packet, source=source) if packet else None
        return tuple(self._blockages_at("", peer_packet, port)) if peer_packet else ()

    def admits(self, port: int, source: str) -> bool:
        """Return whether all known rules let this client in."""
        packets = [packet for _, packet in self.packets(port, source)]
        return bool(packets) and all(
            decide(self.ruleset.rules, packet).verdict == "accept" for packet in packets
        )

    def _find_blockages(self, port: int, source: str) -> Iterator[Blockage]:
        if is_served_elsewhere(self.evidence, port):
            return
        for address, packet in self.packets(port, source):
            yield from self._blockages_at(address, packet, port)

    def _blockages_at(self, address: str, packet: Packet, port: int) -> Iterator[Blockage]:
        rules = self.ruleset.rules
        for _ in range(MAX_BLOCKAGES):
            decision, judged_packet = self.decide_for_visitor(rules, packet)
            place = self.ruleset.position_of(decision)
            if decision.verdict not in {"reject", "drop"} or place is None:
                break
            is_stranger = not judged_packet.source and not self.visitor
            if is_stranger and is_private(address) and _admits_private_sources(decision):
                break
            rules = self.ruleset.without_filtering(rules, place.table)
            owner = self.owner(place)
            # No zone or policy decides about what a direct rule decides.
            is_by_firewalld = owner == "firewalld" and not place.chain.name.endswith("_direct")
            is_known_visitor = judged_packet.source in self.known_visitors
            is_forwarded = decision.forwarded or decision.hook == "forward"
            if not is_by_firewalld and (is_known_visitor or not is_forwarded):
                allowed_sources, more_sources = self._admitted_sources(decision, judged_packet)
                if not allowed_sources:
                    allowed_sources = self.allowlisted_sources(port)
                yield Blockage(
                    address,
                    judged_packet,
                    judged_packet.source or "",
                    decision,
                    place,
                    owner,
                    allowed_sources,
                    more_sources,
                    is_known_visitor,
                )

    def decide_for_visitor(self, rules: Rules, packet: Packet) -> tuple[Decision, Packet]:
        """Return the decision for a packet of this run's visitor, and the packet that was judged.

        If the same rule stops everybody, it does not concern the visitor in particular: then a
        stranger's packet is returned.
        """
        decision = decide(rules, packet)
        place = self.ruleset.position_of(decision) if packet.source == self.visitor else None
        if place is not None:
            stranger_packet = replace(packet, source=None)
            stranger_decision = decide(rules, stranger_packet)
            stranger_place = self.ruleset.position_of(stranger_decision)
            if (
                stranger_place
                and stranger_place.key == place.key
                and stranger_decision.verdict == decision.verdict
            ):
                return stranger_decision, stranger_packet
        return decision, packet

    def _admitted_sources(self, decision: Decision, packet: Packet) -> tuple[tuple[str, ...], int]:
        """Return the sources that may reach this port and, like strangers, no other port, and how
        many more there are."""
        other_port_packet = replace(packet, port=UNUSED_PORT)
        for source_group in decision.others:
            if source_group.decision.verdict == "accept" and source_group.sources:
                address = source_group.sources[0].partition("/")[0]
                other_port_decision = decide(
                    self.ruleset.rules, replace(other_port_packet, source=address)
                )
                if (
                    other_port_decision.verdict
                    == decide(self.ruleset.rules, other_port_packet).verdict
                ):
                    return source_group.sources, source_group.omitted
        return (), 0

    def source_rules(self, *ports: int) -> tuple[SourceRule, ...]:
        """Return the rules about these ports that apply to some sources only. Cached, because
        several checks ask."""
        if ports not in self._source_rules:
            nics = {packet.interface for port in ports for _, packet in self.packets(port)}
            self._source_rules[ports] = source_rules(self.ruleset, ports, nics)
        return self._source_rules[ports]

    def allowlisted_sources(self, port: int) -> tuple[str, ...]:
        """Return the sources that are let in to this port while strangers are not, over both IP
        families."""
        accept_rules = (
            rule for rule in self.source_rules(port) if rule.port and rule.effect == "accept"
        )
        return tuple(
            dict.fromkeys(
                name for rule in accept_rules for name in self._admitted_names(rule, port)
            )
        )

    def _admitted_names(self, rule: SourceRule, port: int) -> tuple[str, ...]:
        """Return the sources of this rule that are let in."""
        packet = self.own_packet(port, 6 if rule.family == "ip6" else 4)
        if packet is None:
            return rule.names
        if decide(self.ruleset.rules, packet).verdict == "accept":
            return ()
        return tuple(name for name in rule.names if self._is_admitted(packet, name))

    def _is_admitted(self, packet: Packet, name: str) -> bool:
        """Return whether a packet from this network is let in. A set or an interface counts as
        admitted, because it cannot be tested."""
        address = name.partition("/")[0]
        if (":" in address) is not (":" in packet.destination) or not is_address(address):
            return True
        return decide(self.ruleset.rules, replace(packet, source=address)).verdict == "accept"

    def own_packet(self, port: int, family: int) -> Packet | None:
        """Return a stranger's packet to an address of the server of this IP family, or None if it
        has none."""
        for address, nic in routed_addresses(self.nics, family)[:1]:
            return Packet(None, address, port, nic, host=self.host)
        return None

    def owner(self, place: RulePosition) -> Owner:
        """Return the program that made the rule.

        If ufw is set to ignore IPv6, it drops all IPv6 traffic and has no chains there by which it
        could be recognized (ufw-init-functions).
        """
        owner_name = owners.owner(place)
        is_ip6_policy = place.program.startswith("ip6tables") and place.rule is None
        ipv6_unmanaged = self.ufw is not None and self.ufw.enabled and not self.ufw.ipv6
        return "ufw" if owner_name == "hand" and is_ip6_policy and ipv6_unmanaged else owner_name

    # Effects of a change

    def unblocks(self, rules: Rules, blockage: Blockage) -> bool:
        """Return whether these rules no longer block the visitor in the same table."""
        decision, table = decide(rules, blockage.packet), blockage.place.table
        in_same_table = (decision.family, decision.table) == (table.family, table.name)
        return not in_same_table or decision.verdict not in {"reject", "drop"}

    def rules_file_path(self, place: RulePosition) -> str:
        """Return the file from which a rule is loaded; "" if no known file holds it."""
        persisted_rule = persisted_rules.find_persisted(place, self.files)
        return persisted_rule.path if persisted_rule else ""


@lru_cache(maxsize=64)
def decide(rules: Rules, packet: Packet) -> Decision:
    """Return the decision about a connection; "unknown" if the rules cannot be parsed, for example
    because they are redacted.

    Cached: several checks ask, and it is slow with thousands of banned addresses.
    """
    try:
        return netfilter.decide(rules, packet)
    except ValueError:
        return Decision(verdict="unknown")


@lru_cache(maxsize=2)
def netfilter_view(evidence: Evidence) -> NetfilterView:
    """Return the view of netfilter. It is built once for all checks of a run."""
    return NetfilterView(evidence)


def _admits_private_sources(decision: Decision) -> bool:
    """Return whether other private addresses are let in. Visitors of a private address come from
    private addresses."""
    return any(
        source_group.decision.verdict == "accept"
        and any(is_private(source.partition("/")[0]) for source in source_group.sources)
        for source_group in decision.others
    )
