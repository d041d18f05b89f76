"""What netfilter's rules do with the site's visitors, out of the evidence: which rule stops whom,
who made it, and what opens the port. Where firewalld's own rules decide, firewalld's checks speak.
"""

import ipaddress
from collections.abc import Iterable, Iterator
from dataclasses import replace
from functools import lru_cache
from typing import Literal

from checks import firewall
from checks.firewall._firewalld import (
    administrators,
    clients,
    is_elsewhere,
    ports_that_matter,
    target_addresses,
    through_the_network,
)
from diagnose.model import (
    Evidence,
    Observation,
    Vantage,
)
from diagnose.model.dns import is_private
from diagnose.model.frozen import frozen
from diagnose.model.netfilter import Ruleset, RulesFile
from diagnose.model.server import Interface
from diagnose.model.tcp import Connection
from diagnose.model.visitor import visitor_of
from diagnose.parsers import netfilter
from diagnose.parsers.netfilter import Decision, Host, Packet, owners, persisted_rules, ruleset, ufw
from diagnose.parsers.netfilter.owners import Owner
from diagnose.parsers.netfilter.rules import Rules
from diagnose.parsers.netfilter.ruleset import Filter, Place
from diagnose.parsers.netfilter.sources import SourceRule, source_rules

Fault = Literal[
    "ruleset-blocks", "ufw-port-closed", "source-restricted", "egress-blocks", "visitor-banned"
]

#: What a stopped port looks like to others; to the server itself as well, whose own attempts meet
#: the same rules, unless they let loopback pass.
EXPLAINS = (*firewall.EXPLAINS, "tls.stalled")

#: So many rules that stand in the way one behind the other are looked for.
MOST_IN_A_ROW = 6
#: A port that nothing uses: who may connect to it may connect to any.
ANY_PORT = 54321


@frozen(eq=False)
class Blocked:
    """A visitor who is stopped: where they come to, where, and by whose rule. `address` is "" where
    the target's is not known, `source` the client's own, "" for strangers; `sources` are those who
    are let in all the same. `named`: the source is a person's whom the run judges for, and did not
    itself try."""

    address: str
    packet: Packet
    source: str
    decision: Decision
    place: Place
    owner: Owner
    sources: tuple[str, ...] = ()
    more: int = 0
    named: bool = False

    @property
    def port(self) -> int:
        return self.packet.port

    @property
    def family(self) -> int:
        return 6 if ":" in self.packet.destination else 4


class Seen:
    """netfilter as far as it was seen, and who comes."""

    def __init__(self, evidence: Evidence) -> None:
        self.evidence = evidence
        self.visitor = visitor_of(evidence)
        self.named = (self.visitor,) if self.visitor else administrators(evidence)
        rulesets = evidence.good(Ruleset)
        self.because: tuple[Observation, ...] = rulesets
        self.filter: Filter = ruleset.read(tuple((one.tool, one.text) for one in rulesets))
        self.files = {one.path: one.text for one in evidence.good(RulesFile)}
        self.ufw = ufw.state(self.files)
        self._known: dict[tuple[int, str], tuple[Blocked, ...]] = {}
        self._by_source: dict[tuple[int, ...], tuple[SourceRule, ...]] = {}
        self.nics = [one for one in evidence.good(Interface) if one.vantage is Vantage.SERVER]
        self.host = Host(
            tuple((nic.name, address) for nic in self.nics for address in nic.addresses),
            tuple(
                ("::/0" if family == 6 else "0.0.0.0/0", nic.name)
                for nic in self.nics
                for family in nic.default
            ),
        )

    def packets(self, port: int, source: str = "") -> Iterator[tuple[str, Packet]]:
        """A visitor at each of the target's addresses that lead here; at one of the server's own
        where the target's are not known (""). Without a source it is whom the run judges for, if
        that is one visitor, else a stranger."""
        source = source or self.visitor
        for address in target_addresses(self.evidence) or ("",):
            entered = self._entered(address) if address else self._own()
            if entered and (not source or (":" in source) == (":" in entered[0])):
                destination, nic = entered
                yield address, Packet(source or None, destination, port, nic, host=self.host)

    def _entered(self, address: str) -> tuple[str, str] | None:
        """The address as it is when it comes in, and by which interface; None where the name
        leads to another machine. A private address stands for a public one that is translated
        on the way."""
        six = ":" in address
        for nic in self.nics:
            if address in nic.addresses:
                return address, nic.name
        routed = [nic for nic in self.nics if (6 if six else 4) in nic.default]
        own = [(one, nic.name) for nic in routed for one in nic.addresses if (":" in one) is six]
        inner = [(one, name) for one, name in own if is_private(one)]
        return inner[0] if inner and len(inner) == len(own) else None

    def _own(self) -> tuple[str, str] | None:
        """IPv4, which nearly every site has; IPv6 where there is nothing else."""
        for family in (4, 6):
            for nic in self.nics:
                for address in nic.addresses if family in nic.default else ():
                    if (":" in address) is (family == 6):
                        return address, nic.name
        return None

    # What is stopped

    def stopped(self, port: int, source: str = "") -> tuple[Blocked, ...]:
        """Where strangers, or that client, are stopped. Several checks ask."""
        if (port, source) not in self._known:
            self._known[port, source] = tuple(self._stops(port, source))
        return self._known[port, source]

    def admits(self, port: int, source: str) -> bool:
        """Whether all rules let that client in, as far as is known of them."""
        packets = [packet for _, packet in self.packets(port, source)]
        return bool(packets) and all(
            decide(self.filter.rules, packet).verdict == "accept" for packet in packets
        )

    def _stops(self, port: int, source: str) -> Iterator[Blocked]:
        if is_elsewhere(self.evidence, port):
            return
        for address, packet in self.packets(port, source):
            yield from self._stops_at(address, packet, port)

    def _stops_at(self, address: str, packet: Packet, port: int) -> Iterator[Blocked]:
        rules = self.filter.rules
        for _ in range(MOST_IN_A_ROW):
            decision, met = self.met(rules, packet)
            place = self.filter.place(decision)
            if decision.verdict not in {"reject", "drop"} or place is None:
                break
            anybody = not met.source and not self.visitor
            if anybody and is_private(address) and _neighbours_may(decision):
                break
            rules = self.filter.without_filtering(rules, place.table)
            owner = self.owner(place)
            # What a direct rule decides, no zone or policy does.
            theirs = owner == "firewalld" and not place.chain.name.endswith("_direct")
            named = met.source in self.named
            through = decision.forwarded or decision.hook == "forward"
            if not theirs and (named or not through):
                sources, more = self._let_in(decision, met)
                if not sources:
                    sources = self.kept_for(port)
                yield Blocked(
                    address, met, met.source or "", decision, place, owner, sources, more, named
                )

    def met(self, rules: Rules, packet: Packet) -> tuple[Decision, Packet]:
        """What becomes of a packet of the visitor for whom the run judges. What stops everybody by
        the same rule is not about them: it is said of a stranger's packet then."""
        decision = decide(rules, packet)
        place = self.filter.place(decision) if packet.source == self.visitor else None
        if place is not None:
            anybody = replace(packet, source=None)
            theirs = decide(rules, anybody)
            there = self.filter.place(theirs)
            if there and there.key == place.key and theirs.verdict == decision.verdict:
                return theirs, anybody
        return decision, packet

    def _let_in(self, decision: Decision, packet: Packet) -> tuple[tuple[str, ...], int]:
        """Who may come in to this port, and not, unlike strangers, to any other as well."""
        elsewhere = replace(packet, port=ANY_PORT)
        for others in decision.others:
            if others.decision.verdict == "accept" and others.sources:
                first = others.sources[0].partition("/")[0]
                theirs = decide(self.filter.rules, replace(elsewhere, source=first))
                if theirs.verdict == decide(self.filter.rules, elsewhere).verdict:
                    return others.sources, others.more
        return (), 0

    def source_rules(self, *ports: int) -> tuple[SourceRule, ...]:
        """The rules about these ports that are for some sources only. Several checks ask."""
        if ports not in self._by_source:
            nics = {packet.interface for port in ports for _, packet in self.packets(port)}
            self._by_source[ports] = source_rules(self.filter, ports, nics)
        return self._by_source[ports]

    def kept_for(self, port: int) -> tuple[str, ...]:
        """Who is let in to this port by name, over either family, where strangers are not."""
        kept = (one for one in self.source_rules(port) if one.port and one.effect == "accept")
        return tuple(dict.fromkeys(name for one in kept for name in self._kept(one, port)))

    def _kept(self, rule: SourceRule, port: int) -> tuple[str, ...]:
        """The names of those who get in by this rule."""
        packet = self._packet(port, 6 if rule.family == "ip6" else 4)
        if packet is None:
            return rule.names
        if decide(self.filter.rules, packet).verdict == "accept":
            return ()
        return tuple(one for one in rule.names if self._enters(packet, one))

    def _enters(self, packet: Packet, name: str) -> bool:
        """Whether somebody from a network gets in; of a set or an interface nobody knows."""
        first = name.partition("/")[0]
        if (":" in first) is not (":" in packet.destination) or not is_address(first):
            return True
        return decide(self.filter.rules, replace(packet, source=first)).verdict == "accept"

    def _packet(self, port: int, family: int) -> Packet | None:
        """A stranger's of that family, None where the server has no address of it."""
        for nic in self.nics:
            for address in nic.addresses if family in nic.default else ():
                if (":" in address) is (family == 6):
                    return Packet(None, address, port, nic.name, host=self.host)
        return None

    def owner(self, place: Place) -> Owner:
        """Who made it. Where ufw is told to leave IPv6 out it lets nothing in over it, and has no
        chains there by which it could be told (ufw-init-functions)."""
        found = owners.owner(place)
        six = place.program.startswith("ip6tables") and place.rule is None
        bare = self.ufw is not None and self.ufw.enabled and not self.ufw.ipv6
        return "ufw" if found == "hand" and six and bare else found

    # What would be

    def opens(self, rules: Rules, one: Blocked) -> bool:
        """Whether with those rules it is not stopped in the same table any more."""
        now, table = decide(rules, one.packet), one.place.table
        there = (now.family, now.table) == (table.family, table.name)
        return not there or now.verdict not in {"reject", "drop"}

    def written(self, place: Place) -> str:
        """The file from which a rule is loaded, "" where none of those known holds it."""
        found = persisted_rules.find(place, self.files)
        return found.path if found else ""


def is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


@lru_cache(maxsize=64)
def decide(rules: Rules, packet: Packet) -> Decision:
    """What becomes of a connection; unknown where the rules make no sense, as masked ones may.
    Several checks ask the same, and with thousands of banned addresses it takes a while."""
    try:
        return netfilter.decide(rules, packet)
    except ValueError:
        return Decision(verdict="unknown")


@lru_cache(maxsize=2)
def seen_of(evidence: Evidence) -> Seen:
    """What was seen of netfilter: one for all checks of a run."""
    return Seen(evidence)


def _neighbours_may(decision: Decision) -> bool:
    """Whether other private addresses are let in: who comes to one comes from one."""
    return any(
        others.decision.verdict == "accept"
        and any(is_private(source.partition("/")[0]) for source in others.sources)
        for others in decision.others
    )


def fault(one: Blocked) -> Fault:
    if one.named:
        return "visitor-banned"
    if one.decision.packet == "reply" or one.decision.hook in {"output", "postrouting", "egress"}:
        return "egress-blocks"
    if one.source or one.sources:
        return "source-restricted"
    return "ufw-port-closed" if one.owner == "ufw" else "ruleset-blocks"


def blocked(seen: Seen, wanted: Fault) -> Iterator[tuple[Blocked, ...]]:
    """What is stopped by this fault, together where one tool's rules do it."""
    found: dict[tuple[str, ...], list[Blocked]] = {}
    for port in ports_that_matter(seen.evidence):
        everybody = seen.stopped(port)
        if port != seen.evidence.target.port and _is_kept(seen):
            # Beside a site that is kept for some its redirect is closed as well.
            everybody = tuple(one for one in everybody if one.sources)
        met = {one.place.key for one in everybody}
        theirs = (one for source in _tried_from(seen) for one in seen.stopped(port, source))
        for one in (*everybody, *(one for one in theirs if one.place.key not in met)):
            if fault(one) == wanted:
                doubted = str(bool(contradicting(seen, (one,))))
                program = "" if one.owner == "ufw" else one.place.program.replace("ip6", "ip")
                found.setdefault((one.owner, program, one.source, doubted), []).append(one)
    yield from (tuple(some) for some in found.values())


def _tried_from(seen: Seen) -> tuple[str, ...]:
    """Those besides the strangers. Where the run judges for one visitor, only clients whose own
    tries failed: that explains these, and says nothing of the visitor."""
    tried = clients(seen.evidence).items()
    if seen.visitor:
        failed = [source for source, some in tried if any(one.failure for one in some)]
        return tuple(one for one in failed if one != seen.visitor)
    return (*(source for source, _ in tried), *seen.named)


def _is_kept(seen: Seen) -> bool:
    return any(one.sources for one in seen.stopped(seen.evidence.target.port))


def contradicting(seen: Seen, found: Iterable[Blocked]) -> tuple[Connection, ...]:
    """What got through although the rules stop it. Not so if they let that client in: then
    others are still stopped."""
    names = {one: source for source, tried in clients(seen.evidence).items() for one in tried}
    met = []
    for block in found:
        for one in through_the_network(seen.evidence, block.port):
            source = names.get(one, "")
            if block.named and source != block.source:
                continue
            if block.address in {"", one.address} and not (
                source and seen.admits(block.port, source)
            ):
                met.append(one)
    return tuple(dict.fromkeys(met))


def let_through(seen: Seen, found: Iterable[Blocked]) -> tuple[Connection, ...]:
    """What got through from a client whom the rules let in; it says nothing of the visitor for whom
    the run judges."""
    if seen.visitor:
        return ()
    ports = {one.port for one in found}
    return tuple(one for port in ports for one in through_the_network(seen.evidence, port))


def places(found: Iterable[Blocked]) -> tuple[Place, ...]:
    return tuple({one.place.key: one.place for one in found}.values())
