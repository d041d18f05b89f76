"""The server whose web server serves the name holds none of the name's addresses in DNS, and nobody
reaches the site there.

Behind a CDN or a load balancer that is normal, so a site that works is not reported. A cloud may
translate a public IPv4 address to a private one, so a server with private addresses only does not
know its public one.
"""

from collections.abc import Iterator

from checks.dns import CONNECTION_FAILURES
from checks.http import _fronts
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
from diagnose.model.addresses import is_private
from diagnose.model.dns import DnsAnswer, final_answers, own_addresses
from diagnose.model.nginx import NginxConfig
from diagnose.model.server import Interface, server_interfaces
from diagnose.model.tcp import Connection, ReturnedConnection
from diagnose.model.tls import Handshake
from diagnose.model.web_servers import WebServerConfig
from diagnose.parsers.cdn import ALIASES, BALANCERS
from diagnose.parsers.hostnames import covers


@check(
    severity=Severity.ERROR,
    needs=[DnsAnswer, Interface, Connection],
    explains=[
        "host.no-route",
        "dns.dead-address",
        "dns.dead-ipv6",
        *CONNECTION_FAILURES,
        "tls.*",
        "certificate.*",
        "server.application-answers",
        "http.*",
        "websocket.*",
        "server.certificate-not-issued",
    ],
)
def wrong_address(evidence: Evidence) -> Iterator[Claim]:
    answers = tuple(final_answers(evidence).values())
    records = tuple(dict.fromkeys(record for answer in answers for record in answer.records))
    server_addresses = own_addresses(evidence)
    if not records or any(
        record in _interface_addresses(evidence) or is_private(record) for record in records
    ):
        return
    attempts = [
        connection for connection in evidence.of(Connection) if connection.address in records
    ]
    if (
        not attempts
        or _is_site_working(evidence, records)
        or _is_front(answers)
        or any(_fronts.is_passed_on(evidence, record) for record in records)
        or not _is_own_server(evidence)
        or _is_translated(evidence, records)
    ):
        return
    is_certain = all(
        _knows_own_address(server_addresses, record) or _fronts.front_at(evidence, record)
        for record in records
    )
    is_inner = _tells_inner_visitor(evidence)
    yield Claim(
        about=Subject(name=evidence.target.host, text=evidence.target.host),
        covers=tuple(Subject(address=record) for record in records),
        because=(*answers, *server_interfaces(evidence), *attempts),
        severity=None if is_certain else Severity.NOTE,
        confidence=Confidence.LIKELY if is_certain else Confidence.POSSIBLE,
        facts={
            "name": evidence.target.host,
            "addresses": records,
            "own": server_addresses,
            "held": _interface_addresses(evidence),
            "server": answers[0].server,
            "nobody": not any(connection.failure is None for connection in attempts),
            "sure": is_certain,
            "port": evidence.target.port,
            "works": _serves_site(evidence),
            "how": tuple(
                dict.fromkeys(
                    connection.failure.message for connection in attempts if connection.failure
                )
            ),
            "inner": is_inner,
            "ttl": max((answer.ttl or 0 for answer in answers), default=0),
        },
        fix=Fix((_step(is_inner, evidence),), Applicability.MANUAL),
    )


def _tells_inner_visitor(evidence: Evidence) -> bool:
    """Return whether the words say that only whoever is in the server's network fails: then the
    address is the router's, and DNS is right."""
    symptom = evidence.target.symptom
    if symptom is None:
        return False
    # Imported late: most runs have no message.
    from diagnose.parsers.inner_visitor import tells_inner_visitor

    return tells_inner_visitor(symptom.text)


def _step(is_inner: bool, evidence: Evidence) -> Manual:
    """Return what a person changes: the record, or what the name means within the network."""
    if not is_inner:
        return Manual("publish", Where.DNS_PROVIDER)
    # Imported late: few sites are behind such a router.
    from diagnose.model.commands import name_address

    held = _interface_addresses(evidence)
    address = next((address for address in held if ":" not in address), held[0] if held else "")
    typed = (name_address(address, evidence.target.host),) if address else ()
    return Manual("inner-name", Where.CLIENT, commands=typed)


def _interface_addresses(evidence: Evidence) -> tuple[str, ...]:
    """Return the server's addresses that others could reach, including private ones."""
    addresses = (
        address for interface in server_interfaces(evidence) for address in interface.addresses
    )
    local_prefixes = ("127.", "169.254.", "fe80:", "::1")
    return tuple(
        dict.fromkeys(address for address in addresses if not address.startswith(local_prefixes))
    )


def _knows_own_address(own_addresses: tuple[str, ...], record: str) -> bool:
    """Return whether the server would know this address if it were its own.

    IPv6 is not translated. IPv4 is translated only if a server holds no public address.
    """
    return ":" in record or any(":" not in address for address in own_addresses)


def _is_translated(evidence: Evidence, records: tuple[str, ...]) -> bool:
    """Return whether the cloud says that one of the addresses leads to this server, or a connection
    to it came back to this server."""
    from diagnose.model.cloud import translated_addresses

    returned = {connection.address for connection in evidence.good(ReturnedConnection)}
    return any(record in {*returned, *translated_addresses(evidence)} for record in records)


def _is_site_working(evidence: Evidence, records: tuple[str, ...]) -> bool:
    """Return whether the site works at one of the addresses, as far as it was tested."""
    if not evidence.target.uses_tls:
        return any(connection.address in records for connection in evidence.good(Connection))
    handshakes = [
        handshake
        for handshake in evidence.of(Handshake)
        if handshake.address in records and handshake.is_browser_like
    ]
    if any(
        handshake.failure is None
        and (not handshake.chain or _fronts.is_accepted(evidence, handshake))
        for handshake in handshakes
    ):
        return True
    port = evidence.target.port
    open_connections = [
        connection for connection in evidence.good(Connection) if connection.port == port
    ]
    return not handshakes and any(connection.address in records for connection in open_connections)


def _is_front(answers: tuple[DnsAnswer, ...]) -> bool:
    """Return whether the name is an alias of a CDN or a load balancer."""
    suffixes = tuple(suffix for suffix, _ in (*ALIASES, *BALANCERS))
    return any(
        alias.rstrip(".").endswith(suffixes) for answer in answers for alias in answer.aliases
    )


def _is_own_server(evidence: Evidence) -> bool:
    """Return whether the server should serve the name: it answers for the name with a certificate
    that browsers accept, a site of its web server has that name, or answers for every name and has
    its certificate, or the run was told to use this server."""
    from diagnose.parsers.nginx.server_blocks import is_named, servers

    if _serves_site(evidence):
        return True
    configs, other_configs = evidence.good(NginxConfig), evidence.good(WebServerConfig)
    if not configs and not other_configs:
        server_hosts = [
            server_host
            for server_host in evidence.of(Host)
            if server_host.vantage is Vantage.SERVER
        ]
        return any(server_host.via != "local" for server_host in server_hosts)
    host = evidence.target.host
    parent = f"*.{host.partition('.')[2]}"
    names = {name for config in other_configs for site in config.sites for name in site.names}
    return (
        any(is_named(servers(config.main), host) for config in configs)
        or not {host, parent, f".{host}"}.isdisjoint(names)
        or (bool(configs) and _answers_for_every_name(evidence))
    )


def _serves_site(evidence: Evidence) -> bool:
    """Return whether the server itself, also a container of it, answers well for the name."""
    page = _fronts.local_answer(evidence, "page")
    if page is None or not page.chain or page.trusted is False or (page.status or 500) >= 400:
        return False
    leaf = page.chain[0]
    return covers(evidence.target.host, leaf.dns_names, leaf.addresses)


def _answers_for_every_name(evidence: Evidence) -> bool:
    """Return whether nginx's default block has a certificate for the name: a `server_name _` that
    serves it. The default block of a package has none."""
    from checks.nginx import Nginx
    from checks.nginx._certificates import certificate_files

    nginx, host = Nginx.of(evidence), evidence.target.host
    leaves = (
        file.chain[0]
        for selected in nginx.selected_servers()
        for file in certificate_files(nginx, selected.server)
        if file.chain
    )
    return any(covers(host, leaf.dns_names, leaf.addresses) for leaf in leaves)
