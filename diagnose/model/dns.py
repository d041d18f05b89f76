"""Observations of name resolution: the system resolver, the hosts file and DNS answers."""

from collections.abc import Iterable
from typing import ClassVar, Literal

from diagnose.model import Evidence, Host, Observation, Vantage, Where
from diagnose.model.addresses import (
    LOCAL_ONLY,
    family_of,
    is_guarded,
    is_loopback,
    is_private,
    is_within,
)
from diagnose.model.frozen import frozen
from diagnose.model.marks import (
    Address,
    DomainName,
    FilePath,
    RecordData,
    RuleText,
    Text,
    Url,
    Word,
)
from diagnose.model.server import Listeners, server_addresses
from diagnose.model.summary import Summary, phrase, socket_text
from diagnose.model.tcp import Connection

#: The record types that hold addresses, by IP version.
ADDRESS_TYPES = {4: "A", 6: "AAAA"}

#: Top-level domains that are not in the public DNS (RFC 2606, RFC 6761, RFC 6762, RFC 8375, ICANN's
#: "internal"), and those that home routers use.
LOCAL_DOMAINS = ("test", "localhost", "local", "internal", "home.arpa", "lan", "invalid")

#: In what its page differs from the server's own: in the title, or in anything else.
PageDifference = Literal["title", "page"]
ResolvedBy = Literal["system", "dns", "literal", "option", "loopback", "proxy"]
Transport = Literal["udp", "tcp"]
QueryPurpose = Literal[
    "target", "again", "unvalidated", "other-resolver", "parent", "alias", "control", "beside",
    "caa", "made-up", "delegation", "caa-control", "service",
    "sibling",
]  # fmt: skip


@frozen(kw_only=True, eq=False)
class Resolution(Observation):
    """The target's addresses of one family (4 or 6), as resolved on the probing machine.

    `via` is "system" (getaddrinfo: hosts file, nsswitch, resolver), "dns" (the raw DNS answer, if
    the system resolver was not usable or not needed), "literal" (the target is an address),
    "option" (--address), "loopback" (a name under localhost that the system does not know) or
    "proxy" (the proxy resolves it, and `addresses` holds the name). The failure's code is the EAI_…
    number.
    """

    layer: ClassVar[str] = "dns"

    name: DomainName
    family: int
    addresses: tuple[Address, ...] = ()
    via: ResolvedBy = "system"

    @property
    def allowed_addresses(self) -> tuple[str, ...]:
        """The addresses we may connect to. Guarded ones are allowed only if a person typed them."""
        typed = self.via in {"literal", "option", "proxy"}
        return tuple(address for address in self.addresses if typed or not is_guarded(address))

    def summary(self) -> Summary:
        return f"{self.name} (IPv{self.family})", self.addresses


@frozen
class Answer:
    """The parsed fields of one DNS response. They are the same as in `DnsAnswer`."""

    rcode: Word
    aliases: tuple[DomainName, ...] = ()
    records: tuple[RecordData, ...] = ()
    ttl: int | None = None
    authoritative: bool = False
    authenticated: bool = False
    truncated: bool = False
    extended: tuple[Text, ...] = ()
    zone: DomainName = ""


#: Purposes of questions for names that nobody has: an error is the right answer.
_INVENTED = {"beside", "made-up"}


@frozen(kw_only=True, eq=False)
class DnsAnswer(Observation):
    """One answer to one DNS question (RFC 1035), sent directly to one server.

    `aliases` is the CNAME chain of the answer, in order, without the name in the question.
    `records` are the records of the requested type, in presentation format, without owner and TTL.
    `authenticated` is the AD bit, `checking_disabled` the CD bit that was sent (RFC 4035 section
    3.2), `extended` the extended errors (RFC 8914), for example "6 DNSSEC Bogus: …". `zone` is the
    owner of the SOA record in a negative answer (RFC 2308): the zone that does not contain the
    name. `truncated` is the TC bit.

    `purpose` is "target" (the first configured resolver), "again" (the same, repeated),
    "unvalidated" (the same with CD), "other-resolver" (the other configured resolvers), "parent" (a
    domain above the name), "alias" (a step of a CNAME chain), "control" (the root zone, which every
    working resolver knows; and com, after a name that does not exist), "beside" (a random label in
    place of the name's first one), "made-up" (a name that cannot exist, if "beside" got the same
    answer as the target), "delegation" (the name servers of the name and the domains above it,
    after something failed), "caa", "caa-control" (after SERVFAIL for CAA: the same once more, and
    the CAA records of com, which every resolver that knows the type can answer), "service" (the
    name's HTTPS records, RFC 9460, and the addresses of the name that they lead to) or "sibling"
    (the name with or without "www.", where it has no address).
    """

    layer: ClassVar[str] = "dns"

    name: DomainName
    rdtype: Word
    server: Address
    rcode: Word = ""
    aliases: tuple[DomainName, ...] = ()
    records: tuple[RecordData, ...] = ()
    ttl: int | None = None
    authoritative: bool = False
    authenticated: bool = False
    checking_disabled: bool = False
    extended: tuple[Text, ...] = ()
    transport: Transport = "udp"
    purpose: QueryPurpose = "target"
    zone: DomainName = ""
    truncated: bool = False

    @property
    def shows_fault(self) -> bool:
        """A failure, or an error for a name that should exist."""
        is_error = self.rcode not in {"", "NOERROR"} and self.purpose not in _INVENTED
        return self.failure is not None or is_error

    def summary(self) -> Summary:
        answer_text = ", ".join((*self.aliases, *self.records))
        subject = phrase(
            "{name} {rdtype} from {server}", name=self.name, rdtype=self.rdtype, server=self.server
        )
        return subject, f"{self.rcode} {answer_text}".rstrip()


@frozen(kw_only=True, eq=False)
class RecordEndpoint(Observation):
    """A place to which an HTTPS record leads, and the target's address records do not: a try of TCP
    and TLS there with the target's name. `address` is "" if the record's own name has none.
    `foreign` is True if the certificate there does not cover the target's name."""

    layer: ClassVar[str] = "dns"

    record: RecordData
    address: Address
    port: int
    foreign: bool = False

    def summary(self) -> Summary:
        return phrase("HTTPS record {record}", record=self.record), self.address


@frozen(kw_only=True, eq=False)
class HostsEntry(Observation):
    """A line of the hosts file that contains the target's name (hosts(5)). `line` counts from 1.
    `mine` is True if the address belongs to the machine that has the file. `ended` is True if the
    line ends with a line feed; only the last line may lack one."""

    layer: ClassVar[str] = "dns"

    file: FilePath
    line: int
    text: RuleText
    address: Address
    names: tuple[DomainName, ...]
    mine: bool = False
    ended: bool = True

    def summary(self) -> Summary:
        return f"{self.file}:{self.line}", self.text


@frozen(kw_only=True, eq=False)
class ResolverConfig(Observation):
    """The name servers of this machine (resolv.conf(5)), or the one given by --resolver."""

    layer: ClassVar[str] = "dns"

    file: FilePath
    servers: tuple[Address, ...] = ()
    text: RuleText = ""

    def summary(self) -> Summary:
        return self.file, self.servers


@frozen(kw_only=True, eq=False)
class OtherMachine(Observation):
    """A page of the site as visitors get it at an address that is none of the server's, compared
    with the page that the server's own web server gives to the same request.

    `title` and `own_title` are the titles of both pages, "" without any. `own_trusted` is whether a
    browser would accept the server's own certificate (None: not TLS, or this machine has no trusted
    roots). `logged` is how many requests for the page were logged on the server while it was asked
    once itself and `visits` times at the address; None if the log tells nothing. `log` is that log.
    `is_member` is whether the log shows that a proxy or a balancer asks the server.
    """

    layer: ClassVar[str] = "dns"

    url: Url
    address: Address
    port: int
    own_address: Address
    differs: PageDifference
    title: Text = ""
    own_title: Text = ""
    own_trusted: bool | None = None
    visits: int = 0
    logged: int | None = None
    log: FilePath = ""
    is_member: bool = False

    def summary(self) -> Summary:
        subject = phrase(
            "{url} at {place} and at {own}",
            url=self.url,
            place=socket_text(self.address, self.port),
            own=socket_text(self.own_address, self.port),
        )
        return subject, (self.title, self.own_title)


def is_local_name(name: str) -> bool:
    """Return True if the name is not in the public DNS: a single label, or under LOCAL_DOMAINS."""
    return "." not in name or any(name.endswith(f".{domain}") for domain in LOCAL_DOMAINS)


def is_loopback_name(name: str) -> bool:
    """Return True if the name means the local machine and needs no DNS (RFC 6761 section 6.3)."""
    return name == "localhost" or name.endswith(".localhost")


def sibling_facts(evidence: Evidence) -> dict[str, object]:
    """Return the name with or without "www." that has an address where the target has none, and its
    addresses; "" and () if there is none."""
    answers = (
        answer
        for answer in evidence.good(DnsAnswer)
        if answer.purpose == "sibling" and answer.records
    )
    answer = next(answers, None)
    return {
        "sibling": answer.name if answer else "",
        "sibling_addresses": answer.records if answer else (),
    }


def final_answers(evidence: Evidence) -> dict[str, DnsAnswer]:
    """Return the final answer of the first configured resolver for the target, by type ("A",
    "AAAA"): its last answer, or its last failure if it never answered."""
    return final_answers_of(evidence.of(DnsAnswer))


def final_answers_of(answers: Iterable[DnsAnswer]) -> dict[str, DnsAnswer]:
    """Do the same as `final_answers`, for answers in the order in which they arrived."""
    final: dict[str, DnsAnswer] = {}
    for answer in answers:
        ours = answer.purpose in {"target", "again"} and answer.rdtype in {"A", "AAAA"}
        if ours and (answer.failure is None or answer.rdtype not in final):
            final[answer.rdtype] = answer
    return final


def answer_text(answer: DnsAnswer) -> str:
    """Return the result of a question in short: the rcode, or the failure's message."""
    return answer.failure.message if answer.failure else answer.rcode


def knows_the_root(control: DnsAnswer) -> bool:
    """Return True if a resolver answered the question about the root. A refusal counts too."""
    return control.failure is None and control.rcode != "SERVFAIL"


#: The purposes of questions about com.
_DOMAINS = frozenset({"parent", "control"})


def is_isolated(evidence: Evidence) -> bool:
    """Return True if the resolver says that not even com exists: it serves a network without the
    public DNS, and its denial of a public name says nothing about the name."""
    return any(
        answer.name == "com" and answer.rcode == "NXDOMAIN" and answer.purpose in _DOMAINS
        for answer in evidence.good(DnsAnswer)
    )


def published_addresses(evidence: Evidence, family: int) -> tuple[str, ...] | None:
    """Return the target's addresses of a family according to DNS; None if DNS gave no answer."""
    answer = final_answers(evidence).get(ADDRESS_TYPES[family])
    if answer is None or answer.failure or answer.rcode not in {"NOERROR", "NXDOMAIN"}:
        return None
    return answer.records


def own_addresses(evidence: Evidence) -> tuple[str, ...]:
    """Return the public addresses of the server's interfaces, if they were observed."""
    return tuple(address for address in server_addresses(evidence) if not is_private(address))


def serving_addresses(evidence: Evidence) -> tuple[str, ...]:
    """Return those public addresses of the server that a record may name: of an IP family over
    which something listens on the target's port for others. All of them if that is not known, or
    nothing listens there."""
    sockets = [
        socket
        for listeners in evidence.good(Listeners)
        for socket in listeners.on(evidence.target.port)
        if not is_loopback(socket.address)
    ]
    families = {socket.family for socket in sockets} | {4 for socket in sockets if socket.dual}
    addresses = own_addresses(evidence)
    return tuple(address for address in addresses if not families or family_of(address) in families)


def this_machine(evidence: Evidence) -> Where:
    """Return where a step on the probing machine is done: SERVER if it is the server itself."""
    server_hosts = (host for host in evidence.of(Host) if host.vantage is Vantage.SERVER)
    return Where.SERVER if any(host.via == "local" for host in server_hosts) else Where.CLIENT


def resolved_addresses(evidence: Evidence) -> tuple[str, ...]:
    """Return the target's addresses as resolved on the probing machine, without duplicates."""
    addresses = (
        address for resolution in evidence.good(Resolution) for address in resolution.addresses
    )
    return tuple(dict.fromkeys(addresses))


def addresses_by_state(
    evidence: Evidence, family: int
) -> tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...]]:
    """Split the target's addresses of a family into alive, dead and unknown ones.

    Alive: the port accepts connections. Dead: it does not. Unknown: not tried, or this machine has
    no route to the address.
    """
    attempts: dict[str, list[Connection]] = {}
    for connection in evidence.of(Connection):
        if connection.family == family and connection.is_to_target:
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
    """Return True if the system resolver finds the target at an address that is not local only (a
    hosts file may say 127.0.0.1), or if the name is not meant for the public."""
    addresses = resolved_addresses(evidence)
    return any(not is_within(address, LOCAL_ONLY) for address in addresses) or (
        bool(addresses) and is_local_name(evidence.target.host)
    )


def alias_loop(answers: Iterable[DnsAnswer], name: str) -> tuple[str, ...]:
    """Return the names of the CNAME loop that the target's chain enters, with the first one
    repeated at the end; () if there is no loop."""
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
