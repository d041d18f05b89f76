"""How a port is opened in rules that are in the way: for now by the tool that shows the rule, for
good in the file it comes from. Pure."""

from collections.abc import Mapping

from diagnose.model import Command, Edit, Step
from diagnose.model.frozen import frozen
from diagnose.parsers.netfilter import nft_writer, persisted_rules
from diagnose.parsers.netfilter.iptables import split_words
from diagnose.parsers.netfilter.rules import Match, VerdictMap
from diagnose.parsers.netfilter.ruleset import RulePosition
from diagnose.parsers.nginx.edits import diff

#: What is let through: what comes in to these ports, or, with `replies`, what answers.
Ports = tuple[int, ...]

#: Extensions that keep something of their own in the kernel: iptables does not find their rules
#: by their words (xtables_compare_data), only by their numbers.
_STATEFUL = {"connlimit", "hashlimit", "limit", "quota", "recent", "set", "statistic"}


@frozen
class Opening:
    """What is to be let through at a place: new connections to ports, or (`replies`) the answers
    from these ports, and no others; `early` where the kernel does not know yet what is an answer
    to what. `visitor` is the only address or network that may, "" for everybody, and `server` the
    only address that it may connect to; both are of one `family`."""

    ports: Ports
    replies: bool = False
    early: bool = False
    visitor: str = ""
    server: str = ""
    family: int = 4

    @property
    def side(self) -> str:
        return "sport" if self.replies else "dport"

    @property
    def nft(self) -> tuple[str, ...]:
        ports = [str(port) for port in self.ports]
        number = ports[0] if len(ports) == 1 else f"{{ {', '.join(ports)} }}"
        ip = "ip" if self.family == 4 else "ip6"
        to, at = ("daddr", "saddr") if self.replies else ("saddr", "daddr")
        return (
            *((ip, to, self.visitor) if self.visitor else ()),
            *((ip, at, self.server) if self.server else ()),
            *("tcp", self.side, number),
            *(("ct", "state", "established") if self._tracked else ()),
            "accept",
        )

    @property
    def iptables(self) -> tuple[str, ...]:
        ports = ",".join(map(str, self.ports))
        several = len(self.ports) > 1
        port_match = ("multiport", f"--{self.side}s") if several else ("tcp", f"--{self.side}")
        to, at = ("-d", "-s") if self.replies else ("-s", "-d")
        return (
            *((to, self.visitor) if self.visitor else ()),
            *((at, self.server) if self.server else ()),
            *("-p", "tcp", "-m", *port_match, ports),
            *(("-m", "conntrack", "--ctstate", "ESTABLISHED") if self._tracked else ()),
            *("-j", "ACCEPT"),
        )

    @property
    def _tracked(self) -> bool:
        return self.replies and not self.early


def removal_steps(position: RulePosition, files: Mapping[str, str]) -> tuple[Step, ...]:
    """The rule goes. Only where its place is `exact` can it come back."""
    persisted = persisted_rules.find_persisted(position, files)
    steps: list[Step] = [_delete_command(position)]
    if persisted and persisted.exact:
        text = files[persisted.path]
        steps.append(Edit(persisted.path, diff(persisted.path, text, persisted.without(text))))
    return tuple(steps)


def opening_steps(
    position: RulePosition, opening: Opening, files: Mapping[str, str]
) -> tuple[Step, ...]:
    """A rule before it lets through what is to pass."""
    persisted = persisted_rules.find_persisted(position, files)
    steps: list[Step] = [_insert_command(position, opening)]
    if persisted:
        text = files[persisted.path]
        if position.program == "nft":
            line = " ".join(opening.nft)
        else:
            line = " ".join(("-A", position.chain.name, *opening.iptables))
        steps.append(
            Edit(
                persisted.path,
                diff(persisted.path, text, persisted.with_lines_before(text, [line])),
            )
        )
    return tuple(steps)


def is_early(position: RulePosition) -> bool:
    """Whether conntrack has not seen a packet yet (NF_IP_PRI_CONNTRACK in netfilter_ipv4.h)."""
    base = position.chain.base
    return position.table.family == "netdev" or (base is not None and base.priority <= -200)


def names_only(position: RulePosition, ports: Ports, key: str = "tcp dport") -> bool:
    """Whether a rule is about nothing but these ports, so that it can go."""
    return position.chain.base is not None and is_about_only(position, ports, key)


def is_about_only(position: RulePosition, ports: Ports, key: str = "tcp dport") -> bool:
    """Whether a rule itself names these ports and no others, whatever leads to its chain."""
    if position.rule is None:
        return False
    if any(isinstance(step, VerdictMap) for step in position.rule.steps):
        return False  # it decides about more than what it stops
    for step in position.rule.steps:
        if isinstance(step, Match) and step.keys == (key,) and step.op == "==":
            spans = (
                [element[0] for element in step.values] if isinstance(step.values, tuple) else []
            )
            return bool(spans) and all(
                isinstance(span, tuple) and span[0] == span[1] and span[0] in ports
                for span in spans
            )
    return False


def _chain(position: RulePosition) -> tuple[str, ...]:
    return (position.table.family, position.table.name, position.chain.name)


def _table(position: RulePosition) -> tuple[str, ...]:
    return () if position.table.name == "filter" else ("-t", position.table.name)


def _delete_command(position: RulePosition) -> Command:
    if position.program == "nft":
        handle = str(position.rule.handle) if position.rule else ""
        return Command(
            ("nft", "delete", "rule", *_chain(position), "handle", handle),
            undo=_restore_arguments(position),
        )
    rule = split_words(position.text)[2:]
    head, number = (position.program, *_table(position)), str(position.index + 1)
    selector = (number,) if _STATEFUL & set(rule) else rule
    return Command(
        (*head, "-D", position.chain.name, *selector),
        undo=(*head, "-I", position.chain.name, number, *rule),
    )


def _restore_arguments(position: RulePosition) -> tuple[str, ...]:
    """The words that put a rule of nft back where it was; () where they would make another."""
    if not position.exact:
        return ()
    arguments = nft_writer.split_rule(position.text)
    if position.index == 0:
        return ("nft", "insert", "rule", *_chain(position), *arguments)
    before = position.chain.rules[position.index - 1].handle
    return ("nft", "add", "rule", *_chain(position), "handle", str(before), *arguments)


def _insert_command(position: RulePosition, opening: Opening) -> Command:
    if position.program == "nft":
        if position.rule is None:
            return Command(("nft", "add", "rule", *_chain(position), *opening.nft))
        at = ("handle", str(position.rule.handle))
        return Command(("nft", "insert", "rule", *_chain(position), *at, *opening.nft))
    head = (position.program, *_table(position))
    chain = position.chain.name
    undo = (*head, "-D", chain, *opening.iptables)
    if position.rule is None:
        return Command((*head, "-A", chain, *opening.iptables), undo=undo)
    return Command((*head, "-I", chain, str(position.index + 1), *opening.iptables), undo=undo)
