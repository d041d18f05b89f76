"""Find rules about a port that match the source of a connection: an address, a network, a set, a
country, a ban, or another network's interface. Opening such a port to everybody could admit
addresses that an administrator blocked on purpose. No I/O."""

import re
from collections.abc import Iterable, Iterator
from typing import Any, Literal, TypeAlias

from diagnose.model.frozen import frozen
from diagnose.parsers.netfilter import owners
from diagnose.parsers.netfilter.address_sets import (
    UNICAST4,
    UNICAST6,
    difference,
    intersection,
    networks,
    region,
)
from diagnose.parsers.netfilter.packet_fields import OTHER_PROTOCOLS
from diagnose.parsers.netfilter.rules import (
    STATES,
    Assign,
    Chain,
    Limit,
    Match,
    Nat,
    ObjectMap,
    Opaque,
    Reject,
    Rule,
    Table,
    Unknown,
    Verdict,
    VerdictMap,
)
from diagnose.parsers.netfilter.ruleset import LoadedRuleset, RulePosition

#: The addresses of visitors. 6to4 (2002::/16) is no longer in use (RFC 7526). firewalld itself
#: rejects 6to4 addresses that stand for private ones (RFC 3964; firewalld.conf(5), RFC3964_IPv4=).
VISITORS4, VISITORS6 = UNICAST4, difference(UNICAST6, ((0x2002 << 112, (0x2003 << 112) - 1),))

Effect: TypeAlias = Literal["accept", "refuse", "other"]

#: Most rules that are visited, and most rules that are returned.
MAX_VISITED, MAX_LISTED = 100_000, 40
MAX_NAMES = 16
_OUTPUT_HOOKS = {"output", "postrouting", "egress"}
#: Programs whose chains hold bans, even while nobody is banned.
_BAN_OWNERS = {"fail2ban", "crowdsec", "sshguard", "csf"}
#: Extensions of iptables that match the source of a packet.
_EXTENSIONS = re.compile(r"(?:xt match )?(?:geoip|set|mac|asn|iprange|account|psd|condition)\b")
_TCP = 6


@frozen(eq=False)
class SourceRule:
    """A rule about the port that applies only to some sources.

    `names` holds their networks, sets (`@office`) or interfaces, as far as the rule names them;
    `effect` is what the rule does with them. `port` is True if this rule, or a rule that jumps to
    it, names the port, and False if the rule is about all ports.
    """

    table: Table
    chain: Chain
    rule: Rule
    names: tuple[str, ...]
    effect: Effect
    port: bool
    family: str

    @property
    def text(self) -> str:
        return self.rule.text

    @property
    def position(self) -> RulePosition:
        """The rule's position, enough to find the program that made it."""
        return RulePosition(self.table, self.chain, self.rule, 0, "")


def source_rules(
    ruleset: LoadedRuleset, ports: Iterable[int], interfaces: Iterable[str] = ()
) -> tuple[SourceRule, ...]:
    """Return the source rules about any of the ports, in all families. `interfaces` are those by
    which visitors arrive: a port opened only on another interface is open to that network."""
    search = _Search(frozenset(ports), frozenset(interfaces))
    for table in ruleset.rules.tables:
        for chain in table.chains.values():
            if chain.base:
                search.base(table, chain)
    return tuple(search.results)


@frozen
class _Context:
    """The conditions that the rules leading to a chain have already checked."""

    out: bool
    source: bool = False
    port: bool = False
    names: tuple[str, ...] = ()
    family: str = ""


class _Search:
    def __init__(self, ports: frozenset[int], interfaces: frozenset[str]) -> None:
        self.ports, self.interfaces = ports, interfaces
        self.results: list[SourceRule] = []
        self._left = MAX_VISITED
        self._entered: set[tuple[int, bool, bool, bool]] = set()

    def base(self, table: Table, chain: Chain) -> None:
        assert chain.base
        family = {"ip": "ip", "ip6": "ip6"}.get(table.family, "")
        self._chain(table, chain, _Context(chain.base.hook in _OUTPUT_HOOKS, family=family))

    def _chain(self, table: Table, first: Chain, context: _Context) -> None:
        pending = [(first, context)]
        while pending:
            chain, context = pending.pop()
            key = (id(chain), context.out, context.source, context.port)
            if key in self._entered:
                continue
            self._entered.add(key)
            for rule in chain.rules:
                self._left -= 1
                if self._left < 0 or len(self.results) >= MAX_LISTED:
                    return
                pending += self._rule(table, chain, rule, context)

    def _rule(
        self, table: Table, chain: Chain, rule: Rule, context: _Context
    ) -> Iterator[tuple[Chain, _Context]]:
        current = context
        for step in rule.steps:
            match step:
                case Match():
                    matched = self._narrow(table, step, current)
                    if matched is None:
                        return
                    current = matched
                case Limit() | Unknown() if _asks_source(step.text):
                    current = _with_names(current, ())
                case ObjectMap():
                    picked = self._narrow_by_object(table, step, current)
                    if picked is None:
                        return
                    current = picked
                case VerdictMap():
                    yield from self._follow_map(table, chain, rule, step, current)
                case Verdict(kind, to) if kind in ("jump", "goto"):
                    yield from self._enter_chain(table, chain, rule, to, current)
                case Verdict(kind):
                    if kind != "continue":
                        self._add(table, chain, rule, current, _EFFECTS.get(kind, "other"))
                case Reject():
                    self._add(table, chain, rule, current, "refuse")
                case Nat() | Assign() | Opaque():
                    self._add(table, chain, rule, current, "other")

    def _add(
        self, table: Table, chain: Chain, rule: Rule, context: _Context, effect: Effect
    ) -> None:
        if context.source:
            source_rule = SourceRule(
                table, chain, rule, context.names, effect, context.port, context.family
            )
            self.results.append(source_rule)

    def _enter_chain(
        self, table: Table, chain: Chain, rule: Rule, target: str, context: _Context
    ) -> Iterator[tuple[Chain, _Context]]:
        target_chain = table.chains.get(target)
        if target_chain is None:
            return
        if owners.owner(RulePosition(table, target_chain, None, 0, "")) in _BAN_OWNERS:
            self._add(table, target_chain, rule, _with_names(context, ()), "refuse")
        yield target_chain, context

    def _follow_map(
        self, table: Table, chain: Chain, rule: Rule, step: VerdictMap, context: _Context
    ) -> Iterator[tuple[Chain, _Context]]:
        entries: Any = step.entries
        if isinstance(entries, str):
            entries = _elements(table, entries)
            if entries is None:
                return
        for element, verdict in entries:
            entry_context: _Context | None = context
            if element:  # an empty element matches everything that no other entry matches
                entry_context = self._narrow(table, Match(step.keys, "==", (element,)), context)
            if entry_context is None:
                continue
            if verdict.kind in ("jump", "goto"):
                yield from self._enter_chain(table, chain, rule, verdict.chain, entry_context)
            elif verdict.kind != "continue":
                self._add(table, chain, rule, entry_context, _EFFECTS.get(verdict.kind, "other"))

    def _narrow_by_object(
        self, table: Table, step: ObjectMap, context: _Context
    ) -> _Context | None:
        """Narrow to the packets that have an object: for all others the rule ends."""
        entries: Any = step.entries
        if isinstance(entries, str):
            entries = _elements(table, entries)
            if entries is None:
                return context
        elements = tuple(element for element, _ in entries)
        return self._narrow(table, Match(step.keys, "==", elements), context)

    # A single match

    def _narrow(self, table: Table, step: Match, context: _Context) -> _Context | None:
        """Add the conditions of a match; None if a new connection to the port cannot match."""
        values: Any = step.values
        if isinstance(values, str):
            values = _elements(table, values)
        for index, key in enumerate(step.keys):
            spans = (
                None
                if values is None
                else [element[index] for element in values if len(element) > index]
            )
            narrowed = self._key(step, key, spans, context)
            if narrowed is None:
                return None
            context = narrowed
        return context

    def _key(self, step: Match, key: str, spans: Any, context: _Context) -> _Context | None:
        head, _, _ = key.partition(" ")
        source, port = ("daddr", "sport") if context.out else ("saddr", "dport")
        if key in (f"tcp {port}", f"th {port}", "ct original proto-dst"):
            return self._port(step, spans, context)
        if head in OTHER_PROTOCOLS or (head == "tcp" and port not in key):
            return None if head in OTHER_PROTOCOLS else context
        if key in ("meta l4proto", "ip protocol", "ip6 nexthdr"):
            return context if _may_match(step, spans, _TCP) else None
        if key == "ct state":
            return context if context.out or _may_be_new(step, spans) else None
        if key in ("meta iifname", "meta iif") and not context.out:
            return self._interface(step, spans, context)
        if key.split()[-1] == source and head in ("ip", "ip6", "ct", "ether"):
            return _address(step, key, spans, context)
        return context

    def _port(self, step: Match, spans: Any, context: _Context) -> _Context | None:
        if not any(_may_match(step, spans, port) for port in self.ports):
            return None
        return _replace_context(context, port=True)

    def _interface(self, step: Match, spans: Any, context: _Context) -> _Context | None:
        names = [span for span in spans or () if isinstance(span, str)]
        if step.op != "==" or not names:
            return context
        if all(name == "lo" for name in names):
            return None
        is_visitor_interface = any(
            _is_named(interface, name) for interface in self.interfaces for name in names
        )
        if is_visitor_interface or not self.interfaces:
            return context
        # The interface of another network: it counts only if the port itself is named.
        return _with_names(context, tuple(names[:MAX_NAMES])) if context.port else None


_EFFECTS: dict[str, Effect] = {"accept": "accept", "return": "accept", "drop": "refuse"}


def _replace_context(context: _Context, **changes: Any) -> _Context:
    values = {
        "out": context.out, "source": context.source, "port": context.port,
        "names": context.names, "family": context.family,
    }  # fmt: skip
    return _Context(**{**values, **changes})


def _with_names(context: _Context, names: tuple[str, ...]) -> _Context:
    return _replace_context(context, source=True, names=(*context.names, *names)[:MAX_NAMES])


def _asks_source(text: str) -> bool:
    """Return whether an extension matches by source. Rate conditions do not count."""
    if text.startswith("recent"):
        return "--hitcount" not in text and "--seconds" not in text
    return bool(_EXTENSIONS.match(text))


def _elements(table: Table, name: str) -> Any:
    """Return the elements of a named set or map, or None if it cannot be read."""
    named_set = table.sets.get(name)
    elements = named_set.elements if named_set else None
    return elements if named_set and named_set.readable else None


def _may_match(step: Match, spans: Any, number: int) -> bool:
    """Return whether a value can match; True if the match cannot be evaluated."""
    if spans is None or step.mask is not None or step.op not in ("==", "!="):
        return True
    intervals = [span for span in spans if isinstance(span, tuple)]
    if len(intervals) < len(spans):
        return True
    contains = any(low <= number <= high for low, high in intervals)
    if len(step.keys) > 1 and step.op == "!=":
        return True
    return contains if step.op == "==" else not (contains and len(step.keys) == 1)


def _may_be_new(step: Match, spans: Any) -> bool:
    bits = 0
    for span in spans or ():
        if not isinstance(span, tuple):
            return True
        bits |= span[0]
    if spans is None or step.mask is not None:
        return True
    new = bool(bits & (STATES["new"] | STATES["untracked"]))
    return not new if step.op in ("!", "!=") and bits == STATES["new"] else step.op != "in" or new


def _is_named(interface: str, name: str) -> bool:
    return interface.startswith(name[:-1]) if name.endswith("*") else interface == name


def _address(step: Match, key: str, spans: Any, context: _Context) -> _Context | None:
    """Add a source match. A match for all visitors adds nothing; None if no visitor can match."""
    family = "ip6" if key.startswith("ip6") or " ip6 " in key else "ip"
    if context.family not in ("", family) and key.startswith("ip"):
        return None
    if isinstance(step.values, str) or spans is None or step.mask is not None:
        name = f"@{step.values}" if isinstance(step.values, str) else ""
        listed = _network_names(spans, family) if key.startswith("ip") and spans else ()
        names = listed or ((name,) if name else ())
        return _replace_context(_with_names(context, names), family=_family_of(key, context))
    intervals = [span for span in spans if isinstance(span, tuple)]
    alone = len(step.keys) == 1 or step.op == "=="
    if len(intervals) < len(spans) or step.op not in ("==", "!=") or not alone or "ether" in key:
        return _replace_context(_with_names(context, ()), family=_family_of(key, context))
    everybody = VISITORS4 if family == "ip" else VISITORS6
    part = intersection(everybody, region(intervals))
    complement = difference(everybody, part) if part else everybody
    sources = part if step.op == "==" else complement
    if not sources:
        return None
    if sources == everybody:
        return _replace_context(context, family=_family_of(key, context))
    names = _network_names(intervals, family) if step.op == "==" else ()
    return _replace_context(_with_names(context, names), family=_family_of(key, context))


def _family_of(key: str, context: _Context) -> str:
    return key.split()[0] if key.startswith("ip") else context.family


def _network_names(spans: Any, family: str) -> tuple[str, ...]:
    """Return the spans as networks, at most MAX_NAMES."""
    ordered = (span for span in spans if isinstance(span, tuple) and span[0] <= span[1])
    intervals = region(ordered)[:MAX_NAMES]
    prefixes, _ = networks(intervals, 4 if family == "ip" else 6, MAX_NAMES)
    return tuple(prefixes)
