"""The name leads to Cloudflare, and the port is none that Cloudflare passes on: it takes
connections for HTTP and HTTPS on thirteen ports only ("Network ports", developers.cloudflare.com,
2026-11).

The addresses are those of https://www.cloudflare.com/ips/ (2026-11); the list has been the same for
years.
"""

from collections.abc import Iterator
from ipaddress import ip_address, ip_network

from diagnose.checking.registry import check
from diagnose.model import Applicability, Claim, Evidence, Fix, Manual, Severity, Subject, Where
from diagnose.model.tcp import Connection

#: The ports on which Cloudflare takes connections for HTTPS, and those for HTTP.
_HTTPS, _HTTP = (443, 2053, 2083, 2087, 2096, 8443), (80, 2052, 2082, 2086, 2095, 8080, 8880)

_NETWORKS = tuple(
    map(
        ip_network,
        (
            "103.21.244.0/22", "103.22.200.0/22", "103.31.4.0/22", "104.16.0.0/13",
            "104.24.0.0/14", "108.162.192.0/18", "131.0.72.0/22", "141.101.64.0/18",
            "162.158.0.0/15", "172.64.0.0/13", "173.245.48.0/20", "188.114.96.0/20",
            "190.93.240.0/20", "197.234.240.0/22", "198.41.128.0/17", "2400:cb00::/32",
            "2405:8100::/32", "2405:b500::/32", "2606:4700::/32", "2803:f800::/32",
            "2a06:98c0::/29", "2c0f:f248::/32",
        ),
    )
)  # fmt: skip


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
        if connection.port == port and connection.failure and _is_cloudflare(connection.address)
    ]
    other_ports = [
        connection
        for connection in evidence.of(Connection)
        if connection.port == port and not _is_cloudflare(connection.address)
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


def _is_cloudflare(address: str) -> bool:
    try:
        parsed = ip_address(address.partition("%")[0])
    except ValueError:
        return False
    return any(parsed in network for network in _NETWORKS if network.version == parsed.version)
