"""How one address that is shut out is let in again: in the words of whoever shut it out, and as
narrowly as that can be said. Whether it is to be let in a person decides."""

import ipaddress
from collections.abc import Iterable

from checks.firewall._netfilter import Blocked, Seen
from diagnose.model import Applicability, Command, Fix, Manual, Step, Where
from diagnose.model.visitor import Jails
from diagnose.parsers.netfilter import owners, remedies, ufw
from diagnose.parsers.netfilter.rules import Match
from diagnose.parsers.netfilter.ruleset import Place

#: Their rules are made anew: only they themselves can let an address in again for long.
_REWRITING = {"docker", "podman", "kubernetes", "libvirt", "firewalld"}


def letting_in(seen: Seen, found: Iterable[Blocked]) -> Fix:
    """The remedy for one address and all the rules that stop it."""
    steps: dict[Step, None] = {}
    for one in found:
        made = _steps(seen, one)
        if not made:
            return Fix((Manual("let-it-in", Where.SERVER),), Applicability.MANUAL)
        steps |= dict.fromkeys(made)
    return Fix(tuple(steps), Applicability.REVIEW)


def _steps(seen: Seen, one: Blocked) -> tuple[Step, ...]:
    match one.owner:
        case "fail2ban" if named := jails(seen, one):
            return tuple(unbanned(jail, one.source) for jail in named)
        case "crowdsec":
            return _cscli(one)
        case "csf":
            return (Command(("csf", "-dr", one.source), undo=("csf", "-d", one.source)),)
        case "ufw":
            return _ufw(seen, one)
        case owner if owner in _REWRITING and one.place.chain.name != "DOCKER-USER":
            return ()
    if element := _element(one):
        return (element,)
    if one.place.exact and _is_about_it_alone(one):
        return remedies.removed(one.place, seen.files)
    return (_exception(one),)


# fail2ban


def jails(seen: Seen, one: Blocked) -> tuple[str, ...]:
    """The jails that have banned the address: by fail2ban's own word, else by the rule's name. A
    rule that a fail2ban which runs does not know of is nobody's any more."""
    named = owners.jail(one.place)
    read = seen.evidence.good(Jails)
    holding = tuple(jail for some in read for jail in some.holding(one.source))
    if named in holding or (named and not read):
        return (named,)
    return holding


def unbanned(jail: str, address: str) -> Command:
    words = ("fail2ban-client", "set", jail)
    return Command((*words, "unbanip", address), undo=(*words, "banip", address))


# Others


def _cscli(one: Blocked) -> tuple[Step, ...]:
    by = ("--ip", one.source)
    if (network := _among(one)) and "/" in network:
        by = ("--range", network)
    words = ("cscli", "decisions")
    return (Command((*words, "delete", *by), undo=(*words, "add", *by)),)


def _ufw(seen: Seen, one: Blocked) -> tuple[Step, ...]:
    """Every rule of ufw goes that shuts out this address and no other; where one shuts out more,
    the address is let in before it."""
    rules = () if seen.ufw is None else seen.ufw.rules6 if one.family == 6 else seen.ufw.rules
    steps: list[Step] = []
    for at, rule in enumerate(rules, 1):
        if rule.source in ufw.ANY or not rule.concerns(one.port):
            continue
        if rule.action in {"deny", "reject"} and _holds(rule.source, one.source):
            if not _is_single(rule.source):
                allow = ("allow", "proto", "tcp", "from", one.source, "to", "any", "port")
                words = (*allow, str(one.port))
                insert = ("ufw", "insert", str(at), *words)
                return (*steps, Command(insert, undo=("ufw", "delete", *words)))
            denied = rule.words()
            undo = ("ufw", "insert", str(at), *denied)
            steps.append(Command(("ufw", "delete", *denied), undo=undo))
    return tuple(steps)


def _element(one: Blocked) -> Command | None:
    """The address goes out of the set that the rule asks, if it stands there by itself."""
    step, place = _by_set(one.place), one.place
    if step is None or not _is_single(_among(one)):
        return None
    if place.program != "nft":
        words = ("ipset", "del", step.values, one.source)
        return Command(_texts(words), undo=_texts(("ipset", "add", step.values, one.source)))
    at = (place.table.family, place.table.name, step.values, f"{{ {one.source} }}")
    return Command(
        _texts(("nft", "delete", "element", *at)), undo=_texts(("nft", "add", "element", *at))
    )


def _texts(words: Iterable[object]) -> tuple[str, ...]:
    return tuple(map(str, words))


def _by_set(place: Place) -> Match | None:
    """The step by which a rule asks a named set of addresses."""
    for step in place.rule.steps if place.rule else ():
        if not isinstance(step, Match) or not isinstance(step.values, str) or step.op != "==":
            continue
        if len(step.keys) == 1 and step.keys[0].endswith("saddr"):
            return step
    return None


def _among(one: Blocked) -> str:
    """What the rule's set has of the address: itself, or a network that holds it; "" else."""
    step = _by_set(one.place)
    found = one.place.table.sets.get(str(step.values)) if step else None
    elements = (found.elements or ()) if found and found.readable else ()
    number = int(ipaddress.ip_address(one.source))
    kind = ipaddress.IPv6Address if one.family == 6 else ipaddress.IPv4Address
    for element in elements:
        span = element[0] if isinstance(element, tuple) and len(element) == 1 else None
        if isinstance(span, tuple) and len(span) == 2 and span[0] <= number <= span[1]:
            networks = ipaddress.summarize_address_range(kind(span[0]), kind(span[1]))
            texts = [str(network) for network in networks]
            whole = texts[0] if len(texts) == 1 else f"{kind(span[0])}-{kind(span[1])}"
            return one.source if span[0] == span[1] else whole
    return ""


def _is_single(text: str) -> bool:
    try:
        return ipaddress.ip_network(text).num_addresses == 1
    except ValueError:
        return False


def _holds(network: str, address: str) -> bool:
    try:
        among, one = ipaddress.ip_network(network, strict=False), ipaddress.ip_address(address)
    except ValueError:
        return False
    return among.version == one.version and one in among


def _is_about_it_alone(one: Blocked) -> bool:
    """Whether the rule names this one address and no other."""
    number = int(ipaddress.ip_address(one.source))
    steps = [
        step
        for step in (one.place.rule.steps if one.place.rule else ())
        if isinstance(step, Match) and step.keys[0].endswith("saddr")
    ]
    return bool(steps) and all(
        step.op == "==" and step.mask is None and step.values == (((number, number),),)
        for step in steps
    )


def _exception(one: Blocked) -> Command:
    """A rule before it that accepts this address at this port, for now: what else the rule shuts
    out stays shut out."""
    place, number = one.place, str(one.packet.port)
    if place.program == "nft":
        family = "ip6" if one.family == 6 else "ip"
        rule = (family, "saddr", one.source, "tcp", "dport", number, "accept")
        at = (place.table.family, place.table.name, place.chain.name)
        if place.rule is None:
            return Command(("nft", "add", "rule", *at, *rule))
        return Command(("nft", "insert", "rule", *at, "handle", str(place.rule.handle), *rule))
    head = (place.program, *(() if place.table.name == "filter" else ("-t", place.table.name)))
    words = (place.chain.name, "-s", one.source, "-p", "tcp", "--dport", number, "-j", "ACCEPT")
    chain, *rest = words
    before = ("-I", chain, str(place.index + 1)) if place.rule else ("-A", chain)
    return Command((*head, *before, *rest), undo=(*head, "-D", *words))
