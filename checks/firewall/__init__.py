"""Checks of the layer `firewall`."""

#: The checks whose findings a closed port causes.
EXPLAINS = (
    "tcp.rejected-by-host",
    "tcp.timeout",
    "tcp.unstable",
    "tcp.refused",
    "tcp.closed-outside",
    "tcp.open-elsewhere",
    "http.port-closed",
    "http.acme-challenge-blocked",
    "dns.dead-address",
    "dns.dead-ipv6",
    "server.certificate-not-issued",
)


def shortened(texts: tuple[str, ...], limit: int) -> tuple[str, ...]:
    """Return the first texts, and how many more there are as "+N"."""
    hidden_count = len(texts) - limit
    return (*texts[:limit], f"+{hidden_count}") if hidden_count > 0 else texts
