"""Checks of the layer `dns`."""

#: What is seen from outside of an address at which the site is not: the layer `tcp` without those
#: of its checks that look inside the server and are causes themselves.
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
