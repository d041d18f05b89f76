"""The name leads to Cloudflare, and the port is none that Cloudflare passes on: it takes
connections for HTTP and HTTPS on thirteen ports only ("Network ports", developers.cloudflare.com,
2026-11).
"""

from collections.abc import Iterator

from diagnose.checking.registry import check
from diagnose.model import Applicability, Claim, Evidence, Fix, Manual, Severity, Subject, Where
from diagnose.model.tcp import Connection
from diagnose.parsers.cdn import is_cloudflare

#: The ports on which Cloudflare takes connections for HTTPS, and those for HTTP.
_HTTPS, _HTTP = (443, 2053, 2083, 2087, 2096, 8443), (80, 2052, 2082, 2086, 2095, 8080, 8880)


@check(
    severity=Severity.ERROR,
    needs=[Connection],
    needs_fault=[Connection],
    explains=[
        "tcp.timeout",
        "tcp.refused",
        "dns.wrong-address",
        "firewall.port-closed",
        "firewall.ufw-port-closed",
        "firewall.ruleset-blocks",
        "listener.missing",
        "listener.loopback-only",
    ],
)
def port_not_proxied(evidence: Evidence) -> Iterator[Claim]:
    port = evidence.target.port
    failed = [
        connection
        for connection in evidence.of(Connection)
        if connection.port == port and connection.failure and is_cloudflare(connection.address)
    ]
    other_ports = [
        connection
        for connection in evidence.of(Connection)
        if connection.port == port and not is_cloudflare(connection.address)
    ]
    if not failed or other_ports or port in {*_HTTPS, *_HTTP}:
        return
    addresses = tuple(dict.fromkeys(connection.address for connection in failed))
    yield Claim(
        about=Subject(port=port),
        covers=(
            Subject(port=port),
            Subject(name=evidence.target.host),
            *(Subject(address=address, port=port) for address in addresses),
        ),
        because=tuple(failed),
        facts={
            "name": evidence.target.host,
            "port": port,
            "addresses": addresses,
            "ports": _HTTPS if evidence.target.uses_tls else _HTTP,
        },
        fix=Fix(
            (Manual("another-port", Where.SERVER), Manual("dns-only", Where.CLOUD_CONSOLE)),
            Applicability.MANUAL,
        ),
    )
