"""firewalld's direct rules (firewalld.direct(5)): it hands them on to iptables as they are, and
writes them anew with every reload. So they are changed by firewalld, not by iptables."""

from checks.firewall._firewalld import rules_of
from checks.firewall._netfilter import Blocked
from diagnose.model import Command, Evidence
from diagnose.parsers.netfilter.iptables import words
from diagnose.parsers.netfilter.ruleset import Place


def opening(
    evidence: Evidence, found: tuple[Blocked, ...], visitor: str = ""
) -> tuple[Command, ...]:
    """What opens the ports where direct rules are in the way, to everybody or to this visitor, for
    now and for good; () where another rule is."""
    daemon = rules_of(evidence).daemon
    if daemon is None:
        return ()
    kept = (("", daemon.direct), ("--permanent", daemon.permanent_direct))
    steps: dict[Command, None] = {}
    for one in found:
        known = _written(one.place, (*daemon.direct, *daemon.permanent_direct))
        if not known:
            return ()
        made = [_step(mode, known, one.port, visitor) for mode, rules in kept if known in rules]
        steps |= dict.fromkeys(made)
    return tuple(steps)


def _written(place: Place, direct: tuple[str, ...]) -> str:
    """The direct rule that became this one, "" where none did."""
    family = {"iptables": "ipv4", "ip6tables": "ipv6"}.get(place.program.removesuffix("-legacy"))
    if place.chain.name not in {"INPUT", "INPUT_direct"} or not family or not place.rule:
        return ""
    wanted = _alike(words(place.text)[2:])
    for rule in direct:
        head, _, _, _, *arguments = rule.split() + [""] * 4
        if head == family and _alike([one for one in arguments if one]) == wanted:
            return rule
    return ""


def _alike(arguments: list[str] | tuple[str, ...]) -> list[str]:
    """Words that iptables-save puts in, or writes otherwise, left out."""
    text = " ".join(arguments).replace("-m tcp ", "").replace("/32", "").replace("/128", "")
    return sorted(text.replace("--jump ", "-j ").replace("--protocol ", "-p ").split())


def _step(mode: str, rule: str, port: int, visitor: str = "") -> Command:
    """A rule about this port goes; one about more has an exception put before it."""
    family, table, chain, priority, *arguments = rule.split()
    head = ("firewall-cmd", *[mode] * bool(mode), "--direct")
    at = (family, table, chain)
    if not visitor and f" --dport {port} " in f" {' '.join(arguments)} ":
        given = (*at, priority, *arguments)
        return Command((*head, "--remove-rule", *given), undo=(*head, "--add-rule", *given))
    source = ("-s", visitor) if visitor else ()
    before = (
        *at,
        str(int(priority) - 1),
        *source,
        "-p",
        "tcp",
        "--dport",
        str(port),
        "-j",
        "ACCEPT",
    )
    return Command((*head, "--add-rule", *before), undo=(*head, "--remove-rule", *before))
