"""What can be seen of a name: how the system resolves it, and what DNS itself says."""

from dataclasses import dataclass
from typing import ClassVar

from diagnose.model import Observation


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Resolution(Observation):
    """The addresses of one family (4 or 6) by which the target is reached from here.

    `via` is "system" (getaddrinfo: hosts file, nsswitch, resolver), "dns" (the raw answer,
    where the system could not or need not be asked), "literal" (the target is an address) or
    "option" (--address). The failure's code is the EAI_… number.
    """

    layer: ClassVar[str] = "dns"

    name: str
    family: int
    addresses: tuple[str, ...] = ()
    via: str = "system"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class DnsAnswer(Observation):
    """One answer to one DNS question (RFC 1035), asked directly of one server.

    `aliases` is the CNAME chain in the answer, in order, the name asked for left out; `records`
    the records of the type asked for, in presentation format, without owner and TTL.
    `authenticated` is the AD bit, `checking_disabled` the CD bit that was sent (RFC 4035
    section 3.2), `extended` the extended errors (RFC 8914), "6 DNSSEC Bogus: …".
    """

    layer: ClassVar[str] = "dns"

    name: str
    rdtype: str
    server: str
    rcode: str = ""
    aliases: tuple[str, ...] = ()
    records: tuple[str, ...] = ()
    ttl: int | None = None
    authoritative: bool = False
    authenticated: bool = False
    checking_disabled: bool = False
    extended: tuple[str, ...] = ()
    transport: str = "udp"
    purpose: str = "target"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class HostsEntry(Observation):
    """A line of the hosts file that names the target (hosts(5)); `line` counts from 1."""

    layer: ClassVar[str] = "dns"

    file: str
    line: int
    text: str
    address: str
    names: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ResolverConfig(Observation):
    """The name servers this machine asks (resolv.conf(5)), or the one given by --resolver."""

    layer: ClassVar[str] = "dns"

    file: str
    servers: tuple[str, ...] = ()
    text: str = ""
