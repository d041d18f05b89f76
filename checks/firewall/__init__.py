"""Checks of the layer `firewall`."""

#: The checks whose findings a closed port causes.
EXPLAINS = (
    "tcp.rejected-by-host",
    "tcp.timeout",
    "tcp.unstable",
    "tcp.refused",
    "http.port-closed",
    "http.acme-challenge-blocked",
    "dns.dead-address",
    "dns.dead-ipv6",
)
