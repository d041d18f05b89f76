"""The hosts file of the probing machine names the target, so DNS is not asked (hosts(5),
nsswitch.conf(5)).

If its address differs from DNS and the site does not work there, it is the cause. If the site works
there, or the address is this server, it is a note.
"""

import re
from collections.abc import Iterator

from checks.dns import CONNECTION_FAILURES
from checks.firewall import CLOSED_PORT
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
from diagnose.model.addresses import family_of
from diagnose.model.dns import (
    HostsEntry,
    OtherMachine,
    Resolution,
    own_addresses,
    published_addresses,
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
        *CONNECTION_FAILURES,
        "tls.*",
        "certificate.*",
        "server.application-answers",
        "http.*",
        "websocket.*",
        "listener.missing",
        *CLOSED_PORT,
    ],
)
def hosts_override(evidence: Evidence) -> Iterator[Claim]:
    entries = [entry for entry in evidence.of(HostsEntry) if _is_used(evidence, entry)]
    if not entries:
        return
    differing_entries = [entry for entry in entries if _differs(evidence, entry)]
    dns_addresses = tuple(
        address for family in (4, 6) for address in published_addresses(evidence, family) or ()
    )
    # If DNS has no address, the hosts file is the only source. Companies keep names of their own
    # network in it on purpose, and without the line nothing would be reachable.
    wrong_entries = [
        entry for entry in differing_entries if dns_addresses and _is_another_site(evidence, entry)
    ]
    shown_entries = wrong_entries or differing_entries or entries
    first_entry = shown_entries[0]
    yield Claim(
        about=Subject(name=evidence.target.host, text=f"{first_entry.file}:{first_entry.line}"),
        covers=tuple(Subject(address=entry.address) for entry in shown_entries),
        because=tuple(shown_entries),
        severity=None if wrong_entries else Severity.NOTE,
        facts={
            "name": evidence.target.host,
            "file": first_entry.file,
            "line": first_entry.line,
            "addresses": tuple(entry.address for entry in shown_entries),
            "dns": dns_addresses,
            "differs": bool(differing_entries),
            "wrong": bool(wrong_entries),
            "other": any(_is_other_machine(evidence, entry) for entry in wrong_entries),
            "own_name": any(map(_is_own_name, wrong_entries)),
            "target": evidence.target.url,
        },
        location=Location(
            first_entry.file,
            first_entry.line,
            1,
            len(first_entry.text) + 1,
            first_entry.line,
            (clean(first_entry.text, 500),),
        ),
        fix=_fix(evidence, wrong_entries, dns_addresses),
    )


def _is_used(evidence: Evidence, entry: HostsEntry) -> bool:
    """Return whether the system takes the address from this line. It may be configured to use DNS
    only."""
    return entry.vantage is Vantage.HERE and any(
        entry.address in resolution.addresses and resolution.via == "system"
        for resolution in evidence.good(Resolution)
    )


def _is_own_name(entry: HostsEntry) -> bool:
    """Return whether the line gives a machine its own name, as Debian's installer writes it.

    mail, sudo and `hostname -f` need that line (hostname(1), Debian reference section 5.1.1).
    """
    return entry.address == "127.0.1.1"


def _differs(evidence: Evidence, entry: HostsEntry) -> bool:
    addresses = published_addresses(evidence, family_of(entry.address))
    return addresses is not None and entry.address not in addresses


def _is_another_site(evidence: Evidence, entry: HostsEntry) -> bool:
    """Return whether the site does not work at the address: nothing replies, or the certificate is
    for another name.

    An address of the target's own server is never another site. One that shows another page than
    the target's own server is.
    """
    if entry.mine and _serves_host(evidence):
        return False
    if _is_other_machine(evidence, entry):
        return True
    attempts = [
        connection
        for connection in evidence.of(Connection)
        if connection.address == entry.address and connection.is_to_target
    ]
    if attempts and all(connection.failure for connection in attempts):
        return True
    leaves = [
        handshake.chain[0]
        for handshake in evidence.of(Handshake)
        if handshake.address == entry.address and handshake.is_browser_like and handshake.chain
    ]
    return any(not _names_host(leaf, evidence.target.host) for leaf in leaves)


def _is_other_machine(evidence: Evidence, entry: HostsEntry) -> bool:
    return any(machine.address == entry.address for machine in evidence.of(OtherMachine))


def _serves_host(evidence: Evidence) -> bool:
    """Return whether this machine's nginx is configured for the name."""
    host = evidence.target.host
    configs = evidence.of(NginxConfig) if this_machine(evidence) is Where.SERVER else ()
    return any(_has_server_name(config.main, host) for config in configs)


def _has_server_name(directives: tuple[Directive, ...], host: str) -> bool:
    return any(
        (directive.name == "server_name" and host in directive.args)
        or _has_server_name(directive.block or (), host)
        for directive in directives
    )


def _names_host(leaf: Certificate, host: str) -> bool:
    """Return whether the certificate covers the host (a simplified RFC 9525 section 6.3, enough to
    recognize another site's certificate)."""
    wildcard = "*." + host.partition(".")[2]
    names = {name.lower() for name in (*leaf.dns_names, leaf.common_name)}
    return host in names or wildcard in names


def _fix(
    evidence: Evidence, wrong_entries: list[HostsEntry], dns_addresses: tuple[str, ...]
) -> Fix | None:
    """Remove the lines.

    That is safe on the server that has the site, by its configuration and its address in DNS. On
    another machine the line may be a test.
    """
    if not wrong_entries:
        return None
    file, step_location = wrong_entries[0].file, this_machine(evidence)
    if any(map(_is_own_name, wrong_entries)):
        return Fix((Manual("own-name", step_location),), Applicability.MANUAL)
    edit = Edit(file, removal_diff(file, wrong_entries, evidence.target.host), step_location)
    dns_points_here = not set(own_addresses(evidence)).isdisjoint(dns_addresses) and _serves_host(
        evidence
    )
    is_certain = step_location is Where.SERVER and dns_points_here
    return Fix((edit,), Applicability.AUTOMATIC if is_certain else Applicability.REVIEW)


def removal_diff(file: str, entries: list[HostsEntry], host: str) -> str:
    """Return a unified diff that removes the name from its lines, and a whole line if it names
    nothing else.

    Only these lines are known, so the diff has no context.
    """
    hunks, removed_count = [], 0
    for entry in sorted(entries, key=lambda entry: entry.line):
        end = "" if entry.ended else "\n\\ No newline at end of file"
        remainder = _remove_host(entry.text, host)
        new_line = entry.line - removed_count
        if remainder:
            hunks.append(
                f"@@ -{entry.line} +{new_line} @@\n-{entry.text}{end}\n+{remainder}{end}\n"
            )
        else:
            removed_count += 1
            hunks.append(f"@@ -{entry.line} +{new_line - 1},0 @@\n-{entry.text}{end}\n")
    return f"--- {file}\n+++ {file}\n{''.join(hunks)}"


def _remove_host(text: str, host: str) -> str:
    """Return a line of the hosts file without a name; "" if it named nothing else."""
    entry, hash_sign, comment = text.partition("#")
    remaining_entry = re.sub(rf"\s+{re.escape(host)}\.?(?=\s|$)", "", entry, flags=re.IGNORECASE)
    return remaining_entry + hash_sign + comment if len(remaining_entry.split()) > 1 else ""
