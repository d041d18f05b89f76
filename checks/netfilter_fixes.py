"""What opens a port in netfilter's rules: in the words of whoever made them."""

import re
from collections.abc import Mapping

from checks import direct
from checks.netfilter import Blocked, Seen, places
from diagnose.model import Applicability, Command, Edit, Fix, Manual, Step, Where
from diagnose.wire.edits import diff, patched
from diagnose.wire.netfilter import iptables, kept, remedies, ufw, write
from diagnose.wire.netfilter.filter import Place
from diagnose.wire.netfilter.remedies import Opening

#: Programs that write their rules anew: a rule of one's own among theirs does not last.
_REWRITING = {
    "docker",
    "podman",
    "kubernetes",
    "libvirt",
    "crowdsec",
    "csf",
    "sshguard",
    "fail2ban",
}


def opening(seen: Seen, found: tuple[Blocked, ...], *, replies: bool = False) -> Fix:
    """For now by the tool that shows the rule, for good in the file it comes from."""
    if not replies and (by_firewalld := direct.opening(seen.evidence, found)):
        return Fix(by_firewalld)
    if found[0].owner == "ufw" and not replies:
        return Fix(_with_ufw(seen, found))
    if found[0].owner in _REWRITING:
        return Fix((Manual("in-its-own-settings", Where.SERVER),), Applicability.MANUAL)
    steps: list[Step] = []
    files = dict(seen.files)
    for place in _in_turn(places(found)):
        here = tuple(one for one in found if one.place.key == place.key)
        ports = tuple(dict.fromkeys(one.port for one in here))
        key = "tcp sport" if replies else "tcp dport"
        gone = seen.filter.without(place)
        alone = place.exact and remedies.names_only(place, ports, key)
        if alone and all(seen.opens(gone, one) for one in here):
            made = remedies.removed(place, files)
        else:
            let = Opening(ports, replies, remedies.is_early(place))
            made = remedies.opened(place, let, files)
        files |= {
            one.path: text
            for one in made
            if isinstance(one, Edit) and (text := patched(files[one.path], one.diff)) is not None
        }
        steps += made
    return Fix(tuple(steps))


def _in_turn(found: tuple[Place, ...]) -> list[Place]:
    """Of a chain of iptables the last rule comes first, so that none has another number when it
    is its turn. nft's handles stay."""
    chains = list(dict.fromkeys(place.key[:3] for place in found))

    def turn(one: Place) -> tuple[int, int]:
        return chains.index(one.key[:3]), one.index if one.program == "nft" else -one.index

    return sorted(found, key=turn)


def replaced(place: Place, text: str, files: Mapping[str, str]) -> tuple[Step, ...]:
    """Another rule in a rule's place, for now and for good; () where it cannot be told whole."""
    if not place.exact:
        return ()
    chain = place.chain.name
    if place.program == "nft":
        handle = str(place.rule.handle) if place.rule else ""
        words = ("nft", "replace", "rule", place.table.family, place.table.name, chain)
        new, old = (write.words(one) for one in (text, place.text))
        change = Command((*words, "handle", handle, *new), undo=(*words, "handle", handle, *old))
    else:
        table = () if place.table.name == "filter" else ("-t", place.table.name)
        words = (place.program, *table, "-R", chain, str(place.index + 1))
        new, old = (iptables.words(one)[2:] for one in (text, place.text))
        change = Command((*words, *new), undo=(*words, *old))
    where = kept.find(place, files)
    if where is None or not where.exact:
        return (change,)
    before = files[where.path]
    after = where.with_before(where.without(before), [text])
    return (change, Edit(where.path, diff(where.path, before, after)))


def _with_ufw(seen: Seen, found: tuple[Blocked, ...]) -> tuple[Step, ...]:
    ports = tuple(dict.fromkeys(one.port for one in found))
    state = seen.ufw
    if state is None:
        return tuple(map(_allow, ports))
    if not state.ipv6 and any(one.family == 6 for one in found):
        return (*_with_ipv6(seen.files.get(ufw.DEFAULTS, "")), *map(_allow, ports))
    steps: dict[Command, None] = {}
    for one in found:
        rules = state.rules6 if one.family == 6 else state.rules
        steps |= dict.fromkeys(_allowing(rules, one.port))
    return tuple(steps)


def _with_ipv6(text: str) -> tuple[Step, ...]:
    """ufw is to make rules for IPv6, too."""
    after = re.sub(r"^([ \t]*IPV6=)\S+", r"\1yes", text, flags=re.MULTILINE)
    reload = Command(("ufw", "reload"))
    change = diff(ufw.DEFAULTS, text, after)
    return (Edit(ufw.DEFAULTS, change), reload) if change else ()


def _allowing(rules: tuple[ufw.UfwRule, ...], port: int) -> list[Command]:
    """Take away what stops everybody; allow the port where nothing behind does."""
    steps = []
    left = list(rules)
    while (rule := ufw.deciding(left, port)) and rule.action in {"deny", "reject"}:
        at = str(rules.index(rule) + 1)
        words = rule.words()
        steps.append(Command(("ufw", "delete", *words), undo=("ufw", "insert", at, *words)))
        left.remove(rule)
    if rule is None or rule.action == "limit":
        steps.append(_allow(port))
    return steps


def _allow(port: int) -> Command:
    rule = ("allow", f"{port}/tcp")
    return Command(("ufw", *rule), undo=("ufw", "delete", *rule))
