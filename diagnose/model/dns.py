"""What can be seen of a name: how the system resolves it, and what DNS itself says."""

from collections.abc import Iterable
from functools import cache
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from typing import ClassVar

from diagnose.model import Evidence, Host, Observation, Vantage, Where
from diagnose.model.frozen import frozen
from diagnose.model.server import Interface
from diagnose.model.tcp import Connection

#: The types of record that hold addresses, by family.
ADDRESS_TYPES = {4: "A", 6: "AAAA"}

#: Not reachable from the Internet. Not what `ipaddress` calls private: the documentation ranges
#: stand for public addresses.
PRIVATE = (
    "0.0.0.0/8",  # RFC 1122 section 3.2.1.3: this host
    "10.0.0.0/8",  # RFC 1918
    "100.64.0.0/10",  # RFC 6598: shared, behind a carrier's NAT
    "127.0.0.0/8",  # RFC 1122: loopback
    "168.63.129.16/32",  # Azure's own, for its machines
    "169.254.0.0/16",  # RFC 3927: link-local
    "172.16.0.0/12",  # RFC 1918
    "192.168.0.0/16",  # RFC 1918
    "::/128",  # RFC 4291 section 2.5.2: unspecified
    "::1/128",  # RFC 4291: loopback
    "fc00::/7",  # RFC 4193: unique local
    "fe80::/10",  # RFC 4291: link-local
)
#: Of the asker's own wire, and where clouds give their machines' credentials (AWS, Google Cloud,
#: Azure and others 169.254.169.254; Alibaba Cloud, AWS and Google Cloud by IPv6, Azure, Oracle).
GUARDED = (
    "169.254.0.0/16",
    "fe80::/10",
    "100.100.100.200/32",
    "fd00:ec2::/32",
    "fd20:ce::254/128",
    "168.63.129.16/32",
    "192.0.0.192/32",
)
#: Those of them that mean the asker's own machine or its own wire: of no use in DNS.
LOCAL_ONLY = ("0.0.0.0/8", "127.0.0.0/8", "169.254.0.0/16", "::/128", "::1/128", "fe80::/10")

#: Top-level domains that the public DNS does not hold (RFC 2606, RFC 6761, RFC 6762, RFC 8375,
#: ICANN's "internal") and what home routers use.
LOCAL_DOMAINS = ("test", "localhost", "local", "internal", "home.arpa", "lan", "invalid")


@frozen(kw_only=True, eq=False)
class Resolution(Observation):
    """The addresses of one family (4 or 6) by which the target is reached from here.

    `via` is "system" (getaddrinfo: hosts file, nsswitch, resolver), "dns" (the raw answer,
    where the system could not or need not be asked), "literal" (the target is an address),
    "option" (--address), "loopback" (a name under localhost that the system does not know) or
    "proxy" (the proxy resolves it, and `addresses` holds the name). The failure's code is the
    EAI_… number.
    """

    layer: ClassVar[str] = "dns"

    name: str
    family: int
    addresses: tuple[str, ...] = ()
    via: str = "system"

    @property
    def allowed_addresses(self) -> tuple[str, ...]:
        """The addresses that we may be led to by a name; one that a person typed always is."""
        typed = self.via in {"literal", "option", "proxy"}
        return tuple(address for address in self.addresses if typed or not is_guarded(address))


@frozen
class Answer:
    """What the bytes of an answer say of the question; the fields are those of `DnsAnswer`."""

    rcode: str
    aliases: tuple[str, ...] = ()
    records: tuple[str, ...] = ()
    ttl: int | None = None
    authoritative: bool = False
    authenticated: bool = False
    truncated: bool = False
    extended: tuple[str, ...] = ()
    zone: str = ""


@frozen(kw_only=True, eq=False)
class DnsAnswer(Observation):
    """One answer to one DNS question (RFC 1035), asked directly of one server.

    `aliases` is the CNAME chain in the answer, in order, the name asked for left out; `records`
    the records of the type asked for, in presentation format, without owner and TTL.
    `authenticated` is the AD bit, `checking_disabled` the CD bit that was sent (RFC 4035
    section 3.2), `extended` the extended errors (RFC 8914), "6 DNSSEC Bogus: …". `zone` is the
    owner of the SOA record that came with a negative answer (RFC 2308): the zone that has no
    such name. `truncated` is the TC bit.

    `purpose` is "target" (the first configured resolver), "again" (the same, a second time),
    "unvalidated" (the same with CD), "other-resolver" (the next configured ones), "parent" (a
    domain above the name), "alias" (a step of a chain of aliases), "control" (the root, of which
    every working resolver knows), "beside" (a random label in the name's place) or "caa".
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
    zone: str = ""
    truncated: bool = False


@frozen(kw_only=True, eq=False)
class HostsEntry(Observation):
    """A line of the hosts file that names the target (hosts(5)); `line` counts from 1. `mine`
    says that the machine whose file it is holds the address, `ended` that the line ends in a
    line feed, as all but the last do."""

    layer: ClassVar[str] = "dns"

    file: str
    line: int
    text: str
    address: str
    names: tuple[str, ...]
    mine: bool = False
    ended: bool = True


@frozen(kw_only=True, eq=False)
class ResolverConfig(Observation):
    """The name servers this machine asks (resolv.conf(5)), or the one given by --resolver."""

    layer: ClassVar[str] = "dns"

    file: str
    servers: tuple[str, ...] = ()
    text: str = ""


@cache
def _networks(ranges: tuple[str, ...]) -> tuple[IPv4Network | IPv6Network, ...]:
    return tuple(ip_network(text) for text in ranges)


def is_within(address: str, ranges: tuple[str, ...]) -> bool:
    """Whether an address is in one of these ranges; False for what is no address. An IPv4
    address in IPv6's clothes (::ffff:10.0.0.1) is the IPv4 address."""
    try:
        ip = ip_address(address)
    except ValueError:
        return False
    ip = getattr(ip, "ipv4_mapped", None) or ip
    return any(ip in network for network in _networks(ranges))


def is_private(address: str) -> bool:
    """Whether nobody on the Internet can reach an address (see PRIVATE)."""
    return is_within(address, PRIVATE)


def is_guarded(address: str) -> bool:
    """Whether a name or a redirect must not lead us to an address (see GUARDED): it is asked only
    where a person typed it."""
    return is_within(address, GUARDED)


def is_local_name(name: str) -> bool:
    """Whether a name is none of the public DNS: a single label or under LOCAL_DOMAINS."""
    return "." not in name or any(name.endswith(f".{domain}") for domain in LOCAL_DOMAINS)


def is_loopback_name(name: str) -> bool:
    """Whether a name means the asking machine and is no question for DNS (RFC 6761 section 6.3)."""
    return name == "localhost" or name.endswith(".localhost")


def final_answers(evidence: Evidence) -> dict[str, DnsAnswer]:
    """What the first configured resolver finally said of the target, by type ("A", "AAAA"): its
    last answer, else its last silence."""
    return final_answers_of(evidence.of(DnsAnswer))


def final_answers_of(answers: Iterable[DnsAnswer]) -> dict[str, DnsAnswer]:
    """The same, of answers in the order in which they came."""
    final: dict[str, DnsAnswer] = {}
    for answer in answers:
        ours = answer.purpose in {"target", "again"} and answer.rdtype in {"A", "AAAA"}
        if ours and (answer.failure is None or answer.rdtype not in final):
            final[answer.rdtype] = answer
    return final


def answer_text(answer: DnsAnswer) -> str:
    """How a question ended, in a word or two: the rcode, else the failure's own words."""
    return answer.failure.message if answer.failure else answer.rcode


def knows_the_root(control: DnsAnswer) -> bool:
    """Whether a resolver had something to say of the root: a refusal too is an answer."""
    return control.failure is None and control.rcode != "SERVFAIL"


def published_addresses(evidence: Evidence, family: int) -> tuple[str, ...] | None:
    """The target's addresses of a family according to DNS; None where DNS did not say."""
    answer = final_answers(evidence).get(ADDRESS_TYPES[family])
    if answer is None or answer.failure or answer.rcode not in {"NOERROR", "NXDOMAIN"}:
        return None
    return answer.records


def own_addresses(evidence: Evidence) -> tuple[str, ...]:
    """The public addresses that the server's interfaces hold, where they were seen."""
    interface_addresses = (
        address
        for interface in evidence.good(Interface)
        if interface.vantage is Vantage.SERVER
        for address in interface.addresses
    )
    plain = (address.partition("/")[0] for address in interface_addresses)
    return tuple(dict.fromkeys(address for address in plain if not is_private(address)))


def this_machine(evidence: Evidence) -> Where:
    """Where a step is done on the machine that probes: on the server, if it is the server."""
    server_hosts = (host for host in evidence.of(Host) if host.vantage is Vantage.SERVER)
    return Where.SERVER if any(host.via == "local" for host in server_hosts) else Where.CLIENT


def resolved_addresses(evidence: Evidence) -> tuple[str, ...]:
    """The addresses by which the target is reached from here, none of them more than once."""
    addresses = (
        address for resolution in evidence.good(Resolution) for address in resolution.addresses
    )
    return tuple(dict.fromkeys(addresses))


def addresses_by_state(
    evidence: Evidence, family: int
) -> tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...]]:
    """The target's addresses of a family: those whose port takes connections, those whose does
    not, and those of which nothing is known, as where this machine has no route to them."""
    attempts: dict[str, list[Connection]] = {}
    for connection in evidence.of(Connection):
        if connection.family == family and connection.purpose in {"target", "again"}:
            attempts.setdefault(connection.address, []).append(connection)
    addresses = [
        address for address in resolved_addresses(evidence) if (":" in address) is (family == 6)
    ]
    alive = tuple(
        address
        for address in addresses
        if any(not connection.failure for connection in attempts.get(address, ()))
    )
    dead = tuple(
        address
        for address in addresses
        if address not in alive
        and any(not connection.unroutable for connection in attempts.get(address, ()))
    )
    return alive, dead, tuple(address for address in addresses if address not in alive + dead)


def serves_visitors(evidence: Evidence) -> bool:
    """Whether the system finds the target somewhere, and not just on this machine itself, as a
    hosts file does that says 127.0.0.1, or under a name that is not meant for the public."""
    addresses = resolved_addresses(evidence)
    return any(not is_within(address, LOCAL_ONLY) for address in addresses) or (
        bool(addresses) and is_local_name(evidence.target.host)
    )


def alias_loop(answers: Iterable[DnsAnswer], name: str) -> tuple[str, ...]:
    """The names of a loop of aliases that the target's chain runs into, the first one repeated
    at the end; () if there is none."""
    next_alias: dict[str, str] = {}
    for answer in answers:
        steps = answer.records[:1] if answer.rdtype == "CNAME" else answer.aliases
        current = answer.name
        for step in (alias.rstrip(".").lower() for alias in steps):
            next_alias[current] = step
            current = step
    chain = [name]
    while (following := next_alias.get(chain[-1])) is not None:
        chain.append(following)
        if chain.count(following) > 1:
            return tuple(chain[chain.index(following) :])
    return ()
