"""Commands and edits that open a port: at runtime by the tool that shows the blocking rule, and
permanently in the file that the rule comes from. No I/O."""

from collections.abc import Mapping

from diagnose.model import Command, Edit, Step, firewall_commands
from diagnose.model.frozen import frozen
from diagnose.parsers.netfilter import nft_writer, persisted_rules
from diagnose.parsers.netfilter.iptables import split_words
from diagnose.parsers.netfilter.rules import Match, VerdictMap
from diagnose.parsers.netfilter.ruleset import RulePosition
from diagnose.parsers.nginx.edits import diff

#: The ports to open: destination ports, or, with `replies`, source ports of replies.
Ports = tuple[int, ...]

#: Extensions with state of their own in the kernel. iptables cannot find their rules by text
#: (xtables_compare_data), only by number.
_STATEFUL = {"connlimit", "hashlimit", "limit", "quota", "recent", "set", "statistic"}


@frozen
class Opening:
    """What a new rule accepts: new connections to ports, or, with `replies`, only the replies from
    these ports. `early` is True where conntrack has not seen the packet yet.

    `visitor` is the only permitted address or network ("" for everybody), `server` the only
    address that it may connect to; both are of one `family` (4 or 6).
    """

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
        # nft lists a set in this order, and the undo finds the rule by its text.
        ordered = sorted(ports, key=int)
        number = ports[0] if len(ports) == 1 else f"{{ {', '.join(ordered)} }}"
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
    """Return the steps that remove the rule. It can be restored only if its position is `exact`."""
    persisted = persisted_rules.find_persisted(position, files)
    steps: list[Step] = [_delete_command(position)]
    if persisted and persisted.exact:
        text = files[persisted.path]
        steps.append(Edit(persisted.path, diff(persisted.path, text, persisted.without(text))))
    return tuple(steps)


def opening_steps(
    position: RulePosition, opening: Opening, files: Mapping[str, str]
) -> tuple[Step, ...]:
    """Return the steps that insert an accepting rule before the position."""
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
    """Return whether conntrack has not seen the packet there (NF_IP_PRI_CONNTRACK in
    netfilter_ipv4.h)."""
    base = position.chain.base
    return position.table.family == "netdev" or (base is not None and base.priority <= -200)


def names_only(position: RulePosition, ports: Ports, key: str = "tcp dport") -> bool:
    """Return whether a rule of a base chain names only these ports, so that it can be removed."""
    return position.chain.base is not None and is_about_only(position, ports, key)


def is_about_only(position: RulePosition, ports: Ports, key: str = "tcp dport") -> bool:
    """Return whether a rule itself names only these ports, regardless of jumps to its chain."""
    if position.rule is None:
        return False
    if any(isinstance(step, VerdictMap) for step in position.rule.steps):
        return False  # a verdict map decides about other traffic too
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
        selector = (*_chain(position), "handle", handle)
        return firewall_commands.delete_nft_rule(selector, undo=_restore_arguments(position))
    rule = split_words(position.text)[2:]
    head, number = (position.program, *_table(position)), str(position.index + 1)
    selector = (number,) if _STATEFUL & set(rule) else rule
    return firewall_commands.iptables(
        (*head, "-D", position.chain.name, *selector),
        undo=(*head, "-I", position.chain.name, number, *rule),
    )


def _restore_arguments(position: RulePosition) -> tuple[str, ...]:
    """Return the command that restores a rule of nft, or () if it would differ from the rule."""
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
            return firewall_commands.add_nft_rule(("add", "rule", *_chain(position)), opening.nft)
        at = ("handle", str(position.rule.handle))
        return firewall_commands.add_nft_rule(
            ("insert", "rule", *_chain(position), *at), opening.nft
        )
    head = (position.program, *_table(position))
    chain = position.chain.name
    undo = (*head, "-D", chain, *opening.iptables)
    if position.rule is None:
        return firewall_commands.iptables((*head, "-A", chain, *opening.iptables), undo)
    return firewall_commands.iptables(
        (*head, "-I", chain, str(position.index + 1), *opening.iptables), undo
    )
