"""Build and parse DNS messages (RFC 1035). No I/O.

Importing dnspython takes a large part of a short run, so this module is imported while the program
waits for the network.
"""

import dns.edns
import dns.exception
import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rdatatype
import dns.rrset

from diagnose.model.dns import Answer
from diagnose.parsers.sanitize import clean

#: Most records, and longest chain of aliases, that are read from one answer.
MAX_RECORDS = 64
MAX_ALIASES = 16

#: Bytes that pass every path without fragmentation (DNS flag day 2020).
PAYLOAD = 1232

# Option 15 of the OPT record (RFC 8914), with the registry's names.
_EXTENDED_ERRORS = {
    1: "Unsupported DNSKEY Algorithm",
    2: "Unsupported DS Digest Type",
    3: "Stale Answer",
    4: "Forged Answer",
    5: "DNSSEC Indeterminate",
    6: "DNSSEC Bogus",
    7: "Signature Expired",
    8: "Signature Not Yet Valid",
    9: "DNSKEY Missing",
    10: "RRSIGs Missing",
    11: "No Zone Key Bit Set",
    12: "NSEC Missing",
    13: "Cached Error",
    14: "Not Ready",
    15: "Blocked",
    16: "Censored",
    17: "Filtered",
    18: "Prohibited",
    19: "Stale NXDOMAIN Answer",
    20: "Not Authoritative",
    21: "Not Supported",
    22: "No Reachable Authority",
    23: "Network Error",
    24: "Invalid Data",
}


def query(name: str, rdtype: str, *, validate: bool = True, edns: bool = True) -> bytes:
    """Return a query with RD and, by EDNS (RFC 6891), DO; without `validate` also CD (RFC 4035
    section 3.2.2). Raises ValueError if the name is invalid."""
    try:
        message = dns.message.make_query(
            dns.name.from_text(name),
            rdtype,
            want_dnssec=edns,
            use_edns=0 if edns else False,
            payload=PAYLOAD if edns else None,
        )
    except dns.exception.DNSException as error:
        raise ValueError(f"no domain name: {error}") from error
    if not validate:
        message.flags |= dns.flags.CD
    return message.to_wire()


def parse_answer(data: bytes, name: str, rdtype: str) -> Answer:
    """Parse the answer to `query(name, rdtype)`. Raises ValueError if it is not one."""
    try:
        message = dns.message.from_wire(data, ignore_trailing=True)
        qname = dns.name.from_text(name)
    except (dns.exception.DNSException, ValueError, IndexError, KeyError) as error:
        # RFC 2181 section 9: a truncated answer must be requested again over TCP.
        if len(data) >= 12 and data[2] & 0x82 == 0x82:
            return Answer(rcode="NOERROR", truncated=True)
        raise ValueError(f"no DNS answer: {clean(str(error)) or type(error).__name__}") from error
    if not message.flags & dns.flags.QR:
        raise ValueError("no DNS answer: it is a question")
    # A refusal may omit the question.
    if message.question and message.question[0].name != qname:
        raise ValueError("no DNS answer: it is about another name")
    aliases, owner = _follow_aliases(message.answer, qname, rdtype)
    rrsets = [
        rrset for rrset in message.answer if rrset.name == owner and _has_type(rrset, rdtype)
    ][:1]
    return Answer(
        rcode=dns.rcode.to_text(message.rcode()),
        aliases=aliases,
        records=tuple(
            clean(rdata.to_text(), 500) for rrset in rrsets for rdata in [*rrset][:MAX_RECORDS]
        ),
        ttl=min((rrset.ttl for rrset in message.answer), default=None),
        authoritative=bool(message.flags & dns.flags.AA),
        authenticated=bool(message.flags & dns.flags.AD),
        truncated=bool(message.flags & dns.flags.TC),
        extended=tuple(_extended_errors(message)),
        zone=next(
            (_name_text(rrset.name) for rrset in message.authority if _has_type(rrset, "SOA")), ""
        ),
    )


def _follow_aliases(
    answer: list[dns.rrset.RRset], name: dns.name.Name, rdtype: str
) -> tuple[tuple[str, ...], dns.name.Name]:
    """Return the chain of aliases from a name, and the last name. A chain that loops ends where it
    repeats."""
    targets = {
        rrset.name: rrset[0].target for rrset in answer if _has_type(rrset, "CNAME") and rrset
    }
    aliases: list[str] = []
    visited = {name}
    while rdtype != "CNAME" and name in targets and len(aliases) < MAX_ALIASES:
        name = targets[name]
        aliases.append(_name_text(name))
        if name in visited:
            break
        visited.add(name)
    return tuple(aliases), name


def _has_type(rrset: dns.rrset.RRset, rdtype: str) -> bool:
    return rrset.rdtype == dns.rdatatype.from_text(rdtype)


def _name_text(name: dns.name.Name) -> str:
    return clean(name.to_text(omit_final_dot=True).lower(), 300) if name.labels != (b"",) else "."


def _extended_errors(message: dns.message.Message) -> list[str]:
    errors = []
    for option in message.options[:8]:
        if isinstance(option, dns.edns.EDEOption):
            error_text = f"{int(option.code)} {_EXTENDED_ERRORS.get(int(option.code), '')}".strip()
            errors.append(f"{error_text}: {clean(option.text)}" if option.text else error_text)
    return errors
