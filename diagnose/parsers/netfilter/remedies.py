"""How a port is opened in rules that are in the way: for now by the tool that shows the rule, for
good in the file it comes from. Pure."""

from collections.abc import Mapping

from diagnose.model import Command, Edit, Step
from diagnose.model.frozen import frozen
from diagnose.parsers.netfilter import nft_writer, persisted_rules
from diagnose.parsers.netfilter.iptables import words
from diagnose.parsers.netfilter.rules import Match, VerdictMap
from diagnose.parsers.netfilter.ruleset import Place
from diagnose.parsers.nginx.edits import diff

#: What is let through: what comes in to these ports, or, with `replies`, what answers.
Ports = tuple[int, ...]

#: Extensions that keep something of their own in the kernel: iptables does not find their rules
#: by their words (xtables_compare_data), only by their numbers.
_KEEPING = {"connlimit", "hashlimit", "limit", "quota", "recent", "set", "statistic"}


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
        asked = ("multiport", f"--{self.side}s") if several else ("tcp", f"--{self.side}")
        to, at = ("-d", "-s") if self.replies else ("-s", "-d")
        return (
            *((to, self.visitor) if self.visitor else ()),
            *((at, self.server) if self.server else ()),
            *("-p", "tcp", "-m", *asked, ports),
            *(("-m", "conntrack", "--ctstate", "ESTABLISHED") if self._tracked else ()),
            *("-j", "ACCEPT"),
        )

    @property
    def _tracked(self) -> bool:
        return self.replies and not self.early


def removed(place: Place, files: Mapping[str, str]) -> tuple[Step, ...]:
    """The rule goes. Only where its place is `exact` can it come back."""
    where = persisted_rules.find(place, files)
    steps: list[Step] = [_deleted(place)]
    if where and where.exact:
        text = files[where.path]
        steps.append(Edit(where.path, diff(where.path, text, where.without(text))))
    return tuple(steps)


def opened(place: Place, opening: Opening, files: Mapping[str, str]) -> tuple[Step, ...]:
    """A rule before it lets through what is to pass."""
    where = persisted_rules.find(place, files)
    steps: list[Step] = [_inserted(place, opening)]
    if where:
        text = files[where.path]
        if place.program == "nft":
            line = " ".join(opening.nft)
        else:
            line = " ".join(("-A", place.chain.name, *opening.iptables))
        steps.append(Edit(where.path, diff(where.path, text, where.with_before(text, [line]))))
    return tuple(steps)


def is_early(place: Place) -> bool:
    """Whether conntrack has not seen a packet yet (NF_IP_PRI_CONNTRACK in netfilter_ipv4.h)."""
    base = place.chain.base
    return place.table.family == "netdev" or (base is not None and base.priority <= -200)


def names_only(place: Place, ports: Ports, key: str = "tcp dport") -> bool:
    """Whether a rule is about nothing but these ports, so that it can go."""
    return place.chain.base is not None and is_about_only(place, ports, key)


def is_about_only(place: Place, ports: Ports, key: str = "tcp dport") -> bool:
    """Whether a rule itself names these ports and no others, whatever leads to its chain."""
    if place.rule is None:
        return False
    if any(isinstance(step, VerdictMap) for step in place.rule.steps):
        return False  # it decides about more than what it stops
    for step in place.rule.steps:
        if isinstance(step, Match) and step.keys == (key,) and step.op == "==":
            spans = [one[0] for one in step.values] if isinstance(step.values, tuple) else []
            return bool(spans) and all(
                isinstance(span, tuple) and span[0] == span[1] and span[0] in ports
                for span in spans
            )
    return False


def _chain(place: Place) -> tuple[str, ...]:
    return (place.table.family, place.table.name, place.chain.name)


def _table(place: Place) -> tuple[str, ...]:
    return () if place.table.name == "filter" else ("-t", place.table.name)


def _deleted(place: Place) -> Command:
    if place.program == "nft":
        handle = str(place.rule.handle) if place.rule else ""
        return Command(
            ("nft", "delete", "rule", *_chain(place), "handle", handle), undo=_again(place)
        )
    rule = words(place.text)[2:]
    head, number = (place.program, *_table(place)), str(place.index + 1)
    named = (number,) if _KEEPING & set(rule) else rule
    return Command(
        (*head, "-D", place.chain.name, *named),
        undo=(*head, "-I", place.chain.name, number, *rule),
    )


def _again(place: Place) -> tuple[str, ...]:
    """The words that put a rule of nft back where it was; () where they would make another."""
    if not place.exact:
        return ()
    said = nft_writer.words(place.text)
    if place.index == 0:
        return ("nft", "insert", "rule", *_chain(place), *said)
    before = place.chain.rules[place.index - 1].handle
    return ("nft", "add", "rule", *_chain(place), "handle", str(before), *said)


def _inserted(place: Place, opening: Opening) -> Command:
    if place.program == "nft":
        if place.rule is None:
            return Command(("nft", "add", "rule", *_chain(place), *opening.nft))
        at = ("handle", str(place.rule.handle))
        return Command(("nft", "insert", "rule", *_chain(place), *at, *opening.nft))
    head = (place.program, *_table(place))
    chain = place.chain.name
    undo = (*head, "-D", chain, *opening.iptables)
    if place.rule is None:
        return Command((*head, "-A", chain, *opening.iptables), undo=undo)
    return Command((*head, "-I", chain, str(place.index + 1), *opening.iptables), undo=undo)
