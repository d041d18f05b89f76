"""Why an authority did not issue a certificate, by the message that its client logged: the problem
documents of RFC 8555 section 6.7 in the words of Boulder (Let's Encrypt), and what the clients
CertMagic (Caddy) and lego (Traefik) write before the authority is asked. No I/O."""

import re
from typing import Literal

#: "limit": the authority's rate limit. "caa": a CAA record forbids it. "no-name": the name has no
#: address in the public DNS. "dns": the name servers did not answer the authority. "closed": its
#: connection to the name was refused or got no answer. "elsewhere": another server answered it.
#: "record": the TXT record of DNS-01 is missing or wrong. "provider": the DNS provider's interface
#: refused to write that record. "wildcard": DNS-01 is needed, and not configured. "authority": the
#: client did not reach the authority. "not-public": the authority issues for no such name.
AcmeReason = Literal[
    "",
    "limit",
    "caa",
    "no-name",
    "dns",
    "closed",
    "elsewhere",
    "record",
    "provider",
    "wildcard",
    "authority",
    "not-public",
]

#: The most telling first: a CAA record that could not be looked up is a failure of DNS, which some
#: authorities report as "caa".
_REASONS: tuple[tuple[AcmeReason, re.Pattern[str]], ...] = (
    ("limit", re.compile(r"acme:error:rateLimited|too many (?:certificates|failed authori)")),
    ("wildcard", re.compile(r"no solvers available .{0,200}offered=\[dns-01\]")),
    (
        "provider",
        re.compile(
            r"presenting for challenge: (?:adding temporary record|.{0,80}zone)|expected 1 zone"
        ),
    ),
    (
        "record",
        re.compile(
            r"(?:No|Incorrect) TXT record|NXDOMAIN looking up TXT|to fully propagate"
            r"|checking DNS propagation|time limit exceeded: last error: .{0,40}NS "
        ),
    ),
    ("no-name", re.compile(r"NXDOMAIN looking up (?:A\b|AAAA)|no valid A(?:AAA)? records found")),
    ("dns", re.compile(r"DNS problem|acme:error:dns|While processing CAA")),
    ("caa", re.compile(r"acme:error:caa|prevents issuance")),
    ("closed", re.compile(r"acme:error:connection|likely firewall problem")),
    ("elsewhere", re.compile(r"acme:error:(?:unauthorized|tls|incorrectResponse)")),
    (
        "not-public",
        re.compile(r"acme:error:rejectedIdentifier|does not end with a valid public su"),
    ),
    (
        "authority",
        re.compile(
            r"provisioning client|cannot get ACME client|get directory at"
            r"|HTTPSConnectionPool\(host='acme"
            r"|/directory\"?: (?:dial|net|x509|tls|context|EOF)"
        ),
    ),
)

#: Boulder begins the detail with the address that it asked: "203.0.113.9: Invalid response from …".
_ADDRESS = re.compile(r"(?: - |:: |^)(\d{1,3}(?:\.\d{1,3}){3}|[0-9a-fA-F:]{3,39}[0-9a-fA-F]): ")
#: "retry after 2026-11-30 09:12:44 UTC"; before 2024 with "T" and "Z".
_RETRY = re.compile(r"retry after (\d{4}-\d\d-\d\d[ T]\d\d:\d\d(?::\d\d)?(?: ?UTC|Z)?)")


def acme_reason(message: str) -> AcmeReason:
    """Return why the certificate was not issued; "" if the message does not say."""
    return next((reason for reason, pattern in _REASONS if pattern.search(message)), "")


def asked_address(message: str) -> str:
    """Return the address that the authority asked for the challenge; "" if it does not say."""
    match = _ADDRESS.search(message)
    return match[1] if match else ""


def retry_time(message: str) -> str:
    """Return until when the authority refuses, in its own words; "" if it does not say."""
    match = _RETRY.search(message)
    return (
        re.sub(r"(?<=\d)([TZ])", lambda sign: " UTC" if sign[1] == "Z" else " ", match[1])
        if match
        else ""
    )
