"""What is led into a container (or to another machine) passes the forward chains instead of those
for what comes in: a port that is open to the server itself is not thereby open to what lies
behind it (ufw(8), "route"; Docker's chain DOCKER-USER)."""

from collections.abc import Iterator

from checks.firewall import EXPLAINS, _restricted_ports
from checks.firewall._firewalld import rules_of
from checks.firewall._firewalld_fixes import changed
from checks.firewall._nat import Led, led
from checks.firewall._netfilter import Seen, seen_of
from diagnose.checking.registry import check
from diagnose.model import (
    Applicability,
    Claim,
    Command,
    Evidence,
    Fix,
    Manual,
    Severity,
    Subject,
    Where,
    endpoints,
)
from diagnose.model.netfilter import Ruleset
from diagnose.parsers.netfilter import owners, remedies
from diagnose.parsers.netfilter.owners import Owner
from diagnose.parsers.netfilter.remedies import Opening
from diagnose.parsers.netfilter.ruleset import Place


@check(
    severity=Severity.ERROR,
    needs=[Ruleset],
    explains=(*EXPLAINS, "listener.missing", "tls.stalled"),
)
def forward_blocks(evidence: Evidence) -> Iterator[Claim]:
    seen = seen_of(evidence)
    groups: dict[tuple[object, ...], list[tuple[Led, Place]]] = {}
    for one in led(evidence, evidence.target.port):
        stopped = one.decision.verdict in {"reject", "drop"} and one.decision.packet == "syn"
        place = seen.filter.place(one.decision) if stopped and one.decision.forwarded else None
        personal = seen.met(seen.filter.rules, one.packet)[1].source
        if place is not None and not personal:
            groups.setdefault((place.key, one.to), []).append((one, place))
    for some in groups.values():
        yield _claim(evidence, seen, some)


def _claim(evidence: Evidence, seen: Seen, some: list[tuple[Led, Place]]) -> Claim:
    one, place = some[0]
    port, owner = evidence.target.port, owners.owner(place)
    by_source = _restricted_ports.restrictions(evidence, (port, one.to[1]))
    fix = _fix(seen, one, place, owner)
    if by_source and _restricted_ports.is_opening(fix):
        narrow = _fix(seen, one, place, owner, _restricted_ports.PLACEHOLDER)
        fix = _restricted_ports.question(narrow.steps, fix)
    where = f"{place.table.family} {place.table.name} {place.chain.name}"
    return Claim(
        about=Subject(port=port, text=f"{place.program} {where}, {port}/tcp"),
        covers=endpoints((one.address for one, _ in some), port),
        because=seen.because,
        facts={
            "port": f"{port}/tcp",
            "to": one.decision.to,
            "where": where,
            "rule": place.text,
            "program": place.program,
            "drops": one.decision.verdict == "drop",
            "owner": "" if owner == "hand" else owner,
            "file": seen.written(place),
            "strict": owner == "firewalld",
            "files": tuple(filter(None, [seen.written(place)])),
            "restricted": _restricted_ports.words(by_source),
        },
        fix=fix,
    )


def _fix(seen: Seen, one: Led, place: Place, owner: Owner, visitor: str = "") -> Fix:
    """In the words of whoever made the rule. By then the packet has the inner address and port;
    the same port of another machine behind this one stays as it is."""
    address, inner = one.to
    if owner == "ufw":
        source = visitor or "any"
        rule = ("allow", "proto", "tcp", "from", source, "to", address, "port", str(inner))
        return Fix((Command(("ufw", "route", *rule), undo=("ufw", "route", "delete", *rule)),))
    if owner == "hand" or place.chain.name == "DOCKER-USER":
        family = 6 if ":" in address else 4
        let = Opening((inner,), visitor=visitor, server=address, family=family)
        return Fix(remedies.opened(place, let, {} if visitor else seen.files))
    if owner == "firewalld" and (steps := _forwarded(seen.evidence, one)):
        # What the server itself sends there stays shut out, so a look from it proves nothing.
        return Fix(steps, Applicability.REVIEW)
    step = "strict" if owner == "firewalld" else "in-its-own-settings"
    return Fix((Manual(step, Where.SERVER),), Applicability.MANUAL)


def _forwarded(evidence: Evidence, one: Led) -> tuple[Command, ...]:
    """firewalld lets pass what it forwards itself (firewalld.conf(5), StrictForwardPorts): this
    port by it too, and all others stay shut."""
    rules, port = rules_of(evidence), evidence.target.port
    zone = rules.entered(port, one.address)
    if not zone or ":" in one.to[0]:
        return ()
    forward = f"port={port}:proto=tcp:toport={one.to[1]}:toaddr={one.to[0]}"
    return tuple(
        changed(
            mode,
            f"--zone={zone}",
            (f"--add-forward-port={forward}",),
            (f"--remove-forward-port={forward}",),
        )
        for mode in ("", "--permanent")
    )
