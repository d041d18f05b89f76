"""The state of a packet during evaluation: its position, its fields, and the results so far.

Five packets of a connection are followed: SYN, the reply, the ACK that completes the handshake,
then data of the client and data of the server. A packet that a rejecting rule sends must pass the
rules as well.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from diagnose.model.frozen import frozen
from diagnose.parsers.netfilter import headers
from diagnose.parsers.netfilter.address_sets import Region, difference, intersection
from diagnose.parsers.netfilter.address_sets import region as merged_region
from diagnose.parsers.netfilter.headers import Header, PacketKind, SocketAddress
from diagnose.parsers.netfilter.packet import SENT_BY_SERVER, Decision, Stage
from diagnose.parsers.netfilter.packet_fields import UNKNOWN, Value
from diagnose.parsers.netfilter.rules import Chain, Rule, Table, Verdict
from diagnose.parsers.netfilter.topology import HookEntry, Topology

_MAX_DEPTH = 64
#: Most rules that are tried for one question, on all paths together: some seconds.
MAX_RULES = 400_000
_NO_HOOKS: tuple[str, ...] = ()
#: Spans that are excluded from a region before it is written anew.
MAX_EXCLUDED = 32


@frozen(eq=False)
class Outcome:
    """The final decision about packets from these sources."""

    region: Region
    decision: Decision


class Effort:
    """How many more rules may be tried; all paths of a question share it."""

    __slots__ = ("rules_left",)

    def __init__(self) -> None:
        self.rules_left = MAX_RULES


@frozen(eq=False)
class Fork:
    """A point where the result differs by source, or, if `text` is set, by something unknown."""

    parts: "tuple[PacketState | Outcome, ...]"
    text: str = ""


class Connection:
    """The state that conntrack and NAT keep from packet to packet."""

    def __init__(self) -> None:
        self.confirmed = False
        self.mark: Value = 0
        self.dnat_to: SocketAddress | None = None  # new destination after translation
        self.snat_to: SocketAddress | None = None  # new source after translation
        self.dnat_decision: Decision | None = None  # the decision that translated the destination
        self.translated_in: dict[str, str] = {}  # translation kind -> hook that did it
        self.forwarded = False
        self.out_interface: Value = UNKNOWN  # interface through which it is forwarded

    def copy(self) -> "Connection":
        clone = Connection()
        clone.__dict__.update(self.__dict__)
        clone.translated_in = dict(self.translated_in)
        return clone


class PacketState:
    def __init__(self, topology: Topology, region: Region) -> None:
        self.topology = topology
        self.base_region: Region = region
        self.excluded: Region = ()
        self.connection = Connection()
        self.effort = Effort()
        # Results so far.
        self.answers: dict[object, bool] = {}
        self.added: frozenset[tuple[object, ...]] = frozenset()
        self.limits: tuple[str, ...] = ()
        self.assumed: tuple[str, ...] = ()
        self.accept_decision: Decision | None = None
        self.refused: Decision | None = None  # set while the rejection's own packet is followed
        # Position: hook and remaining hooks, base chain, chain, rule and step.
        self.hook, self.hooks = "", _NO_HOOKS
        self.incoming: Value = ""  # names of the interfaces
        self.outgoing: Value = ""
        self.hook_entries: Sequence[HookEntry] = ()
        self.base: HookEntry | None = None
        self.chain: Chain | None = None
        self.rules: Sequence[Rule] = ()
        self.rule_index = self.step_index = self.entry_index = 0
        self.stack: tuple[tuple[Chain, int], ...] = ()
        self.send("syn")

    def copy(self) -> "PacketState":
        clone: Any = object.__new__(PacketState)
        clone.__dict__.update(self.__dict__)
        clone.connection = self.connection.copy()
        clone.fields, clone.header = dict(self.fields), dict(self.header)
        clone.answers = dict(self.answers)
        return clone  # type: ignore[no-any-return]

    # Sources

    @property
    def region(self) -> Region:
        """The addresses from which the packet may be."""
        if self.excluded:
            self.region = difference(self.base_region, self.excluded)
        return self.base_region

    @region.setter
    def region(self, region: Region) -> None:
        self.base_region, self.excluded = region, ()

    def exclude(self, sources: Region) -> None:
        """Exclude some of the sources. A list of bans does this once for each address: a new region
        each time would take the square of the time."""
        if len(self.excluded) + len(sources) > MAX_EXCLUDED:
            self.region = difference(self.region, sources)
        else:
            self.excluded = merged_region((*self.excluded, *sources))

    def part_within(self, spans: Region) -> Region | None:
        """Return the sources within these spans if they are known to be a part only, without a look
        at all others; otherwise None."""
        part = difference(intersection(self.base_region, spans), self.excluded)
        # Each excluded span is within one of the base, so at most so many of them are gone.
        return part if len(part) < len(self.base_region) - len(self.excluded) else None

    def send(self, stage: Stage) -> None:
        """Start another packet of the connection."""
        topology, connection = self.topology, self.connection
        client, server = headers.client(topology), headers.server(topology)
        self.stage: PacketKind = stage
        if stage in SENT_BY_SERVER:
            self.header: Header = headers.make_header(
                connection.dnat_to or server, connection.snat_to or client
            )
        else:
            self.header = headers.make_header(client, server)
        self.fields = headers.connection_fields(topology, stage)
        self._reset_packet()

    def refuse(self, decision: Decision, sender: Value) -> None:
        """Follow the packet that the rejection sends, instead of the rejected packet."""
        self.refused = decision
        self.header = headers.refusal_header(self.header, sender)
        self.fields = headers.refusal_fields(self.topology, decision.how, decision.packet)
        self.stage = "refusal"
        self._reset_packet()

    def _reset_packet(self) -> None:
        self.tracking = ""  # or `tracked`, `untracked`, `invalid`
        self.untrack = self.translating = False
        headers.write_addresses(self.topology, self.fields, self.header)
        self.chain = None

    # Chains

    @property
    def table(self) -> Table | None:
        return self.base.table if self.base else None

    def enter_base_chain(self, hook_entry: HookEntry, chain: Chain) -> None:
        self.base, self.stack = hook_entry, ()
        self.enter_chain(chain, 0)

    def enter_chain(self, chain: Chain, rule_index: int) -> None:
        self.chain, self.rules, self.rule_index, self.step_index = (
            chain,
            chain.rules[:],
            rule_index,
            0,
        )

    def leave_chain(self) -> Outcome | None:
        """Return from a chain to its caller, or apply the base chain's policy."""
        if self.stack:
            caller, self.stack = self.stack[-1], self.stack[:-1]
            self.enter_chain(*caller)
            return None
        base = self.base
        if base and base.base and base.base.policy == "drop":
            self.chain = base.chain
            return self.finish("drop", policy=True)
        self.chain = None
        return None

    def apply_verdict(self, verdict: Verdict, rule: Rule) -> Outcome | bool | None:
        """Apply a rule's verdict. True: continue with the rule; None: the position has changed."""
        match verdict.kind:
            case "continue":
                return True
            case "drop":
                return self.finish("drop", rule)
            case "accept":
                self.accept_in_chain(rule)
                return None
            case "return":
                return self.leave_chain()
            case "jump" if self.chain:
                self.stack = (*self.stack, (self.chain, self.rule_index + 1))
        target = self.table.chains.get(verdict.chain) if self.table else None
        if target is None or len(self.stack) > _MAX_DEPTH:
            return self.finish("unknown", rule, unknown=(verdict.chain,))
        self.enter_chain(target, 0)
        return None

    def accept_in_chain(self, rule: Rule) -> None:
        """Accept in this base chain; later base chains still run."""
        if self.stage == "syn" and self.hook in ("input", "forward"):
            self.accept_decision = self.make_decision("accept", rule)
        self.chain = None

    # Outcomes

    def finish(self, verdict: Any, rule: Rule | None = None, **extra: Any) -> Outcome:
        if not self.refused:
            return Outcome(self.region, self.make_decision(verdict, rule, **extra))
        if verdict == "unknown":
            unsure = replace(self.refused, verdict=verdict, unknown=extra.get("unknown", ()))
            return Outcome(self.region, unsure)
        return Outcome(self.region, replace(self.refused, lost=True))

    def make_decision(self, verdict: Any, rule: Rule | None = None, **extra: Any) -> Decision:
        table = self.table if self.chain else None
        return Decision(
            verdict=verdict, packet="syn" if self.stage == "refusal" else self.stage,
            hook=self.hook, family=table.family if table else "", table=table.name if table else "",
            chain=self.chain.name if self.chain else "",
            handle=rule.handle if rule else None, rule=rule.text if rule else "",
            limits=self.limits, assumed=self.assumed, to=self.destination(),
            forwarded=self.connection.forwarded, **extra,
        )  # fmt: skip

    def nat_outcome(self, verdict: Any, **extra: Any) -> Outcome:
        """Return an outcome caused by the rule that translated the destination."""
        dnat_decision = self.connection.dnat_decision or self.make_decision(verdict)
        decision = replace(
            dnat_decision, verdict=verdict, to=self.destination(), limits=self.limits, **extra
        )
        return Outcome(self.region, decision)

    def completed_outcome(self) -> Outcome:
        """Return the outcome after the last packet: rejection delivered or data passed."""
        if self.refused:
            return Outcome(self.region, self.refused)
        hook = "forward" if self.connection.forwarded else "input"
        accepted = self.accept_decision or Decision(verdict="accept", hook=hook)
        decision = replace(
            accepted, packet="ack", limits=self.limits, assumed=self.assumed, to=self.destination(),
            forwarded=self.connection.forwarded,
        )  # fmt: skip
        return Outcome(self.region, decision)

    def destination(self) -> str:
        if not self.connection.dnat_to:
            return ""
        address, port = self.connection.dnat_to
        text = self.topology.text(address)
        ports = f"{port[0]}-{port[1]}" if isinstance(port, tuple) else str(port)
        return f"[{text}]:{ports}" if self.topology.version == 6 else f"{text}:{ports}"
