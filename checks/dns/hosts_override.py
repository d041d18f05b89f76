"""The hosts file of the machine that probes names the target, and so DNS is not asked (hosts(5),
nsswitch.conf(5)). Where its address is another than DNS's and the site does not work there, that
is the cause; where it works, or is this very server, it is worth a note."""

import re
from collections.abc import Iterator

from checks.dns import UNREACHED
from diagnose.checking.registry import check
from diagnose.model import (
    Applicability,
    Claim,
    Edit,
    Evidence,
    Fix,
    Location,
    Manual,
    Severity,
    Subject,
    Vantage,
    Where,
)
from diagnose.model.dns import (
    HostsEntry,
    Resolution,
    own_addresses,
    published,
    this_machine,
)
from diagnose.model.nginx import Directive, NginxConfig
from diagnose.model.tcp import Connection
from diagnose.model.tls import Certificate, Handshake
from diagnose.parsers.sanitize import clean


@check(
    severity=Severity.ERROR,
    needs=[HostsEntry, Resolution],
    explains=[
        "dns.dead-address",
        "dns.dead-ipv6",
        "host.no-route",
        *UNREACHED,
        "tls.*",
        "certificate.*",
        "http.*",
        "websocket.*",
        "listener.missing",
    ],
)
def hosts_override(evidence: Evidence) -> Iterator[Claim]:
    entries = [one for one in evidence.of(HostsEntry) if _is_used(evidence, one)]
    if not entries:
        return
    other = [one for one in entries if _differs(evidence, one)]
    dns = tuple(address for family in (4, 6) for address in published(evidence, family) or ())
    # Where DNS has no address, the file is the only source: names of a company's own network are
    # kept like that on purpose, and without the line nothing would be reached at all.
    wrong = [one for one in other if dns and _is_elsewhere(evidence, one)]
    shown = wrong or other or entries
    first = shown[0]
    yield Claim(
        about=Subject(name=evidence.target.host, text=f"{first.file}:{first.line}"),
        covers=tuple(Subject(address=one.address) for one in shown),
        because=tuple(shown),
        severity=None if wrong else Severity.NOTE,
        facts={
            "name": evidence.target.host,
            "file": first.file,
            "line": first.line,
            "addresses": tuple(one.address for one in shown),
            "dns": dns,
            "differs": bool(other),
            "wrong": bool(wrong),
            "own_name": any(map(_is_own_name, wrong)),
            "target": evidence.target.url,
        },
        location=Location(
            first.file, first.line, 1, len(first.text) + 1, first.line, (clean(first.text, 500),)
        ),
        fix=_fix(evidence, wrong, dns),
    )


def _is_used(evidence: Evidence, entry: HostsEntry) -> bool:
    """Whether the system takes the address from this line. It may be told to ask DNS only."""
    return entry.vantage is Vantage.HERE and any(
        entry.address in seen.addresses and seen.via == "system"
        for seen in evidence.good(Resolution)
    )


def _is_own_name(entry: HostsEntry) -> bool:
    """Whether the line gives a machine its own name, as Debian's installer writes it: mail, sudo
    and `hostname -f` need it (hostname(1), Debian reference section 5.1.1)."""
    return entry.address == "127.0.1.1"


def _differs(evidence: Evidence, entry: HostsEntry) -> bool:
    addresses = published(evidence, 6 if ":" in entry.address else 4)
    return addresses is not None and entry.address not in addresses


def _is_elsewhere(evidence: Evidence, entry: HostsEntry) -> bool:
    """Whether the site does not work at the address: nothing answers there, or something that
    shows another name's certificate. An address of the target's own server is not elsewhere."""
    if entry.mine and _serves(evidence):
        return False
    tried = [
        one
        for one in evidence.of(Connection)
        if one.address == entry.address and one.purpose in {"target", "again"}
    ]
    if tried and all(one.failure for one in tried):
        return True
    leaves = [
        one.chain[0]
        for one in evidence.of(Handshake)
        if one.address == entry.address and one.as_a_visitor and one.chain
    ]
    return any(not _is_for(leaf, evidence.target.host) for leaf in leaves)


def _serves(evidence: Evidence) -> bool:
    """Whether this machine's nginx is configured for the name."""
    host = evidence.target.host
    configs = evidence.of(NginxConfig) if this_machine(evidence) is Where.SERVER else ()
    return any(_names(config.main, host) for config in configs)


def _names(directives: tuple[Directive, ...], host: str) -> bool:
    return any(
        (one.name == "server_name" and host in one.args) or _names(one.block or (), host)
        for one in directives
    )


def _is_for(leaf: Certificate, host: str) -> bool:
    """RFC 9525 section 6.3, as far as it takes to tell another site's certificate."""
    wildcard = "*." + host.partition(".")[2]
    names = {name.lower() for name in (*leaf.dns_names, leaf.common_name)}
    return host in names or wildcard in names


def _fix(evidence: Evidence, wrong: list[HostsEntry], dns: tuple[str, ...]) -> Fix | None:
    """On the server that has the site, by its configuration and its address in DNS, a line that
    leads elsewhere serves nobody. On another machine it may be somebody's test."""
    if not wrong:
        return None
    file, where = wrong[0].file, this_machine(evidence)
    if any(map(_is_own_name, wrong)):
        return Fix((Manual("own-name", where),), Applicability.MANUAL)
    edit = Edit(file, _diff(file, wrong, evidence.target.host), where)
    ours = not set(own_addresses(evidence)).isdisjoint(dns) and _serves(evidence)
    sure = where is Where.SERVER and ours
    return Fix((edit,), Applicability.AUTOMATIC if sure else Applicability.REVIEW)


def _diff(file: str, entries: list[HostsEntry], host: str) -> str:
    """The unified diff that takes the name out of its lines, and out of the file those that name
    nothing else. Only these lines are known, so it has no context."""
    hunks, gone = [], 0
    for entry in sorted(entries, key=lambda one: one.line):
        end = "" if entry.ended else "\n\\ No newline at end of file"
        left = _without(entry.text, host)
        at = entry.line - gone
        if left:
            hunks.append(f"@@ -{entry.line} +{at} @@\n-{entry.text}{end}\n+{left}{end}\n")
        else:
            gone += 1
            hunks.append(f"@@ -{entry.line} +{at - 1},0 @@\n-{entry.text}{end}\n")
    return f"--- {file}\n+++ {file}\n{''.join(hunks)}"


def _without(text: str, host: str) -> str:
    """A line of the hosts file without a name; "" if it named nothing else."""
    entry, mark, comment = text.partition("#")
    left = re.sub(rf"\s+{re.escape(host)}\.?(?=\s|$)", "", entry, flags=re.IGNORECASE)
    return left + mark + comment if len(left.split()) > 1 else ""
