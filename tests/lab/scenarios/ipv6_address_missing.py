"""The name has an AAAA record, and nobody configured the server's IPv6."""

from ..lab import SERVER6, Lab
from ..scenario import healthy, scenario


def without_ipv6(lab: Lab) -> None:
    """IPv6 is on, and the interface has its link-local address alone."""
    lab.server.sh("ip -6 addr flush dev eth0 scope global; ip -6 route flush dev eth0")


@scenario(
    outside="dns.dead-ipv6",
    server="host.ipv6-address-missing",
    ipv6=True,
    manual="two ways, and a person chooses",
)
def name_leads_to_an_address_that_was_not_configured(lab: Lab) -> None:
    """https://github.com/acmesh-official/acme.sh/issues/1028: the authority gets a timeout; the
    IPv6 gateway and the interface were not configured."""
    without_ipv6(lab)


@healthy()
def server_without_ipv6_and_a_name_without_a_record(lab: Lab) -> None:
    without_ipv6(lab)


@healthy(ipv6=True)
def server_has_another_address_of_ipv6_too(lab: Lab) -> None:
    other = SERVER6.replace("::10", "::11")
    lab.server.sh(f"ip -6 addr add {other}/64 dev eth0")
