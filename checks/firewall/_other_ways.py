"""Ways by which visitors reach a site past the open ports of its server: a CDN that may use another
port, and a tunnel that the server opens itself. What they do not need may be closed on purpose."""

from checks.dns.cdn_in_front import cdn_signs
from diagnose.model import Evidence
from diagnose.model.dns import Resolution
from diagnose.model.processes import TunnelClient
from diagnose.parsers.cdn import is_cloudflare


def has_other_way(evidence: Evidence) -> bool:
    """Return whether the name leads to a CDN, or a program of the server brings visitors of the
    name in through a tunnel."""
    addresses = [
        address for resolution in evidence.good(Resolution) for address in resolution.addresses
    ]
    is_proxied = bool(addresses) and all(map(is_cloudflare, addresses))
    name = evidence.target.host
    is_tunnelled = any(
        not client.names or name in client.names for client in evidence.good(TunnelClient)
    )
    return is_proxied or is_tunnelled or bool(cdn_signs(evidence))
