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

#: The checks whose findings are right where the port is not to be reached on this machine.
CLOSED_PORT = (
    "firewall.port-closed",
    "firewall.wrong-zone",
    "firewall.source-zone",
    "firewall.source-restricted",
    "firewall.rich-rule",
    "firewall.policy",
    "firewall.ruleset-blocks",
    "firewall.ufw-port-closed",
)


def shortened(texts: tuple[str, ...], limit: int) -> tuple[str, ...]:
    """Return the first texts, and how many more there are as "+N"."""
    hidden_count = len(texts) - limit
    return (*texts[:limit], f"+{hidden_count}") if hidden_count > 0 else texts
