"""A packet on its way: where it is, what it looks like there, and what has been found out.

Of a connection three packets are followed: SYN, the answer, and the ACK that completes it; and
what a rejecting rule sends, which has to pass the rules too.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from diagnose.model.frozen import frozen
from diagnose.parsers.netfilter import headers
from diagnose.parsers.netfilter.address_sets import Region
from diagnose.parsers.netfilter.headers import End, Header, Kind
from diagnose.parsers.netfilter.packet import Decision, Stage
from diagnose.parsers.netfilter.packet_fields import UNKNOWN, Value
from diagnose.parsers.netfilter.rules import Chain, Rule, Table, Verdict
from diagnose.parsers.netfilter.topology import Place, Plan

_DEEPEST = 64
_NONE: tuple[str, ...] = ()


@frozen(eq=False)
class Ended:
    """The way of the packets from these sources is decided."""

    region: Region
    decision: Decision


@frozen(eq=False)
class Fork:
    """It is decided differently for different sources, or, with a text, by what is unknown."""

    parts: "tuple[Walk | Ended, ...]"
    text: str = ""


class Connection:
    """What conntrack and the translation of addresses keep from packet to packet."""

    def __init__(self) -> None:
        self.known = False
        self.mark: Value = 0
        self.to: End | None = None  # where its destination was changed to
        self.by: End | None = None  # what its source was changed to
        self.rule: Decision | None = None  # that changed the destination
        self.done: dict[str, str] = {}  # what has been translated, and in which hook
        self.forwarded = False
        self.beyond: Value = UNKNOWN  # the interface that it is forwarded to

    def copy(self) -> "Connection":
        other = Connection()
        other.__dict__.update(self.__dict__)
        other.done = dict(self.done)
        return other


class Walk:
    def __init__(self, plan: Plan, region: Region) -> None:
        self.plan, self.region = plan, region
        self.connection = Connection()
        # What has been found out on the way.
        self.answers: dict[object, bool] = {}
        self.added: frozenset[tuple[object, ...]] = frozenset()
        self.limits: tuple[str, ...] = ()
        self.assumed: tuple[str, ...] = ()
        self.let: Decision | None = None
        self.refused: Decision | None = None  # the packet is what this rejection sent
        # Where it is: the hook and those that are left, the base chain, the chain, rule and step.
        self.hook, self.hooks = "", _NONE
        self.incoming: Value = ""  # the interfaces
        self.outgoing: Value = ""
        self.places: Sequence[Place] = ()
        self.base: Place | None = None
        self.chain: Chain | None = None
        self.rules: Sequence[Rule] = ()
        self.at = self.step = self.place = 0
        self.stack: tuple[tuple[Chain, int], ...] = ()
        self.send("syn")

    def copy(self) -> "Walk":
        other: Any = object.__new__(Walk)
        other.__dict__.update(self.__dict__)
        other.connection = self.connection.copy()
        other.fields, other.header = dict(self.fields), dict(self.header)
        other.answers = dict(self.answers)
        return other  # type: ignore[no-any-return]

    def send(self, stage: Stage) -> None:
        """Another packet of the handshake."""
        plan, connection = self.plan, self.connection
        client, server = headers.client(plan), headers.server(plan)
        self.stage: Kind = stage
        if stage == "reply":
            self.header: Header = headers.header(connection.to or server, connection.by or client)
        else:
            self.header = headers.header(client, server)
        self.fields = headers.fields(plan, stage)
        self._fresh()

    def refuse(self, decision: Decision, sender: Value) -> None:
        """A rule has rejected the packet: what it sends is followed instead."""
        self.refused = decision
        self.header = headers.refusal(self.header, sender)
        self.fields = headers.refusing(self.plan, decision.how, decision.packet)
        self.stage = "refusal"
        self._fresh()

    def _fresh(self) -> None:
        self.tracking = ""  # or `tracked`, `untracked`, `invalid`
        self.untrack = self.translating = False
        headers.address(self.plan, self.fields, self.header)
        self.chain = None

    # Chains

    @property
    def table(self) -> Table | None:
        return self.base.table if self.base else None

    def open(self, place: Place, chain: Chain) -> None:
        self.base, self.stack = place, ()
        self.go(chain, 0)

    def go(self, chain: Chain, at: int) -> None:
        self.chain, self.rules, self.at, self.step = chain, chain.rules[:], at, 0

    def close(self) -> Ended | None:
        """The end of a chain: back to where it was called, or the policy."""
        if self.stack:
            back, self.stack = self.stack[-1], self.stack[:-1]
            self.go(*back)
            return None
        base = self.base
        if base and base.base and base.base.policy == "drop":
            self.chain = base.chain
            return self.end("drop", policy=True)
        self.chain = None
        return None

    def take(self, verdict: Verdict, rule: Rule) -> Ended | bool | None:
        """What a rule says: True goes on with it, None somewhere else."""
        match verdict.kind:
            case "continue":
                return True
            case "drop":
                return self.end("drop", rule)
            case "accept":
                self.accepted(rule)
                return None
            case "return":
                return self.close()
            case "jump" if self.chain:
                self.stack = (*self.stack, (self.chain, self.at + 1))
        to = self.table.chains.get(verdict.chain) if self.table else None
        if to is None or len(self.stack) > _DEEPEST:
            return self.end("unknown", rule, unknown=(verdict.chain,))
        self.go(to, 0)
        return None

    def accepted(self, rule: Rule) -> None:
        """By this base chain: those that come after it are still asked."""
        if self.stage == "syn" and self.hook in ("input", "forward"):
            self.let = self.decided("accept", rule)
        self.chain = None

    # Answers

    def end(self, verdict: Any, rule: Rule | None = None, **more: Any) -> Ended:
        if not self.refused:
            return Ended(self.region, self.decided(verdict, rule, **more))
        if verdict == "unknown":
            unsure = replace(self.refused, verdict=verdict, unknown=more.get("unknown", ()))
            return Ended(self.region, unsure)
        return Ended(self.region, replace(self.refused, lost=True))

    def decided(self, verdict: Any, rule: Rule | None = None, **more: Any) -> Decision:
        table = self.table if self.chain else None
        return Decision(
            verdict=verdict, packet="syn" if self.stage == "refusal" else self.stage,
            hook=self.hook, family=table.family if table else "", table=table.name if table else "",
            chain=self.chain.name if self.chain else "",
            handle=rule.handle if rule else None, rule=rule.text if rule else "",
            limits=self.limits, assumed=self.assumed, to=self.destination(),
            forwarded=self.connection.forwarded, **more,
        )  # fmt: skip

    def translated(self, verdict: Any, **more: Any) -> Ended:
        """Because of the rule that changed the destination."""
        by = self.connection.rule or self.decided(verdict)
        said = replace(by, verdict=verdict, to=self.destination(), limits=self.limits, **more)
        return Ended(self.region, said)

    def passed(self) -> Ended:
        """All the way: the rejection has arrived, or the handshake is complete."""
        if self.refused:
            return Ended(self.region, self.refused)
        hook = "forward" if self.connection.forwarded else "input"
        let = self.let or Decision(verdict="accept", hook=hook)
        said = replace(
            let, packet="ack", limits=self.limits, assumed=self.assumed, to=self.destination(),
            forwarded=self.connection.forwarded,
        )  # fmt: skip
        return Ended(self.region, said)

    def destination(self) -> str:
        if not self.connection.to:
            return ""
        address, port = self.connection.to
        text = self.plan.text(address)
        ports = f"{port[0]}-{port[1]}" if isinstance(port, tuple) else str(port)
        return f"[{text}]:{ports}" if self.plan.version == 6 else f"{text}:{ports}"
