"""One visit from another machine: the commands of curl and openssl, and what they print."""

import ipaddress
import re
from dataclasses import replace

from diagnose.machine import CommandResult
from diagnose.model import Failure
from diagnose.model.addresses import bracketed
from diagnose.model.frozen import frozen
from diagnose.model.tls import Certificate
from diagnose.model.vantages import VantageVisit
from diagnose.net.http import USER_AGENT
from diagnose.parsers import curl_output, pem
from diagnose.parsers.hostnames import is_address
from diagnose.parsers.sanitize import clean
from diagnose.probes.outside.tls_attempts import parse_certificates

#: Maximum number of addresses that one vantage visits.
ADDRESSES = 6

#: Seconds to connect, and for a whole visit. A SYN is repeated after 1 and 3 s.
CONNECT_SECONDS, VISIT_SECONDS = 4, 8

#: What openssl prints of connect(2): the text, or the errno of Linux.
_CONNECT_FAILURES = (
    Failure("refused", "Connection refused", 111, "ECONNREFUSED"),
    Failure("unreachable", "No route to host", 113, "EHOSTUNREACH"),
    Failure("unreachable", "Network is unreachable", 101, "ENETUNREACH"),
    Failure("timeout", "Connection timed out", 110, "ETIMEDOUT"),
)

_BROWSER_FIELDS = ("Accept: text/html,*/*;q=0.8", "Upgrade-Insecure-Requests: 1")


@frozen
class CurlVisit:
    """One visit of curl to a URL at one address."""

    url: str
    address: str
    host: str
    port: int
    fields: tuple[str, ...] = ()

    @property
    def pinned(self) -> tuple[str, ...]:
        if is_address(self.host):
            return ()
        return ("--resolve", f"{self.host}:{self.port}:{bracketed(self.address)}")

    @property
    def typed(self) -> tuple[str, ...]:
        """The same visit, as a person would type it."""
        fields = (word for field in self.fields for word in ("-H", field))
        return ("curl", "-sSkv", "-o", "/dev/null", *fields, *self.pinned, self.url)

    @property
    def argv(self) -> tuple[str, ...]:
        fields = (word for field in (*_BROWSER_FIELDS, *self.fields) for word in ("-H", field))
        return (
            "curl", "-q", "-gsSkv", "-o", "/dev/null", "-w", "%{local_ip}", "--noproxy", "*",
            "--connect-timeout", str(CONNECT_SECONDS), "-m", str(VISIT_SECONDS), "-A", USER_AGENT,
            *fields, *self.pinned, self.url,
        )  # fmt: skip


def parse_addresses(text: str) -> tuple[str, ...]:
    """Parse the output of `getent ahosts`: each address once, in its order; at most ADDRESSES."""
    addresses = dict.fromkeys(line.split(" ", 1)[0] for line in text.splitlines()[:100])
    return tuple(address for address in addresses if is_address(address))[:ADDRESSES]


def with_curl(blank: VantageVisit, result: CommandResult, uses_tls: bool) -> VantageVisit:
    """Return the visit as curl's log shows it."""
    if result.status is None:
        return replace(blank, took=result.took, failure=result.failure)
    attempt = curl_output.parse_attempt(result.err)
    secured = uses_tls and (attempt.secured or attempt.status is not None)
    failure = attempt.failure
    return replace(
        blank,
        took=result.took,
        failure=failure and replace(failure, message=clean(failure.message, 200)),
        source=own_address(result.out),
        connected=attempt.connected,
        secured=secured,
        status=attempt.status,
    )


def own_address(text: str) -> str:
    """Return the address from which curl connected, "" if it printed none."""
    words = text.split()
    try:
        return str(ipaddress.ip_address(words[-1])) if words else ""
    except ValueError:
        return ""


def s_client_failure(result: CommandResult, connected: bool) -> Failure:
    """Return why openssl's handshake failed. It prints "connect:errno=111" or an error queue."""
    if result.failure and result.failure.kind == "timeout":
        return Failure("timeout", "timed out")
    if connected:
        return Failure("closed", "no TLS handshake")
    for failure in _CONNECT_FAILURES:
        if failure.message in result.err or re.search(rf"errno={failure.code}\b", result.err):
            return failure
    return Failure("other", "no connection")


async def served_chain(text: str) -> tuple[Certificate, ...]:
    """Return the first certificate that openssl printed, parsed."""
    ders = pem.ders(text)[:1]
    return await parse_certificates(ders) if ders else ()
