"""The site works at some of the name's addresses, and another of them answers with a certificate or
a page that is not the site's. Visitors who get that address fail; browsers do not try the next one
after a connection was opened (RFC 8305).

Often it is an old server in a forgotten AAAA record, or one of several A records. From outside it
may also be the same server with a missing `listen [::]:443`. On the server, its own addresses are
left to the checks of nginx.
"""

from collections.abc import Iterator

from checks.http import _fronts
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
from diagnose.model.dns import Resolution, is_loopback_name, resolved_addresses
from diagnose.model.frozen import frozen
from diagnose.model.http import Exchange
from diagnose.model.server import Interface
from diagnose.model.tls import Handshake
from diagnose.parsers.hostnames import covers
from diagnose.parsers.http import is_error

#: Failures of the handshake that the server itself caused.
_CUT = {"alert": "handshake", "closed": "handshake", "protocol": "handshake"}


@frozen
class AddressAnswers:
    """What one address of the name answers to visitors."""

    address: str
    handshake: Handshake | None
    page: Exchange | None
    repeated: tuple[Exchange, ...]

    def fault(self, evidence: Evidence) -> str:
        """Return what visitors meet: "certificate", "handshake", "page", "" for nothing wrong, or
        "unknown"."""
        handshake = self.handshake
        if handshake is not None and handshake.failure is not None:
            # Silence and resets may come from the path to this address.
            kind = handshake.failure.kind
            return {"certificate": "certificate", **_CUT}.get(kind, "unknown")
        if handshake is not None and handshake.chain:
            leaf = handshake.chain[0]
            if not covers(evidence.target.host, leaf.dns_names, leaf.addresses):
                return "certificate"
        if self.page is None or (handshake is None and evidence.target.uses_tls):
            return "unknown"
        return "page" if is_error(self.page) else ""

    def is_steady(self) -> bool:
        """Return whether repeated requests ended like the first one; True without any."""
        return all(is_error(page) == is_error(self.page or page) for page in self.repeated)


@check(
    severity=Severity.ERROR,
    needs=[Resolution, Exchange],
    explains=[
        "certificate.*",
        "tls.*",
        "server.application-answers",
        "http.*",
        "upstream.*",
        "websocket.*",
    ],
)
def addresses_differ(evidence: Evidence) -> Iterator[Claim]:
    if is_loopback_name(evidence.target.host):
        return
    answers = [_answers(evidence, address) for address in resolved_addresses(evidence)]
    faults = {item.address: item.fault(evidence) for item in answers}
    good = [item for item in answers if not faults[item.address]]
    for fault in ("certificate", "handshake", "page"):
        bad = [item for item in answers if faults[item.address] == fault]
        bad = [item for item in bad if _may_be_elsewhere(evidence, item.address)]
        if bad and good and all(item.is_steady() for item in (*bad, *good)):
            yield _claim(evidence, fault, bad, good)


def _answers(evidence: Evidence, address: str) -> AddressAnswers:
    def is_from_here(observation: Exchange | Handshake) -> bool:
        return observation.address == address and observation.vantage is Vantage.HERE

    handshakes = [
        item for item in evidence.of(Handshake) if is_from_here(item) and item.is_browser_like
    ]
    pages = [item for item in evidence.of(Exchange) if is_from_here(item)]
    return AddressAnswers(
        address,
        next(iter(handshakes[::-1]), None),
        next((page for page in pages if page.purpose == "target"), None),
        tuple(page for page in pages if page.purpose == "again"),
    )


def _may_be_elsewhere(evidence: Evidence, address: str) -> bool:
    """Return whether the address is another machine's; True if the server was not looked into."""
    return not evidence.of(Interface) or _fronts.front_at(evidence, address) is not None


def _claim(
    evidence: Evidence, fault: str, bad: list[AddressAnswers], good: list[AddressAnswers]
) -> Claim:
    first, name = bad[0], evidence.target.host
    leaf = first.handshake.chain[0] if first.handshake and first.handshake.chain else None
    other_name = leaf is not None and not covers(name, leaf.dns_names, leaf.addresses)
    failures = [item.failure for item in (first.page, first.handshake) if item and item.failure]
    families = {":" in item.address for item in bad}
    same_family = any((":" in item.address) in families for item in good)
    controlled = fault != "page" or bool(first.repeated)
    page = first.page if fault == "page" else None
    return Claim(
        about=Subject(name=name, text=", ".join(item.address for item in bad)),
        covers=tuple(Subject(address=item.address) for item in bad),
        because=tuple(
            observation
            for item in (*bad, *good)
            for observation in (item.handshake, item.page, *item.repeated)
            if observation is not None
        ),
        confidence=Confidence.CERTAIN if controlled else Confidence.LIKELY,
        facts={
            "name": name,
            "bad": tuple(item.address for item in bad),
            "good": tuple(item.address for item in good),
            "types": tuple(dict.fromkeys("AAAA" if ":" in item.address else "A" for item in bad)),
            "other_name": leaf.dns_names[:4] if leaf and other_name else "",
            "expired": leaf.not_after
            if leaf and not other_name and leaf.is_expired(evidence.started_at)
            else "",
            "status": page.status if page and not page.failure and page.status else "",
            "reason": page.reason if page else "",
            "server": (first.page.header("Server") if first.page else "") or "",
            "message": failures[0].message if failures else "",
            "good_status": next((item.page.status for item in good if item.page), None) or "",
            "sometimes": same_family,
            "only_ipv6": families == {True} and not same_family,
            "other_certificate": _differ(bad, good),
            "elsewhere": bool(evidence.of(Interface)),
        },
        fix=Fix((Manual("correct-record", Where.DNS_PROVIDER),), Applicability.MANUAL),
    )


def _differ(bad: list[AddressAnswers], good: list[AddressAnswers]) -> bool:
    """Return whether no certificate of the failing addresses is one of the others'."""
    leaves = [
        {
            item.handshake.chain[0].sha256
            for item in group
            if item.handshake and item.handshake.chain
        }
        for group in (bad, good)
    ]
    return all(leaves) and leaves[0].isdisjoint(leaves[1])
