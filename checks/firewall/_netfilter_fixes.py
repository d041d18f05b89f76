"""What opens a port in netfilter's rules: in the words of whoever made them."""

import re
from collections.abc import Mapping

from checks.firewall import _direct_rules
from checks.firewall._netfilter import Blocked, Seen, places
from checks.firewall._restricted_ports import PLACEHOLDER
from diagnose.model import Applicability, Command, Edit, Fix, Manual, Step, Where
from diagnose.parsers.netfilter import iptables, nft_writer, persisted_rules, remedies, ufw
from diagnose.parsers.netfilter.remedies import Opening
from diagnose.parsers.netfilter.ruleset import Place
from diagnose.parsers.nginx.edits import diff, patched

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
    if not replies and (by_firewalld := _direct_rules.opening(seen.evidence, found)):
        return Fix(by_firewalld)
    if found[0].owner == "ufw" and not replies:
        return _with_ufw(seen, found)
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
        files |= _patched(files, made)
        steps += made
    return Fix(tuple(steps))


def letting_in(
    seen: Seen, found: tuple[Blocked, ...], visitor: str, *, replies: bool = False
) -> tuple[Step, ...]:
    """Let in this address or network only, before what stops it. What is still to be written by
    hand goes into no file, where it would stop all rules from being loaded."""
    if found[0].owner in _REWRITING:
        return ()
    if not replies and (by_firewalld := _direct_rules.opening(seen.evidence, found, visitor)):
        return by_firewalld
    if found[0].owner == "ufw" and not replies:
        return _ufw_from(seen, found, visitor)
    files = dict(seen.files) if visitor != PLACEHOLDER else {}
    steps: list[Step] = []
    for place in _in_turn(places(found)):
        here = tuple(one for one in found if one.place.key == place.key)
        for family in dict.fromkeys(one.family for one in here):
            ports = tuple(dict.fromkeys(one.port for one in here if one.family == family))
            early = remedies.is_early(place)
            let = Opening(ports, replies, early, visitor=visitor, family=family)
            made = remedies.opened(place, let, files)
            files |= _patched(files, made)
            steps += made
    return tuple(steps)


def _ufw_from(seen: Seen, found: tuple[Blocked, ...], visitor: str) -> tuple[Step, ...]:
    """Before a rule that denies, where there is one."""
    steps: dict[Command, None] = {}
    for one in found:
        rules = (seen.ufw.rules6 if one.family == 6 else seen.ufw.rules) if seen.ufw else ()
        rule = ufw.deciding(rules, one.port)
        first = ("prepend",) if rule and rule.action in {"deny", "reject"} else ()
        allow = ("allow", "from", visitor, "to", "any", "port", str(one.port), "proto", "tcp")
        steps[Command(("ufw", *first, *allow), undo=("ufw", "delete", *allow))] = None
    return tuple(steps)


def _patched(files: Mapping[str, str], made: tuple[Step, ...]) -> dict[str, str]:
    """The files that these edits change, as they are after them."""
    return {
        one.path: text
        for one in made
        if isinstance(one, Edit) and (text := patched(files[one.path], one.diff)) is not None
    }


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
        new, old = (nft_writer.words(one) for one in (text, place.text))
        change = Command((*words, "handle", handle, *new), undo=(*words, "handle", handle, *old))
    else:
        table = () if place.table.name == "filter" else ("-t", place.table.name)
        words = (place.program, *table, "-R", chain, str(place.index + 1))
        new, old = (iptables.words(one)[2:] for one in (text, place.text))
        change = Command((*words, *new), undo=(*words, *old))
    where = persisted_rules.find(place, files)
    if where is None or not where.exact:
        return (change,)
    before = files[where.path]
    after = where.with_before(where.without(before), [text])
    return (change, Edit(where.path, diff(where.path, before, after)))


def _with_ufw(seen: Seen, found: tuple[Blocked, ...]) -> Fix:
    ports = tuple(dict.fromkeys(one.port for one in found))
    state = seen.ufw
    if state is None:
        return Fix(tuple(map(_allow, ports)))
    if not state.ipv6 and any(one.family == 6 for one in found):
        # With IPv6 on, all that is allowed over it in the file is open at once.
        allows = (rule for rule in state.rules6 if rule.action in {"allow", "limit"})
        more = any(rule.ports not in {str(port) for port in ports} for rule in allows)
        steps6 = (*_with_ipv6(seen.files.get(ufw.DEFAULTS, "")), *map(_allow, ports))
        return Fix(steps6, Applicability.REVIEW if more else Applicability.AUTOMATIC)
    steps: dict[Command, None] = {}
    for one in found:
        rules = state.rules6 if one.family == 6 else state.rules
        steps |= dict.fromkeys(_allowing(rules, one.port, ports))
    return Fix(tuple(steps))


def _with_ipv6(text: str) -> tuple[Step, ...]:
    """ufw is to make rules for IPv6, too."""
    after = re.sub(r"^([ \t]*IPV6=)\S+", r"\1yes", text, flags=re.MULTILINE)
    reload = Command(("ufw", "reload"))
    change = diff(ufw.DEFAULTS, text, after)
    return (Edit(ufw.DEFAULTS, change), reload) if change else ()


def _allowing(rules: tuple[ufw.UfwRule, ...], port: int, ports: tuple[int, ...]) -> list[Command]:
    """Take away what stops everybody; allow the port where nothing behind does. A rule that stops
    other ports too stays, and the port is allowed before it."""
    steps = []
    left = list(rules)
    while (rule := ufw.deciding(left, port)) and rule.action in {"deny", "reject"}:
        if not set(rule.ports.split(",")) <= {str(one) for one in ports}:
            return [_allow(port, "prepend")]
        at = str(rules.index(rule) + 1)
        words = rule.words()
        steps.append(Command(("ufw", "delete", *words), undo=("ufw", "insert", at, *words)))
        left.remove(rule)
    if rule is None or rule.action == "limit":
        steps.append(_allow(port))
    return steps


def _allow(port: int, *where: str) -> Command:
    rule = ("allow", f"{port}/tcp")
    return Command(("ufw", *where, *rule), undo=("ufw", "delete", *rule))
