"""What the checks of netfilter say: which rule, of which tool, where it comes from."""

from collections.abc import Iterable
from typing import Any

from checks.firewall import NOTHING_LISTENS, _restricted_ports, unused
from checks.firewall._firewalld import clients
from checks.firewall._netfilter import Blocked, Seen, contradicting, places
from checks.firewall._netfilter_fixes import letting_in
from diagnose.model import Claim, Confidence, Fix, Observation, Severity, Subject
from diagnose.model.tcp import Connection
from diagnose.parsers.netfilter.ruleset import Place, accepts


def claim(
    seen: Seen,
    found: tuple[Blocked, ...],
    fix: Fix | None,
    *,
    replies: bool = False,
    **more: object,
) -> Claim:
    """What is stopped. What would open it is a question where rules name sources."""
    reached = contradicting(seen, found)
    ports = tuple(dict.fromkeys(one.port for one in found))
    by_source = _restricted_ports.restrictions(seen.evidence, ports)
    if _restricted_ports.is_opening(fix) and unused(seen.evidence, ports):
        fix = NOTHING_LISTENS
    elif fix and by_source and _restricted_ports.is_opening(fix):
        fix = asking(seen, found, fix, replies=replies)
    subjects = {Subject(address=one.address or None, port=one.port) for one in found}
    return Claim(
        about=about(found),
        covers=tuple(sorted(subjects, key=str)),
        because=(*seen.because, *_failed(seen, found), *reached),
        facts={
            **facts(seen, found),
            "contradiction": _words(reached),
            "restricted": _restricted_ports.words(by_source),
            **more,
        },
        confidence=Confidence.POSSIBLE if reached else Confidence.CERTAIN,
        severity=Severity.NOTE if reached else severity(seen, found),
        fix=fix,
    )


def asking(seen: Seen, found: tuple[Blocked, ...], wide: Fix, *, replies: bool = False) -> Fix:
    """Whether one visitor is to get in, or everybody."""
    visitor = found[0].source or _tried(seen, found)
    narrow = letting_in(seen, found, visitor or _restricted_ports.PLACEHOLDER, replies=replies)
    return _restricted_ports.question(narrow, wide, visitor)


def _tried(seen: Seen, found: tuple[Blocked, ...]) -> str:
    """The client that tries in vain, where it comes by the family that is stopped."""
    families = {one.family for one in found}
    ports = {one.port for one in found}
    for source, tried in clients(seen.evidence).items():
        failed = any(one.failure and one.port in ports for one in tried)
        if failed and families == {6 if ":" in source else 4}:
            return source
    return ""


def severity(seen: Seen, found: tuple[Blocked, ...]) -> Severity:
    """An error; a warning where only the redirect is stopped, or visitors have another address
    of the site left."""
    target = seen.evidence.target.port
    stopped = {one.address for one in found if one.port == target}
    left = {address for address, _ in seen.packets(target)} - stopped
    return Severity.ERROR if stopped and not left else Severity.WARNING


def about(found: tuple[Blocked, ...]) -> Subject:
    place = found[0].place
    ports = tuple(dict.fromkeys(one.port for one in found))
    names = ", ".join(f"{port}/tcp" for port in ports)
    text = f"{place.program} {place.table.family} {place.table.name} {place.chain.name}, {names}"
    return Subject(port=ports[0] if len(ports) == 1 else None, text=text)


def facts(seen: Seen, found: tuple[Blocked, ...]) -> dict[str, Any]:
    first = found[0]
    where = places(found)
    ports = tuple(dict.fromkeys(one.port for one in found))
    files = tuple(dict.fromkeys(path for one in where if (path := seen.written(one))))
    families = {one.family for one in found}
    both = {":" in packet.destination for _, packet in seen.packets(ports[0])}
    return {
        "port": f"{ports[0]}/tcp",
        "ports": tuple(f"{port}/tcp" for port in ports),
        "table": f"{first.place.table.family} {first.place.table.name}",
        "chain": first.place.chain.name,
        "hook": first.decision.hook,
        "rule": first.place.text,
        "behind": _behind(first),
        "rules": tuple(_named(one) for one in where),
        "several": len(where) > 1,
        "iptables": first.place.program != "nft",
        "legacy": first.place.program.endswith("-legacy"),
        "program": first.place.program,
        "drops": first.decision.verdict == "drop",
        "how": first.decision.how,
        "owner": "" if first.owner == "hand" else first.owner,
        "files": files,
        "family": f"IPv{families.pop()}" if len(families) == 1 < len(both) else "",
        "show": _show(first.place),
    }


def _behind(one: Blocked) -> str:
    """A rule behind that would let the port in."""
    rules = one.place.chain.rules
    at = rules.index(one.place.rule) if one.place.rule else len(rules)
    return next((rule.text for rule in rules[at + 1 :] if accepts(rule, one.port)), "")


def _named(place: Place) -> str:
    if place.program == "nft":
        where = f"{place.table.family} {place.table.name} {place.chain.name}"
        return f"`{where}: {place.text or 'policy drop'}`"
    table = "" if place.table.name == "filter" else f" -t {place.table.name}"
    return f"`{place.program}{table} {place.text or f'-P {place.chain.name} DROP'}`"


def _show(place: Place) -> str:
    if place.program == "nft":
        return f"nft -a list chain {place.table.family} {place.table.name} {place.chain.name}"
    table = "" if place.table.name == "filter" else f" -t {place.table.name}"
    return f"{place.program}{table} -nvL {place.chain.name} --line-numbers"


def _failed(seen: Seen, found: Iterable[Blocked]) -> list[Observation]:
    ends = {(one.address, one.port) for one in found}
    return [
        one
        for one in seen.evidence.of(Connection)
        if one.failure and {(one.address, one.port), ("", one.port)} & ends
    ]


def _words(reached: Iterable[Connection]) -> tuple[str, ...]:
    return tuple(str(Subject(address=one.address, port=one.port)) for one in reached)
