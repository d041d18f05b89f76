"""Checks of the layer `dns`."""

#: Findings about an address where the site does not work, seen from outside: the layer `tcp`
#: without the checks that examine the server and are causes themselves.
CONNECTION_FAILURES = (
    "tcp.host-down",
    "tcp.large-hello-lost",
    "tcp.path-mtu",
    "tcp.refused",
    "tcp.rejected-by-host",
    "tcp.rejected-by-router",
    "tcp.timeout",
    "tcp.unstable",
)
