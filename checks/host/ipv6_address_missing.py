"""The name has an AAAA record, its A record is this server's own address, and no interface of the
server has an IPv6 address: the provider gives one, and it was never configured, or it is another
server's (RFC 4291 section 2.5.4: a global address). Visitors and certificate authorities that use
IPv6 get no answer.
"""

from collections.abc import Iterator

from diagnose.checking.registry import check
from diagnose.model import (
    Applicability,
    Claim,
    Confidence,
    Evidence,
    Fix,
    Manual,
    Severity,
    Subject,
    Vantage,
    Where,
)
from diagnose.model.addresses import is_private
from diagnose.model.dns import Resolution
from diagnose.model.kernel import Kernel
from diagnose.model.server import Interface
from diagnose.model.tcp import Connection


@check(
    severity=Severity.WARNING,
    needs=[Kernel, Interface, Resolution],
    explains=["dns.dead-ipv6", "host.no-route"],
)
def ipv6_address_missing(evidence: Evidence) -> Iterator[Claim]:
    interfaces = [i for i in evidence.good(Interface) if i.vantage is Vantage.SERVER]
    own = {address for interface in interfaces for address in interface.addresses}
    outward = [interface for interface in interfaces if interface.up and 4 in interface.default]
    has_ipv6 = any(":" in address and not is_private(address) for address in own) or any(
        6 in interface.default for interface in interfaces
    )
    kernels = list(evidence.good(Kernel))
    # IPv6 that is turned off is named by itself.
    is_off = any(kernel.is_ipv6_off(i.name) for kernel in kernels for i in outward)
    if not kernels or not outward or has_ipv6 or is_off:
        return
    resolutions = list(evidence.good(Resolution))
    addresses = [address for resolution in resolutions for address in resolution.addresses]
    published = tuple(dict.fromkeys(address for address in addresses if ":" in address))
    is_live = any(attempt.address in published for attempt in evidence.good(Connection))
    if not published or is_live or not own & set(addresses):
        return
    yield Claim(
        about=Subject(text="IPv6"),
        covers=tuple(Subject(address=address) for address in published),
        because=(*interfaces, *resolutions),
        # The record may lead to another machine on purpose.
        confidence=Confidence.LIKELY,
        facts={
            "name": evidence.target.host,
            "published": published,
            "device": outward[0].name,
        },
        fix=Fix(
            (Manual("configure", Where.SERVER), Manual("remove-record", Where.DNS_PROVIDER)),
            Applicability.MANUAL,
        ),
    )
