"""Why a program's way out fails, and at which step."""

import re

from checks.upstream._container_rules import Block, decision_from
from checks.upstream._containers import NAMELESS
from diagnose.model import Evidence
from diagnose.model.addresses import is_loopback
from diagnose.model.dns import Resolution
from diagnose.model.frozen import frozen
from diagnose.model.outgoing import Attempt, OutgoingTry
from diagnose.model.server import Interface, interface_addresses
from diagnose.parsers.hostnames import is_address

#: Docker's own name server in a container's network.
_DOCKER = "127.0.0.11"
#: OpenSSL's numbers (x509_vfy.h): the issuer is not known or not trusted; the certificate signs
#: itself; it is over, or not valid yet; it is of another name or address.
_UNKNOWN, _SELF = frozenset({2, 20, 21, 27}), frozenset({18, 19})
_BY_CODE = {9: "clock", 10: "certificate-over", 62: "certificate-name", 64: "certificate-name"}
#: Authorities that are in every list of trusted ones: a certificate of theirs that is sent alone
#: lacks the one in between.
_PUBLIC = re.compile(
    r"O ?= ?\"?(?:Let's Encrypt|DigiCert|ZeroSSL|Sectigo|GlobalSign|Google Trust|GoDaddy|Amazon"
    r"|Entrust|TrustAsia|Buypass|Certum|Actalis|IdenTrust|GeoTrust|Microsoft Corporation|WoTrus)",
    re.IGNORECASE,
)
#: The causes, each with its step.
STEPS = (
    "name-the-gateway", "name-itself", "open-for-containers", "join-the-network",
    "write-the-service", "replace-the-stub", "give-a-name-server", "mend-the-name",
    "let-containers-out", "look-at-the-port", "add-the-authority", "send-the-chain",
    "certificate-over", "certificate-name", "clock", "leave-the-proxy", "lower-the-mtu",
    "look-at-tls",
)  # fmt: skip


@frozen(eq=False)
class Cause:
    """A cause, which is also the name of its step. `needs_no_control`: what was seen shows it by
    itself. Not `is_measured`: another cause looks the same. `network` is that of the neighbour."""

    step: str
    is_measured: bool = True
    needs_no_control: bool = False
    network: str = ""
    block: Block | None = None


def cause_of(evidence: Evidence, way: OutgoingTry, server: OutgoingTry | None) -> Cause | None:
    """Return why a way fails; None if nothing was tried."""
    if not way.has_addresses:
        return _name(way, server)
    worst = way.worst
    if worst is None:
        return None
    if way.proxy:
        return Cause("leave-the-proxy", needs_no_control=worst.outcome == "denied")
    if worst.outcome == "untrusted":
        return _certificate(way, worst, server)
    if worst.outcome in {"stalled", "closed"}:
        stalls = worst.outcome == "stalled" and comes_farther(way, server)
        return Cause("lower-the-mtu" if stalls else "look-at-tls", is_measured=False)
    return _connection(evidence, way, worst, server)


def comes_farther(way: OutgoingTry, server: OutgoingTry | None) -> bool:
    """Return whether the server itself comes farther than the program."""
    return server is not None and server.progress > way.progress


def _name(way: OutgoingTry, server: OutgoingTry | None) -> Cause:
    neighbour, container = way.neighbour, way.container
    if "." not in way.host and way.place == "container":
        if neighbour is None or container is None:
            return Cause("write-the-service", is_measured=neighbour is None, needs_no_control=True)
        network = next((each for each in neighbour.networks if each not in NAMELESS), "")
        if not set(container.networks) & set(neighbour.networks) or not network:
            return Cause("join-the-network", needs_no_control=True, network=network)
    if not comes_farther(way, server):
        return Cause("mend-the-name", is_measured=way.names == "missing")
    is_stub = way.name_servers and all(is_loopback(name_server) for name_server in way.name_servers)
    if way.place == "container" and is_stub and _DOCKER not in way.name_servers:
        return Cause("replace-the-stub")
    return Cause("give-a-name-server")


def _certificate(way: OutgoingTry, worst: Attempt, server: OutgoingTry | None) -> Cause:
    if step := _BY_CODE.get(worst.code):
        return Cause(step, needs_no_control=worst.code != 9)
    if comes_farther(way, server):
        return Cause("add-the-authority")
    subject, issuer = worst.certificates[-1] if worst.certificates else ("", "")
    is_alone = worst.code in _UNKNOWN and subject != issuer
    if is_alone and _PUBLIC.search(issuer):
        return Cause(
            "send-the-chain", is_measured=len(worst.certificates) == 1, needs_no_control=True
        )
    is_own = worst.code in _UNKNOWN | _SELF
    return Cause("add-the-authority" if is_own else "look-at-tls", needs_no_control=is_own)


def _connection(
    evidence: Evidence, way: OutgoingTry, worst: Attempt, server: OutgoingTry | None
) -> Cause:
    address = worst.address
    if is_address(address) and is_loopback(address):
        is_own = way.place == "container"
        return Cause("name-the-gateway" if is_own else "look-at-the-port", needs_no_control=is_own)
    is_own = address in interface_addresses(evidence.good(Interface))
    if is_own and way.sources:
        block = decision_from(evidence, way.sources, address, way.port)
        if isinstance(block, Block):
            return Cause("open-for-containers", needs_no_control=True, block=block)
    is_reached = comes_farther(way, server)
    if is_own:
        return Cause(
            "name-the-gateway" if is_reached else "look-at-the-port", is_measured=is_reached
        )
    if not is_reached and address in _addresses_of_site(evidence):
        return Cause("name-the-gateway" if way.place == "container" else "name-itself", False)
    return Cause("let-containers-out" if is_reached else "look-at-the-port")


def _addresses_of_site(evidence: Evidence) -> frozenset[str]:
    """Return the addresses of the site, which this server serves."""
    return frozenset(
        address for resolution in evidence.good(Resolution) for address in resolution.addresses
    )
