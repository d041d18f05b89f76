"""None of the addresses that DNS gives the name is held by the server whose nginx serves it, and
nobody gets the site there. Behind a CDN or a load balancer that is as it should be, so a site that
works is not spoken of; and in a cloud a public IPv4 address may be translated to a private one,
so a server that holds private ones only does not know its own."""

from collections.abc import Iterator

from checks.dns import UNREACHED
from diagnose.checking.registry import check
from diagnose.model import (
    Applicability,
    Claim,
    Confidence,
    Evidence,
    Fix,
    Host,
    Manual,
    Severity,
    Subject,
    Vantage,
    Where,
)
from diagnose.model.dns import DnsAnswer, final_answers, is_private, own_addresses
from diagnose.model.nginx import NginxConfig
from diagnose.model.server import Interface
from diagnose.model.tcp import Connection
from diagnose.model.tls import Handshake
from diagnose.parsers.cdn import ALIASES


@check(
    severity=Severity.ERROR,
    needs=[DnsAnswer, Interface, Connection],
    explains=[
        "host.no-route",
        "dns.dead-address",
        "dns.dead-ipv6",
        *UNREACHED,
        "tls.*",
        "certificate.*",
        "http.*",
        "websocket.*",
    ],
)
def wrong_address(evidence: Evidence) -> Iterator[Claim]:
    answers = tuple(final_answers(evidence).values())
    records = tuple(dict.fromkeys(record for one in answers for record in one.records))
    own = own_addresses(evidence)
    if not records or any(record in _held(evidence) or is_private(record) for record in records):
        return
    tried = [one for one in evidence.of(Connection) if one.address in records]
    if not tried or _works(evidence, records) or _is_cdn(answers) or not _is_ours(evidence):
        return
    sure = all(_knows_its_own(own, record) for record in records)
    yield Claim(
        about=Subject(name=evidence.target.host, text=evidence.target.host),
        covers=tuple(Subject(address=record) for record in records),
        because=(*answers, *_interfaces(evidence), *tried),
        severity=None if sure else Severity.NOTE,
        confidence=Confidence.LIKELY if sure else Confidence.POSSIBLE,
        facts={
            "name": evidence.target.host,
            "addresses": records,
            "own": own,
            "held": _held(evidence),
            "server": answers[0].server,
            "nobody": not any(one.failure is None for one in tried),
            "sure": sure,
            "how": tuple(dict.fromkeys(one.failure.message for one in tried if one.failure)),
            "ttl": max((one.ttl or 0 for one in answers), default=0),
        },
        fix=Fix((Manual("publish", Where.DNS_PROVIDER),), Applicability.MANUAL),
    )


def _interfaces(evidence: Evidence) -> tuple[Interface, ...]:
    return tuple(one for one in evidence.good(Interface) if one.vantage is Vantage.SERVER)


def _held(evidence: Evidence) -> tuple[str, ...]:
    """The server's addresses that others could reach, private ones included."""
    every = (a for one in _interfaces(evidence) for a in one.addresses)
    nobody = ("127.", "169.254.", "fe80:", "::1")
    return tuple(dict.fromkeys(a for a in every if not a.startswith(nobody)))


def _knows_its_own(own: tuple[str, ...], record: str) -> bool:
    """Whether the server, by what it holds, would know the address if it were its own: IPv6 is
    not translated, IPv4 is where a server holds no public address."""
    return ":" in record or any(":" not in address for address in own)


def _works(evidence: Evidence, records: tuple[str, ...]) -> bool:
    """Whether visitors get the site, or as much of it as was tried, at one of the addresses."""
    if evidence.target.scheme in {"http", "ws"}:
        return any(one.address in records for one in evidence.good(Connection))
    shaken = [one for one in evidence.of(Handshake) if one.address in records and one.as_a_visitor]
    if any(one.failure is None for one in shaken):
        return True
    port = evidence.target.port
    opened = [one for one in evidence.good(Connection) if one.port == port]
    return not shaken and any(one.address in records for one in opened)


def _is_cdn(answers: tuple[DnsAnswer, ...]) -> bool:
    ends = tuple(end for end, _ in ALIASES)
    return any(alias.rstrip(".").endswith(ends) for one in answers for alias in one.aliases)


def _is_ours(evidence: Evidence) -> bool:
    """Whether the server is the one that should serve the name: its nginx has a block of that
    name; or, where no nginx was read, it is the one that we were sent to."""
    from diagnose.parsers.nginx.server_blocks import servers

    configs = evidence.good(NginxConfig)
    if not configs:
        inside = [one for one in evidence.of(Host) if one.vantage is Vantage.SERVER]
        return any(one.via != "local" for one in inside)
    host = evidence.target.host
    parent = f"*.{host.partition('.')[2]}"
    return any(
        not {host, parent, f".{host}"}.isdisjoint(server.names)
        for config in configs
        for server in servers(config.main)
    )
